package modemtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/csp"
)

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
		"WV12DL4 SI=S42 CL=wv:a/b@c":       "WV12ST4 SI=S42 ST=700",
		"WV12CL4 SI=S42 UN=((a,b))":        "WV12ST4 SI=S42 ST=700",
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

// A list is made, shown, taken away; presence is what was told last.
func TestIMListsAndPresence(t *testing.T) {
	s := NewIMService(IMServiceOptions{})
	for _, c := range [][2]string{
		{"WV12GL1 SI=S42", "WV12LG1 SI=S42"},
		{`WV12CL2 SI=S42 CL=wv:a/b@c CP=((DN,"a b"),(XX,1))`, "WV12ST2 SI=S42 ST=200"},
		{"WV12GL3 SI=S42", "WV12LG3 SI=S42 CL=wv:a/b@c"},
		{"WV12LM4 SI=S42 CL=wv:a/b@c", `WV12ML4 SI=S42 ST=200 CP=((DN,"a b"),(XX,1))`},
		{"WV12SB5 SI=S42 CL=wv:a/b@c", "WV12ST5 SI=S42 ST=200"}, // nobody is in it
		{"WV12DL6 SI=S42 CL=wv:a/b@c", "WV12ST6 SI=S42 ST=200"},
		{"WV12GL7 SI=S42", "WV12LG7 SI=S42"},
		{"WV12GP8 SI=S42 UI=wv:bob@c", "WV12PG8 SI=S42 PR=(wv:bob@c,((UA,T,NA)))"},
		{"WV12LR9 UI=wv:bob@c", "WV12RL9 SI=S42 KA=7200 CR=T ST=200"},
		{"WV12UP10 SI=S42 UV=((UA,T,AV))", "WV12ST10 SI=S42 ST=200"},
		{"WV12GP11 SI=S42 UI=wv:bob@c", "WV12PG11 SI=S42 PR=(wv:bob@c,((UA,T,AV)))"},
		{"WV12UP12 SI=S42 UV=((UA,T,NA))", "WV12ST12 SI=S42 ST=200"},
		{"WV12GP13 SI=S42 UI=wv:bob@c", "WV12PG13 SI=S42 PR=(wv:bob@c,((UA,T,NA)))"},
		{"WV12GP14 SI=S42", "WV12PG14 SI=S42"},
	} {
		if out := s.Push(time.Time{}, imPhone, []byte(c[0])); len(out) != 1 || string(out[0].Data) != c[1] {
			t.Errorf("%q is answered by %q, want %q", c[0], out, c[1])
		}
	}
}

// What the service does not know it refuses in XML too, and says nothing to what is none.
func TestIMServiceInXML(t *testing.T) {
	m := imMessage{syntax: csp.XML, version: "1.2", code: "PO", id: "7", session: "S42"}
	asked := m.write()
	for _, c := range []struct{ name, from, to, want string }{
		{"as it is", "", "", "<Status><Result><Code>200</Code>"},
		{"unknown", "Polling-Request", "Search-Request", "<Status><Result><Code>501</Code>"},
		{"no namespace", "WV-CSP1.2", "WV-CSP9.9", ""},
		{"no primitive", "<Polling-Request/>", "", ""},
		{"no XML", "</Session>", "", ""},
	} {
		s := NewIMService(IMServiceOptions{})
		out := s.Push(time.Time{}, imPhone, bytes.Replace(asked, []byte(c.from), []byte(c.to), 1))
		if got := fmt.Sprintf("%s", out); (len(out) > 0) != (c.want != "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: it says %s", c.name, got)
		}
	}
}
