package bridge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/pdu"
	"wvsms/spool"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func newOutbound(segments int, change func(*spool.Outbound)) *outbound {
	m := &spool.Outbound{
		ID: "A", Peer: "+49", Payload: make([]byte, segments*127), Unknown: "auto",
		State: spool.StateQueued, Accepted: noon, Expires: noon.Add(time.Hour), Due: noon,
	}
	for seq := 1; seq <= segments; seq++ {
		m.Segments = append(m.Segments, spool.OutSegment{Seq: seq, State: spool.SegQueued, MR: -1, At: noon})
	}
	if segments > 1 {
		m.RefBits = 16
	}
	if change != nil {
		change(m)
	}
	return &outbound{Outbound: m, now: noon, events: &events{}}
}

// summary is the ledger in one line: message, segments, due, events.
func (o *outbound) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s [", o.State)
	for i, seg := range o.Segments {
		if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(string(seg.State))
		if seg.MR >= 0 {
			fmt.Fprintf(&b, "/%d", seg.MR)
		}
	}
	fmt.Fprintf(&b, "] +%v", o.Due.Sub(noon))
	for _, e := range o.events.list {
		fmt.Fprintf(&b, " %s", e.Word)
		if e.Segment > 0 {
			fmt.Fprintf(&b, "=%d", e.Segment)
		}
	}
	return b.String()
}

func cms(code int) error {
	return &modem.ResultError{Kind: modem.CMS, Code: code, Text: fmt.Sprintf("+CMS ERROR: %d", code)}
}

var errSilence = fmt.Errorf("%w: silence", modem.ErrOutcomeUnknown)

func TestLedger(t *testing.T) {
	hold := func(m *spool.Outbound) { m.Unknown = "hold" }
	resend := func(m *spool.Outbound) { m.Unknown = "resend" }
	giveUp := func(m *spool.Outbound) { m.Unknown = "fail" }
	report := func(m *spool.Outbound) { m.Report = true }
	unsureFirst := func(m *spool.Outbound) { m.Segments[0].Unsure, m.Segments[0].AirAt = true, noon.Add(-time.Minute) }

	tests := []struct {
		name     string
		segments int
		change   func(*spool.Outbound)
		attempts []attempt
		want     string
	}{
		{"accepted", 1, nil, []attempt{{seq: 1, mr: 7, err: nil}}, "sent [accepted/7] +0s sent"},
		{"accepted, report to come", 1, report, []attempt{{seq: 1, mr: 7, err: nil}}, "sent [accepted/7] +0s sent"},
		{"both accepted", 2, nil, []attempt{{seq: 1, mr: 7, err: nil}, {seq: 2, mr: 8, err: nil}}, "sent [accepted/7 accepted/8] +0s sent=1 sent=2 sent"},
		{"unassigned number", 2, nil, []attempt{{seq: 1, mr: 7, err: nil}, {seq: 2, mr: 0, err: cms(1)}}, "failed [accepted/7 failed] +0s sent=1 failed"},
		{"congestion", 1, nil, []attempt{{seq: 1, mr: 0, err: cms(42)}}, "queued [queued] +30s"},
		{"congestion again", 1, nil, []attempt{{seq: 1, mr: 0, err: cms(42)}, {seq: 1, mr: 0, err: cms(42)}}, "queued [queued] +1m0s"},
		{"no network", 1, nil, []attempt{{seq: 1, mr: 0, err: cms(331)}, {seq: 1, mr: 0, err: cms(331)}}, "queued [queued] +30s"},
		{"rejected twice", 1, nil, []attempt{{seq: 1, mr: 0, err: cms(21)}, {seq: 1, mr: 0, err: cms(21)}}, "failed [failed] +1m0s failed"},
		{"not handed over", 1, nil, []attempt{{seq: 1, mr: 0, err: fmt.Errorf("%w: no prompt", modem.ErrNotSent)}}, "queued [queued] +2s"},

		{"silence, single", 1, nil, []attempt{{seq: 1, mr: 0, err: errSilence}}, "unknown [unknown] +0s unknown"},
		{"332, single", 1, nil, []attempt{{seq: 1, mr: 0, err: cms(332)}}, "unknown [unknown] +0s unknown"},
		{"vendor code, single", 1, nil, []attempt{{seq: 1, mr: 0, err: cms(513)}}, "unknown [unknown] +0s unknown"},
		{"silence, single, hold", 1, hold, []attempt{{seq: 1, mr: 0, err: errSilence}}, "queued [unknown] +1h0m0s note=1"},
		{"silence, single, resend", 1, resend, []attempt{{seq: 1, mr: 0, err: errSilence}}, "queued [unknown] +30s note=1"},
		{"silence, single, fail", 1, giveUp, []attempt{{seq: 1, mr: 0, err: errSilence}}, "failed [unknown] +0s failed"},
		{"silence, the others go on", 2, nil, []attempt{{seq: 1, mr: 0, err: errSilence}}, "queued [unknown queued] +0s note=1"},
		{"silence, last of two", 2, nil, []attempt{{seq: 1, mr: 7, err: nil}, {seq: 2, mr: 0, err: errSilence}}, "queued [accepted/7 unknown] +30s sent=1 note=2"},
		{"silence, then accepted", 2, nil, []attempt{{seq: 1, mr: 0, err: errSilence}, {seq: 2, mr: 8, err: nil}, {seq: 1, mr: 9, err: nil}},
			"sent [accepted/9 accepted/8] +0s note=1 sent=2 sent=1 sent"},
		{"silence five times", 2, nil, []attempt{{seq: 1, mr: 7, err: nil}, {seq: 2, mr: 0, err: errSilence}, {seq: 2, mr: 0, err: errSilence}, {seq: 2, mr: 0, err: errSilence}, {seq: 2, mr: 0, err: errSilence}, {seq: 2, mr: 0, err: errSilence}},
			"unknown [accepted/7 unknown] +4m0s sent=1 note=2 note=2 note=2 note=2 unknown"},

		{"197 of an unknown attempt", 1, unsureFirst, []attempt{{seq: 1, err: cms(197), doubled: true}}, "sent [accepted] +0s sent"},
		{"197 out of the blue", 1, nil, []attempt{{seq: 1, mr: 0, err: cms(197)}}, "failed [failed] +0s failed"},
		{"a refusal leaves an unknown one unknown", 2, unsureFirst, []attempt{{seq: 1, mr: 0, err: cms(42)}}, "queued [unknown queued] +30s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := newOutbound(test.segments, test.change)
			for _, a := range test.attempts {
				seg := &o.Segments[a.seq-1]
				seg.State, seg.SentAt = spool.SegSubmitting, noon
				seg.Attempts++
				o.record(a)
			}
			if got := o.summary(); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestChoose(t *testing.T) {
	tests := []struct {
		name   string
		states string // q queued, a accepted, u unknown
		policy string
		want   int // 0: none
		more   bool
	}{
		{"first", "qq", "auto", 1, true},
		{"last", "aq", "auto", 2, false},
		{"queued before unknown", "uq", "auto", 2, false},
		{"unknown again", "ua", "auto", 1, false},
		{"two unknown again", "uau", "auto", 1, true},
		{"unknown is held", "ua", "hold", 0, false},
		{"unknown is held, the operator wants it", "va", "hold", 1, false},
		{"unknown just now", "na", "auto", 0, false},
		{"none", "aa", "auto", 0, false},
	}
	states := map[rune]spool.SegState{'q': spool.SegQueued, 'a': spool.SegAccepted, 'u': spool.SegUnknown, 'v': spool.SegUnknown, 'n': spool.SegUnknown}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := newOutbound(len(test.states), func(m *spool.Outbound) {
				m.Unknown = test.policy
				for i, r := range test.states {
					m.Segments[i].State, m.Segments[i].Unsure = states[r], r != 'v'
					if m.Segments[i].At = noon; r != 'n' {
						m.Segments[i].At = noon.Add(-time.Hour)
					}
				}
			})
			seg, more := o.choose()
			got := 0
			if seg != nil {
				got = seg.Seq
			}
			if got != test.want || more != test.more {
				t.Errorf("got %d, %v; want %d, %v", got, more, test.want, test.more)
			}
		})
	}
}

func TestExpire(t *testing.T) {
	set := func(state spool.OutState, segs ...spool.SegState) func(*spool.Outbound) {
		return func(m *spool.Outbound) {
			m.State = state
			for i, s := range segs {
				m.Segments[i].State = s
			}
		}
	}
	tests := []struct {
		name   string
		change func(*spool.Outbound)
		want   spool.OutState
	}{
		{"nothing sent", nil, spool.StateExpired},
		{"half sent", set(spool.StateQueued, spool.SegAccepted), spool.StateExpired},
		{"held", set(spool.StateQueued, spool.SegUnknown), spool.StateUnknown},
		{"no report", set(spool.StateSent, spool.SegAccepted, spool.SegDelivered), spool.StateUnknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := newOutbound(2, test.change)
			o.expire()
			if o.State != test.want {
				t.Errorf("got %s, want %s", o.State, test.want)
			}
		})
	}
}

// An 8-bit reference is good for ten minutes of pause, and for as long as a long
// message takes.
func TestStale(t *testing.T) {
	ago := func(d ...time.Duration) func(*spool.Outbound) {
		return func(m *spool.Outbound) {
			for i, d := range d {
				m.Segments[i].State, m.Segments[i].SentAt, m.Segments[i].AirAt = spool.SegAccepted, noon.Add(-d), noon.Add(-d)
			}
		}
	}
	tests := []struct {
		name     string
		segments int
		change   func(*spool.Outbound)
		want     bool
	}{
		{"nothing sent", 2, nil, false},
		{"just now", 2, ago(time.Second), false},
		{"a pause of ten minutes", 2, ago(10 * time.Minute), false},
		{"a longer pause", 2, ago(10*time.Minute + time.Second), true},
		{"short ones in all", 3, ago(11*time.Minute, time.Minute), true},
		{"long ones in all", 200, ago(19*time.Minute, time.Minute), false},
		{"longer ones in all", 200, ago(21*time.Minute, time.Minute), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := newOutbound(test.segments, test.change).stale(); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestReported(t *testing.T) {
	const delivered, trying, gone = 0x00, 0x21, 0x46
	sent := func(m *spool.Outbound) {
		m.State, m.Report = spool.StateSent, true
		for i := range m.Segments {
			m.Segments[i].State, m.Segments[i].MR = spool.SegAccepted, 9
		}
	}
	sentPlain := func(m *spool.Outbound) { sent(m); m.Report = false }
	unreported := func(m *spool.Outbound) { sent(m); m.State = spool.StateUnknown }
	unsure := func(m *spool.Outbound) { m.Segments[0].State, m.Segments[0].Unsure = spool.SegUnknown, true }
	lost := func(m *spool.Outbound) { unsure(m); m.State, m.Report = spool.StateUnknown, true }
	held := func(m *spool.Outbound) {
		sent(m)
		unsure(m)
		m.State, m.Unknown, m.Report = spool.StateQueued, "hold", false
	}
	heldTooLong := func(m *spool.Outbound) { held(m); m.State = spool.StateUnknown }
	cancelled := func(m *spool.Outbound) { sent(m); m.State = spool.StateCancelled }
	type rep struct {
		seq int
		st  byte
	}
	tests := []struct {
		name     string
		segments int
		change   func(*spool.Outbound)
		reports  []rep
		want     string
	}{
		{"delivered", 1, sent, []rep{{1, delivered}}, "delivered [delivered/9] +0s delivered"},
		{"twice", 1, sent, []rep{{1, delivered}, {1, delivered}}, "delivered [delivered/9] +0s delivered"},
		{"half", 2, sent, []rep{{2, delivered}}, "sent [accepted/9 delivered/9] +0s delivered=2"},
		{"both", 2, sent, []rep{{2, delivered}, {1, delivered}}, "delivered [delivered/9 delivered/9] +0s delivered=2 delivered=1 delivered"},
		{"temporary is not final", 1, sent, []rep{{1, trying}}, "sent [accepted/9] +0s note=1"},
		{"temporary, then delivered", 1, sent, []rep{{1, trying}, {1, delivered}}, "delivered [delivered/9] +0s note=1 delivered"},
		{"temporary, overtaken by delivered", 1, sent, []rep{{1, delivered}, {1, trying}}, "delivered [delivered/9] +0s delivered"},
		{"expired at the SC", 2, sent, []rep{{1, delivered}, {2, gone}}, "failed [delivered/9 failed/9] +0s delivered=1 failed"},
		{"failed after delivered", 1, sent, []rep{{1, delivered}, {1, gone}}, "delivered [delivered/9] +0s delivered"},
		{"one that nobody asked for", 1, sentPlain, []rep{{1, delivered}}, "sent [delivered/9] +0s"},
		{"of a cancelled one", 2, cancelled, []rep{{1, gone}, {2, delivered}}, "cancelled [failed/9 delivered/9] +0s delivered=2"},

		{"corrects unknown", 1, lost, []rep{{1, delivered}}, "delivered [delivered/9] +0s delivered"},
		{"corrects unknown once", 1, lost, []rep{{1, delivered}, {1, gone}}, "delivered [delivered/9] +0s delivered"},
		{"corrects unknown to failed, once", 1, lost, []rep{{1, gone}, {1, delivered}}, "failed [failed/9] +0s failed"},
		{"temporary corrects nothing", 1, lost, []rep{{1, trying}, {1, delivered}}, "delivered [delivered/9] +0s note=1 delivered"},
		{"corrects `no report` when all have come", 2, unreported, []rep{{1, delivered}, {2, delivered}}, "delivered [delivered/9 delivered/9] +0s delivered=1 delivered=2 delivered"},
		{"half of `no report`", 2, unreported, []rep{{1, delivered}}, "unknown [delivered/9 accepted/9] +0s delivered=1"},

		{"settles a held one", 2, held, []rep{{1, delivered}}, "sent [delivered/9 accepted/9] +0s delivered=1 sent"},
		{"settles a held one, failed", 2, held, []rep{{1, gone}}, "failed [failed/9 accepted/9] +0s failed"},
		{"temporary settles a held one: the SC has it", 2, held, []rep{{1, trying}}, "sent [accepted/9 accepted/9] +0s note=1 sent"},
		{"corrects one that was held too long", 2, heldTooLong, []rep{{1, delivered}, {2, gone}}, "sent [delivered/9 failed/9] +0s delivered=1 sent"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := newOutbound(test.segments, test.change)
			for _, r := range test.reports {
				o.reported(r.seq, &pdu.StatusReport{MR: 9, ST: r.st})
			}
			if got := o.summary(); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}
