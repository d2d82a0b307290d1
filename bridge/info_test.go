package bridge

import (
	"context"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// INFO answers at once though nobody gets to read the spool.
func TestInfoAtOnce(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		var readers sync.WaitGroup
		release := make(chan struct{})
		for range 8 { // more than may read at a time
			readers.Go(func() {
				r.Bridge.spool.View(context.Background(), func(*spool.Tx) error { <-release; return nil })
			})
		}
		r.settle(time.Second)
		begin := time.Now()
		v := r.Info().(info)
		if waited := time.Since(begin); waited > 2*time.Second || v.Name != "wvsms" || len(v.Modems) != 1 || v.Counters == nil {
			t.Errorf("after %v: %+v", waited, v)
		}
		close(release)
		readers.Wait()
	})
}
