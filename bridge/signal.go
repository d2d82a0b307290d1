package bridge

import "time"

// Implementation.
const (
	signalStep  = 5 * time.Minute
	signalSteps = 288 // a day
)

// A signal is how strong a modem's signal was in the last day, as its own checks told it:
// the last value of each step, which costs half a kilobyte and no timer.
type signal struct {
	dbm  [signalSteps]int16 // by step, as a ring; 0: not known
	last int64              // the newest step that was told, counted from the begin of bridge time; 0: none
}

// note takes a value that is told now; it holds until the next one.
func (s *signal) note(now time.Time, dbm int) {
	s.advance(now)
	s.dbm[s.last%signalSteps] = int16(dbm)
}

// advance carries the last value on until now.
func (s *signal) advance(now time.Time) {
	step := now.UnixNano() / int64(signalStep)
	if s.last == 0 {
		s.last = step
	}
	held := s.dbm[s.last%signalSteps]
	for n := min(step-s.last, signalSteps); n > 0; n-- {
		s.dbm[(step-n+1)%signalSteps] = held
	}
	s.last = max(s.last, step)
}

// history are the steps of the last day, the oldest first.
func (s *signal) history(now time.Time) []int {
	s.advance(now)
	all := make([]int, 0, signalSteps)
	for i := range int64(signalSteps) {
		all = append(all, int(s.dbm[(s.last+1+i)%signalSteps]))
	}
	return all
}

// noteSignal keeps what a modem tells of its signal; 0: nothing.
func (b *Bridge) noteSignal(name string, dbm int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.signals[name]
	if s == nil {
		s = &signal{}
		b.signals[name] = s
	}
	s.note(b.clock.Now(), dbm)
}

// signalOf is the last day of a modem's signal, the oldest first; nil: nothing was told.
func (b *Bridge) signalOf(name string) []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.signals[name]; s != nil {
		return s.history(b.clock.Now())
	}
	return nil
}
