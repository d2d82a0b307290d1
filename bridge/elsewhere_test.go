package bridge

import (
	"bytes"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// What one SIM is refused for a reason of its own goes by another, if that is free to
// take it: nothing is on air, the client named no modem, the peer knows no other number.
func TestElsewhere(t *testing.T) {
	tests := []struct {
		name    string
		refusal string
		modem   string // named by SEND
		heard   string // the modem that last heard from the peer
		want    spool.OutState
	}{
		{"barred", "+CMS ERROR: 8", "", "", spool.StateSent},
		{"rejected", "+CMS ERROR: 21", "", "", spool.StateSent},
		{"not subscribed", "+CMS ERROR: 50", "", "", spool.StateSent},
		{"barred, the modem was named", "+CMS ERROR: 8", "m0", "", spool.StateFailed},
		{"barred, the peer answers to this SIM", "+CMS ERROR: 8", "", "m0", spool.StateFailed},
		{"the number is wrong for every SIM", "+CMS ERROR: 1", "", "", spool.StateFailed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			change := func(c *Config) { c.Modems = []ModemConfig{{Name: "m0"}, {Name: "m1"}} }
			inRig(t, modemtest.AirOptions{}, change, func(r *rig) {
				h := r.air.NewHandset(phone, nil)
				if test.heard != "" {
					if err := h.Send(r.sims[test.heard].Number(), datagram("hello")); err != nil {
						t.Fatal(err)
					}
				}
				r.settle(time.Minute)
				r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: test.refusal, Times: -1})
				r.sims["m1"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateFinal, After: 20 * time.Second})
				r.accept(Request{To: "+491711111111", Payload: []byte("keeps m1 busy"), Modem: "m1"})
				id := r.accept(Request{Payload: []byte("a"), Modem: test.modem})
				r.settle(10 * time.Minute)
				m := r.outbound(id)
				if m.State != test.want || m.State == spool.StateSent && m.Modem != "m1" {
					t.Errorf("%s by %q: %s", m.State, m.Modem, m.Why)
				}
			})
		})
	}
}

// What keeps a SIM from sending is told once, not with each message that waits for it,
// and again only after it had sent in between.
func TestAlarmOnce(t *testing.T) {
	var log bytes.Buffer
	s := &session{log: zerolog.New(&log)}
	barred := &attempt{err: cms(8)}
	for range 3 {
		s.raise(nil)
		s.raise(barred)
	}
	s.raise(&attempt{err: cms(42)})
	s.raise(barred)
	if n := bytes.Count(log.Bytes(), []byte("\n")); n != 1 {
		t.Errorf("it is told %d times", n)
	}
	s.raise(&attempt{})
	s.raise(barred)
	if n := bytes.Count(log.Bytes(), []byte("\n")); n != 2 {
		t.Errorf("after it had sent it is told %d times in all", n)
	}
}
