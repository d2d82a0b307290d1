package spool

import (
	"testing"
	"time"
)

func TestEventsRiseForEver(t *testing.T) {
	s := newSpool(t)
	rng := func(first, last int64) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			f, l, err := tx.EventRange()
			if err != nil || f != first || l != last {
				t.Errorf("range %d–%d, %v; want %d–%d", f, l, err, first, last)
			}
			return nil
		})
	}
	rng(1, 0)
	var all []Event
	put := func(id string, at time.Time) {
		e := Event{ID: id, Word: "failed", Segment: 1, Total: 3, Why: "CMS 38", At: at, AtWall: at.Add(time.Hour)}
		update(t, s, func(tx *Tx) error { return tx.PutEvent(&e) })
		all = append(all, e)
	}
	put("Xa", t0)
	put("Xb", t0.Add(time.Minute))
	put("Xa", t0.Add(2*time.Minute))
	rng(1, 3)
	view(t, s, func(tx *Tx) error {
		equal(t, "all", all, must[[]Event](t, "events")(tx.Events(0, 9)))
		equal(t, "after 1, one", all[1:2], must[[]Event](t, "events")(tx.Events(1, 1)))
		equal(t, "of Xa", []Event{all[0], all[2]}, must[[]Event](t, "events")(tx.EventsOf("Xa")))
		return nil
	})
	purge := func(before time.Time) {
		update(t, s, func(tx *Tx) error { _, err := tx.Purge(horizon(before, before, before), 99); return err })
	}
	purge(t0.Add(time.Minute))
	rng(2, 3)
	purge(t0.Add(time.Hour))
	rng(4, 3)
	put("Xc", t0)
	rng(4, 4)
}

func TestQuarantineIsBounded(t *testing.T) {
	s := newSpool(t)
	var all []Quarantined
	for i := range 10 {
		q := Quarantined{Modem: "m0", SIM: "simA", Peer: "+49171", Reason: "foreign.text", Raw: []byte{byte(i)}, Text: "x", At: t0, AtWall: t0}
		if i == 9 {
			q.Raw = nil
		}
		update(t, s, func(tx *Tx) error { return tx.Quarantine(&q, 4) })
		all = append(all, q)
	}
	view(t, s, func(tx *Tx) error {
		equal(t, "the newest four", all[6:], must[[]Quarantined](t, "list")(tx.Quarantines(0, 99)))
		equal(t, "after one, one", all[8:9], must[[]Quarantined](t, "list")(tx.Quarantines(all[7].N, 1)))
		return nil
	})
}

func TestCounters(t *testing.T) {
	s := newSpool(t)
	for _, by := range []int64{1, 5, 0} {
		update(t, s, func(tx *Tx) error { return tx.Count("type0", by) })
	}
	view(t, s, func(tx *Tx) error {
		equal(t, "counter", int64(6), must[int64](t, "counter")(tx.Counter("type0")))
		equal(t, "no counter", int64(0), must[int64](t, "counter")(tx.Counter("none")))
		return nil
	})
}

func TestSettings(t *testing.T) {
	s := newSpool(t)
	for _, v := range []string{"", "a\x00b", "ü"} {
		update(t, s, func(tx *Tx) error { return tx.Set("clock", v) })
		view(t, s, func(tx *Tx) error {
			if got, ok, err := tx.Get("clock"); got != v || !ok || err != nil {
				t.Errorf("got %q, %v, %v, want %q", got, ok, err, v)
			}
			return nil
		})
	}
	view(t, s, func(tx *Tx) error {
		if got, ok, err := tx.Get("none"); got != "" || ok || err != nil {
			t.Errorf("not set: %q, %v, %v", got, ok, err)
		}
		return nil
	})
}

func TestPINIsTriedOnceEver(t *testing.T) {
	s := newSpool(t)
	try := func(iccid string, digest byte, want bool) {
		t.Helper()
		update(t, s, func(tx *Tx) error {
			if got, err := tx.TryPIN(iccid, [32]byte{digest}, t0); err != nil || got != want {
				t.Errorf("try %s/%d: %v, %v, want %v", iccid, digest, got, err, want)
			}
			return nil
		})
	}
	try("8949", 1, true)
	try("8949", 1, false)
	try("8949", 2, true)
	try("8950", 1, true)
	update(t, s, func(tx *Tx) error {
		far := t0.Add(1e6 * time.Hour)
		_, err := tx.Purge(horizon(far, far, far), 99)
		return err
	})
	try("8949", 1, false)
}

func TestIDs(t *testing.T) {
	now := time.Time{} // a clock before 1970 must not break them
	s := newSpool(t, Options{Now: func() time.Time { return now }})
	other := newSpool(t)
	seen := map[string]bool{}
	for i := range 1000 {
		if i == 500 {
			now = t0
		}
		id := s.NewID()
		if len(id) != 26 || seen[id] {
			t.Fatalf("id %q: %d characters, seen before: %v", id, len(id), seen[id])
		}
		for _, r := range id {
			if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
				t.Fatalf("id %q", id)
			}
		}
		seen[id] = true
		if !s.Known(id) || other.Known(id) {
			t.Fatalf("id %s: known %v, to another spool %v", id, s.Known(id), other.Known(id))
		}
	}
	id := []byte(s.NewID())
	for i := range id { // any one character wrong
		wrong := append([]byte(nil), id...)
		if wrong[i]++; wrong[i] == ':' {
			wrong[i] = 'A'
		}
		if s.Known(string(wrong)) {
			t.Errorf("%s is known, though %s was given out", wrong, id)
		}
	}
	for _, no := range []string{"", "x", string(id[:25]), string(id) + "0", "01JD0000000000000000000000", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ"} {
		if s.Known(no) {
			t.Errorf("%q is known", no)
		}
	}
	view(t, s, func(tx *Tx) error {
		if known, err := tx.Known(string(id)); !known || err != nil {
			t.Errorf("Tx.Known: %v, %v", known, err)
		}
		return nil
	})
}
