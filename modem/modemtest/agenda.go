package modemtest

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// An agenda does things at their time, one after the other, earliest first and
// in the order of asking where times are equal. It lives inside run.
type agenda struct {
	mu    sync.Mutex
	items appointments
	asked uint64
	wake  chan struct{} // 1: a waker never waits, one wake-up is enough for many
}

type appointment struct {
	at    time.Time
	asked uint64
	do    func()
}

func newAgenda() *agenda { return &agenda{wake: make(chan struct{}, 1)} }

// after has do called once d has passed; it must not block.
func (a *agenda) after(d time.Duration, do func()) {
	a.mu.Lock()
	a.asked++
	heap.Push(&a.items, appointment{time.Now().Add(d), a.asked, do})
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// run keeps the appointments until ctx ends.
func (a *agenda) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next, some := a.due(time.Now())
		var due <-chan time.Time
		if some {
			timer.Reset(time.Until(next))
			due = timer.C
		}
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		case <-due:
		}
	}
}

// due does what now is due and tells when the next appointment is.
func (a *agenda) due(now time.Time) (next time.Time, some bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.items) > 0 {
		if first := a.items[0]; first.at.After(now) {
			return first.at, true
		}
		do := heap.Pop(&a.items).(appointment).do
		a.mu.Unlock()
		do()
		a.mu.Lock()
	}
	return time.Time{}, false
}

// appointments is a heap: container/heap.
type appointments []appointment

func (s appointments) Len() int      { return len(s) }
func (s appointments) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s appointments) Less(i, j int) bool {
	if !s[i].at.Equal(s[j].at) {
		return s[i].at.Before(s[j].at)
	}
	return s[i].asked < s[j].asked
}
func (s *appointments) Push(x any) { *s = append(*s, x.(appointment)) }
func (s *appointments) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}
