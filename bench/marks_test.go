package main

import (
	"fmt"
	"regexp"
	"sync"
	"time"

	"wvsms/pdu"
)

// marked is a payload that can be told from others wherever it turns up.
func marked(n, octets int) []byte {
	p := payload(octets)
	copy(p, fmt.Sprintf("mark-%06d.", n))
	return p
}

var markOf = regexp.MustCompile(`mark-\d{6}\.`)

// marks are the payloads that came by.
type marks struct {
	mu   sync.Mutex
	seen map[string]int
	all  int       // those without a mark too: segments after the first
	at   time.Time // of the last
	want int
	done chan struct{}
}

func newMarks() *marks { return &marks{seen: map[string]int{}, done: make(chan struct{})} }

// expect begins anew, and is over after n.
func (m *marks) expect(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen, m.all, m.want, m.done = map[string]int{}, 0, n, make(chan struct{})
}

func (m *marks) submitted(_ string, s *pdu.Submit) { m.saw(s.UD.Data) }

func (m *marks) saw(payload []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = time.Now()
	m.all++
	if mark := markOf.Find(payload); mark != nil {
		m.seen[string(mark)]++
	}
	if m.all == m.want {
		close(m.done)
	}
}

// wait until they are there, copies counted; false: not in time.
func (m *marks) wait(d time.Duration) bool {
	select {
	case <-m.done:
		return true
	case <-time.After(d):
		return false
	}
}

// count is how many came, and when the last did.
func (m *marks) count() (all int, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all, m.at
}

// verdict compares with what was sent: n messages, numbered from 1.
func (m *marks) verdict(n int) (lost, doubled int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := 1; i <= n; i++ {
		switch c := m.seen[string(markOf.Find(marked(i, 20)))]; {
		case c == 0:
			lost++
		case c > 1:
			doubled += c - 1
		}
	}
	return lost, doubled
}

// settle waits until every one of n has come and nothing more comes for a while, or
// nothing has come for long.
func (m *marks) settle(n int, while, long time.Duration) {
	since := time.Now()
	for {
		time.Sleep(20 * time.Millisecond)
		all, at := m.count()
		if all > 0 && at.After(since) {
			since = at
		}
		quiet := time.Since(since)
		if lost, _ := m.verdict(n); quiet > long || lost == 0 && quiet > while {
			return
		}
	}
}
