package bridge

import (
	"sync"
	"time"
)

// A matter is something that becomes due by time alone.
type matter int

const (
	expiries    matter = iota // messages whose ttl ends
	deadlines                 // datagrams that stay incomplete
	unanswered                // CSP requests without an answer
	countsKept                // what is counted in memory is written down
	clockKept                 // bridge time is written down
	historyKept               // what is old goes
	mattersInAll
)

// An agenda knows when each matter is due next, from those who bring it up: so nobody has
// to go and look for it, and an idle bridge does nothing.
type agenda struct {
	mu   sync.Mutex
	at   [mattersInAll]time.Time // bridge time; zero: nothing is due
	wake chan struct{}
}

func newAgenda(now time.Time) *agenda {
	a := &agenda{wake: make(chan struct{}, 1)}
	for m := range a.at {
		a.at[m] = now // what came before this run is looked for once
	}
	return a
}

// by tells that something of m is due at t, if not before.
func (a *agenda) by(m matter, t time.Time) {
	a.mu.Lock()
	sooner := a.at[m].IsZero() || t.Before(a.at[m])
	if sooner {
		a.at[m] = t
	}
	a.mu.Unlock()
	if sooner {
		a.look()
	}
}

// look has whoever waits look at the time anew: timers stand still while the machine is
// suspended, and bridge time does not.
func (a *agenda) look() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// due takes a matter that is due off the agenda, or tells when the next one is.
func (a *agenda) due(now time.Time) (m matter, ok bool, next time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for m, at := range a.at {
		switch {
		case at.IsZero():
		case !at.After(now):
			a.at[m] = time.Time{}
			return matter(m), true, next
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	return 0, false, next
}
