package spool

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// seconds is a time a few seconds after t0.
func seconds(t *rapid.T) time.Time {
	return t0.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "seconds")) * time.Second)
}

// What the triggers count is what is there, after any operations in any order, rolled back ones too.
func TestGaugesEqualCounts(t *testing.T) {
	queries := map[string]string{
		"queue_depth": "SELECT count(*) FROM outbound WHERE state = 'queued'",
		"open_segments": `SELECT count(*) FROM out_segment s JOIN outbound m ON n = outbound
			WHERE m.state = 'queued' AND s.state NOT IN ('accepted', 'delivered', 'submitting')
			AND NOT (s.state = 'unknown' AND m.unknown = 'hold')`,
		"unclaimed":    "SELECT count(*) FROM message WHERE state = 'ready'",
		"partials":     "SELECT count(DISTINCT generation) FROM in_segment WHERE generation <> 0 AND done = 0 AND parked = 0",
		"fingerprints": "SELECT count(*) FROM in_segment",
	}
	for _, state := range []OutState{StateQueued, StateSent, StateDelivered, StateFailed, StateExpired, StateUnknown, StateCancelled} {
		queries["out."+string(state)] = "SELECT count(*) FROM outbound WHERE state = '" + string(state) + "'"
	}
	outStates := []OutState{StateQueued, StateQueued, StateSent, StateDelivered, StateFailed, StateExpired, StateUnknown, StateCancelled}
	segStates := []SegState{SegQueued, SegSubmitting, SegAccepted, SegUnknown, SegFailed, SegDelivered}
	dir, run := t.TempDir(), 0
	if brief() {
		checks := flag.Lookup("rapid.checks")
		was := checks.Value.String()
		defer checks.Value.Set(was)
		checks.Value.Set("25")
	}
	rapid.Check(t, func(t *rapid.T) {
		run++
		s, err := Open(filepath.Join(dir, fmt.Sprint(run)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var ids, msgs []string
		var segs []InSegment
		fp := 0
		// do commits f or, now and then, rolls it back.
		do := func(f func(tx *Tx) error) bool {
			abort := rapid.IntRange(0, 9).Draw(t, "abort") == 0
			err := s.Update(t.Context(), func(tx *Tx) error {
				if err := f(tx); err != nil {
					t.Fatal(err)
				}
				if abort {
					return ErrBusy
				}
				return nil
			})
			if (err != nil) != abort {
				t.Fatal(err)
			}
			return err == nil
		}
		change := func(m *Outbound) {
			m.State = rapid.SampledFrom(outStates).Draw(t, "state")
			m.Segments = make([]OutSegment, rapid.IntRange(0, 4).Draw(t, "segments"))
			for i := range m.Segments {
				m.Segments[i] = OutSegment{Seq: i + 1, State: rapid.SampledFrom(segStates).Draw(t, "segment"), MR: -1, At: t0}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				err := s.View(t.Context(), func(tx *Tx) error {
					for name, q := range queries {
						kept, err := tx.gauge(name)
						if err != nil {
							return err
						}
						var counted int
						if err := tx.get([]any{&counted}, q); err != nil {
							return err
						}
						if kept != counted {
							t.Fatalf("%s: kept %d, counted %d", name, kept, counted)
						}
					}
					var wrong int
					err := tx.get([]any{&wrong}, `SELECT count(*) FROM partial WHERE first_at IS NOT (SELECT min(at) FROM in_segment
						WHERE in_segment.generation = partial.generation AND done = 0 AND parked = 0)`)
					if err == nil && wrong > 0 {
						t.Fatalf("%d partials with a wrong first time", wrong)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			},
			"new outbound": func(t *rapid.T) {
				m := queued(s.NewID(), "+491", t0)
				change(m)
				if do(func(tx *Tx) error { return tx.PutOutbound(m) }) {
					ids = append(ids, m.ID)
				}
			},
			"change outbound": func(t *rapid.T) {
				if len(ids) == 0 {
					t.Skip()
				}
				id := rapid.SampledFrom(ids).Draw(t, "id")
				do(func(tx *Tx) error {
					m, err := tx.Outbound(id)
					if err == ErrNotFound { // purged
						return nil
					}
					if err != nil {
						return err
					}
					change(m)
					return tx.PutOutbound(m)
				})
			},
			"new message": func(t *rapid.T) {
				m := arrived(s.NewID(), 1, "tcp")
				m.State = rapid.SampledFrom([]MsgState{MsgReady, MsgReady, MsgAcked}).Draw(t, "state")
				m.AckedAt = t0
				if do(func(tx *Tx) error { return tx.PutMessage(m) }) {
					msgs = append(msgs, m.ID)
				}
			},
			"change message": func(t *rapid.T) {
				if len(msgs) == 0 {
					t.Skip()
				}
				id := rapid.SampledFrom(msgs).Draw(t, "id")
				do(func(tx *Tx) error {
					m, err := tx.Message(id)
					if err == ErrNotFound {
						return nil
					}
					if err != nil {
						return err
					}
					m.State, m.AckedAt = rapid.SampledFrom([]MsgState{MsgReady, MsgAcked}).Draw(t, "state"), t0
					return tx.PutMessage(m)
				})
			},
			"new segment": func(t *rapid.T) {
				fp++
				seg := received(0, int64(rapid.IntRange(0, 5).Draw(t, "generation")), 1, seconds(t))
				copy(seg.Fingerprint[:], fmt.Sprint(fp))
				seg.Done = rapid.Bool().Draw(t, "done")
				if do(func(tx *Tx) error { return tx.PutInSegment(seg) }) {
					segs = append(segs, *seg)
				}
			},
			"change segment": func(t *rapid.T) {
				if len(segs) == 0 {
					t.Skip()
				}
				seg := rapid.SampledFrom(segs).Draw(t, "segment")
				seg.Done, seg.Parked = rapid.Bool().Draw(t, "done"), rapid.Bool().Draw(t, "parked")
				seg.At = seconds(t)
				do(func(tx *Tx) error {
					if has, err := tx.HasFingerprint(seg.Fingerprint); err != nil || !has {
						return err
					}
					return tx.PutInSegment(&seg)
				})
			},
			"purge": func(t *rapid.T) {
				before := seconds(t)
				limit := rapid.IntRange(1, 5).Draw(t, "limit")
				do(func(tx *Tx) error { _, err := tx.Purge(horizon(before, before, before), limit); return err })
			},
		})
	})
}
