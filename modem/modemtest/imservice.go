package modemtest

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"
)

// IMServiceOptions say whom the service knows and how it speaks.
type IMServiceOptions struct {
	// Accounts are the users and their passwords. Without any, whoever comes is let in
	// and nobody is asked for a session.
	Accounts map[string]string
	Lists    []string // contact lists that every user has from the start

	Size  int           // plain text syntax goes in parts of this size; 0: whole
	Reply time.Duration // for how long it waits for the answer to a request of its own; IMReply when 0
	Tries int           // how often it sends that, always under the same id; 5 when 0
}

// An IMService is a scripted IMPS service: logins with and without a digest, capabilities,
// services, presence and contact lists, each answered in the syntax in which it came, and
// a notification to who subscribes to a list. What it does not know it answers by status
// 501. The same message from the same number gets the same answer again.
type IMService struct {
	o        IMServiceOptions
	parts    imParts
	peers    map[string]*imPeer
	sessions map[string]*imSession
	users    map[string]*imAccount
	named    int // sessions so far
	asked    int // id of the last request of its own
	pending  []*imPending
	requests []IMRequest
	repeats  int
}

// An IMRequest is one that the service has heard for the first time, or an answer to one
// of its own.
type IMRequest struct {
	From, Code, ID string
	Data           []byte
}

type imPeer struct {
	nonces  map[string]string // by user
	session string            // the newest
	heard   []imHeard         // oldest first
}

type imHeard struct{ request, answer []byte }

type imSession struct {
	id, user string
	watches  []string // the lists of which it is told
}

type imAccount struct {
	presence string
	lists    []imList
}

type imList struct {
	id                string
	nicks, properties []string
}

// An imPending is a request of the service's that nobody has answered yet.
type imPending struct {
	to, id, session string
	data            []byte
	tries           int
	due             time.Time
}

// imKeptAnswers is for how many messages of a number the answer is kept.
const imKeptAnswers = 64

// NewIMService returns a service that knows nobody's session.
func NewIMService(o IMServiceOptions) *IMService {
	set(&o.Reply, IMReply)
	set(&o.Tries, 5)
	return &IMService{o: o, peers: map[string]*imPeer{}, sessions: map[string]*imSession{}, users: map[string]*imAccount{}}
}

// Requests are those that came, in their order, copies left out; answers to the service's
// own among them.
func (s *IMService) Requests() []IMRequest { return s.requests }

// Repeats counts the copies.
func (s *IMService) Repeats() int { return s.repeats }

// Sessions counts those that are open.
func (s *IMService) Sessions() int { return len(s.sessions) }

// Deadline implements IMActor.
func (s *IMService) Deadline() (first time.Time, some bool) {
	for _, p := range s.pending {
		if !some || p.due.Before(first) {
			first, some = p.due, true
		}
	}
	return first, some
}

// Expire implements IMActor: what was not answered goes again, until it is enough.
func (s *IMService) Expire(now time.Time) (out []IMDatagram) {
	s.pending = slices.DeleteFunc(s.pending, func(p *imPending) bool {
		return !p.due.After(now) && p.tries >= s.o.Tries
	})
	for _, p := range s.pending {
		if !p.due.After(now) {
			p.tries++
			p.due = now.Add(s.o.Reply)
			out = append(out, imCut(p.to, p.data, s.o.Size)...)
		}
	}
	return out
}

// Push implements IMActor.
func (s *IMService) Push(now time.Time, from string, data []byte) []IMDatagram {
	whole := s.parts.push(from, data)
	if whole == nil {
		return nil
	}
	m, err := parseIM(whole)
	if m == nil {
		return nil
	}
	p := s.peer(from)
	if answer, again := p.answered(whole); again {
		s.repeats++
		return imCut(from, answer, s.o.Size)
	}
	s.requests = append(s.requests, IMRequest{from, m.code, m.id, whole})
	if imIsAnswer(m.code) {
		s.settle(from, m)
		p.keep(whole, nil)
		return nil
	}
	t := imTurn{s: s, now: now, from: from, peer: p, request: m}
	answer := t.status(imBadParameter).write()
	if err == nil {
		answer = t.answer().write()
	}
	if m.code != "PO" { // whose id says nothing
		p.keep(whole, answer)
	}
	return append(imCut(from, answer, s.o.Size), t.after...)
}

func (s *IMService) peer(number string) *imPeer {
	p := s.peers[number]
	if p == nil {
		p = &imPeer{nonces: map[string]string{}}
		s.peers[number] = p
	}
	return p
}

func (s *IMService) account(user string) *imAccount {
	a := s.users[user]
	if a == nil {
		a = &imAccount{presence: "NOT_AVAILABLE"}
		for _, id := range s.o.Lists {
			a.lists = append(a.lists, imList{id: id})
		}
		s.users[user] = a
	}
	return a
}

// open begins a session. Who has one and logs in again has missed the answer.
func (s *IMService) open(from, user string) string {
	if open := s.sessions[s.peer(from).session]; open != nil && open.user == user {
		return open.id
	}
	const first = 42
	id := "S" + strconv.Itoa(first+s.named)
	s.named++
	s.sessions[id] = &imSession{id: id, user: user}
	s.peer(from).session = id
	return id
}

// end forgets a session, and what was to be told in it.
func (s *IMService) end(id string) {
	delete(s.sessions, id)
	s.pending = slices.DeleteFunc(s.pending, func(p *imPending) bool { return p.session == id })
}

// settle takes the answer to a request of the service's.
func (s *IMService) settle(from string, m *imMessage) {
	s.pending = slices.DeleteFunc(s.pending, func(p *imPending) bool {
		return p.id == m.id && sameNumber(p.to, from)
	})
}

// notify tells a session who is there, until it answers.
func (s *IMService) notify(t *imTurn, session string, body imBody) {
	s.asked = s.asked%imMaxID + 1
	m := imMessage{
		syntax: t.request.syntax, version: t.request.version, code: "PN", id: strconv.Itoa(s.asked),
		session: session, body: body,
	}
	data := m.write()
	s.pending = append(s.pending, &imPending{
		to: t.from, id: m.id, session: session, data: data, tries: 1, due: t.now.Add(s.o.Reply),
	})
	t.after = append(t.after, imCut(t.from, data, s.o.Size)...)
}

// answered gives the answer that the same message had before.
func (p *imPeer) answered(request []byte) (answer []byte, again bool) {
	for _, h := range p.heard {
		if bytes.Equal(h.request, request) {
			return h.answer, true
		}
	}
	return nil, false
}

func (p *imPeer) keep(request, answer []byte) {
	p.heard = append(p.heard, imHeard{request, answer})
	if len(p.heard) > imKeptAnswers {
		p.heard = p.heard[1:]
	}
}

// nonce is the one for a user at a number. It stays the same while they try, so that an
// answer that was overtaken is no reason to refuse.
func (p *imPeer) nonce(from, user string) string {
	if p.nonces[user] == "" {
		h := fnv.New32a()
		fmt.Fprintf(h, "%s %s", from, user)
		p.nonces[user] = fmt.Sprintf("%08x", h.Sum32())
	}
	return p.nonces[user]
}
