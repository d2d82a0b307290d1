package spool

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func counterIs(t *testing.T, s *Spool, name string, want int64) {
	t.Helper()
	view(t, s, func(tx *Tx) error {
		if got, err := tx.Counter(name); err != nil || got != want {
			t.Errorf("counter %s = %d, %v; want %d", name, got, err, want)
		}
		return nil
	})
}

func TestErrorRollsBackEverything(t *testing.T) {
	s := newSpool(t)
	own := errors.New("no budget")
	e, m, seg, q := &Event{ID: "X"}, arrived("X", 1, "tcp"), received(1, 1, 1, t0), &Quarantined{}
	err := s.Update(t.Context(), func(tx *Tx) error {
		err := errors.Join(tx.Count("a", 1), tx.PutEvent(e), tx.PutMessage(m), tx.PutInSegment(seg), tx.Quarantine(q, 9))
		if err != nil {
			return err
		}
		if e.N == 0 || m.N == 0 || seg.ID == 0 || q.N == 0 {
			t.Errorf("numbers inside: %d %d %d %d", e.N, m.N, seg.ID, q.N)
		}
		return own
	})
	if err != own {
		t.Errorf("Update: %v, want f's own error", err)
	}
	if e.N != 0 || m.N != 0 || seg.ID != 0 || q.N != 0 {
		t.Errorf("numbers after the rollback: %d %d %d %d; offered again, these would be updates of nothing", e.N, m.N, seg.ID, q.N)
	}
	counterIs(t, s, "a", 0)
	// The same structs again.
	update(t, s, func(tx *Tx) error { return errors.Join(tx.PutEvent(e), tx.PutMessage(m), tx.PutInSegment(seg)) })
}

// What SQL refused is not committed, even if f does not care.
func TestSwallowedErrorIsNotCommitted(t *testing.T) {
	s := newSpool(t)
	update(t, s, func(tx *Tx) error { return tx.PutMessage(arrived("X", 1, "tcp")) })
	err := s.Update(t.Context(), func(tx *Tx) error {
		tx.Count("a", 1)
		if err := tx.PutMessage(arrived("X", 1, "tcp")); err == nil {
			t.Error("one id twice")
		}
		if err := tx.Count("a", 1); err == nil {
			t.Error("the transaction went on after its error")
		}
		return nil
	})
	if err == nil {
		t.Error("committed")
	}
	counterIs(t, s, "a", 0)
}

func TestPanicDoesNotWedge(t *testing.T) {
	s := newSpool(t)
	for range 3 {
		func() {
			defer func() {
				if recover() != "oops" {
					t.Error("the panic did not come through")
				}
			}()
			s.Update(t.Context(), func(tx *Tx) error { tx.Count("a", 1); panic("oops") })
		}()
		func() {
			defer func() { recover() }()
			s.View(t.Context(), func(tx *Tx) error { panic("oops") })
		}()
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		s.Update(t.Context(), func(tx *Tx) error { tx.Count("a", 1); runtime.Goexit(); return nil })
	})
	wg.Wait()
	update(t, s, func(tx *Tx) error { return tx.Count("b", 1) })
	counterIs(t, s, "a", 0)
	counterIs(t, s, "b", 1)
}

func TestContextCountsBeforeTheCommit(t *testing.T) {
	s := newSpool(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(tx *Tx) error {
		if err := tx.Count("a", 1); err != nil {
			return err
		}
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled in f: %v", err)
	}
	for what, call := range map[string]func(context.Context, func(*Tx) error) error{"Update": s.Update, "View": s.View} {
		err := call(ctx, func(*Tx) error { t.Errorf("%s ran f", what); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s under a cancelled context: %v", what, err)
		}
	}
	counterIs(t, s, "a", 0)
}

func TestTxEndsWithItsUpdate(t *testing.T) {
	s := newSpool(t)
	var kept *Tx
	update(t, s, func(tx *Tx) error { kept = tx; return nil })
	if err := kept.Count("a", 1); err == nil {
		t.Error("Count after the Update")
	}
	view(t, s, func(tx *Tx) error { kept = tx; return nil })
	if _, err := kept.Counter("a"); err == nil {
		t.Error("Counter after the View")
	}
	err := s.View(t.Context(), func(tx *Tx) error { tx.Count("a", 1); return nil })
	if err == nil {
		t.Error("Count in a View")
	}
}

func TestViewIsASnapshot(t *testing.T) {
	s := newSpool(t)
	update(t, s, func(tx *Tx) error { return tx.Count("a", 1) })
	view(t, s, func(tx *Tx) error {
		before, err := tx.Counter("a")
		if err != nil {
			return err
		}
		update(t, s, func(tx *Tx) error { return tx.Count("a", 1) }) // beside the View
		after, err := tx.Counter("a")
		if before != after {
			t.Errorf("one View saw %d, then %d", before, after)
		}
		return err
	})
	counterIs(t, s, "a", 2)
}

// hold occupies the writer until all of calls wait behind it, so that they come in one batch in order.
func hold(t *testing.T, s *Spool, calls ...func()) {
	t.Helper()
	var wg sync.WaitGroup
	s.turns.take(t.Context())
	for i, call := range calls {
		wg.Go(call)
		for waiting := 0; waiting <= i; runtime.Gosched() {
			s.turns.mu.Lock()
			waiting = len(s.turns.waiting)
			s.turns.mu.Unlock()
		}
	}
	s.turns.pass()
	wg.Wait()
}

func TestWaitingUpdatesShareACommitAndStandAlone(t *testing.T) {
	s := newSpool(t)
	own := errors.New("no")
	var order []string
	var batches []*batch
	step := func(name string, end func() error) func() {
		return func() {
			defer func() { recover() }()
			err := s.Update(t.Context(), func(tx *Tx) error {
				order = append(order, name)
				batches = append(batches, s.batch)
				if err := tx.Count(name, 1); err != nil {
					return err
				}
				return end()
			})
			if (err == nil) != (name == "good" || name == "also good" || name == "last") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	hold(t, s,
		step("good", func() error { return nil }),
		step("failing", func() error { return own }),
		step("panicking", func() error { panic("oops") }),
		step("also good", func() error { return nil }),
		step("failing too", func() error { return own }),
		step("last", func() error { return nil }),
	)
	equal(t, "order", []string{"good", "failing", "panicking", "also good", "failing too", "last"}, order)
	for _, b := range batches {
		if b != batches[0] {
			t.Fatal("they did not share one batch")
		}
	}
	for name, want := range map[string]int64{"good": 1, "failing": 0, "panicking": 0, "also good": 1, "failing too": 0, "last": 1} {
		counterIs(t, s, name, want)
	}
}

// A failed common commit is everybody's error and nobody's commit, and the next one works.
func TestFailedCommitAnswersAll(t *testing.T) {
	s := newSpool(t)
	var failed atomic.Int32
	call := func(sabotage bool) func() {
		return func() {
			e := &Event{ID: "X"}
			err := s.Update(t.Context(), func(tx *Tx) error {
				if err := errors.Join(tx.Count("a", 1), tx.PutEvent(e)); err != nil {
					return err
				}
				if sabotage { // as SQLite does by itself on a full disk
					_, err := s.writer.exec("ROLLBACK")
					return err
				}
				return nil
			})
			if err != nil && e.N == 0 {
				failed.Add(1)
			}
		}
	}
	hold(t, s, call(false), call(false), call(true))
	if failed.Load() != 3 {
		t.Errorf("%d of 3 heard of the failure", failed.Load())
	}
	counterIs(t, s, "a", 0)
	update(t, s, func(tx *Tx) error { return tx.Count("a", 1) })
	counterIs(t, s, "a", 1)
	// The writer was dialled again; it must promise the same.
	writerKeepsThePromise(t, s)
}

func TestWaitingUpdateGivesUpWithItsContext(t *testing.T) {
	s := newSpool(t)
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	s.turns.take(t.Context())
	go func() {
		gaveUp <- s.Update(ctx, func(*Tx) error { t.Error("f was run"); return nil })
	}()
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("gave up: %v", err)
	}
	s.turns.pass()
	update(t, s, func(tx *Tx) error { return tx.Count("a", 1) })
}

func TestManyAtOnce(t *testing.T) {
	s := newSpool(t)
	const workers, each = 16, 40
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				err := s.Update(t.Context(), func(tx *Tx) error {
					if err := tx.Count("all", 1); err != nil {
						return err
					}
					if i%4 == 3 {
						return errors.New("no")
					}
					return tx.PutEvent(&Event{ID: fmt.Sprint(w), Segment: i, At: t0})
				})
				if (err == nil) != (i%4 != 3) {
					t.Errorf("worker %d, update %d: %v", w, i, err)
				}
			}
		})
		wg.Go(func() {
			for range each {
				err := s.View(t.Context(), func(tx *Tx) error {
					n, err := tx.Counter("all")
					if err != nil {
						return err
					}
					_, last, err := tx.EventRange()
					if n != last {
						t.Errorf("counter %d beside %d events: half of a commit was seen", n, last)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	counterIs(t, s, "all", workers*each*3/4)
}

func TestCloseWaitsForTheBatch(t *testing.T) {
	for range 20 {
		path := t.TempDir() + "/spool.db"
		s := openSpool(t, path)
		var good atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					err := s.Update(t.Context(), func(tx *Tx) error { return tx.Count("a", 1) })
					if errors.Is(err, ErrClosed) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					good.Add(1)
				}
			})
		}
		time.Sleep(time.Millisecond) // any instant will do
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		counterIs(t, openSpool(t, path), "a", good.Load())
	}
}
