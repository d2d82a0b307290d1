package spool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"wvsms/spool/spooltest"
)

// A promise is what one Update did, noted when it has returned.
type promise struct {
	id    string
	state MsgState
}

// A power cut at any instant, with what was not synced lost in part and in any order: what Update has returned for is in
// the spool that is opened afterwards, the rest whole or absent, nothing damaged. synchronous=FULL is what makes it so.
func TestPowerCut(t *testing.T) {
	for _, mode := range []string{"FULL", "NORMAL", "OFF"} {
		t.Run(mode, func(t *testing.T) {
			seeds, cuts := 4, 40
			if brief() || mode != "FULL" { // a few show that the others break
				seeds, cuts = 1, 30
			}
			var r ruin
			for seed := range seeds {
				r.run(t, uint64(seed), mode, cuts)
			}
			t.Logf("synchronous=%s: %d power cuts: %d of %d promises broken, %d spools damaged", mode, r.cuts, r.broken, r.promised, r.damaged)
			switch {
			case mode == "FULL" && r.broken+r.damaged > 0:
				t.Errorf("%d of %d promises broken, %d of %d spools damaged", r.broken, r.promised, r.damaged, r.cuts)
			case mode != "FULL" && r.broken == 0:
				t.Error("no promise was broken without a sync at each commit: the power cut is not one")
			case mode == "OFF" && r.damaged == 0:
				t.Error("no spool was damaged without any sync: the power cut is not one")
			}
		})
	}
}

// A ruin counts what power cuts did.
type ruin struct{ cuts, promised, broken, damaged int }

func (r *ruin) run(t *testing.T, seed uint64, mode string, cuts int) {
	dir := memory(t)
	log := spooltest.Under(t, dir).Record()
	all := record(t, filepath.Join(dir, "spool.db"), mode, log)
	for cut := range cuts {
		dice := rand.New(rand.NewPCG(seed, uint64(cut)))
		at := 1 + dice.IntN(log.Len())
		after := memory(t)
		notes, err := log.Cut(at, dice, after)
		if err != nil {
			t.Fatal(err)
		}
		r.cuts++
		r.promised += len(notes)
		broken, err := examine(t, filepath.Join(after, "spool.db"), notes, all)
		switch {
		case errors.Is(err, ErrCorrupt), errors.Is(err, ErrNotSpool), errors.Is(err, errHalves):
			r.damaged++
			r.broken += len(notes)
		case err != nil:
			t.Fatalf("seed %d, cut %d before step %d of %d: %v", seed, cut, at, log.Len(), err)
		}
		r.broken += broken
		if mode == "FULL" && (broken > 0 || err != nil) {
			t.Errorf("seed %d, cut %d before step %d of %d: %d of %d promises broken, %v", seed, cut, at, log.Len(), broken, len(notes), err)
		}
		os.RemoveAll(after)
	}
}

// record lets four writers store and acknowledge messages, across a restart, and returns what they stored.
func record(t *testing.T, path, mode string, log *spooltest.Log) map[string]*Message {
	t.Helper()
	var mu sync.Mutex
	all := map[string]*Message{}
	for range 2 {
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		// So few pages a checkpoint that the log begins again and again.
		if err := s.writer.script("PRAGMA synchronous = " + mode + "; PRAGMA wal_autocheckpoint = 60"); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 10 {
					m := arrived(s.NewID(), uint16(w), "tcp")
					m.Payload = slices.Repeat([]byte(m.ID), 1+i*i)
					mu.Lock()
					all[m.ID] = m
					mu.Unlock()
					if err := store(s, m); err != nil {
						t.Errorf("update: %v", err)
						return
					}
					log.Note(promise{m.ID, MsgReady})
					if i%3 == 0 {
						continue
					}
					acked := *m
					acked.State, acked.AckedAt = MsgAcked, t0
					if err := store(s, &acked); err != nil {
						t.Errorf("update: %v", err)
						return
					}
					log.Note(promise{m.ID, MsgAcked})
				}
			})
		}
		wg.Wait()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// store is one Update that leaves a trace in three tables.
func store(s *Spool, m *Message) error {
	return s.Update(context.Background(), func(tx *Tx) error {
		return errors.Join(tx.PutMessage(m), tx.PutEvent(&Event{ID: m.ID, Word: string(m.State), At: t0}), tx.Count(string(m.State), 1))
	})
}

// memory is a directory for files that need not last: a sync costs nothing there.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "wvsms")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

var errHalves = errors.New("there by halves")

// examine opens what the power cut left and counts the broken promises. What is there by halves is an error of its own.
func examine(t *testing.T, path string, notes []any, all map[string]*Message) (broken int, err error) {
	s, err := Open(path, Options{})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if err := s.Check(t.Context()); err != nil {
		return 0, err
	}
	err = s.View(t.Context(), func(tx *Tx) error {
		counts := map[MsgState]int64{}
		there := map[promise]bool{}
		for id, want := range all {
			m, err := tx.Message(id)
			if err == ErrNotFound {
				continue
			}
			if err != nil {
				return err
			}
			if !slices.Equal(m.Payload, want.Payload) {
				return fmt.Errorf("%w: message %s has not the %d octets it was stored with", errHalves, id, len(want.Payload))
			}
			events, err := tx.EventsOf(id)
			if err != nil {
				return err
			}
			for _, e := range events {
				counts[MsgState(e.Word)]++
				there[promise{id, MsgState(e.Word)}] = true
			}
			if len(events) == 0 || events[len(events)-1].Word != string(m.State) {
				return fmt.Errorf("%w: message %s is %s, and its events are %v", errHalves, id, m.State, events)
			}
		}
		for state, n := range counts {
			counted, err := tx.Counter(string(state))
			if err != nil {
				return err
			}
			if counted != n {
				return fmt.Errorf("%w: %d events tell of %s, and %d are counted", errHalves, n, state, counted)
			}
		}
		for _, n := range notes {
			if !there[n.(promise)] {
				broken++
			}
		}
		return nil
	})
	return broken, err
}
