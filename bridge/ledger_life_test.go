package bridge

import (
	"context"
	"slices"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// change writes to the spool what a crash, or another time, would have left there.
func (r *rig) change(id string, f func(*spool.Outbound)) {
	r.t.Helper()
	err := r.Bridge.spool.Update(context.Background(), func(tx *spool.Tx) error {
		m, err := tx.Outbound(id)
		if err != nil {
			return err
		}
		f(m)
		return tx.PutOutbound(m)
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// offline keeps messages from being sent, until it is called with false.
func (r *rig) offline(on bool) {
	stat := 1
	if on {
		stat = 2
	}
	for _, m := range r.sims {
		m.SetRegistration(stat, stat)
	}
	r.settle(2 * time.Minute)
}

// A kill while a segment is submitted: the next start finds that nobody knows what
// became of it, and follows the policy.
func TestKilledWhileSubmitting(t *testing.T) {
	tests := []struct {
		octets int
		policy string
		want   spool.OutState
		copies int // that reach the SC after the restart
	}{
		{10, "auto", spool.StateUnknown, 0},
		{10, "resend", spool.StateSent, 1},
		{10, "fail", spool.StateFailed, 0},
		{200, "auto", spool.StateSent, 2},
	}
	for _, test := range tests {
		t.Run(test.policy, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				r.collect(phone)
				r.offline(true)
				id := r.accept(Request{Payload: make([]byte, test.octets), Unknown: test.policy})
				r.change(id, func(m *spool.Outbound) {
					seg := &m.Segments[0]
					seg.State, seg.Modem, seg.SIM, seg.SentAt, seg.Attempts = spool.SegSubmitting, "m0", "262491700000001", r.Now(), 1
					m.Modem, m.SIM = seg.Modem, seg.SIM
				})
				r.stop()
				r.offline(false)
				r.start()
				r.settle(10 * time.Minute)
				if m := r.outbound(id); m.State != test.want {
					t.Errorf("%s (%s), want %s", m.State, m.Why, test.want)
				}
				if n := r.air.Counts().Accepted; n != test.copies {
					t.Errorf("%d submissions, want %d", n, test.copies)
				}
			})
		})
	}
}

// A line that is lost in the middle leaves no segment behind as being submitted.
func TestLineLostInTheMiddle(t *testing.T) {
	for _, at := range []modemtest.Stage{modemtest.Begun, modemtest.Data, modemtest.Done} {
		inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
			got := r.collect(phone)
			r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.HangUp, At: at})
			id := r.accept(Request{Payload: make([]byte, 300)})
			r.settle(time.Hour)
			if m := r.outbound(id); m.State != spool.StateSent || len(*got) != 1 {
				t.Errorf("stage %d: %s %s, the handset got %d; %v", at, m.State, m.Why, len(*got), m.Segments)
			}
		})
	}
}

// A message that is too slow for its 8-bit reference starts again once, under one of
// 16 bits.
func TestSlowNarrowReference(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		got := r.collect(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Hang, At: modemtest.Data, After: 70 * time.Second, Times: -1})
		id := r.accept(Request{Payload: make([]byte, 12*128)})
		r.settle(20 * time.Hour)
		m := r.outbound(id)
		if m.State != spool.StateSent || m.RefBits != 16 || m.Restarts != 1 || len(*got) != 1 {
			t.Errorf("%s %s, %d bits, %d restarts, the handset got %d", m.State, m.Why, m.RefBits, m.Restarts, len(*got))
		}
		if n := r.air.Counts().Accepted; n > 12+13 {
			t.Errorf("%d submissions", n)
		}
	})
}

// The budget stands before the modem: retries count, and the operator's too.
func TestBudgetBeforeModem(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Limits.SegmentsPerDay = 3 }, func(r *rig) {
		r.collect(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: -1})
		id := r.accept(Request{Payload: []byte("a"), TTL: 60 * time.Hour})
		r.settle(23 * time.Hour)
		if n := r.outbound(id).Segments[0].Attempts; n != 3 {
			t.Errorf("%d attempts in a day", n)
		}
		r.sims["m0"].ClearFaults()
		r.settle(2 * time.Hour)
		if m := r.outbound(id); m.State != spool.StateSent {
			t.Errorf("a day later: %s %s", m.State, m.Why)
		}
	})
}

func TestRetryKeepsToTheBudget(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Limits.SegmentsPerDay = 1 }, func(r *rig) {
		ctx := context.Background()
		r.offline(true)
		first := r.accept(Request{Payload: []byte("a")})
		if err := r.Cancel(ctx, first); err != nil {
			t.Fatal(err)
		}
		r.accept(Request{Payload: []byte("b")})
		if err := r.Retry(ctx, first); code(err) != "budget" {
			t.Errorf("retry over the budget: %v", err)
		}
	})
}

// A segment that waits for the network has not been tried, however often that is.
func TestWaitingCostsNoTry(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		got := r.collect(phone)
		r.sims["m0"].Fault(
			modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 331", Times: 6},
		)
		id := r.accept(Request{Payload: make([]byte, 200)})
		r.settle(10 * time.Minute)
		if m := r.outbound(id); m.State != spool.StateSent || len(*got) != 1 || m.Segments[0].Tries != 0 || m.Segments[0].Attempts != 7 {
			t.Errorf("%s %s, %d tries, %d attempts", m.State, m.Why, m.Segments[0].Tries, m.Segments[0].Attempts)
		}
	})
}

// A cancelled message stays cancelled, whatever becomes of the segment on its way.
func TestCancelOnItsWay(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.collect(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateFinal, After: 20 * time.Second})
		id := r.accept(Request{Payload: make([]byte, 200)})
		r.settle(time.Second)
		if err := r.Cancel(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Minute)
		if m := r.outbound(id); m.State != spool.StateCancelled || m.Segments[1].Attempts != 0 {
			t.Errorf("%s; %v", m.State, m.Segments)
		}
		if words := r.words(id); !slices.Equal(words, []string{"cancelled", "note"}) {
			t.Errorf("events %v", words)
		}
	})
}

// An early report waits for the answer to its own CMGS; it is not given to another
// message to the same number of which the outcome is unknown.
func TestEarlyReport(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.collect(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 500"})
		lost := r.accept(Request{Payload: []byte("lost"), Report: true})
		r.settle(time.Minute)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateFinal, After: 20 * time.Second})
		id := r.accept(Request{Payload: []byte("on its way"), Report: true})
		r.settle(5 * time.Minute)
		if m := r.outbound(lost); m.State != spool.StateUnknown {
			t.Errorf("the lost one is %s", m.State)
		}
		if m := r.outbound(id); m.State != spool.StateDelivered {
			t.Errorf("the other is %s %s", m.State, m.Why)
		}
		r.view(func(tx *spool.Tx) error {
			attempts, err := tx.AttemptsOf(id)
			if err != nil {
				return err
			}
			last := attempts[0].Ended
			list, err := tx.EventsOf(id)
			for _, e := range list {
				if e.At.Before(last) {
					t.Errorf("%s is told as %v earlier than what it follows from", e.Word, last.Sub(e.At))
				}
				last = e.At
			}
			return err
		})
	})
}

// A second copy of a report is about the message that it was about at first, though
// TP-MR has come round since.
func TestDoubledReport(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.collect(phone)
		first := r.accept(Request{Payload: []byte("first"), Report: true})
		r.settle(6 * time.Hour)
		second := r.accept(Request{To: "+491799999999", Payload: []byte("second"), Report: true})
		r.settle(time.Minute)
		mr := r.outbound(first).Segments[0].MR
		r.change(second, func(m *spool.Outbound) { m.Segments[0].MR = mr })
		s := r.sessions["m0"]
		candidates := []*spool.Outbound{r.outbound(second), r.outbound(first)}
		candidates[0].Peer = phone
		report := statusReport(t, phone, byte(mr), candidates[1].Segments[0].SentAt.Add(s.sc.offset.Duration))
		if c, ok := s.sc.match(s.reportable(candidates), nil, report, r.Now(), true); !ok || c.ID != first {
			t.Errorf("the report is given to %+v", c)
		}
	})
}

// A number is the same with and without "+": for its home, its reports, its references.
func TestNumberWithoutPlus(t *testing.T) {
	change := func(c *Config) { c.Modems = []ModemConfig{{Name: "m0"}, {Name: "m1"}} }
	inRig(t, modemtest.AirOptions{}, change, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		if err := h.SendText(r.sims["m1"].Number(), "x"); err != nil {
			t.Fatal(err)
		}
		if err := h.Send(r.sims["m1"].Number(), datagram("hello")); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Minute)
		for range 3 {
			id := r.accept(Request{To: phone[1:], Payload: []byte("answer")})
			r.settle(time.Minute)
			if m := r.outbound(id); m.Modem != "m1" {
				t.Errorf("sent by %q", m.Modem)
			}
		}
	})
}

// A message that was begun on one SIM goes on with that SIM only.
func TestBegunOnAnotherSIM(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.collect(phone)
		r.offline(true)
		id := r.accept(Request{Payload: make([]byte, 200)})
		r.change(id, func(m *spool.Outbound) {
			m.Modem, m.SIM = "m0", "262000000000000"
			m.Segments[0].State, m.Segments[0].SIM, m.Segments[0].AirAt = spool.SegAccepted, m.SIM, r.Now()
		})
		r.offline(false)
		r.settle(time.Hour)
		if m := r.outbound(id); m.State != spool.StateQueued || m.Segments[1].Attempts != 0 {
			t.Errorf("%s; %v", m.State, m.Segments)
		}
	})
}

func TestRetry(t *testing.T) {
	ctx := context.Background()
	t.Run("keeps the ttl", func(t *testing.T) {
		inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
			r.offline(true)
			id := r.accept(Request{Payload: []byte("a"), TTL: 10 * time.Minute})
			for range 3 {
				r.settle(time.Hour)
				if err := r.Retry(ctx, id); err != nil {
					t.Fatal(err)
				}
			}
			if m := r.outbound(id); m.Expires.Sub(r.Now()) != 10*time.Minute {
				t.Errorf("expires in %v", m.Expires.Sub(r.Now()))
			}
		})
	})
	t.Run("of what the network has", func(t *testing.T) {
		inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
			r.air.NewHandset(phone, nil).SwitchOff()
			id := r.accept(Request{Payload: []byte("a"), TTL: 10 * time.Minute, Report: true})
			r.change(id, func(m *spool.Outbound) {})
			r.settle(time.Minute)
			if err := r.Retry(ctx, id); code(err) != "not-allowed" {
				t.Errorf("%v", err)
			}
		})
	})
	t.Run("of a held one that is refused again", func(t *testing.T) {
		inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
			r.collect(phone)
			r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 332"})
			id := r.accept(Request{Payload: []byte("a"), Unknown: "hold"})
			r.settle(time.Minute)
			r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42"})
			if err := r.Retry(ctx, id); err != nil {
				t.Fatal(err)
			}
			r.settle(10 * time.Minute)
			if m := r.outbound(id); m.State != spool.StateSent && m.State != spool.StateDelivered {
				t.Errorf("%s %s", m.State, m.Why)
			}
		})
	})
}
