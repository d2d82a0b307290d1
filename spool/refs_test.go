package spool

import (
	"testing"
	"time"
)

func nextRef(t *testing.T, s *Spool, peer string, bits int, now time.Time) (ref uint16, ok bool) {
	t.Helper()
	update(t, s, func(tx *Tx) (err error) {
		ref, ok, err = tx.NextRef(peer, bits, now)
		return err
	})
	return ref, ok
}

func TestNextRefCountsUpForEachPeer(t *testing.T) {
	s := newSpool(t)
	a, _ := nextRef(t, s, "+491", 16, t0)
	b, _ := nextRef(t, s, "+492", 16, t0)
	for i := range uint16(600) { // over the wrap of the low octet
		if got, ok := nextRef(t, s, "+491", 16, t0); !ok || got != a+1+i {
			t.Fatalf("reference %d is %#x, %v, want %#x", i, got, ok, a+1+i)
		}
	}
	if got, _ := nextRef(t, s, "+492", 16, t0); got != b+1 {
		t.Errorf("the other peer's second reference is %#x, want %#x", got, b+1)
	}
}

func TestFirstRefIsRandom(t *testing.T) {
	seen := map[uint16]bool{}
	s := newSpool(t)
	for i := range 16 {
		ref, _ := nextRef(t, s, string(rune('a'+i)), 16, t0)
		seen[ref] = true
	}
	if len(seen) < 8 {
		t.Errorf("16 peers begin at %d references: %v", len(seen), seen)
	}
}

// Two live references never share the low octet, whichever widths they have; 257 messages find no place.
func TestNextRefAvoidsLiveLowOctets(t *testing.T) {
	s := newSpool(t)
	low := map[byte]string{}
	put := func(bits int) bool {
		ref, ok := nextRef(t, s, "+491", bits, t0)
		if !ok {
			return false
		}
		m := queued(s.NewID(), "+491", t0)
		m.Ref, m.RefBits = ref, bits
		if other := low[byte(ref)]; other != "" {
			t.Fatalf("low octet %#x is given twice", byte(ref))
		}
		low[byte(ref)] = m.ID
		if bits == 8 && ref > 0xff {
			t.Fatalf("8-bit reference %#x", ref)
		}
		update(t, s, func(tx *Tx) error { return tx.PutOutbound(m) })
		return true
	}
	for i := range 256 {
		if !put(8 + 8*(i%2)) {
			t.Fatalf("no reference for message %d", i)
		}
	}
	if put(16) || put(8) {
		t.Fatal("a 257th live reference")
	}
	update(t, s, func(tx *Tx) error { // one settles
		m, err := tx.Outbound(low[0x42])
		if err != nil {
			return err
		}
		m.State = StateSent
		return tx.PutOutbound(m)
	})
	if ref, ok := nextRef(t, s, "+491", 8, t0); !ok || ref != 0x42 {
		t.Errorf("after 0x42 has settled: %#x, %v", ref, ok)
	}
}

func TestNarrowRefRests(t *testing.T) {
	s := newSpool(t)
	first, _ := nextRef(t, s, "+491", 8, t0)
	for range 100 {
		nextRef(t, s, "+491", 16, t0.Add(time.Minute))
	}
	// 155 octets are unused yet.
	for i := range 155 {
		ref, ok := nextRef(t, s, "+491", 8, t0.Add(10*time.Minute))
		if !ok || ref == first {
			t.Fatalf("8-bit reference %d: %#x, %v", i, ref, ok)
		}
	}
	// All have been given within the half hour: the longest rested is the first.
	if ref, ok := nextRef(t, s, "+491", 8, t0.Add(11*time.Minute)); !ok || ref != first {
		t.Errorf("all resting: %#x, %v, want the first, %#x", ref, ok, first)
	}
	// At t0+40m those of minute 1 have rested and come before those of minute 10.
	if ref, ok := nextRef(t, s, "+491", 8, t0.Add(40*time.Minute)); !ok || byte(ref) != byte(first+1) {
		t.Errorf("after 40 min: %#x, %v, want %#x", ref, ok, byte(first+1))
	}
}

func TestNextRefRefusesOtherWidths(t *testing.T) {
	s := newSpool(t)
	err := s.Update(t.Context(), func(tx *Tx) error { _, _, err := tx.NextRef("+491", 7, t0); return err })
	if err == nil {
		t.Error("a 7-bit reference")
	}
}

func TestHome(t *testing.T) {
	s := newSpool(t)
	home := func(want string) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			if got, err := tx.Home("+491"); err != nil || got != want {
				t.Errorf("home %q, %v, want %q", got, err, want)
			}
			return nil
		})
	}
	home("")
	nextRef(t, s, "+491", 16, t0) // a row without a home
	home("")
	for _, sim := range []string{"simA", "simA", "simB", ""} {
		update(t, s, func(tx *Tx) error { return tx.SetHome("+491", sim, t0) })
		home(sim)
	}
}

func TestSpend(t *testing.T) {
	s := newSpool(t)
	spend := func(at time.Duration, modem string) {
		update(t, s, func(tx *Tx) error { return tx.Spend(t0.Add(at), modem, "26201", "+491", 0) })
	}
	spent := func(since time.Duration, modem string, want int) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			if got, err := tx.Spent(t0.Add(since), modem); err != nil || got != want {
				t.Errorf("spent by %q since %v: %d, %v, want %d", modem, since, got, err, want)
			}
			return nil
		})
	}
	spent(0, "", 0)
	for i := range 10 {
		spend(time.Duration(i)*time.Minute, []string{"m0", "m1"}[i%2])
	}
	spend(9*time.Minute, "m1") // twice in one instant
	spent(-time.Hour, "", 11)
	spent(0, "m0", 5)
	spent(3*time.Minute, "", 8) // since counts itself
	spent(3*time.Minute, "m1", 5)
	spent(3*time.Minute+1, "m1", 4)
	spent(3*time.Minute, "m0", 3)
	spent(time.Hour, "m0", 0)
	spent(0, "m2", 0)
	spend(0, "m0") // a clock that went back: counts as the latest, not as hours old
	spent(9*time.Minute, "m0", 1)
	spent(9*time.Minute, "", 3)

	update(t, s, func(tx *Tx) error {
		_, err := tx.Purge(horizon(time.Time{}, time.Time{}, t0.Add(5*time.Minute)), 99)
		return err
	})
	spent(-time.Hour, "", 7)
	spent(-time.Hour, "m0", 3)
	spent(-time.Hour, "m1", 4)
}
