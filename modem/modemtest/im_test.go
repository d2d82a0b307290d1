package modemtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/csp"
	"wvsms/pdu"
)

const (
	imServer = "+491700000099"
	imPhone  = "+491712345678"
	alice    = "wv:alice@example.com"
)

func imOptions(change func(*IMClientOptions)) IMClientOptions {
	o := IMClientOptions{Server: imServer, User: alice, Password: `se cr"et`, Size: IMSize}
	if change != nil {
		change(&o)
	}
	return o
}

func newTestService() *IMService {
	return NewIMService(IMServiceOptions{
		Accounts: map[string]string{alice: `se cr"et`}, Lists: manyLists(), Size: IMSize,
	})
}

// manyLists are enough for an answer of several short messages.
func manyLists() (ids []string) {
	for i := range 6 {
		ids = append(ids, fmt.Sprintf("wv:alice/list-%d-of-many@example.com", i))
	}
	return ids
}

// The order of a session: requests and their answers. The service's own comes whenever
// the network likes.
const wantScript = "LR-RL LR-RL CP-PC SQ-QS UP-ST GP-PG CL-ST GL-LG LM-ML SB-ST OR-ST PN-ST"

func scriptOf(c *IMClient) string {
	var words, of []string
	for _, t := range c.Transactions() {
		if t.Request == "PN" {
			of = append(of, "PN-"+t.Answer)
			continue
		}
		words = append(words, t.Request+"-"+t.Answer)
	}
	return strings.Join(append(words, of...), " ")
}

// checkSession wants a script that has gone through, each transaction once and in order,
// with the octets that were sent.
func checkSession(t *testing.T, c *IMClient, s *IMService) {
	t.Helper()
	if done, err := c.Done(); !done || err != nil {
		t.Errorf("the script stands at %q: %v", scriptOf(c), err)
	}
	if got := scriptOf(c); got != wantScript {
		t.Errorf("the client had %s", got)
	}
	for _, tr := range c.Transactions() {
		// Whether the answer to a notification arrives the client does not know.
		if tr.Request != "PN" && !slices.ContainsFunc(s.Requests(), func(r IMRequest) bool { return bytes.Equal(r.Data, tr.Sent) }) {
			t.Errorf("%s%s did not reach the service as it was sent: %q", tr.Request, tr.ID, tr.Sent)
		}
	}
	if n := s.Sessions(); n != 0 {
		t.Errorf("%d sessions are open after the logout", n)
	}
}

// play has two actors talk over a line without faults; each message takes a second.
func play(t *testing.T, c *IMClient, s *IMService) {
	t.Helper()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	toService := c.Begin(now)
	for range 1000 {
		if len(toService) == 0 {
			return
		}
		var back []IMDatagram
		for _, d := range toService {
			now = now.Add(time.Second)
			back = append(back, s.Push(now, imPhone, d.Data)...)
		}
		toService = nil
		for _, d := range back {
			now = now.Add(time.Second)
			toService = append(toService, c.Push(now, imServer, d.Data)...)
		}
	}
	t.Fatal("they talk without an end")
}

func TestIMSession(t *testing.T) {
	for _, syntax := range []csp.Syntax{csp.PTS, csp.XML, csp.WBXML} {
		for _, version := range []string{"1.1", "1.2", "1.3"} {
			t.Run(syntax.String()+version, func(t *testing.T) {
				c := NewIMClient(imOptions(func(o *IMClientOptions) { o.Syntax, o.Version = syntax, version }))
				s := newTestService()
				play(t, c, s)
				checkSession(t, c, s)
				if n := len(s.Requests()); n != len(c.Transactions()) || s.Repeats() != 0 || c.Ignored() != 0 {
					t.Errorf("the service had %d messages and %d copies, the client ignored %d", n, s.Repeats(), c.Ignored())
				}
			})
		}
	}
}

// On the air, from phone to phone, what is long in parts of CSP's own.
func TestIMOnAir(t *testing.T) {
	tests := []struct {
		name  string
		o     AirOptions
		tries int
		size  int // 0: by concatenation
	}{
		{"quiet", AirOptions{Delay: 2 * time.Second}, 1, IMSize},
		{"reordered", AirOptions{Delay: time.Second, Jitter: 4 * time.Second, Reorder: 0.5, ReorderTime: 5 * time.Second}, 1, IMSize},
		{"doubled", AirOptions{Duplicate: 0.7, Jitter: 5 * time.Second}, 1, IMSize},
		{"lost", AirOptions{Loss: 0.2}, 20, IMSize},
		{"all of it", AirOptions{Loss: 0.15, Duplicate: 0.3, Reorder: 0.3, Jitter: 3 * time.Second}, 20, IMSize},
		{"all of it, concatenated", AirOptions{Loss: 0.15, Duplicate: 0.3, Reorder: 0.3, Jitter: 3 * time.Second}, 20, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for seed := range uint64(10) {
				test.o.Seed = seed
				onAir(t, test.o, func(a *Air) {
					c := NewIMClient(imOptions(func(o *IMClientOptions) { o.Tries, o.Size = test.tries, test.size }))
					s := NewIMService(IMServiceOptions{
						Accounts: map[string]string{alice: `se cr"et`}, Lists: manyLists(), Size: test.size, Tries: test.tries,
					})
					a.NewIMHandset(imServer, s)
					h := a.NewIMHandset(imPhone, c)
					h.Act(c.Begin)
					later(time.Hour)
					checkSession(t, c, s)
				})
			}
		})
	}
}

// What Android puts on air: DCS 04, source port 0, no more than 133 octets.
func TestIMAsAndroidSends(t *testing.T) {
	onAir(t, AirOptions{}, func(a *Air) {
		c, s := NewIMClient(imOptions(nil)), newTestService()
		service := a.NewIMHandset(imServer, s)
		parts := 0
		service.OnMessage(func(_ *Handset, d *pdu.Deliver) {
			ports, ok := d.UD.Ports()
			_, concat := d.UD.Concat()
			if !ok || ports.Dst != 3590 || ports.Src != 0 || concat || d.DCS != 4 || len(d.UD.Data) > 133 {
				t.Errorf("on air: %+v", d)
			}
			if p, _, err := csp.ParsePreamble(d.UD.Data); err != nil {
				t.Error(err)
			} else if p.Identifier != "" {
				parts++
			}
		})
		a.NewIMHandset(imPhone, c).Act(c.Begin)
		later(time.Hour)
		checkSession(t, c, s)
		if parts < 3 {
			t.Errorf("%d parts were on air", parts)
		}
	})
}

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

func TestIMLogins(t *testing.T) {
	tests := []struct {
		name, request, want string
	}{
		{"right password", `WV12LR1 CI=JiMMY PW="se cr""et" UI=wv:alice@example.com`, "WV12RL1 SI=S42 KA=7200 CR=T ST=200"},
		{"wrong password", `WV12LR1 CI=JiMMY PW=secret UI=wv:alice@example.com`, "WV12RL1 ST=409 CR=F"},
		{"wrong digest", `WV12LR1 CI=JiMMY DB="VUFvnMMa8ZWlwAig9ZQsoQ==" UI=wv:alice@example.com`, "WV12RL1 ST=409 CR=F"},
		{"nothing", `WV12LR1 CI=JiMMY UI=wv:alice@example.com`, "WV12RL1 ST=401 NO=741b9372 DI=MD5 CR=F"},
		{"nobody", `WV12LR1 CI=JiMMY PW=x UI=wv:mallory@example.com`, "WV12RL1 ST=531 CR=F"},
		{"no session", `WV12GL7 SI=S41`, "WV12ST7 SI=S41 ST=604"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out := newTestService().Push(time.Time{}, "+491", []byte(test.request))
			if len(out) != 1 || string(out[0].Data) != test.want {
				t.Errorf("it answers %q, want %q", out, test.want)
			}
		})
	}
	c := NewIMClient(imOptions(func(o *IMClientOptions) { o.Password = "guess" }))
	s := newTestService()
	play(t, c, s)
	if done, err := c.Done(); !done || err == nil || scriptOf(c) != "LR-RL LR-RL" || c.Transactions()[1].Status != 409 {
		t.Errorf("with a wrong digest: %s, %v", scriptOf(c), err)
	}
}

// Who is no account's service lets everybody in, as "run --sim" does.
func TestIMOpenService(t *testing.T) {
	s := NewIMService(IMServiceOptions{})
	for request, want := range map[string]string{
		"WV12PO1 ab":                       "WV12ST1 SI=S42 ST=200",
		"WV12LR1 CI=alice TL=7200 SC=4711": "WV12RL1 SI=S42 KA=7200 CR=T ST=200",
		`WV12GL6 SI=S42 XX="`:              "WV12ST6 SI=S42 ST=402",
		"wv12sm5 SI=S42":                   "",
		"WV12SM5 SI=S42 XX=1":              "WV12ST5 SI=S42 ST=501",
		"WV12ST9 SI=S42 ST=200":            "",
		"WV12KA4 SI=S42":                   "WV12AK4 SI=S42 KA=7200 ST=200",
		"WV12LM4 SI=S42 CL=wv:a/b@c RL=T":  "WV12ML4 SI=S42 ST=700",
		"WV12SB4 SI=S42 CL=wv:a/b@c":       "WV12ST4 SI=S42 ST=700",
	} {
		out := s.Push(time.Time{}, imPhone, []byte(request))
		got := ""
		if len(out) > 0 {
			got = string(out[0].Data)
		}
		if got != want || len(out) > 1 {
			t.Errorf("%q is answered by %q, want %q", request, out, want)
		}
	}
	c := NewIMClient(imOptions(nil))
	play(t, c, s)
	if done, err := c.Done(); !done || err != nil || !strings.HasPrefix(scriptOf(c), "LR-RL CP-PC") {
		t.Errorf("a client that is let in at once: %s, %v", scriptOf(c), err)
	}
}

// A message that comes again is answered again, and done once.
func TestIMRepeats(t *testing.T) {
	s := newTestService()
	request := []byte(`WV12LR7 CI=JiMMY PW="se cr""et" UI=wv:alice@example.com`)
	first := s.Push(time.Time{}, imPhone, request)
	again := s.Push(time.Time{}, imPhone, request)
	if len(first) != 1 || !slices.EqualFunc(first, again, func(a, b IMDatagram) bool { return bytes.Equal(a.Data, b.Data) }) {
		t.Errorf("%q, and then %q", first, again)
	}
	if s.Repeats() != 1 || s.Sessions() != 1 {
		t.Errorf("%d copies, %d sessions", s.Repeats(), s.Sessions())
	}
	if other := s.Push(time.Time{}, imServer, request); len(other) != 1 || bytes.Equal(other[0].Data, first[0].Data) {
		t.Errorf("another phone gets %q", other)
	}
}

// What the service asks goes again under its id until it is answered, and not for ever.
func TestIMNotification(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := NewIMService(IMServiceOptions{Tries: 3})
	s.Push(now, imPhone, []byte("WV12CL1 UN=((Bob,wv:bob@example.com)) CL=wv:a/b@c"))
	out := s.Push(now, imPhone, []byte("WV12SB2 CL=wv:a/b@c"))
	if len(out) != 2 || string(out[1].Data) != "WV12PN1 SI=S42 PR=(wv:bob@example.com,((UA,T,NA)))" {
		t.Fatalf("it says %q", out)
	}
	for i := range 2 {
		due, ok := s.Deadline()
		if again := s.Expire(due); !ok || len(again) != 1 || !bytes.Equal(again[0].Data, out[1].Data) {
			t.Errorf("at try %d it says %q", i+2, again)
		}
	}
	due, _ := s.Deadline()
	if again := s.Expire(due); len(again) != 0 {
		t.Errorf("it goes on: %q", again)
	}
	if _, ok := s.Deadline(); ok {
		t.Error("it waits for more")
	}
	s.Push(now, imPhone, []byte("WV12SB3 CL=wv:a/b@c"))
	s.Push(now, imPhone, []byte("WV12ST2 SI=S42 ST=200"))
	if _, ok := s.Deadline(); ok {
		t.Error("the answer did not settle it")
	}
	c := NewIMClient(imOptions(nil))
	pn := out[1].Data
	if a, b := c.Push(now, imServer, pn), c.Push(now, imServer, pn); len(a) != 1 || len(b) != 1 || len(c.Transactions()) != 1 {
		t.Errorf("a notification and its copy: %q, %q, %d transactions", a, b, len(c.Transactions()))
	}
}

// Parts come in any order, twice, and mixed with those of others.
func TestIMParts(t *testing.T) {
	message := []byte("WV12CL7 SI=S42 UN=((" + strings.Repeat("Zoë,wv:zoe@example.com),(", 20) + "x,y))")
	parts, err := csp.Split(message, IMSize)
	if err != nil {
		t.Fatal(err)
	}
	var p imParts
	for i := len(parts) - 1; i >= 0; i-- {
		another := append([]byte("WV12LG7"), parts[i][7:]...)
		if i > 0 && p.push("b", parts[i]) != nil || p.push("a", another) != nil && i > 0 {
			t.Error("what is incomplete is a message")
		}
		got := p.push("a", parts[i])
		if i > 0 && p.push("a", parts[i]) != nil {
			t.Error("a copy completes a message")
		}
		if (got != nil) != (i == 0) || i == 0 && !bytes.Equal(got, message) {
			t.Errorf("with part %d it is %q", i+1, got)
		}
	}
	for i := range 100 {
		p.push(fmt.Sprint(i), parts[0])
	}
	if len(p.open) > imMaxOpen {
		t.Errorf("parts of %d messages are kept", len(p.open))
	}
}

func FuzzIMParams(f *testing.F) {
	for _, seed := range []string{`SI=S42 UN=(("B, ""b""",x),(,y)) CP=((DN,"a b"),(DE,T)) CL=q`, "a", "A=", "A=((", `A="`, "A=(a)b", " =", "A=()"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		values, err := imParams(s)
		if err != nil {
			return
		}
		for code, list := range values {
			if strings.ContainsAny(code, " =") || code == "" || len(list) == 0 || len(list) == 1 && list[0] == "" {
				continue
			}
			again, err := imParams(code + "=" + imGroup(list))
			if err != nil || !slices.Equal(again[code], list) {
				t.Errorf("%s=%q comes back as %q: %v", code, list, again[code], err)
			}
		}
	})
}
