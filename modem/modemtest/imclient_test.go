package modemtest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"wvsms/csp"
)

func TestIMIDsWrap(t *testing.T) {
	c := NewIMClient(imOptions(func(o *IMClientOptions) { o.FirstID = 995 }))
	s := newTestService()
	play(t, c, s)
	checkSession(t, c, s)
	var ids []string
	for _, tr := range c.Transactions() {
		if tr.Request != "PN" {
			ids = append(ids, tr.ID)
		}
	}
	if got := strings.Join(ids, " "); got != "995 996 997 998 999 1 2 3 4 5 6" {
		t.Errorf("the ids are %s", got)
	}
}

// An answer that comes within 45 s is taken, and a later one is nobody's.
func TestIMTimeout(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	answer := func(id int) []byte { return fmt.Appendf(nil, "WV12RL%d ST=401 NO=1 DI=MD5", id) }

	c := NewIMClient(imOptions(nil))
	c.Begin(now)
	if due, ok := c.Deadline(); !ok || due.Sub(now) != 45*time.Second {
		t.Errorf("the answer is due at %v", due)
	}
	c.Expire(now.Add(45*time.Second - 1))
	if done, _ := c.Done(); done {
		t.Error("it gave up too early")
	}
	if out := c.Expire(now.Add(45 * time.Second)); out != nil {
		t.Errorf("it sent %q again, which Android's does not", out)
	}
	if done, err := c.Done(); !done || err == nil {
		t.Error("it goes on without an answer")
	}

	c = NewIMClient(imOptions(func(o *IMClientOptions) { o.Tries = 2 }))
	c.Begin(now)
	out := c.Expire(now.Add(45 * time.Second))
	if len(out) != 1 || !bytes.HasPrefix(out[0].Data, []byte("WV12LR2 ")) {
		t.Fatalf("it asks again by %q, and not under a new id", out)
	}
	if out := c.Push(now.Add(46*time.Second), imServer, answer(1)); out != nil || c.Ignored() != 1 {
		t.Errorf("the answer to the first try makes it say %q", out)
	}
	out = c.Push(now.Add(90*time.Second-1), imServer, answer(2))
	if len(out) != 1 || !bytes.HasPrefix(out[0].Data, []byte("WV12LR3 ")) {
		t.Errorf("after the answer it says %q", out)
	}
	if out := c.Push(now.Add(90*time.Second), imServer, answer(2)); out != nil || c.Ignored() != 2 {
		t.Errorf("a copy of the answer makes it say %q", out)
	}
	if tr := c.Transactions(); len(tr) != 1 || tr[0].Tries != 2 || tr[0].Status != 401 || tr[0].Took != 45*time.Second-1 {
		t.Errorf("transactions: %+v", tr)
	}
}

func TestIMNumbers(t *testing.T) {
	for _, n := range []string{"+491700000099", "01700000099", "00491700000099", "1700000099", "+49 170 0000099"} {
		if !sameNumber(imServer, n) {
			t.Errorf("%s is not taken for %s", n, imServer)
		}
	}
	for _, n := range []string{"+491700000098", "0099", "", "+441700000099", "WV-IMPS"} {
		if sameNumber(imServer, n) {
			t.Errorf("%s is taken for %s", n, imServer)
		}
	}
}

// What is not what the script expects ends it, and the error says what that was.
func TestIMUnexpected(t *testing.T) {
	for _, c := range []struct{ name, at, from, to, want string }{
		{"no nonce", "LR1", "NO=", "XX=", "no nonce"},
		{"no session", "LR2", " SI=S42", "", "no session"},
		{"another answer", "CP3", "PC3", "ST3", "ST 0, and not PC [0]"},
		{"another status", "UP5", "ST=200", "ST=751", "ST 751, and not ST [200]"},
		{"another presence", "GP6", "AV", "NA", "ask for presence"},
		{"the list is not there", "GL8", "/friends@", "/foes@", "ask for the lists"},
		{"a member is another one", "LM9", "zoe@", "zoo@", "ask for a list"},
	} {
		client, s := NewIMClient(imOptions(func(o *IMClientOptions) { o.Size = 0 })), newTestService()
		s.o.Size = 0
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		for out := client.Begin(now); len(out) > 0; {
			answer := s.Push(now, imPhone, out[0].Data)[0].Data
			if bytes.HasPrefix(out[0].Data, []byte("WV12"+c.at+" ")) {
				answer = bytes.ReplaceAll(answer, []byte(c.from), []byte(c.to))
			}
			out = client.Push(now, imServer, answer)
		}
		if done, err := client.Done(); !done || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// The client takes what comes from its server, in its syntax.
func TestIMNotForTheClient(t *testing.T) {
	answer := []byte("WV12RL1 ST=401 NO=1 DI=MD5")
	xml := imMessage{syntax: csp.XML, version: "1.2", code: "RL", id: "1", body: imStatus(imUnauthorized)}
	c := NewIMClient(imOptions(nil))
	c.Begin(time.Time{})
	for from, data := range map[string][]byte{imPhone: answer, imServer: xml.write(), "+49 170 0000099": []byte("hello")} {
		if out := c.Push(time.Time{}, from, data); out != nil || len(c.Transactions()) != 0 {
			t.Errorf("%.40q from %s makes it say %q", data, from, out)
		}
	}
	if out := c.Push(time.Time{}, imServer, answer); len(out) != 1 {
		t.Errorf("it does not go on: %q", out)
	}
}
