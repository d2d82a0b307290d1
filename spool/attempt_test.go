package spool

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// The last attempts of each segment are kept, and go with their message.
func TestAttempts(t *testing.T) {
	s := newSpool(t)
	m, other := queued(s.NewID(), "+491", t0), queued(s.NewID(), "+492", t0)
	var want []Attempt
	update(t, s, func(tx *Tx) error {
		errs := []error{tx.PutOutbound(m), tx.PutOutbound(other), tx.PutAttempt(&Attempt{ID: other.ID, Seq: 1, Outcome: OutcomeAccepted})}
		for i := range attemptsKept + 3 {
			at := t0.Add(time.Duration(i) * time.Minute)
			a := Attempt{ID: m.ID, Seq: 1, Began: at, Ended: at.Add(time.Second), EndedWall: at, Modem: "m0", SIM: "26201", Outcome: OutcomeRefused, MR: -1, Why: fmt.Sprint(i)}
			errs = append(errs, tx.PutAttempt(&a))
			if i >= 3 {
				want = append(want, a)
			}
		}
		second := Attempt{ID: m.ID, Seq: 2, Began: t0, Ended: t0, EndedWall: t0, Outcome: OutcomeUnknown, MR: 7}
		want = append(want, second)
		return errors.Join(append(errs, tx.PutAttempt(&second))...)
	})
	attempts := func(id string) (all []Attempt) {
		view(t, s, func(tx *Tx) (err error) {
			all, err = tx.AttemptsOf(id)
			return err
		})
		return all
	}
	equal(t, "attempts", want, attempts(m.ID))
	if n := len(attempts(other.ID)); n != 1 {
		t.Errorf("%d attempts of the other message", n)
	}

	update(t, s, func(tx *Tx) error {
		m.State, m.Settled = StateFailed, t0
		if err := tx.PutOutbound(m); err != nil {
			return err
		}
		_, err := tx.Purge(Horizon{Outbound: t0.Add(time.Hour)}, 9)
		return err
	})
	if left := attempts(m.ID); len(left) != 0 {
		t.Errorf("%d attempts of a message that is gone", len(left))
	}
	view(t, s, func(tx *Tx) error {
		var n int
		err := tx.get([]any{&n}, "SELECT count(*) FROM attempt")
		equal(t, "rows left", 1, n)
		return err
	})
}

// What misses segments is listed, parked or not; what is done is not.
func TestUnfinished(t *testing.T) {
	s := newSpool(t)
	parked, done := received(2, 2, 2, t0), received(3, 3, 2, t0)
	parked.Parked, done.Done, done.Mode = true, true, nil
	update(t, s, func(tx *Tx) error {
		return errors.Join(tx.PutInSegment(received(1, 1, 2, t0)), tx.PutInSegment(parked), tx.PutInSegment(done), tx.PutInSegment(received(4, 4, 2, t0)))
	})
	view(t, s, func(tx *Tx) error {
		equal(t, "all", []int64{1, 2, 4}, must[[]int64](t, "unfinished")(tx.Unfinished(0, 9)))
		equal(t, "a page", []int64{2}, must[[]int64](t, "unfinished")(tx.Unfinished(1, 1)))
		return nil
	})
}
