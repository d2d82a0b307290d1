package web

import (
	"slices"
	"sync"
	"time"

	"wvsms/bridge"
)

// Implementation.
const (
	windowMinutes = 60
	windowLast    = 256 // durations of each stage
)

// A window is what the page knows of how long things take: how many in each of the last
// minutes, and the last durations. It is of one size however much goes on.
type window struct {
	mu     sync.Mutex
	stages [len(stages)]stageWindow
}

type stageWindow struct {
	minutes [windowMinutes]int32 // by minute, as a ring
	newest  int64                // minute
	last    [windowLast]time.Duration
	n       int // of durations in all
}

// took notes that a stage of a message took d.
func (w *window) took(now time.Time, stage bridge.Stage, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.stages[stage]
	s.advance(now)
	s.minutes[s.newest%windowMinutes]++
	s.last[s.n%windowLast] = d
	s.n++
}

// advance lets go of the minutes that are past.
func (s *stageWindow) advance(now time.Time) {
	minute := now.Unix() / 60
	for n := min(minute-s.newest, windowMinutes); n > 0; n-- {
		s.minutes[(minute-n+1)%windowMinutes] = 0
	}
	s.newest = max(s.newest, minute)
}

// A pace is how a stage goes.
type pace struct {
	Minutes     []int // how often in each of the last minutes, the oldest first; the last one is not over
	Median, P99 time.Duration
	N           int // durations that these are of
}

func (w *window) pace(now time.Time, stage bridge.Stage) (p pace) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.stages[stage]
	s.advance(now)
	for i := range int64(windowMinutes) {
		p.Minutes = append(p.Minutes, int(s.minutes[(s.newest+1+i)%windowMinutes]))
	}
	if p.N = min(s.n, windowLast); p.N > 0 {
		sorted := slices.Sorted(slices.Values(s.last[:p.N]))
		p.Median, p.P99 = sorted[(p.N-1)/2], sorted[(p.N*99+99)/100-1]
	}
	return p
}
