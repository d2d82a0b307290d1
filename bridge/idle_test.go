package bridge

import (
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// A bridge that has nothing to do writes nothing but its clock, and little of that: each
// commit wears a card. After a message it comes to rest again.
func TestIdle(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.stop()
		var mu sync.Mutex
		commits := map[string]int{}
		r.probe = func(point string) {
			if what, ok := strings.CutPrefix(point, "commit "); ok {
				mu.Lock()
				commits[what]++
				mu.Unlock()
			}
		}
		r.start()
		r.collect(phone)
		rest := func(when string) {
			t.Helper()
			r.settle(2 * time.Hour)
			mu.Lock()
			clear(commits)
			mu.Unlock()
			r.settle(12 * time.Hour)
			mu.Lock()
			defer mu.Unlock()
			if n := commits["clock"]; n < 11 || n > 13 {
				t.Errorf("%s it writes its clock down %d times in 12 h", when, n)
			}
			if n := commits["purge"]; n > 1 {
				t.Errorf("%s it purges %d times in 12 h", when, n)
			}
			delete(commits, "clock")
			delete(commits, "purge")
			if len(commits) > 0 {
				t.Errorf("%s it commits %v", when, commits)
			}
		}
		rest("from the start on")
		id := r.accept(Request{Payload: []byte("one message"), Report: true})
		r.settle(time.Minute)
		if m := r.outbound(id); m.State != "delivered" {
			t.Errorf("%s", m.State)
		}
		rest("after a message")
	})
}
