package bridge

import (
	"context"
	"sync"
	"time"

	"wvsms/spool"
)

// A tally holds counts that are written down a minute later: not with each event, since a
// commit is dear and nothing hangs on them.
type tally struct {
	mu     sync.Mutex
	counts map[string]int64
}

// count adds one to a counter of the spool's.
func (b *Bridge) count(name string) {
	b.tally.mu.Lock()
	if b.tally.counts == nil {
		b.tally.counts = map[string]int64{}
	}
	b.tally.counts[name]++
	b.tally.mu.Unlock()
	b.agenda.by(countsKept, b.clock.Now().Add(countsKeep))
}

// keepCounts writes the counts down.
func (b *Bridge) keepCounts(ctx context.Context, _ time.Time) (next time.Time, _ error) {
	b.tally.mu.Lock()
	counts := b.tally.counts
	b.tally.counts = nil
	b.tally.mu.Unlock()
	if len(counts) == 0 {
		return next, nil
	}
	err := b.spool.Update(ctx, func(tx *spool.Tx) error {
		tx.About("counts")
		for name, n := range counts {
			if err := tx.Count(name, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.tally.add(counts)
	}
	return next, err
}

// add takes back what could not be written down.
func (t *tally) add(counts map[string]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, n := range t.counts {
		counts[name] += n
	}
	t.counts = counts
}

// on adds to counters of the spool's what is not written down yet.
func (t *tally) on(counters map[string]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, n := range t.counts {
		counters[name] += n
	}
}
