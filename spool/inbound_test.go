package spool

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// received is a segment of a concatenated datagram; fp makes its fingerprint.
func received(fp byte, gen int64, seq int, at time.Time) *InSegment {
	return &InSegment{
		Fingerprint: [32]byte{fp, 31: 1}, SIM: "simA", OA: "49171", Bits: 8, Ref: 7, Total: 3, Port: 3590, Seq: seq, Generation: gen,
		Hash: [32]byte{2}, Mode: []byte{7, fp}, SCTS: t0.Add(-time.Second).Truncate(time.Second),
		At: at, AtWall: at.Add(time.Hour), Peer: "+49171", FromPort: 9, Modem: "m0",
	}
}

func TestInSegmentLife(t *testing.T) {
	s := newSpool(t)
	seg := received(1, 0, 2, t0)
	update(t, s, func(tx *Tx) error {
		for range 2 {
			gen, err := tx.NewGeneration()
			if err != nil {
				return err
			}
			seg.Generation = gen
		}
		if seg.Generation != 2 {
			t.Errorf("second generation is %d", seg.Generation)
		}
		if has, err := tx.HasFingerprint(seg.Fingerprint); has || err != nil {
			t.Errorf("fingerprint before: %v, %v", has, err)
		}
		return tx.PutInSegment(seg)
	})
	if seg.ID == 0 {
		t.Fatal("no ID was set")
	}
	check := func(what string) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			got, err := tx.InSegments("simA", "49171", 8, 7, 3, 3590, t0.Add(-time.Hour), t0)
			equal(t, what, []InSegment{*seg}, got)
			if has, err := tx.HasFingerprint(seg.Fingerprint); !has || err != nil {
				t.Errorf("%s: fingerprint: %v, %v", what, has, err)
			}
			return err
		})
	}
	check("received")
	seg.Parked, seg.At = true, t0.Add(time.Hour)
	update(t, s, func(tx *Tx) error { return tx.PutInSegment(seg) })
	check("parked")
	seg.Parked, seg.Done, seg.Mode = false, true, nil
	update(t, s, func(tx *Tx) error { return tx.PutInSegment(seg) })
	check("tombstone")

	again := received(1, 3, 2, t0)
	if err := s.Update(t.Context(), func(tx *Tx) error { return tx.PutInSegment(again) }); err == nil || again.ID != 0 {
		t.Errorf("the same fingerprint again: %v, ID %d", err, again.ID)
	}
	lost := received(9, 3, 2, t0)
	lost.ID = 999
	if err := s.Update(t.Context(), func(tx *Tx) error { return tx.PutInSegment(lost) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("update of a segment that is not there: %v", err)
	}
}

func TestInSegmentsAreByWholeKey(t *testing.T) {
	s := newSpool(t)
	one := received(1, 1, 1, t0)
	for i, change := range []func(*InSegment){
		func(*InSegment) {},
		func(s *InSegment) { s.SIM = "simB" },
		func(s *InSegment) { s.OA = "49172" },
		func(s *InSegment) { s.Bits = 16 },
		func(s *InSegment) { s.Ref = 8 },
		func(s *InSegment) { s.Total = 4 },
		func(s *InSegment) { s.Port = 3716 },
	} {
		seg := received(byte(i), int64(i+1), 1, t0)
		change(seg)
		update(t, s, func(tx *Tx) error { return tx.PutInSegment(seg) })
	}
	view(t, s, func(tx *Tx) error {
		got, err := tx.InSegments(one.SIM, one.OA, one.Bits, one.Ref, one.Total, one.Port, t0.Add(-time.Hour), t0)
		if len(got) != 1 || got[0].Generation != 1 {
			t.Errorf("under one key: %v", got)
		}
		return err
	})
}

func TestInSegmentsWithinSpan(t *testing.T) {
	s := newSpool(t)
	for i := range 5 {
		seg := received(byte(i), int64(i+1), 1, t0)
		seg.SCTS = t0.Add(time.Duration(i) * time.Minute)
		update(t, s, func(tx *Tx) error { return tx.PutInSegment(seg) })
	}
	view(t, s, func(tx *Tx) error {
		got, err := tx.InSegments("simA", "49171", 8, 7, 3, 3590, t0.Add(time.Minute), t0.Add(3*time.Minute))
		if len(got) != 3 || got[0].Generation != 2 || got[2].Generation != 4 {
			t.Errorf("minutes 1 to 3: %v", got)
		}
		return err
	})
}

// Who has most of all counts only while it goes on.
func TestCrowdingSender(t *testing.T) {
	s := newSpool(t)
	crowding := func(newest int) (oa string, n int) {
		view(t, s, func(tx *Tx) (err error) {
			_, oa, n, err = tx.CrowdingSender(newest)
			if n == 0 && errors.Is(err, ErrNotFound) {
				return nil
			}
			return err
		})
		return oa, n
	}
	if oa, n := crowding(9); n != 0 {
		t.Errorf("none is open: %q has %d", oa, n)
	}
	for i, oa := range []string{"long ago", "long ago", "long ago", "once", "twice", "once too", "twice"} {
		seg := received(byte(i), int64(i+1), 1, t0)
		seg.OA = oa
		update(t, s, func(tx *Tx) error { return tx.PutInSegment(seg) })
	}
	if oa, n := crowding(4); oa != "twice" || n != 2 {
		t.Errorf("of the newest four %q has %d", oa, n)
	}
	if oa, n := crowding(9); oa != "long ago" || n != 3 {
		t.Errorf("of all %q has %d", oa, n)
	}
}

func TestPartials(t *testing.T) {
	s := newSpool(t)
	put := func(seg *InSegment) *InSegment {
		update(t, s, func(tx *Tx) error { return tx.PutInSegment(seg) })
		return seg
	}
	check := func(what string, all, of int, oldest, oldestOf int64, expired ...int64) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			equal(t, what+": partials", all, must[int](t, "partials")(tx.Partials()))
			equal(t, what+": partials of", of, must[int](t, "partials of")(tx.PartialsOf("simA", "49171")))
			for _, c := range []struct {
				sim, oa string
				want    int64
			}{{"", "", oldest}, {"simA", "49171", oldestOf}} {
				gen, err := tx.OldestPartial(c.sim, c.oa)
				if gen != c.want || (c.want == 0) != errors.Is(err, ErrNotFound) {
					t.Errorf("%s: oldest of %q: %d, %v, want %d", what, c.oa, gen, err, c.want)
				}
			}
			equal(t, what+": expired", expired, must[[]int64](t, "expired")(tx.ExpiredPartials(t0.Add(90*time.Second), 9)))
			return nil
		})
	}
	check("empty", 0, 0, 0, 0)
	put(received(1, 0, 1, t0)) // a single is no partial
	check("single", 0, 0, 0, 0)
	a1 := put(received(2, 10, 1, t0.Add(2*time.Minute)))
	check("first segment", 1, 1, 10, 10)
	a2 := put(received(3, 10, 2, t0.Add(time.Minute))) // earlier, though later put
	check("second segment", 1, 1, 10, 10, 10)
	other := received(4, 11, 1, t0)
	other.OA = "49172"
	put(other)
	check("another sender", 2, 1, 11, 10, 11, 10)
	view(t, s, func(tx *Tx) error {
		equal(t, "generation", []InSegment{*a1, *a2}, must[[]InSegment](t, "generation")(tx.Generation(10)))
		equal(t, "generation 0", []InSegment(nil), must[[]InSegment](t, "generation")(tx.Generation(0)))
		return nil
	})

	a1.Parked = true
	put(a1)
	check("one parked", 2, 1, 11, 10, 11, 10)
	a2.Parked = true
	put(a2)
	check("both parked", 1, 0, 11, 0, 11)
	// A late segment revives it, and the first segment's time counts from now.
	a1.Parked, a2.Parked = false, false
	a1.At, a2.At = t0.Add(time.Hour), t0.Add(time.Hour)
	put(a1)
	put(a2)
	check("revived", 2, 1, 11, 10, 11)
	a1.Done, a2.Done, other.Done = true, true, true
	put(a1)
	put(a2)
	put(other)
	check("done", 0, 0, 0, 0)
}

// Beyond the bound the oldest that nobody waits for goes; an open datagram stays.
func TestBoundInSegments(t *testing.T) {
	s := newSpool(t)
	for i := range 6 {
		seg := received(byte(i), int64(i+1), 1, t0.Add(time.Duration(i)*time.Minute))
		seg.Done, seg.Parked = i%3 == 1, i%3 == 2 // 0 and 3 are open
		update(t, s, func(tx *Tx) error { return tx.PutInSegment(seg) })
	}
	left := func() (list []int64) {
		view(t, s, func(tx *Tx) error {
			all, err := tx.InSegments("simA", "49171", 8, 7, 3, 3590, t0.Add(-time.Hour), t0)
			for _, seg := range all {
				list = append(list, seg.Generation)
			}
			return err
		})
		return list
	}
	bound := func(keep, limit, want int) func(*Tx) error {
		return func(tx *Tx) error {
			over, err := tx.BoundInSegments(keep, t0.Add(time.Hour), limit)
			if over != want {
				t.Errorf("%d kept of at most %d: %d over, want %d", len(left()), keep, over, want)
			}
			return err
		}
	}
	update(t, s, bound(6, 9, 0))
	equal(t, "within the bound", []int64{1, 2, 3, 4, 5, 6}, left())
	update(t, s, bound(5, 9, 0))
	equal(t, "one over", []int64{1, 3, 4, 5, 6}, left())
	update(t, s, bound(1, 1, 3))
	equal(t, "a batch", []int64{1, 4, 5, 6}, left())
	update(t, s, func(tx *Tx) error { return tx.DropParked(5) })
	equal(t, "a tombstone is not parked", []int64{1, 4, 5, 6}, left())
	update(t, s, func(tx *Tx) error { return tx.DropParked(6) })
	equal(t, "parked", []int64{1, 4, 5}, left())
	update(t, s, bound(0, 9, 2))
	equal(t, "open ones stay", []int64{1, 4}, left())

	for _, q := range []string{oldInSegments, dropParked} {
		for _, step := range plan(t, s, q) {
			if strings.HasPrefix(step, "SCAN in_segment") {
				t.Errorf("%s\n  %s", q, step)
			}
		}
	}
}
