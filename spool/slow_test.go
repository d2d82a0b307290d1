package spool

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/spool/spooltest"
)

// With a sync of 2 s callers share commits, and all are answered; a View waits for none of them; a caller that does not
// want to wait for the turn so long leaves nothing behind.
func TestSlowDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	disk := spooltest.Under(t, filepath.Dir(path))
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		defer disk.Before(nil)
		count := func(ctx context.Context) error {
			return s.Update(ctx, func(tx *Tx) error { return tx.Count("a", 1) })
		}
		if err := errors.Join(count(t.Context()), s.View(t.Context(), func(*Tx) error { return nil })); err != nil {
			t.Fatal(err)
		}
		var syncs atomic.Int64
		disk.Before(func(kind spooltest.Kind, _ string) error {
			if kind == spooltest.Sync {
				syncs.Add(1)
				time.Sleep(2 * time.Second) // the bubble's time
			}
			return nil
		})

		const callers = 200
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				if err := count(t.Context()); err != nil {
					t.Errorf("update: %v", err)
				}
			})
		}
		synctest.Wait() // until one of them waits for the disk and the others for it
		began := time.Now()
		view(t, s, func(tx *Tx) error {
			if n, err := tx.Counter("a"); err != nil || n != 1 {
				t.Errorf("a View beside the first commit sees %d, %v", n, err)
			}
			return nil
		})
		if waited := time.Since(began); waited != 0 {
			t.Errorf("a View took %v of the bubble's time", waited)
		}
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := count(hurried); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("update with 1 s to wait: %v", err)
		}
		all.Wait()
		counterIs(t, s, "a", 1+callers)
		// The first commit may have had one caller; then 64 at a time.
		if n := syncs.Load(); n > 1+(callers+maxBatch-1)/maxBatch {
			t.Errorf("%d syncs for %d updates", n, callers)
		}
	})
}
