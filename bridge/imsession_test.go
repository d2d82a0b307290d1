package bridge

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/csp"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
)

const alice, secret = "wv:alice@example.com", `se cr"et`

// A weather is what a network does to the messages of a session. In one that loses them
// the client asks again, as often as it must.
type weather struct {
	name  string
	air   modemtest.AirOptions
	tries int
}

var weathers = []weather{
	{"quiet", modemtest.AirOptions{Delay: time.Second}, 1},
	{"doubled and reordered", modemtest.AirOptions{Duplicate: 0.5, Reorder: 0.5, Jitter: 3 * time.Second}, 1},
	{"lost, doubled and reordered", modemtest.AirOptions{Loss: 0.1, Duplicate: 0.3, Reorder: 0.3, Jitter: 3 * time.Second}, 30},
}

// seeds are how many networks of a kind are tried; in brief only the worst.
func (w weather) seeds() uint64 {
	switch {
	case brief() && w.air.Loss == 0:
		return 0
	case brief() || w.air.Duplicate == 0:
		return 1
	}
	return 2
}

// check wants a network that was what it is called.
func (w weather) check(t *testing.T, air *modemtest.Air) {
	t.Helper()
	if n := air.Counts(); (n.Lost > 0) != (w.air.Loss > 0) || (n.Duplicated > 0) != (w.air.Duplicate > 0) {
		t.Errorf("the network was another one: %v", n)
	}
}

// A wire counts what went on air from a number, by its form.
type wire struct {
	from string

	mu                     sync.Mutex
	whole, segments, parts int
}

func (w *wire) taken(from string, s *pdu.Submit) {
	if from != w.from {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p, _, err := csp.ParsePreamble(s.UD.Data)
	_, several := s.UD.Concat()
	switch {
	case several:
		w.segments++
	case err == nil && p.Identifier != "":
		w.parts++
	default:
		w.whole++
	}
}

// check wants long messages in the form that was chosen for them.
func (w *wire) check(t *testing.T, form string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.whole == 0 || (w.parts > 0) != (form == "dd") || (w.segments > 0) != (form == "concat") {
		t.Errorf("with long = %q %s put on air %d whole messages, %d segments and %d parts", form, w.from, w.whole, w.segments, w.parts)
	}
}

// inWeathers runs f in every network, for both ways in which a long message goes, and
// looks at what the modem of that number puts on air.
func inWeathers(t *testing.T, from string, f func(t *testing.T, w weather, change func(*Config))) {
	for _, form := range []string{"concat", "dd"} {
		for _, w := range weathers {
			if w.seeds() == 0 {
				continue
			}
			t.Run(form+", "+w.name, func(t *testing.T) {
				t.Parallel()
				for seed := range w.seeds() {
					on := &wire{from: from}
					w.air.Seed, w.air.Taken = seed, on.taken
					f(t, w, func(c *Config) { c.CSP.Long, c.Limits.SegmentsPerDay = form, 0 })
					on.check(t, form)
				}
			})
		}
	}
}

// newIMClient returns a client whose ids wrap within its script.
func newIMClient(o modemtest.IMClientOptions) *modemtest.IMClient {
	o.User, o.Password, o.FirstID = alice, secret, 995
	return modemtest.NewIMClient(o)
}

func newIMService(tries int) *modemtest.IMService {
	o := modemtest.IMServiceOptions{Accounts: map[string]string{alice: secret}, Tries: tries}
	for i := range 6 {
		o.Lists = append(o.Lists, fmt.Sprintf("wv:alice/list-%d-of-many@example.com", i))
	}
	return modemtest.NewIMService(o)
}

// An actor runs alone: the handset's and the program's act.
type actor func(do func(now time.Time) []modemtest.IMDatagram)

// script begins a client's script and lets time pass until it has ended, and what is under
// way then.
func (r *rig) script(c *modemtest.IMClient, act actor) {
	r.settle(time.Minute)
	act(c.Begin)
	for done, n := false, 0; !done && n < 60; n++ {
		r.settle(2 * time.Minute)
		act(func(time.Time) []modemtest.IMDatagram { done, _ = c.Done(); return nil })
	}
	r.settle(2 * time.Minute)
}

// checkIM wants a session that went through: each transaction once and in order, each
// message once and with the octets that were sent.
func checkIM(t *testing.T, c *modemtest.IMClient, s *modemtest.IMService, service *imProgram, tries int) {
	t.Helper()
	checkIMIn(t, c, s, service, tries, asItIs)
}

func asItIs(m string) string { return m }

// checkIMIn is checkIM where a message may be written in several ways, of which form makes one.
func checkIMIn(t *testing.T, c *modemtest.IMClient, s *modemtest.IMService, service *imProgram, tries int, form func(string) string) {
	t.Helper()
	if done, err := c.Done(); !done || err != nil {
		t.Errorf("the script has not ended: %v", err)
	}
	var went []string
	notified := 0
	_, sent := service.spoken()
	var said, heard []string
	for _, m := range sent {
		said = append(said, form(m))
	}
	for _, r := range s.Requests() {
		heard = append(heard, form(string(r.Data)))
	}
	for _, tr := range c.Transactions() {
		if tr.Request == "PN" { // the service's, which comes when the network likes
			notified++
		} else {
			went = append(went, tr.Request+tr.Answer)
		}
		// Whether the answer to a notification arrives the client does not know.
		if tr.Request != "PN" && !slices.Contains(heard, form(string(tr.Sent))) {
			t.Errorf("%s%s reached the service otherwise than it was sent: %q", tr.Request, tr.ID, tr.Sent)
		}
		if !slices.Contains(said, form(string(tr.Got))) {
			t.Errorf("%s%s was answered otherwise than the service did: %q", tr.Request, tr.ID, tr.Got)
		}
		if tries == 1 && tr.Tries != 1 {
			t.Errorf("%s%s took %d tries, and nothing was lost", tr.Request, tr.ID, tr.Tries)
		}
	}
	if got := strings.Join(went, " "); got != "LRRL LRRL CPPC SQQS UPST GPPG CLST GLLG LMML SBST ORST" || notified != 1 {
		t.Errorf("transactions: %s, and %d notifications", got, notified)
	}
	if s.Sessions() != 0 {
		t.Errorf("%d sessions are left", s.Sessions())
	}
	if tries == 1 && len(s.Requests()) != len(c.Transactions()) {
		t.Errorf("the service had %d messages of %d transactions", len(s.Requests()), len(c.Transactions()))
	}
}

// checkOnce wants each message to come as often as it was sent, where it came: once, but
// for what somebody said twice.
func checkOnce(t *testing.T, sent, got []string, form func(string) string) {
	t.Helper()
	left := map[string]int{}
	for _, m := range sent {
		left[form(m)]++
	}
	for _, m := range got {
		left[form(m)]--
		if left[form(m)] < 0 {
			t.Errorf("this was not sent, or not so often: %q", m)
		}
	}
}

// A handset on the air, as Android's client is, and the service on a bridge's socket.
func TestIMFromHandset(t *testing.T) {
	inWeathers(t, ownNumber, func(t *testing.T, w weather, change func(*Config)) {
		inRig(t, w.air, change, func(r *rig) {
			c := newIMClient(modemtest.IMClientOptions{Server: ownNumber, Tries: w.tries, Size: modemtest.IMSize})
			s := newIMService(w.tries)
			service := r.program(s)
			r.script(c, r.air.NewIMHandset(phone, c).Act)
			checkIM(t, c, s, service, w.tries)
			got, _ := service.spoken()
			got = slices.DeleteFunc(got, func(m string) bool { return strings.HasPrefix(m, "WV12ST") }) // a copy is answered too
			if len(slices.Compact(slices.Sorted(slices.Values(got)))) != len(got) {
				t.Errorf("some of this came twice: %q", got)
			}
			w.check(t, r.air)
			service.close()
		})
	})
}

// Client and service on the sockets of two bridges, and two modems between them.
func TestIMFromBridgeToBridge(t *testing.T) {
	inWeathers(t, farNumber, func(t *testing.T, w weather, change func(*Config)) {
		inRigs(t, w.air, change, func(a, b *rig) {
			c, s := newIMClient(modemtest.IMClientOptions{Server: farNumber, Tries: w.tries}), newIMService(w.tries)
			client, service := a.program(c), b.program(s)
			a.script(c, client.act)
			checkIM(t, c, s, service, w.tries)
			got, sent := client.spoken()
			heard, said := service.spoken()
			checkOnce(t, sent, heard, asItIs)
			checkOnce(t, said, got, asItIs)
			w.check(t, a.air)
			client.close()
			service.close()
		})
	})
}
