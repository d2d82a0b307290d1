package spool

import (
	"testing"
	"time"
)

// each message by a letter, which its id ends in.
func letters(ids []string) (s string) {
	for _, id := range ids {
		s += id[len(id)-1:]
	}
	return s
}

func TestDueChoosesByModemSIMAndHome(t *testing.T) {
	s := newSpool(t)
	put := func(letter, peer, want, sim string, due time.Duration) {
		update(t, s, func(tx *Tx) error {
			m := queued("X"+letter, peer, t0)
			m.WantModem, m.SIM, m.Due = want, sim, t0.Add(due)
			return tx.PutOutbound(m)
		})
	}
	home := func(peer, sim string) {
		update(t, s, func(tx *Tx) error { return tx.SetHome(peer, sim, t0) })
	}
	due := func(at time.Duration, modem, sim, want string) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			ids, err := tx.Due(t0.Add(at), modem, sim, nil, 99)
			if got := letters(ids); got != want {
				t.Errorf("due at %v for %s with SIM %s: %q, want %q", at, modem, sim, got, want)
			}
			return err
		})
	}
	home("+491", "simA")
	put("a", "+491", "", "", 0)               // home simA
	put("b", "+492", "", "", 5*time.Second)   // anyone
	put("c", "+491", "m1", "", 0)             // named, although home is simA
	put("d", "+491", "", "simB", 0)           // begun by simB
	put("e", "+492", "", "", 2*time.Second)   // anyone, earlier than b
	put("f", "+493", "", "", 100*time.Second) // later

	due(10*time.Second, "m0", "simA", "aeb")
	due(10*time.Second, "m1", "simB", "cdeb")
	due(10*time.Second, "m2", "", "eb")
	due(time.Second, "m2", "simC", "")
	due(2*time.Second, "m2", "simC", "e") // Due <= now

	home("+492", "simB")
	due(10*time.Second, "m0", "simA", "a")
	due(10*time.Second, "m1", "simB", "cdeb")
	home("+491", "simB") // moves what nobody has begun
	due(10*time.Second, "m0", "simA", "")
	due(10*time.Second, "m1", "simB", "acdeb")
	home("+491", "")
	due(10*time.Second, "m0", "simA", "a")

	// Back from the modem that could not: anyone's again.
	update(t, s, func(tx *Tx) error {
		m, err := tx.Outbound("Xd")
		if err != nil {
			return err
		}
		m.SIM = ""
		return tx.PutOutbound(m)
	})
	due(10*time.Second, "m0", "simA", "ad")
	// Settled ones are nobody's.
	update(t, s, func(tx *Tx) error {
		m, err := tx.Outbound("Xa")
		if err != nil {
			return err
		}
		m.State = StateCancelled
		return tx.PutOutbound(m)
	})
	due(10*time.Second, "m0", "simA", "d")
}

func TestDueSkipsAndStopsAtLimit(t *testing.T) {
	s := newSpool(t)
	update(t, s, func(tx *Tx) error {
		for _, l := range "abcde" {
			if err := tx.PutOutbound(queued("X"+string(l), "+491", t0)); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx *Tx) error {
		skip := func(id string) bool { return id == "Xa" || id == "Xc" }
		ids, err := tx.Due(t0, "m0", "", skip, 2)
		if got := letters(ids); err != nil || got != "bd" {
			t.Errorf("due: %q, %v, want bd", got, err)
		}
		if ids, err := tx.Due(t0, "m0", "", nil, 0); len(ids) > 0 || err != nil {
			t.Errorf("limit 0: %v, %v", ids, err)
		}
		return nil
	})
}

func TestNextDue(t *testing.T) {
	s := newSpool(t)
	next := func(want time.Time) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			got, ok, err := tx.NextDue("m0", "simA")
			if err != nil || ok != !want.IsZero() || !got.Equal(want) {
				t.Errorf("next due %v, %v, %v; want %v", got, ok, err, want)
			}
			return nil
		})
	}
	next(time.Time{})
	update(t, s, func(tx *Tx) error {
		m := queued("Xa", "+491", t0)
		m.WantModem = "m1"
		return tx.PutOutbound(m)
	})
	next(time.Time{})
	for _, later := range []time.Duration{time.Hour, time.Minute} {
		update(t, s, func(tx *Tx) error {
			m := queued("X"+later.String(), "+491", t0)
			m.Due = t0.Add(later)
			return tx.PutOutbound(m)
		})
		next(t0.Add(later))
	}
	view(t, s, func(tx *Tx) error {
		got, ok, err := tx.NextDueAfter(t0.Add(time.Minute), "m0", "simA")
		if err != nil || !ok || !got.Equal(t0.Add(time.Hour)) {
			t.Errorf("next due after the first: %v, %v, %v", got, ok, err)
		}
		return nil
	})
}

func TestExpiredUnreportedSubmitting(t *testing.T) {
	s := newSpool(t)
	put := func(letter string, expires time.Duration, change func(*Outbound)) {
		update(t, s, func(tx *Tx) error {
			m := queued("X"+letter, "+491", t0)
			m.Expires = t0.Add(expires)
			change(m)
			return tx.PutOutbound(m)
		})
	}
	put("a", 2*time.Hour, func(*Outbound) {})
	put("b", time.Hour, func(*Outbound) {})
	put("c", time.Hour, func(m *Outbound) { m.State, m.Report = StateSent, true })
	put("d", time.Hour, func(m *Outbound) { m.State = StateSent })
	put("e", 3*time.Hour, func(m *Outbound) { m.Segments[1].State = SegSubmitting })
	put("f", 3*time.Hour, func(m *Outbound) { m.Segments[0].State, m.Segments[1].State = SegSubmitting, SegSubmitting })
	view(t, s, func(tx *Tx) error {
		for _, c := range []struct {
			what string
			got  func() ([]string, error)
			want string
		}{
			{"expired before any", func() ([]string, error) { return tx.Expired(t0.Add(time.Hour-1), 9) }, ""},
			{"expired at the first", func() ([]string, error) { return tx.Expired(t0.Add(time.Hour), 9) }, "b"},
			{"expired", func() ([]string, error) { return tx.Expired(t0.Add(2*time.Hour), 9) }, "ba"},
			{"expired, one", func() ([]string, error) { return tx.Expired(t0.Add(2*time.Hour), 1) }, "b"},
			{"unreported", func() ([]string, error) { return tx.Unreported(t0.Add(time.Hour), 9) }, "c"},
			{"not yet unreported", func() ([]string, error) { return tx.Unreported(t0, 9) }, ""},
			{"submitting", tx.Submitting, "ef"},
		} {
			ids, err := c.got()
			if got := letters(ids); err != nil || got != c.want {
				t.Errorf("%s: %q, %v, want %q", c.what, got, err, c.want)
			}
		}
		return nil
	})
}

// What waits for a SIM that has left the house goes by any; one that is there keeps its peers.
func TestKeepHomes(t *testing.T) {
	s := newSpool(t)
	update(t, s, func(tx *Tx) error {
		for peer, sim := range map[string]string{"+491": "simA", "+492": "simB"} {
			if err := tx.SetHome(peer, sim, t0); err != nil {
				return err
			}
		}
		if err := tx.PutOutbound(queued("Xa", "+491", t0)); err != nil {
			return err
		}
		return tx.PutOutbound(queued("Xb", "+492", t0))
	})
	keep := func(want int, sims ...string) {
		t.Helper()
		update(t, s, func(tx *Tx) error {
			gone, err := tx.KeepHomes(sims)
			if gone != want {
				t.Errorf("%d SIMs are gone, want %d", gone, want)
			}
			return err
		})
	}
	due := func(sim, want string) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			ids, err := tx.Due(t0, "m0", sim, nil, 99)
			if got := letters(ids); got != want {
				t.Errorf("due for SIM %s: %q, want %q", sim, got, want)
			}
			return err
		})
	}
	due("simB", "b")
	keep(0, "simA", "simB")
	due("simB", "b")
	keep(1, "simB")
	due("simB", "ab")
	due("simC", "a")
	keep(0, "simB")
}
