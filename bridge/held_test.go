package bridge

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/spool"
)

// heldTTL ends three minutes before the SC gives up: TP-VP goes by five minutes there.
const heldTTL = 2*time.Hour + 2*time.Minute

// lost has the SC take the next message and the modem answer with a code that says
// nothing of it.
func (r *rig) lost() {
	r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Belie, Text: "+CMS ERROR: 500"})
}

// postpone keeps the SC's report back: the phone is off, so that it has none yet.
func (r *rig) postpone(number string) *modemtest.Handset {
	h := r.air.NewHandset(number, nil)
	h.SwitchOff()
	return h
}

// inject is a report by the SC on a segment.
func (r *rig) inject(to string, seg spool.OutSegment, st byte) {
	r.t.Helper()
	report := statusReport(r.t, to, byte(seg.MR), time.Now().Add(-r.Now().Sub(seg.SentAt)))
	report.ST, report.DT = st, pdu.NewTimestamp(time.Now())
	tpdu, err := report.AppendBinary(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	r.air.Inject(ownNumber, tpdu)
	r.settle(time.Second)
}

// A message under hold waits for the operator: his RETRY sends it again, his CANCEL
// ends it, and a report that comes before either settles it.
func TestHeld(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	tests := []struct {
		name   string
		report bool
		do     func(r *rig, id string, h *modemtest.Handset) error
		state  spool.OutState
		told   []string
		copies int
	}{
		{"retry", false, func(r *rig, id string, _ *modemtest.Handset) error { return r.Retry(ctx, id) },
			spool.StateSent, []string{"note sent", "note"}, 2},
		{"retry with a report to come", true, func(r *rig, id string, h *modemtest.Handset) error {
			err := r.Retry(ctx, id)
			r.settle(time.Minute)
			h.SwitchOn()
			return err
		}, spool.StateDelivered, []string{"note sent delivered", "note"}, 2},
		{"cancel", false, func(r *rig, id string, _ *modemtest.Handset) error { return r.Cancel(ctx, id) },
			spool.StateCancelled, []string{"cancelled", "note"}, 1},
		{"cancel, then the report", false, func(r *rig, id string, h *modemtest.Handset) error {
			err := r.Cancel(ctx, id)
			h.SwitchOn()
			return err
		}, spool.StateCancelled, []string{"cancelled", "note"}, 1},
		{"the report", false, func(_ *rig, _ string, h *modemtest.Handset) error {
			h.SwitchOn()
			return nil
		}, spool.StateDelivered, []string{"delivered", "note"}, 1},
		{"the ttl, then the report", false, func(r *rig, _ string, h *modemtest.Handset) error {
			r.settle(103 * time.Minute)
			h.SwitchOn()
			return nil
		}, spool.StateDelivered, []string{"unknown delivered", "note"}, 1},
		{"the ttl, then the SC gives up too", true, func(r *rig, id string, _ *modemtest.Handset) error {
			r.settle(103 * time.Minute)
			if m := r.outbound(id); m.State != spool.StateUnknown {
				r.t.Errorf("after its ttl it is %s", m.State)
			}
			return nil
		}, spool.StateFailed, []string{"unknown failed", "note"}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			air := &airLog{}
			inRig(t, modemtest.AirOptions{Taken: air.taken}, nil, func(r *rig) {
				h := r.postpone(phone)
				r.lost()
				id := r.accept(Request{Payload: []byte("held"), Unknown: "hold", Report: test.report, TTL: heldTTL})
				r.settle(20 * time.Minute)
				if m := r.outbound(id); m.State != spool.StateQueued || m.Segments[0].State != spool.SegUnknown {
					t.Fatalf("it is not held: %s %s", m.State, m.Why)
				}
				if err := test.do(r, id, h); err != nil {
					t.Fatal(err)
				}
				r.settle(30 * time.Minute)
				if m := r.outbound(id); m.State != test.state {
					t.Errorf("%s (%s), want %s", m.State, m.Why, test.state)
				}
				if told := r.told(id); !slices.Equal(told, test.told) {
					t.Errorf("told %q, want %q", told, test.told)
				}
				if n := len(air.of(phone, 1)); n != test.copies {
					t.Errorf("%d copies on air, want %d", n, test.copies)
				}
			})
		})
	}
}

// A report on the first copy that comes before the operator's second one goes, which
// waits for the budget here, spares that one.
func TestReportBeforeRetry(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Limits.SegmentsPerDay = 1 }, func(r *rig) {
		h := r.postpone(phone)
		r.lost()
		id := r.accept(Request{Payload: []byte("held"), Unknown: "hold"})
		r.settle(time.Minute)
		if err := r.Retry(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Minute)
		h.SwitchOn()
		r.settle(48 * time.Hour)
		if m := r.outbound(id); m.State != spool.StateDelivered || m.Segments[0].Attempts != 1 {
			t.Errorf("%s (%s) after %d attempts", m.State, m.Why, m.Segments[0].Attempts)
		}
		if told := r.told(id); !slices.Equal(told, []string{"note delivered", "note"}) {
			t.Errorf("told %q", told)
		}
	})
}

// A held segment that the operator put back and that never went again may still be on
// air: its ttl does not end it `expired`.
func TestRetryOfHeldExpires(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.postpone(phone)
		r.lost()
		id := r.accept(Request{Payload: []byte("held"), Unknown: "hold", TTL: 2 * time.Hour})
		r.settle(time.Minute)
		r.offline(true)
		if err := r.Retry(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		r.settle(3 * time.Hour)
		if m := r.outbound(id); m.State != spool.StateUnknown {
			t.Errorf("%s (%s)", m.State, m.Why)
		}
	})
}

// A +CMGS that was late beyond the fence comes in the next session: it is credited to
// nothing, whatever it falls into, and its MR is given to nobody.
func TestStrayReference(t *testing.T) {
	stray := "+CMGS: 200\r\n\r\nOK"
	tests := []struct {
		name  string
		fault modemtest.Fault
	}{
		{"between commands", modemtest.Fault{}},
		{"into the answer of a query", modemtest.Fault{On: "+CSQ", Kind: modemtest.Interject, At: modemtest.Begun, Text: "+CMGS: 200"}},
		{"after a CMGS, before its prompt", modemtest.Fault{On: "+CMGS", Kind: modemtest.Interject, At: modemtest.Begun, Text: "+CMGS: 200"}},
		{"so, with its OK", modemtest.Fault{On: "+CMGS", Kind: modemtest.Interject, At: modemtest.Begun, Text: stray}},
		{"at the prompt", modemtest.Fault{On: "+CMGS", Kind: modemtest.Interject, At: modemtest.Prompt, Text: "+CMGS: 200"}},
		{"with the right one", modemtest.Fault{On: "+CMGS", Kind: modemtest.Interject, At: modemtest.Data, Text: "+CMGS: 200"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			air := &airLog{}
			inRig(t, modemtest.AirOptions{Taken: air.taken}, nil, func(r *rig) {
				r.collect(phone)
				r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateAnswer, After: 300 * time.Second})
				first := r.accept(Request{Payload: []byte("first"), Unknown: "hold", TTL: time.Hour})
				r.settle(5 * time.Minute) // the line was given up, and there is a new one
				if test.fault.Text == "" {
					r.sims["m0"].URC("+CMGS: 200", "", "OK")
				} else {
					r.sims["m0"].Fault(test.fault)
				}
				r.settle(10 * time.Minute)
				second := r.accept(Request{To: "+491711111111", Payload: []byte("second")})
				r.settle(10 * time.Minute)
				on := air.of("+491711111111", 1)
				if m := r.outbound(second); m.State != spool.StateSent || len(on) != 1 {
					t.Errorf("the second is %s (%s), %d times on air", m.State, m.Why, len(on))
				} else if mr := m.Segments[0].MR; mr != int(on[0].mr) && mr != -1 {
					t.Errorf("the second has MR %d, on air it was %d", mr, on[0].mr)
				}
				if m := r.outbound(first); m.Segments[0].MR == 200 || m.Segments[0].State == spool.SegAccepted {
					t.Errorf("the first was given the stray one: %v", m.Segments)
				}
			})
		})
	}
}

// A refusal that comes late, in the fence, is as good as one in time.
func TestLateRefusal(t *testing.T) {
	air := &airLog{}
	inRig(t, modemtest.AirOptions{Taken: air.taken}, nil, func(r *rig) {
		got := r.collect(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Hang, At: modemtest.Data, After: 185 * time.Second})
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42"})
		id := r.accept(Request{Payload: []byte("single")})
		r.settle(10 * time.Minute)
		if m := r.outbound(id); m.State != spool.StateSent || len(*got) != 1 || len(air.list) != 1 {
			t.Errorf("%s (%s), the handset got %d, %d on air", m.State, m.Why, len(*got), len(air.list))
		}
		if words := r.words(id); !slices.Equal(words, []string{"sent"}) {
			t.Errorf("events %v", words)
		}
	})
}

// With report=yes, temporary reports up to the ttl are none: `unknown`, and the one
// that comes after it corrects that.
func TestTemporaryReportsOnly(t *testing.T) {
	inRig(t, modemtest.AirOptions{TemporaryState: true}, nil, func(r *rig) {
		r.postpone(phone)
		id := r.accept(Request{Payload: make([]byte, 200), Report: true, TTL: heldTTL})
		r.settle(time.Hour)
		if told := r.told(id); !slices.Equal(told, []string{"sent", "sent note", "sent"}) {
			t.Errorf("told %q", told) // the phone's first segment is on trial, the second waits behind it
		}
		r.settle(time.Hour + 2*time.Minute + time.Second)
		if m := r.outbound(id); m.State != spool.StateUnknown || m.Why != "no report" {
			t.Errorf("%s (%s)", m.State, m.Why)
		}
		m := r.outbound(id)
		r.inject(phone, m.Segments[1], 0)
		if m := r.outbound(id); m.State != spool.StateUnknown {
			t.Errorf("half of the reports make it %s", m.State)
		}
		r.inject(phone, m.Segments[0], 0)
		r.inject(phone, m.Segments[0], 0x46)
		if m := r.outbound(id); m.State != spool.StateDelivered {
			t.Errorf("all of the reports make it %s", m.State)
		}
		if told := r.told(id)[0]; told != "sent unknown delivered" {
			t.Errorf("told %q", told)
		}
	})
}

// A report that fails one segment while another is on its way ends the message; what
// was on its way is told, and nothing more goes.
func TestFailedWhileSubmitting(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.collect("+491711111111")
		r.accept(Request{To: "+491711111111", Payload: []byte("x"), Report: true})
		r.settle(time.Minute) // the SC's clock is known
		r.postpone(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateAnswer, After: time.Second})
		id := r.accept(Request{Payload: make([]byte, 500), Report: true})
		r.settle(500 * time.Millisecond) // the first is on its way
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateAnswer, After: 10 * time.Second})
		r.settle(time.Second)
		m := r.outbound(id)
		if m.Segments[0].State != spool.SegAccepted || m.Segments[1].State != spool.SegSubmitting {
			t.Fatalf("%s %s", m.Segments[0].State, m.Segments[1].State)
		}
		r.inject(phone, m.Segments[0], 0x49)
		r.settle(time.Hour)
		m = r.outbound(id)
		if m.State != spool.StateFailed || !strings.HasPrefix(m.Why, "segment 1 of 4: status report 0x49") {
			t.Errorf("%s (%s)", m.State, m.Why)
		}
		if told := r.told(id); !slices.Equal(told, []string{"failed", "sent", "note", "", ""}) {
			t.Errorf("told %q", told)
		}
		if m.Segments[1].State != spool.SegAccepted || m.Segments[2].Attempts != 0 {
			t.Errorf("%v", m.Segments)
		}
	})
}
