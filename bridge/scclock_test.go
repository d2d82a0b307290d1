package bridge

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wvsms/pdu"
	"wvsms/spool"
)

// Segments to one number under TP-MRs that come round, and reports on them late, twice,
// never and out of order, by a clock that is off and drifts, over a restart in which
// bridge time stood still, or all was forgotten: each goes to its own segment or to none.
func TestSCClockMistakesNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := func(from, to int, label string) time.Duration {
			return time.Duration(rapid.IntRange(from, to).Draw(t, label)) * time.Second
		}
		offset := seconds(-20*3600, 20*3600, "offset")
		drift := rapid.Float64Range(-5e-4, 5e-4).Draw(t, "drift") // 1.8 s an hour
		sc := func(real time.Duration) pdu.Timestamp {
			return pdu.NewTimestamp(noon.Add(real + offset + time.Duration(drift*float64(real))))
		}
		stop, away := seconds(600, 3600, "stop"), seconds(0, 36000, "away")
		bridge := func(real time.Duration) time.Time {
			if real >= stop+away {
				return noon.Add(real - away)
			}
			return noon.Add(real)
		}

		type report struct {
			of       int
			sent     pdu.Timestamp
			done, at time.Duration // discharged, told
		}
		var all []reportable
		var reports []report
		real := time.Duration(0)
		for n := range rapid.IntRange(300, 700).Draw(t, "segments") {
			if real += seconds(2, 6, "pause"); real >= stop && real < stop+away {
				real += away
			}
			took := seconds(0, 2, "took")
			all = append(all, reportable{Outbound: &spool.Outbound{}, seg: spool.OutSegment{
				Seq: n, State: spool.SegAccepted, MR: n % 256, SentAt: bridge(real), At: bridge(real + took),
			}})
			sent := sc(real + took)
			for range rapid.SampledFrom([]int{0, 1, 1, 1, 1, 1, 2}).Draw(t, "reports") {
				done := real + took + seconds(0, 1800, "on trial")
				if n < 5 {
					done = real + took
				}
				at := done
				if n > 5 && rapid.IntRange(0, 9).Draw(t, "kept by the SC") == 0 {
					at += seconds(0, 3000, "for")
				}
				if at >= stop && at < stop+away {
					at = stop + away + seconds(0, 60, "behind")
				}
				reports = append(reports, report{n, sent, done, at})
			}
			real += took
		}
		slices.SortStableFunc(reports, func(a, b report) int { return int(a.at - b.at) })

		var clock scClock
		restarted, credited := false, 0
		forgets := rapid.Bool().Draw(t, "forgets")
		for _, r := range reports {
			if r.at >= stop+away && !restarted {
				restarted = true
				clock = scClock{epoch: bridge(stop + away), earlier: clock.offset}
				if forgets {
					clock.earlier = scOffset{}
				}
			}
			match := func(mr int, sent, done pdu.Timestamp) (reportable, bool) {
				var candidates []reportable
				for _, c := range all {
					if c.seg.MR == mr && !c.seg.SentAt.After(bridge(r.at)) {
						candidates = append(candidates, c)
					}
				}
				return clock.match(candidates, nil, &pdu.StatusReport{MR: byte(mr), SCTS: sent, DT: done}, bridge(r.at), true)
			}
			c, ok := match(r.of%256, r.sent, sc(r.done))
			if ok && c.seg.Seq != r.of {
				t.Fatalf("the report on segment %d is given to %d (%v)", r.of, c.seg.Seq, clock)
			}
			if ok {
				credited++
				all[r.of].seg.State, all[r.of].seg.At = spool.SegDelivered, bridge(r.at)
			}
			// Another device has sent at the same moment, with a TP-MR half a round away.
			// What is known tells it from ours.
			if clock.offset.known && (clock.earlier.known || !restarted) {
				if c, ok := match((r.of+128)%256, r.sent, sc(r.done)); ok {
					t.Fatalf("a report on nothing of ours is given to %d (%v)", c.seg.Seq, clock)
				}
			}
		}
		if !forgets && credited < len(reports)*9/10 {
			t.Fatalf("%d of %d reports are given to nothing", len(reports)-credited, len(reports))
		}
	})
}

// An SC's clock that is set, on or back, costs two reports.
func TestSCClockIsSet(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour} {
		clock := scClock{offset: scOffset{Duration: 2 * time.Hour, known: true}}
		var got []bool
		for n := range 6 {
			at := noon.Add(time.Duration(n) * time.Minute)
			c := reportable{Outbound: &spool.Outbound{}, seg: spool.OutSegment{State: spool.SegAccepted, MR: n, SentAt: at, At: at}}
			offset := 2 * time.Hour
			if n > 0 {
				offset += jump
			}
			stamp := func(d time.Duration) pdu.Timestamp { return pdu.NewTimestamp(at.Add(d + offset)) }
			_, ok := clock.match([]reportable{c}, nil, &pdu.StatusReport{MR: byte(n), SCTS: stamp(0), DT: stamp(5 * time.Second)}, at.Add(6*time.Second), true)
			got = append(got, ok)
		}
		if !slices.Equal(got, []bool{true, false, false, true, true, true}) {
			t.Errorf("set by %v: %v", jump, got)
		}
	}
}

// What the clock says is kept with the SIM.
func TestSCClockIsKept(t *testing.T) {
	s, err := spool.Open(t.TempDir()+"/spool.db", spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	known := scOffset{Duration: -3*time.Hour + time.Millisecond, known: true}
	err = s.Update(t.Context(), func(tx *spool.Tx) error {
		k := scClock{offset: known, epoch: noon.Add(-time.Hour)}
		if err := k.keep(tx, "a"); err != nil {
			return err
		}
		return tx.Set(scClockName+"damaged", "noon")
	})
	if err != nil {
		t.Fatal(err)
	}
	same := &clock{runs: []time.Time{noon.Add(-time.Hour)}}
	going := &clock{runs: []time.Time{noon}}
	stood := &clock{runs: []time.Time{noon}, stood: true}
	guess := known
	guess.guess = true
	tests := []struct {
		sim   string
		clock *clock
		want  scClock
	}{
		{"a", same, scClock{bridge: same, epoch: noon.Add(-time.Hour), offset: known}},
		{"a", going, scClock{bridge: going, epoch: noon, earlier: known, learned: noon.Add(-time.Hour), offset: guess}},
		{"a", stood, scClock{bridge: stood, epoch: noon, earlier: known, learned: noon.Add(-time.Hour)}},
		{"b", going, scClock{bridge: going, epoch: noon}},
		{"b", stood, scClock{bridge: stood, epoch: noon}},
		{"damaged", going, scClock{bridge: going, epoch: noon}},
	}
	for _, test := range tests {
		err := s.View(t.Context(), func(tx *spool.Tx) error {
			got, err := readSCClock(tx, test.sim, test.clock)
			if got != test.want {
				t.Errorf("%s: %+v, want %+v", test.sim, got, test.want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
