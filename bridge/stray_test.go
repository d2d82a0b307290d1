package bridge

import (
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/spool"
)

// The report on an attempt of which nobody knows the TP-MR is not given to another
// segment of unknown outcome that was submitted at about that time: a message would be
// called sent of which a segment never was.
func TestStrayReport(t *testing.T) {
	segment := func(id string, at time.Time) reportable {
		return reportable{Outbound: &spool.Outbound{ID: id}, seg: spool.OutSegment{
			Seq: 1, State: spool.SegUnknown, MR: -1, SentAt: at, AirAt: at, At: at.Add(time.Second),
		}}
	}
	attempt := func(id string, at time.Time) spool.Attempt {
		return spool.Attempt{ID: id, Seq: 1, Began: at, Ended: at.Add(time.Second)}
	}
	known := scClock{offset: scOffset{known: true}}
	leapt, guessed := known, known
	leapt.bridge = &clock{runs: []time.Time{noon.Add(30 * time.Second)}}
	guessed.offset.guess = true
	crossed := known
	crossed.bridge = &clock{runs: []time.Time{noon.Add(time.Second / 2)}}
	crossed.offset, crossed.earlier, crossed.epoch = scOffset{}, known.offset, noon.Add(time.Hour)
	older := scClock{earlier: scOffset{Duration: -time.Minute, known: true}, epoch: noon.Add(time.Hour), learned: noon.Add(30 * time.Minute)}
	older.bridge = &clock{runs: []time.Time{noon.Add(20 * time.Minute), noon.Add(time.Hour)}}
	tests := []struct {
		name   string
		clock  scClock
		all    []reportable
		strays []spool.Attempt
		want   string
	}{
		{"one fits", known, []reportable{segment("a", noon), segment("b", noon.Add(time.Minute))}, nil, "a"},
		{"the better one", known, []reportable{segment("a", noon), segment("b", noon.Add(4*time.Second))}, nil, "a"},
		{"the better one, and bridge time may have leapt in between", leapt, []reportable{segment("a", noon), segment("b", noon.Add(time.Minute))}, nil, ""},
		{"the better one, and its attempt ended in the next run", crossed, []reportable{segment("a", noon), segment("b", noon.Add(time.Minute))}, nil, ""},
		{"one fits, by what is known of another run", older, []reportable{segment("a", noon.Add(time.Minute)), segment("b", noon.Add(80*time.Second))}, nil, ""},
		{"the better one, by what was known before the restart", guessed, []reportable{segment("a", noon), segment("b", noon.Add(4*time.Second))}, nil, ""},
		{"one fits, by what was known before the restart", guessed, []reportable{segment("a", noon)}, nil, "a"},
		{"two fit nearly alike", known, []reportable{segment("a", noon), segment("b", noon.Add(2*time.Second))}, nil, ""},
		{"two fit", known, []reportable{segment("a", noon), segment("b", noon.Add(time.Second/2))}, nil, ""},
		{"its own attempt", known, []reportable{segment("a", noon)}, []spool.Attempt{attempt("a", noon)}, "a"},
		{"another's attempt fits too", known, []reportable{segment("a", noon)}, []spool.Attempt{attempt("b", noon.Add(time.Second/2))}, ""},
		{"another's attempt fits better", known, []reportable{segment("a", noon.Add(5*time.Second))}, []spool.Attempt{attempt("b", noon)}, ""},
		{"another's attempt long ago", known, []reportable{segment("a", noon)}, []spool.Attempt{attempt("b", noon.Add(-time.Minute))}, "a"},
		{"only another's attempt fits", known, []reportable{segment("a", noon.Add(time.Hour))}, []spool.Attempt{attempt("b", noon)}, ""},
		{"the clock is not known, one there is", scClock{}, []reportable{segment("a", noon)}, nil, "a"},
		{"the clock is not known, another's attempt", scClock{}, []reportable{segment("a", noon)}, []spool.Attempt{attempt("b", noon)}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			report := statusReport(t, phone, 7, noon)
			c, ok := test.clock.match(test.all, test.strays, report, noon, true)
			got := ""
			if ok {
				got = c.ID
			}
			if got != test.want {
				t.Errorf("it is given to %q, want %q", got, test.want)
			}
			report.SCTS = pdu.Timestamp{} // no time stamp: nothing but the number of candidates tells
			if c, ok := test.clock.match(test.all, test.strays, report, noon, true); ok && (len(test.all) > 1 || astray(test.strays, test.all)) {
				t.Errorf("without a time stamp it is given to %s", c.ID)
			}
		})
	}
}

// The same in the whole bridge: one segment never goes on air, the report on another
// message's lost attempt comes.
func TestStrayReportInLife(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.collect(phone)
		known := r.accept(Request{Payload: []byte("tells the SC's clock"), Report: true})
		r.settle(time.Minute)
		if m := r.outbound(known); m.State != spool.StateDelivered {
			t.Fatalf("%s", m.State)
		}
		r.sims["m0"].Fault(
			// On air, and the answer lies; then not on air.
			modemtest.Fault{On: "+CMGS", Kind: modemtest.Belie, Text: "+CMS ERROR: 500"},
			modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 500", Times: 2},
		)
		first := r.accept(Request{Payload: []byte("first"), Unknown: "resend", Report: true})
		second := r.accept(Request{Payload: []byte("second"), Unknown: "hold", TTL: time.Hour})
		r.settle(2 * time.Hour)
		if m := r.outbound(first); !m.Segments[0].State.Accepted() {
			t.Errorf("the first is %s, %s", m.State, m.Why)
		}
		if m := r.outbound(second); m.State != spool.StateUnknown {
			t.Errorf("the second, which never went on air, is %s", m.State)
		}
	})
}

// The wall clock was set an hour on across a restart, and bridge time with it: the
// report on what was sent before does not fit its own segment any more. It is not given
// to one that was sent after, whatever the SC's clock says: that has another TP-MR.
func TestReportAfterALeap(t *testing.T) {
	withJump(t, 0, time.Hour, nil, func(r *rig, leap func()) {
		h := r.postpone(phone)
		r.collect("+491712345679")
		before := r.accept(Request{Payload: []byte("before"), Unknown: "hold"})
		r.settle(2 * time.Second)
		r.stop()
		leap()
		r.start()
		r.settle(2 * time.Second)
		r.accept(Request{To: "+491712345679", Payload: []byte("tells the SC's clock"), Report: true})
		r.settle(2 * time.Second)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 332"})
		after := r.accept(Request{Payload: []byte("after, and never on air"), Unknown: "hold"})
		r.settle(2 * time.Second)
		if m := r.outbound(after); m.Segments[0].State != spool.SegUnknown {
			t.Fatalf("%s", m.Segments[0].State)
		}
		h.SwitchOn()
		r.settle(10 * time.Minute)
		if m := r.outbound(after); m.Segments[0].State != spool.SegUnknown {
			t.Errorf("what never went on air is %s", m.Segments[0].State)
		}
		if m := r.outbound(before); m.State != spool.StateSent && m.State != spool.StateDelivered {
			t.Errorf("what was delivered is %s", m.State)
		}
	})
}
