package modemtest

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"wvsms/csp"
)

// IMClientOptions say who the client is and how it speaks.
type IMClientOptions struct {
	Server         string // the service's number
	User, Password string // wv:alice@example.com
	Client         string // ClientID; "JiMMY" when empty, as Android's
	Cookie         string // SessionCookie; "4711" when empty

	Syntax  csp.Syntax // csp.PTS when 0, or csp.XML, or csp.WBXML
	Version string     // "1.2" when empty
	Size    int        // plain text syntax goes in parts of this size; 0: whole, for a socket
	FirstID int        // id of the first transaction; 1 when 0

	Reply time.Duration // for how long it waits for an answer; IMReply when 0
	Tries int           // how often it asks, each time under a new id; 1 when 0, as Android
}

// An IMClient is a scripted IMPS client that behaves as Android's does: one transaction
// at a time, ids from 1 to 999 and then 1 again, a login in four steps, no answer but
// within 45 s. Its script is [imScript]: login, capabilities, services, presence, contact
// lists, logout.
type IMClient struct {
	o       IMClientOptions
	parts   imParts
	session string
	nonce   string

	step    int // of imScript; behind its end it is done
	last    int // id given last
	tried   int
	sent    []byte    // the request that waits for its answer
	began   time.Time // when that was
	due     time.Time // of the answer, or of the notification that is waited for
	done    []IMTransaction
	heard   map[string]bool // ids of the service's requests
	ignored int
	err     error
}

// An IMTransaction is one that has come to its end.
type IMTransaction struct {
	Request, Answer string // codes: "LR", "RL"; "PN", "ST" of the service's
	ID              string // of the last try
	Status          int    // of the answer; 0 where it has none
	Tries           int
	Began           time.Time // the last try
	Took            time.Duration
	Sent, Got       []byte // whole messages of the last try
}

// Specification: transaction ids, and the status codes that the script knows.
const (
	imMaxID = 999

	imOK              = 200
	imUnauthorized    = 401
	imBadParameter    = 402
	imInvalidPassword = 409
	imNotImplemented  = 501
	imUnknownUser     = 531
	imInvalidSession  = 604
	imNoSuchList      = 700
)

// NewIMClient returns a client that has said nothing yet.
func NewIMClient(o IMClientOptions) *IMClient {
	set(&o.Client, "JiMMY")
	set(&o.Cookie, "4711")
	set(&o.Version, "1.2")
	set(&o.Syntax, csp.PTS)
	set(&o.Reply, IMReply)
	set(&o.Tries, 1)
	set(&o.FirstID, 1)
	return &IMClient{o: o, last: o.FirstID - 1, heard: map[string]bool{}}
}

// Begin is the first thing that the client says.
func (c *IMClient) Begin(now time.Time) []IMDatagram { return c.begin(now) }

// Done tells whether the script has ended, and why before its end.
func (c *IMClient) Done() (bool, error) { return c.err != nil || c.step == len(imScript), c.err }

// Transactions are those that have ended, in the order in which they did.
func (c *IMClient) Transactions() []IMTransaction { return c.done }

// Ignored counts messages that answered nothing: copies, and what came too late.
func (c *IMClient) Ignored() int { return c.ignored }

// Deadline implements IMActor.
func (c *IMClient) Deadline() (time.Time, bool) {
	ended, _ := c.Done()
	return c.due, !ended && !c.due.IsZero()
}

// Expire implements IMActor: no answer within the time.
func (c *IMClient) Expire(now time.Time) []IMDatagram {
	if ended, _ := c.Done(); ended || c.due.IsZero() || now.Before(c.due) {
		return nil
	}
	s := imScript[c.step]
	if s.awaits == "" && c.tried < c.o.Tries {
		return c.ask(now)
	}
	c.err = fmt.Errorf("%s%s: nothing came within %v, the last of %d times", s.request, s.awaits, c.o.Reply, c.o.Tries)
	return nil
}

// Push implements IMActor.
func (c *IMClient) Push(now time.Time, from string, data []byte) []IMDatagram {
	if !sameNumber(from, c.o.Server) {
		return nil
	}
	whole := c.parts.push("", data)
	if whole == nil {
		return nil
	}
	m, err := parseIM(whole)
	switch {
	case err != nil || m.syntax != c.o.Syntax:
		c.ignored++
		return nil
	case !imIsAnswer(m.code):
		return c.serve(now, m, whole)
	}
	return c.answered(now, m, whole)
}

// begin takes up the step that the script has come to.
func (c *IMClient) begin(now time.Time) []IMDatagram {
	c.tried, c.due = 0, time.Time{}
	if c.step == len(imScript) {
		return nil
	}
	if s := imScript[c.step]; s.awaits != "" {
		if c.took(s.awaits) {
			c.step++
			return c.begin(now)
		}
		c.due = now.Add(c.o.Reply * time.Duration(c.o.Tries))
		return nil
	}
	return c.ask(now)
}

// ask sends the request of this step, under a new id.
func (c *IMClient) ask(now time.Time) []IMDatagram {
	c.last = c.last%imMaxID + 1
	c.tried++
	s := imScript[c.step]
	m := imMessage{
		syntax: c.o.Syntax, version: c.o.Version, code: s.request, id: strconv.Itoa(c.last),
		session: c.session, body: s.body(c),
	}
	c.sent, c.began, c.due = m.write(), now, now.Add(c.o.Reply)
	return imCut(c.o.Server, c.sent, c.o.Size)
}

// answered takes the answer to what was asked; another one is nobody's any more.
func (c *IMClient) answered(now time.Time, m *imMessage, whole []byte) []IMDatagram {
	if ended, _ := c.Done(); ended || c.due.IsZero() || imScript[c.step].awaits != "" || m.id != strconv.Itoa(c.last) {
		c.ignored++
		return nil
	}
	s := imScript[c.step]
	status, _ := strconv.Atoi(m.text(imResult))
	c.done = append(c.done, IMTransaction{
		Request: s.request, Answer: m.code, ID: m.id, Status: status, Tries: c.tried,
		Began: c.began, Took: now.Sub(c.began), Sent: c.sent, Got: whole,
	})
	if m.code != s.answer || !slices.Contains(s.status, status) {
		c.err = fmt.Errorf("%s%s: the answer is %s %d, and not %s %v", s.request, m.id, m.code, status, s.answer, s.status)
		return nil
	}
	c.step++
	if s.took != nil {
		if c.err = s.took(c, m); c.err != nil {
			return nil
		}
	}
	return c.begin(now)
}

// serve answers a request of the service's; a copy of it too, but that is nothing new.
func (c *IMClient) serve(now time.Time, m *imMessage, whole []byte) []IMDatagram {
	answer := m.answer("ST", c.session, imStatus(imOK)).write()
	out := imCut(c.o.Server, answer, c.o.Size)
	if c.heard[m.id] {
		c.ignored++
		return out
	}
	c.heard[m.id] = true
	c.done = append(c.done, IMTransaction{
		Request: m.code, Answer: "ST", ID: m.id, Status: imOK, Tries: 1, Began: now, Sent: answer, Got: whole,
	})
	if c.step < len(imScript) && imScript[c.step].awaits == m.code {
		c.step++
		out = append(out, c.begin(now)...)
	}
	return out
}

// took tells whether the service has sent such a request.
func (c *IMClient) took(code string) bool {
	for _, t := range c.done {
		if t.Request == code {
			return true
		}
	}
	return false
}

// imDigest is the password's digest as Android's client makes it: MD5 over nonce and
// password, in base64.
func imDigest(nonce, password string) string {
	sum := md5.Sum([]byte(nonce + password))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// sameNumber compares as loosely as phones do: one number may have a country code, or a
// prefix for it, that the other one has not.
func sameNumber(a, b string) bool {
	const least = 7 // digits that decide
	a, b = nationalDigits(a), nationalDigits(b)
	if len(a) < least || len(b) < least {
		return a == b
	}
	return strings.HasSuffix(a, b) || strings.HasSuffix(b, a)
}

func nationalDigits(number string) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number), "0")
}
