package spool

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What the windows count is what the attempts were, added up by hand: exactly by the rows, and by the hours no less than
// that and no more than there was in an hour more. Attempts come in any order of modems and peers, at a clock that may go
// back a little, and old ones are let go of.
func TestWindowsEqualAttempts(t *testing.T) {
	few := "40"
	if brief() {
		few = "8"
	}
	checks := flag.Lookup("rapid.checks")
	defer checks.Value.Set(checks.Value.String())
	checks.Value.Set(few)
	const span = 72 * time.Hour // of the hours; the rows are kept for a third of it
	dir, run := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		s, err := Open(filepath.Join(dir, fmt.Sprint(run)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		type attempt struct {
			at    time.Time
			scope [3]Scope
			price int64
		}
		var all []attempt
		now, latest := t0, time.Time{}
		sum := func(scope Scope, since time.Time) (n int, cost int64) {
			for _, a := range all {
				if (a.scope[0] == scope || a.scope[1] == scope || a.scope[2] == scope) && !a.at.Before(since) {
					n++
					cost += a.price
				}
			}
			return n, cost
		}
		step := func(tx *Tx) error {
			now = now.Add(time.Duration(rapid.IntRange(-60, 6*3600).Draw(t, "seconds")) * time.Second)
			modem := rapid.SampledFrom([]string{"m0", "m1"}).Draw(t, "modem")
			peer := rapid.SampledFrom([]string{"+491", "491", "+492"}).Draw(t, "peer")
			price := int64(rapid.IntRange(0, 90).Draw(t, "price"))
			if err := tx.Spend(now, modem, "sim", peer, price); err != nil {
				return err
			}
			if now.After(latest) {
				latest = now
			}
			all = append(all, attempt{latest, [3]Scope{Everything, OfModem(modem), ToPeer(peer)}, price})
			if rapid.IntRange(0, 4).Draw(t, "purge") == 0 {
				h := Horizon{Spend: latest.Add(-span / 3), Tally: latest.Add(-span - time.Hour)}
				if _, err := tx.Purge(h, 99); err != nil {
					return err
				}
			}
			since := latest.Add(-time.Duration(rapid.IntRange(0, int(span/time.Second)).Draw(t, "back")) * time.Second)
			for _, scope := range []Scope{Everything, OfModem("m0"), ToPeer("+491"), ToPeer("+493")} {
				n, cost, err := tx.Tallied(scope, since)
				if err != nil {
					return err
				}
				least, cheapest := sum(scope, since)
				most, dearest := sum(scope, since.Truncate(time.Hour))
				if n < least || n > most || cost < cheapest || cost > dearest {
					t.Fatalf("%s since %v: %d for %d, by hand %d to %d for %d to %d", scope, since, n, cost, least, most, cheapest, dearest)
				}
				if n > 0 {
					k := rapid.IntRange(1, n).Draw(t, "budget")
					end, err := tx.TalliedLast(scope, k)
					if err != nil {
						return err
					}
					before, _, err := tx.Tallied(scope, end.Add(-1))
					if err != nil {
						return err
					}
					if after, _, err := tx.Tallied(scope, end); err != nil || after >= k || before < k {
						t.Fatalf("%s, budget %d, has room at %v: there are %d before and %d then, %v", scope, k, end, before, after, err)
					}
				}
			}
			since = latest.Add(-time.Duration(rapid.IntRange(0, int(span/3/time.Second)).Draw(t, "back a day")) * time.Second)
			want, cost := sum(Everything, since)
			if n, err := tx.Spent(since, ""); err != nil || n != want {
				t.Fatalf("since %v: %d, %v, want %d", since, n, err, want)
			}
			if c, err := tx.Paid(since); err != nil || c != cost {
				t.Fatalf("since %v: paid %d, %v, want %d", since, c, err, cost)
			}
			want, _ = sum(ToPeer("+491"), since)
			if n, err := tx.SpentTo("+491", since, 1000); err != nil || n != want {
				t.Fatalf("to +491 since %v: %d, %v, want %d", since, n, err, want)
			}
			for _, scope := range []Scope{Everything, OfModem("m1"), ToPeer("491")} {
				n, _ := sum(scope, since)
				if n == 0 {
					continue
				}
				k := rapid.IntRange(1, n).Draw(t, "rows")
				at, err := tx.SpentLast(scope, k)
				if err != nil {
					return err
				}
				if after, _ := sum(scope, at.Add(1)); after >= k {
					t.Fatalf("%s: behind %v there are %d, not fewer than %d", scope, at, after, k)
				}
				if from, _ := sum(scope, at); from < k {
					t.Fatalf("%s: from %v on there are only %d, not %d", scope, at, from, k)
				}
			}
			return nil
		}
		for range rapid.IntRange(1, 40).Draw(t, "attempts") {
			if err := s.Update(t.Context(), step); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What waits is counted by who may carry it, and no further than anybody asks.
func TestWaiting(t *testing.T) {
	s := newSpool(t)
	update(t, s, func(tx *Tx) error {
		if err := tx.SetHome("+492", "simB", t0); err != nil {
			return err
		}
		for _, m := range []struct {
			peer, modem string
			segments    int
		}{{"+491", "", 2}, {"491", "", 1}, {"+492", "", 2}, {"+493", "m0", 2}, {"+493", "m1", 1}} {
			out := queued(s.NewID(), m.peer, t0)
			out.WantModem, out.Segments = m.modem, out.Segments[:m.segments]
			if err := tx.PutOutbound(out); err != nil {
				return err
			}
		}
		done := queued(s.NewID(), "+491", t0)
		done.State, done.Settled = StateSent, t0
		return tx.PutOutbound(done)
	})
	view(t, s, func(tx *Tx) error {
		for what, test := range map[string]struct {
			got  int
			want int
		}{
			"to +491":              {must2(tx.WaitingTo("+491", 99)), 3},
			"to +491, one at most": {must2(tx.WaitingTo("+491", 1)), 2},
			"for m0 with simB":     {must2(tx.WaitingFor("m0", "simB", 99)), 4},
			"for m0 alone":         {must2(tx.WaitingFor("m0", "", 99)), 2},
			"for m1":               {must2(tx.WaitingFor("m1", "simC", 99)), 1},
			"for any":              {must2(tx.WaitingForAny(99)), 3},
		} {
			if test.got != test.want {
				t.Errorf("%s: %d, want %d", what, test.got, test.want)
			}
		}
		return nil
	})
}

func TestVolley(t *testing.T) {
	s := newSpool(t)
	second := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Second) }
	update(t, s, func(tx *Tx) error {
		v, err := tx.Volley("+491")
		if err != nil || v != (Volley{Peer: "491"}) {
			t.Errorf("a new one: %+v, %v", v, err)
		}
		if err := tx.SayTo("+491", t0); err != nil { // nobody talks to it
			return err
		}
		if v, err = tx.Volley("491"); err != nil || !v.Said.IsZero() {
			t.Errorf("%+v, %v", v, err)
		}
		want := Volley{Peer: "491", Segments: 7, Said: second(1), Heard: second(2), Stopped: second(3)}
		if err := tx.PutVolley(want); err != nil {
			return err
		}
		if v, err = tx.Volley("+491"); err != nil || v != want {
			t.Errorf("%+v, %v, want %+v", v, err, want)
		}
		if err := tx.SayTo("+491", second(5)); err != nil {
			return err
		}
		if err := tx.SayTo("+491", second(4)); err != nil {
			return err
		}
		want.Said = second(5)
		if all, err := tx.Stopped(9); err != nil || len(all) != 1 || all[0] != want {
			t.Errorf("stopped: %+v, %v, want %+v", all, err, want)
		}
		if _, err := tx.Purge(Horizon{Spend: second(5)}, 9); err != nil {
			return err
		}
		if all, _ := tx.Stopped(9); len(all) != 1 {
			t.Error("one that was not silent long enough is forgotten")
		}
		if _, err := tx.Purge(Horizon{Spend: second(6)}, 9); err != nil {
			return err
		}
		if all, _ := tx.Stopped(9); len(all) != 0 {
			t.Errorf("old ones stay: %+v", all)
		}
		return nil
	})
}

func TestBucket(t *testing.T) {
	s := newSpool(t)
	update(t, s, func(tx *Tx) error {
		if full, err := tx.Bucket("+491"); err != nil || !full.IsZero() {
			t.Errorf("of a new peer: %v, %v", full, err)
		}
		if err := tx.SetBucket("+491", t0.Add(time.Minute), t0); err != nil {
			return err
		}
		if full, err := tx.Bucket("491"); err != nil || !full.Equal(t0.Add(time.Minute)) {
			t.Errorf("%v, %v", full, err)
		}
		return nil
	})
}
