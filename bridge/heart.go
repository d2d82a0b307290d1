package bridge

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Implementation.
const (
	// heartLimit is longer than anything that a loop does at one go: the longest is a
	// message on which the modem falls silent, for 180 s and what follows.
	heartLimit = 10 * time.Minute
	heartBeat  = 30 * time.Second // of a loop that waits
)

// A heart knows whether the loops of the bridge go round, for a watchdog that restarts
// the process when one does not. How the modems fare is nothing to it: a loop that waits
// for one goes round.
type heart struct {
	mu    sync.Mutex
	beats map[string]time.Time // by loop
}

// loop adds one and returns what it calls each time it goes round.
func (h *heart) loop(name string) (beat func()) {
	beat = func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.beats[name] = time.Now() // monotonic: setting the clock stops no heart
	}
	beat()
	return beat
}

// stopped are the loops that have not gone round for too long.
func (h *heart) stopped() (names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, last := range h.beats {
		if time.Since(last) > heartLimit {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// keep beats while its loop is in the hands of the kernel or a modem, until stop is
// called: a terminal may take as long as it likes to open.
func keep(beat func()) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(heartBeat)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				beat()
			case <-end:
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
		beat()
	}
}

// Stuck names the loops that do not go round any more, "" none: then nothing but a new
// start helps.
func (b *Bridge) Stuck() string { return strings.Join(b.heart.stopped(), ", ") }

// Summary is how all modems are, in one sentence, and a channel that is closed when that
// changes.
func (b *Bridge) Summary() (text string, changed <-chan struct{}) {
	changed = b.told.wait()
	var all []string
	for _, c := range b.cfg.Modems {
		verdict := b.modemInfo(c.Name).Verdict
		if verdict == "" {
			verdict = "not opened yet"
		}
		all = append(all, c.Name+": "+verdict)
	}
	return strings.Join(all, "; "), changed
}
