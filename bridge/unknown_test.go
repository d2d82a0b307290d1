package bridge

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/spool"
)

// A submission is one SMS-SUBMIT that the SC took.
type submission struct {
	to  string
	mr  byte
	srr bool
	seq int    // of its concatenation element; 1 without
	ud  string // TP-UD, header and all
}

// An airLog is what went on air.
type airLog struct{ list []submission }

func (l *airLog) taken(_ string, s *pdu.Submit) {
	c := submission{to: s.DA.String(), mr: s.MR, srr: s.SRR, seq: 1, ud: fmt.Sprintf("%+v", s.UD)}
	if concat, ok := s.UD.Concat(); ok {
		c.seq = int(concat.Seq)
	}
	l.list = append(l.list, c)
}

// of are the copies of one segment of what goes to a number.
func (l *airLog) of(to string, seq int) (copies []submission) {
	for _, c := range l.list {
		if c.to == to && c.seq == seq {
			copies = append(copies, c)
		}
	}
	return copies
}

// told is what was said about a message, by segment: "note delivered"; [0] is about
// the message itself.
func (r *rig) told(id string) []string {
	r.t.Helper()
	var list []spool.Event
	r.view(func(tx *spool.Tx) (err error) {
		list, err = tx.EventsOf(id)
		return err
	})
	told := make([]string, 1+len(r.outbound(id).Segments))
	for _, e := range list {
		told[e.Segment] = strings.TrimSpace(told[e.Segment] + " " + e.Word)
	}
	return told
}

// An ending is how an attempt ends that goes wrong after Ctrl-Z.
type ending struct {
	fault modemtest.Fault
	taken bool // the SC has the message
	heard bool // its answer is credited in the end
}

// endings are those of the issue: the final dropped, late, or replaced by a code that
// says nothing. The bridge bears 180 s of silence and then asks three times, for 10 s
// each: what comes by 210 s is as good as what comes in time.
func endings() (list []ending) {
	const s = time.Second
	for _, after := range []time.Duration{20 * s, 90 * s, 179 * s, 181 * s, 190 * s, 200 * s, 209 * s} {
		list = append(list, ending{modemtest.Fault{Kind: modemtest.LateAnswer, After: after}, true, true})
	}
	for _, after := range []time.Duration{211 * s, 400 * s} {
		list = append(list, ending{modemtest.Fault{Kind: modemtest.LateAnswer, After: after}, true, false})
	}
	for _, after := range []time.Duration{20 * s, 90 * s, 200 * s} { // +CMGS comes in time, its OK late
		list = append(list, ending{modemtest.Fault{Kind: modemtest.LateFinal, After: after}, true, true})
	}
	list = append(list,
		ending{modemtest.Fault{Kind: modemtest.LoseFinal}, true, true}, // +CMGS alone tells all
		ending{modemtest.Fault{Kind: modemtest.Cut}, true, false},      // in the middle of +CMGS
	)
	for _, code := range []int{332, 500, 513} {
		text := fmt.Sprintf("+CMS ERROR: %d", code)
		list = append(list,
			ending{modemtest.Fault{Kind: modemtest.Refuse, Text: text}, false, false},
			ending{modemtest.Fault{Kind: modemtest.Belie, Text: text}, true, false},
		)
	}
	return list
}

// An expectation is what product.md's Rules of correctness say about a message of
// which the first segment ended so.
type expectation struct {
	state    spool.OutState
	first    spool.SegState // of the segment that was hit
	rest     spool.SegState // of the others
	message  string         // events of the message
	segments [2]string      // of the segment that was hit, of each other
	copies   int            // of the segment that was hit, on air
	others   int            // of each other
	why      string         // in the last word on the message
}

func expect(e ending, segments int, policy string, report bool) expectation {
	asked := report || policy == "hold"
	reported := asked && e.taken
	copies := 0
	if e.taken {
		copies = 1
	}
	several := segments > 1
	// What goes well is accepted, and delivered where a report says so.
	good, goodTold := spool.SegAccepted, "sent"
	if asked {
		good, goodTold = spool.SegDelivered, "sent delivered"
	}
	well := expectation{state: spool.StateSent, first: good, rest: good, message: "sent", copies: 1, others: 1}
	if report {
		well.state, well.message = spool.StateDelivered, "sent delivered"
	}
	if several {
		well.segments = [2]string{goodTold, goodTold}
	}

	x := well
	switch {
	case e.heard:
		return well
	case policy == "fail": // never again, and the others do not go either
		x = expectation{state: spool.StateFailed, first: spool.SegUnknown, rest: spool.SegQueued, message: "failed", copies: copies}
		if reported { // the message has ended; what is known of the segment is told
			x.first = spool.SegDelivered
			if several {
				x.segments[0] = "delivered"
			}
		}
		return x
	case policy == "auto" && !several: // no receiver could tell a copy
		x.state, x.first, x.message, x.copies = spool.StateUnknown, spool.SegUnknown, "unknown", copies
		if reported { // one correction may follow
			x.state, x.first, x.message = spool.StateDelivered, spool.SegDelivered, "unknown delivered"
		}
		return x
	case reported: // a report settles what is unknown: it does not go again
		x.first, x.segments[0] = spool.SegDelivered, "note"
		if several {
			x.segments[0] = "note delivered"
		} else {
			x.state, x.message = spool.StateDelivered, "delivered"
		}
		return x
	case policy == "hold": // until the ttl
		x.state, x.first, x.message, x.why = spool.StateUnknown, spool.SegUnknown, "unknown", "time to live"
		x.segments[0], x.copies = "note", copies
		return x
	}
	// auto with several segments, resend: again.
	x.copies = copies + 1
	x.segments[0] = "note"
	if several {
		x.segments[0] = "note " + goodTold
	}
	return x
}

// The final after Ctrl-Z dropped, late, or replaced by a code that says nothing: for a
// message of one segment and of five, under each policy, with reports and without.
func TestFinalAfterCtrlZ(t *testing.T) {
	for i, e := range endings() {
		if brief() && i%4 != 0 {
			continue
		}
		for _, segments := range []int{1, 5} {
			name := fmt.Sprintf("%v %v %s/%d", e.fault.Kind, e.fault.After, e.fault.Text, segments)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				playEnding(t, e, segments)
			})
		}
	}
}

func playEnding(t *testing.T, e ending, segments int) {
	type cell struct {
		policy, to, id string
		report         bool
	}
	var cells []*cell
	for _, policy := range []string{"auto", "hold", "resend", "fail"} {
		for _, report := range []bool{false, true} {
			cells = append(cells, &cell{policy: policy, report: report, to: fmt.Sprintf("+4917123%04d", len(cells))})
		}
	}
	air := &airLog{}
	e.fault.On = "+CMGS"
	inRig(t, modemtest.AirOptions{Delay: time.Second, Taken: air.taken}, nil, func(r *rig) {
		for _, c := range cells {
			got := r.collect(c.to)
			payload := bytes.Repeat([]byte(c.to[1:]), 1+segments/2*22)
			r.sims["m0"].Fault(e.fault)
			c.id = r.accept(Request{To: c.to, Payload: payload, Unknown: c.policy, Report: c.report, TTL: 3 * time.Hour})
			r.settle(20 * time.Minute)
			if c.policy == "hold" && !e.taken { // held, whatever time passes
				if m := r.outbound(c.id); m.State != spool.StateQueued || m.Segments[0].State != spool.SegUnknown {
					t.Errorf("%s report=%v: it is not held: %s %s", c.policy, c.report, m.State, m.Segments[0].State)
				}
			}
			want := 1
			if x := expect(e, segments, c.policy, c.report); x.copies == 0 || x.others == 0 && segments > 1 {
				want = 0
			} else if segments == 1 {
				want = x.copies
			}
			if len(*got) != want {
				t.Errorf("%s report=%v: the handset got %d datagrams, want %d", c.policy, c.report, len(*got), want)
			}
		}
		r.settle(4 * time.Hour)
		for _, c := range cells {
			t.Run(fmt.Sprintf("%s report=%v", c.policy, c.report), func(t *testing.T) {
				expect(e, segments, c.policy, c.report).check(t, r, air, c.id)
			})
		}
	})
}

// check holds a message against what is expected of it, and against the air.
func (x expectation) check(t *testing.T, r *rig, air *airLog, id string) {
	m := r.outbound(id)
	if m.State != x.state || !strings.Contains(m.Why, x.why) {
		t.Errorf("the message is %s (%s), want %s (%s)", m.State, m.Why, x.state, x.why)
	}
	told := r.told(id)
	if told[0] != x.message {
		t.Errorf("of the message is told %q, want %q", told[0], x.message)
	}
	for i, seg := range m.Segments {
		state, said, copies := x.first, x.segments[0], x.copies
		if i > 0 {
			state, said, copies = x.rest, x.segments[1], x.others
		}
		if seg.State != state || told[seg.Seq] != said {
			t.Errorf("segment %d is %s, told %q; want %s, %q", seg.Seq, seg.State, told[seg.Seq], state, said)
		}
		onAir := air.of(m.Peer, seg.Seq)
		if len(onAir) != copies {
			t.Errorf("segment %d is %d times on air, want %d", seg.Seq, len(onAir), copies)
		}
		if len(onAir) > 0 && seg.State.Accepted() && seg.MR != int(onAir[len(onAir)-1].mr) {
			t.Errorf("segment %d has MR %d, on air it was %d", seg.Seq, seg.MR, onAir[len(onAir)-1].mr)
		}
		for _, c := range onAir {
			if c.ud != onAir[0].ud {
				t.Errorf("a copy of segment %d differs: %s, %s", seg.Seq, c.ud, onAir[0].ud)
			}
			if c.srr != (m.Report || m.Unknown == "hold") {
				t.Errorf("segment %d has SRR %v", seg.Seq, c.srr)
			}
		}
	}
}
