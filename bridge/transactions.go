package bridge

import (
	"container/list"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"wvsms/csp"
)

// Implementation.
const (
	answerWindow     = 10 * time.Minute // for an answer; clients give up after 45 s
	mostTransactions = 10_000           // that wait for one at a time
)

// transactions matches the CSP requests that pass with their responses. It looks on and
// changes nothing: what it does not understand, it does not see. It is told the time.
//
// It is no promise of the bridge's, so it is not on disk: what is open when the bridge
// ends is forgotten.
type transactions struct {
	open map[transactionKey]*list.Element
	age  list.List // of *transaction, the oldest first
}

// A transactionKey is what a response has in common with its request.
type transactionKey struct {
	peer    string // as numbers are compared
	syntax  csp.Syntax
	id      string
	inbound bool // the request came from the peer
}

type transaction struct {
	key      transactionKey
	peer     string
	name     string
	known    bool // it is sure to be a request
	begun    time.Time
	segments int
}

// A sighting is a message that passes.
type sighting struct {
	peer     string
	inbound  bool
	message  csp.Message
	segments int
	at       time.Time // of acceptance or receipt, in bridge time
}

// An outcome is how a transaction ended.
type outcome struct {
	peer     string
	request  string
	response string // "": there was none
	status   int
	took     time.Duration
	sent     int // segments of the request,
	back     int // and of the response
}

// String is the line for the log: LR → RL 200 in 11.2 s, 3+1 segments.
func (o outcome) String() string {
	if o.response == "" {
		return fmt.Sprintf("%s: no answer in %v", o.request, o.took)
	}
	status := ""
	if o.status != 0 {
		status = fmt.Sprintf(" %d", o.status)
	}
	return fmt.Sprintf("%s → %s%s in %.1f s, %d+%d segments", o.request, o.response, status, o.took.Seconds(), o.sent, o.back)
}

// saw takes note of a message, and returns what ended with it.
func (t *transactions) saw(s sighting) (ended []outcome) {
	if s.message.Part > 1 {
		return nil // the first part has told it
	}
	for _, one := range s.message.Transactions {
		key := transactionKey{strings.TrimPrefix(s.peer, "+"), s.message.Syntax, one.ID, s.inbound}
		request := key
		request.inbound = !s.inbound
		answers := one.Mode == csp.Response || one.Mode == csp.ModeUnknown && t.mayAnswer(request, one.Name())
		switch {
		case key.id == "" || s.message.Syntax == csp.CIR || one.Code == "PO":
			// A poll has no transaction id, and is answered by whatever waits.
		case !answers:
			r := transaction{key: key, peer: s.peer, name: one.Name(), known: one.Mode == csp.Request, begun: s.at, segments: s.segments}
			ended = append(ended, t.begin(r)...)
		case t.open[request] != nil:
			r := t.end(t.open[request])
			ended = append(ended, outcome{
				peer: s.peer, request: r.name, response: one.Name(), status: one.Status,
				took: s.at.Sub(r.begun), sent: r.segments, back: s.segments,
			})
		}
	}
	return ended
}

// mayAnswer tells whether a code that nobody knows answers what is open under its id, or
// else asks. The answers to a request that is known are known, too, or are its code turned
// round, as all are that have a code of their own.
func (t *transactions) mayAnswer(request transactionKey, name string) bool {
	e := t.open[request]
	if e == nil {
		return false
	}
	r := e.Value.(*transaction)
	return !r.known || len(name) == 2 && r.name == string([]byte{name[1], name[0]})
}

// begin opens a transaction. One that is open under the same id has no answer any more,
// nor has the oldest if there are too many.
func (t *transactions) begin(r transaction) (ended []outcome) {
	if old := t.open[r.key]; old != nil {
		ended = append(ended, t.end(old).unanswered(r.begun))
	} else if len(t.open) >= mostTransactions {
		ended = append(ended, t.end(t.age.Front()).unanswered(r.begun))
	}
	if t.open == nil {
		t.open = map[transactionKey]*list.Element{}
	}
	t.open[r.key] = t.age.PushBack(&r)
	return ended
}

func (t *transactions) end(e *list.Element) *transaction {
	r := t.age.Remove(e).(*transaction)
	delete(t.open, r.key)
	return r
}

func (r *transaction) unanswered(now time.Time) outcome {
	return outcome{peer: r.peer, request: r.name, took: now.Sub(r.begun).Round(time.Second), sent: r.segments}
}

// overdue ends the transactions that have waited too long.
func (t *transactions) overdue(now time.Time) (ended []outcome) {
	for e := t.age.Front(); e != nil && now.Sub(e.Value.(*transaction).begun) >= answerWindow; e = t.age.Front() {
		ended = append(ended, t.end(e).unanswered(now))
	}
	return ended
}

// naming adds to a line of the log what CSP message it is about, if it is one.
func naming(line *zerolog.Event, m csp.Message) *zerolog.Event {
	if m.Syntax != csp.Opaque {
		line.Stringer("csp", m)
	}
	return line
}

// A lookout is the bridge's watch over transactions.
type lookout struct {
	mu           sync.Mutex
	transactions transactions
}

// watch has f look, and tells what ended.
func (b *Bridge) watch(f func(*transactions) []outcome) {
	b.lookout.mu.Lock()
	ended := f(&b.lookout.transactions)
	for _, o := range ended {
		name := "csp.answered"
		if o.response == "" {
			name = "csp.unanswered"
		}
		b.count(name)
	}
	b.lookout.mu.Unlock()
	for _, o := range ended {
		b.log.Info().Str("peer", o.peer).Msg(o.String())
	}
}

// saw is called once for each message that is durable.
func (b *Bridge) saw(s sighting) {
	b.watch(func(t *transactions) []outcome { return t.saw(s) })
	b.agenda.by(unanswered, s.at.Add(answerWindow))
}

// endTransactions ends those that are overdue, and returns when the next one is.
func (b *Bridge) endTransactions(_ context.Context, now time.Time) (next time.Time, _ error) {
	b.watch(func(t *transactions) (ended []outcome) {
		ended = t.overdue(now)
		if oldest := t.age.Front(); oldest != nil {
			next = oldest.Value.(*transaction).begun.Add(answerWindow)
		}
		return ended
	})
	return next, nil
}
