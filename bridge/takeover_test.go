package bridge

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// Another modem takes a message over only while no segment is accepted or unknown and
// the peer has no SIM that it writes to.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	change := func(c *Config) { c.Modems = []ModemConfig{{Name: "m0"}, {Name: "m1"}} }
	const stranger = "+491711111111"
	tests := []struct {
		name   string
		octets int
		home   string // the modem that heard from the peer
		want   string // the modem named in SEND
		fault  *modemtest.Fault
		gone   string // unregistered after a minute
		by     string // who carries it in the end; "": nobody
	}{
		{"nothing begun", 10, "", "", nil, "m0", "m1"},
		{"refused, nothing on air", 200, "", "", &modemtest.Fault{Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: -1}, "m0", "m1"},
		{"not handed over", 200, "", "", &modemtest.Fault{Kind: modemtest.Deaf, Times: -1}, "m0", "m1"},
		{"unknown", 200, "", "", &modemtest.Fault{Kind: modemtest.Refuse, Text: "+CMS ERROR: 500", Times: -1}, "m0", ""},
		{"the first accepted", 200, "", "", &modemtest.Fault{Kind: modemtest.LateAnswer, After: time.Minute}, "m0", ""},
		{"refused, but the peer has a SIM", 200, "m0", "", &modemtest.Fault{Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: -1}, "m0", ""},
		{"the peer has another SIM", 200, "m1", "", nil, "m0", "m1"},
		{"refused, but named", 200, "", "m0", &modemtest.Fault{Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: -1}, "m0", ""},
		{"named against the peer's SIM", 200, "m0", "m1", nil, "m0", "m1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, change, func(r *rig) {
				h := r.air.NewHandset(stranger, nil)
				r.settle(time.Minute)
				if test.home != "" {
					if err := h.Send(r.sims[test.home].Number(), wdp.Datagram{Dst: 3590, Data: []byte("hello")}); err != nil {
						t.Fatal(err)
					}
					r.settle(time.Minute)
				}
				if test.fault != nil { // then m0 is to begin
					r.sims["m1"].SetRegistration(2, 2)
					r.settle(2 * time.Minute)
					f := *test.fault
					f.On = "+CMGS"
					r.sims["m0"].Fault(f)
				} else if test.gone != "" {
					r.sims[test.gone].SetRegistration(2, 2)
					r.settle(2 * time.Minute)
				}
				id := r.accept(Request{To: stranger, Payload: make([]byte, test.octets), Modem: test.want, TTL: 6 * time.Hour})
				if test.fault != nil {
					r.settle(30 * time.Second)
					r.sims[test.gone].SetRegistration(2, 2)
					r.settle(2 * time.Minute)
					r.sims["m1"].SetRegistration(1, 1)
				}
				r.settle(time.Hour)
				m := r.outbound(id)
				if test.by == "" && (!m.State.Open() || r.sims["m1"].Submits() != 0) {
					t.Errorf("%s (%s), m1 has sent %d segments", m.State, m.Why, r.sims["m1"].Submits())
				}
				if test.by != "" && (m.State != spool.StateSent || m.Modem != test.by || r.sims[test.by].Submits() != len(m.Segments)) {
					t.Errorf("%s (%s) by %q, which has sent %d of %d segments", m.State, m.Why, m.Modem, r.sims[test.by].Submits(), len(m.Segments))
				}
			})
		})
	}
}

// Two modems that want the same message: one of them gets it, each time.
func TestTwoSessionsOneMessage(t *testing.T) {
	change := func(c *Config) {
		c.Modems = []ModemConfig{{Name: "m0"}, {Name: "m1"}, {Name: "m2"}}
		c.Limits.SegmentsPerDay = 0
	}
	air := &airLog{}
	inRig(t, modemtest.AirOptions{Taken: air.taken}, change, func(r *rig) {
		r.collect(phone)
		for _, m := range r.sims { // each in the hands of one modem for a while
			m.Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateAnswer, After: time.Second, P: 0.5, Times: -1})
		}
		var ids []string
		for range 60 {
			ids = append(ids, r.accept(Request{Payload: make([]byte, 200)}))
		}
		r.settle(time.Hour)
		by := map[string]int{}
		for _, id := range ids {
			m := r.outbound(id)
			if by[m.Modem]++; m.State != spool.StateSent {
				t.Errorf("%s is %s (%s)", id, m.State, m.Why)
			}
			for _, seg := range m.Segments {
				if seg.Attempts != 1 || seg.Modem != m.Modem {
					t.Errorf("%s: segment %d was sent %d times, last by %s; the message by %s", id, seg.Seq, seg.Attempts, seg.Modem, m.Modem)
				}
			}
		}
		if len(air.list) != 120 || len(by) != 3 {
			t.Errorf("%d segments on air, by %v", len(air.list), by)
		}
	})
}

// An 8-bit reference that is too old to go on with: the message starts again if one
// segment surely never went on air, and is `unknown` if all of them may be there.
func TestOldNarrowReference(t *testing.T) {
	tests := []struct {
		name   string
		fault  modemtest.Fault // of the second of two segments
		state  spool.OutState
		copies [2]int
		told   []string
	}{
		{"one never went", modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 331", Times: 1},
			spool.StateSent, [2]int{2, 1}, []string{"note sent", "sent sent", "sent"}},
		{"one is unknown", modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 500", Times: 1},
			spool.StateUnknown, [2]int{1, 0}, []string{"unknown", "sent", "note"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			air := &airLog{}
			inRig(t, modemtest.AirOptions{Taken: air.taken}, nil, func(r *rig) {
				got := r.collect(phone)
				r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateAnswer, After: time.Second})
				id := r.accept(Request{Payload: make([]byte, 255)}) // 8 bits save a segment
				r.settle(500 * time.Millisecond)
				r.sims["m0"].Fault(test.fault)
				r.settle(time.Second)
				r.offline(true)
				if m := r.outbound(id); m.RefBits != 8 || m.Segments[0].State != spool.SegAccepted {
					t.Fatalf("%d bits, %v", m.RefBits, m.Segments)
				}
				r.settle(20 * time.Minute)
				r.offline(false)
				r.settle(10 * time.Minute)
				m := r.outbound(id)
				if m.State != test.state {
					t.Errorf("%s (%s), want %s", m.State, m.Why, test.state)
				}
				if copies := [2]int{len(air.of(phone, 1)), len(air.of(phone, 2))}; copies != test.copies {
					t.Errorf("copies on air %v, want %v", copies, test.copies)
				}
				if told := r.told(id); !slices.Equal(told[:len(test.told)], test.told) {
					t.Errorf("told %q, want %q", told, test.told)
				}
				if want := map[bool]int{true: 1}[test.state == spool.StateSent]; len(*got) != want {
					t.Errorf("the handset got %d", len(*got))
				}
			})
		})
	}
}

// The next attempt and its reason stand in the spool: a restart changes neither, and
// the ttl ends the retries with the last reason.
func TestRetriesSurviveRestart(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.collect(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: -1})
		id := r.accept(Request{Payload: []byte("x"), TTL: 2 * time.Hour})
		r.settle(20 * time.Minute)
		before := r.outbound(id)
		tries := before.Segments[0].Tries
		if tries < 3 || !strings.Contains(before.Why, "+CMS ERROR: 42") || !before.Due.After(r.Now()) {
			t.Fatalf("%d tries, due in %v, why %q", tries, before.Due.Sub(r.Now()), before.Why)
		}
		r.stop()
		r.start()
		r.settle(before.Due.Sub(r.Now()) - 2*time.Second)
		after := r.outbound(id)
		if !after.Due.Equal(before.Due) || after.Why != before.Why || after.Segments[0].Attempts != before.Segments[0].Attempts {
			t.Errorf("after the restart it is due at %v, why %q, after %d attempts; before: %v, %q, %d",
				after.Due, after.Why, after.Segments[0].Attempts, before.Due, before.Why, before.Segments[0].Attempts)
		}
		r.settle(4 * time.Second)
		if m := r.outbound(id); m.Segments[0].Tries != tries+1 {
			t.Errorf("%d tries at its time, want %d", m.Segments[0].Tries, tries+1)
		}
		r.settle(2 * time.Hour)
		if m := r.outbound(id); m.State != spool.StateExpired || !strings.Contains(m.Why, "+CMS ERROR: 42") {
			t.Errorf("%s (%s)", m.State, m.Why)
		}
		if words := r.words(id); !slices.Equal(words, []string{"expired"}) {
			t.Errorf("events %v", words)
		}
	})
}

// The wall clock, set by 56 years or back by an hour, moves neither the next attempt nor
// the ttl, running or over a restart that cannot tell how long it took.
func TestWallClockMovesNoRetry(t *testing.T) {
	for name, jump := range map[string]time.Duration{"on": 56 * 365 * day, "back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: -1})
				r.stop()
				var set atomic.Int64
				r.wall = func() time.Time { return time.Now().AddDate(50, 0, 0).Add(time.Duration(set.Load())) } // the bubble's is of the year 2000
				r.start()
				id := r.accept(Request{Payload: []byte("x"), TTL: 3 * time.Hour})
				r.settle(20 * time.Minute)
				attempts := r.outbound(id).Segments[0].Attempts
				set.Store(int64(jump))
				r.settle(20 * time.Minute)
				if m := r.outbound(id); m.State != spool.StateQueued || m.Segments[0].Attempts < attempts+1 || m.Segments[0].Attempts > attempts+2 {
					t.Errorf("20 minutes later it is %s after %d attempts, they were %d", m.State, m.Segments[0].Attempts, attempts)
				}
				left := r.outbound(id).Expires.Sub(r.Now())
				r.stop()
				set.Store(int64(2 * jump))
				r.start()
				// What has passed since bridge time was written down last is not counted.
				if d := left - r.outbound(id).Expires.Sub(r.Now()); jump < 0 && (d > 0 || d < -clockSave-idleCheck) {
					t.Errorf("over the restart its time to live lost %v", d)
				}
			})
		})
	}
}

// A message that is cancelled while nothing of it is on its way never goes, whoever
// holds it.
func TestCancelBetweenSegments(t *testing.T) {
	air := &airLog{}
	inRig(t, modemtest.AirOptions{Taken: air.taken}, nil, func(r *rig) {
		r.collect(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 500"})
		id := r.accept(Request{Payload: make([]byte, 200)})
		r.settle(time.Second) // the first is unknown and rests, the second is there
		if err := r.Cancel(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Hour)
		if m := r.outbound(id); m.State != spool.StateCancelled || len(air.list) != 1 {
			t.Errorf("%s, %d on air", m.State, len(air.list))
		}
	})
}
