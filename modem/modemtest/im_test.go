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
