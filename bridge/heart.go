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
)

// A heart knows whether the loops of the bridge go round, for a watchdog that restarts
// the process when one does not. How the modems fare is nothing to it: a loop that waits
// for one goes round.
type heart struct {
	mu    sync.Mutex
	loops map[string]*pulse
}

// A pulse is that of one loop. A nil one is nobody's.
type pulse struct {
	heart   *heart
	last    time.Time // monotonic: setting the clock stops no heart
	resting bool
}

// loop adds one.
func (h *heart) loop(name string) *pulse {
	p := &pulse{heart: h}
	h.mu.Lock()
	h.loops[name] = p
	h.mu.Unlock()
	p.beat()
	return p
}

// beat is called each time the loop goes round.
func (p *pulse) beat() { p.set(false) }

// rest is called before it waits: for something that may never come, or in the hands of
// the kernel or a modem. A terminal may take as long as it likes to open.
func (p *pulse) rest() { p.set(true) }

func (p *pulse) set(resting bool) {
	if p == nil {
		return
	}
	p.heart.mu.Lock()
	defer p.heart.mu.Unlock()
	p.last, p.resting = time.Now(), resting
}

// stopped are the loops that have not gone round for too long.
func (h *heart) stopped() (names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, p := range h.loops {
		if !p.resting && time.Since(p.last) > heartLimit {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
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
