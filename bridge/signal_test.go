package bridge

import (
	"slices"
	"testing"
	"time"
)

// What a modem told holds until it tells something else, and a day later it is forgotten.
func TestSignal(t *testing.T) {
	var s signal
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tail := func(n int) []int { return s.history(now)[signalSteps-n:] }
	s.note(now, -90)
	s.note(now.Add(time.Minute), -80) // the last one of a step counts
	if got := tail(2); !slices.Equal(got, []int{0, -80}) {
		t.Errorf("at first: %v", got)
	}
	now = now.Add(3 * signalStep)
	if got := tail(5); !slices.Equal(got, []int{0, -80, -80, -80, -80}) {
		t.Errorf("held: %v", got)
	}
	s.note(now, 0)
	now = now.Add(signalStep)
	if got := tail(4); !slices.Equal(got, []int{-80, -80, 0, 0}) {
		t.Errorf("lost: %v", got)
	}
	s.note(now, -70)
	now = now.Add(40 * time.Hour)
	if got := s.history(now); slices.ContainsFunc(got, func(v int) bool { return v != -70 }) {
		t.Errorf("two days later: %v", got)
	}
}
