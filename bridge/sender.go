package bridge

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// An entry is one message that waits for its consumer. The hub's lock guards it.
type entry struct {
	n       int64
	id      string
	from    *sender
	port    uint16
	state   entryState
	to      *consumer     // holds it: given to it, or put off by it
	turns   int           // times given
	offered bool          // written to somebody by this process
	offers  int           // times written to somebody, so far as is known
	writers int           // writing it now
	written chan struct{} // closed when nobody is; nil while nobody waits for that
	due     time.Time     // end of the ack-wait or of the NAK's delay
	heap    int           // in hub.due; -1: not in it
}

type entryState int

const (
	entryReady   entryState = iota // in its lane
	entryGiven                     // to a consumer, written or about to be
	entryResting                   // put off until due
	entryDone                      // acknowledged; no longer in the hub
)

// A sender is a peer of whom messages wait.
type sender struct {
	peer    string
	entries int
	holds   []hold  // consumers with its unacknowledged messages, oldest first
	lanes   []*lane // with a ready message, one a port
}

type hold struct {
	c *consumer
	n int
}

// A lane holds one sender's ready messages for one port, oldest first. Whoever may
// get one of them may get them all.
type lane struct {
	from  *sender
	port  uint16
	ready []*entry
	heap  int // in hub.lanes[port]
}

// queue puts e into its lane. h.mu is held, here and below.
func (h *hub) queue(e *entry) {
	e.state = entryReady
	l := e.from.lane(e.port)
	if l == nil {
		l = &lane{from: e.from, port: e.port}
		e.from.lanes = append(e.from.lanes, l)
	}
	i, _ := l.find(e)
	l.ready = slices.Insert(l.ready, i, e)
	lanes := h.lanes[e.port]
	if lanes == nil {
		lanes = new(laneHeap)
		h.lanes[e.port] = lanes
	}
	if len(l.ready) == 1 {
		heap.Push(lanes, l)
	} else if i == 0 {
		heap.Fix(lanes, l.heap)
	}
}

// unqueue takes e out of its lane.
func (h *hub) unqueue(e *entry) {
	l := e.from.lane(e.port)
	i, _ := l.find(e)
	if i == 0 {
		l.ready[0] = nil
		l.ready = l.ready[1:]
	} else {
		l.ready = slices.Delete(l.ready, i, i+1)
	}
	switch {
	case len(l.ready) == 0:
		heap.Remove(h.lanes[l.port], l.heap)
		l.from.lanes = slices.DeleteFunc(l.from.lanes, func(other *lane) bool { return other == l })
	case i == 0:
		heap.Fix(h.lanes[l.port], l.heap)
	}
}

func (s *sender) lane(port uint16) *lane {
	for _, l := range s.lanes {
		if l.port == port {
			return l
		}
	}
	return nil
}

func (l *lane) find(e *entry) (int, bool) {
	return slices.BinarySearchFunc(l.ready, e, func(a, b *entry) int { return cmp.Compare(a.n, b.n) })
}

// hold notes that e is c's.
func (h *hub) hold(e *entry, c *consumer) {
	if e.to == c {
		return
	}
	h.unhold(e)
	e.to = c
	c.entries[e] = struct{}{}
	s := e.from
	if i := s.holding(c); i >= 0 {
		s.holds[i].n++
		return
	}
	s.holds = append(s.holds, hold{c, 1})
}

// unhold takes e from its consumer, if it has one.
func (h *hub) unhold(e *entry) {
	if e.to == nil {
		return
	}
	delete(e.to.entries, e)
	s := e.from
	i := s.holding(e.to)
	if s.holds[i].n--; s.holds[i].n == 0 {
		s.holds = slices.Delete(s.holds, i, i+1)
	}
	e.to = nil
}

func (s *sender) holding(c *consumer) int {
	return slices.IndexFunc(s.holds, func(h hold) bool { return h.c == c })
}

// release takes e from a consumer that leaves: a given one is ready again, one that
// was put off rests on.
func (h *hub) release(e *entry) {
	if e.state == entryGiven {
		h.wakeUp(e)
		return
	}
	h.unhold(e)
}

// wakeUp makes a given or resting entry ready again. One that was put off is still
// its consumer's, if that answers.
func (h *hub) wakeUp(e *entry) {
	if e.state == entryGiven {
		e.to.given--
		h.unhold(e)
	} else if e.to != nil && e.to.lapsed {
		h.unhold(e)
	}
	h.setDue(e, time.Time{})
	h.queue(e)
}

// putOff lets e rest until notBefore. It stays with the consumer it was given to.
func (h *hub) putOff(e *entry, notBefore time.Time) {
	switch e.state {
	case entryReady:
		h.unqueue(e)
	case entryGiven:
		e.to.given--
	}
	e.state = entryResting
	h.setDue(e, notBefore)
	h.dispatch()
}

// forget takes e out of the hub.
func (h *hub) forget(e *entry) {
	switch e.state {
	case entryReady:
		h.unqueue(e)
	case entryGiven:
		e.to.given--
	}
	h.unhold(e)
	h.setDue(e, time.Time{})
	e.state = entryDone
	delete(h.entries, e.id)
	if e.from.entries--; e.from.entries == 0 {
		delete(h.senders, e.from.peer)
	}
}

// setDue sets when e is looked at again; the zero time: never.
func (h *hub) setDue(e *entry, due time.Time) {
	e.due = due
	switch {
	case due.IsZero() && e.heap >= 0:
		heap.Remove(&h.due, e.heap)
	case due.IsZero():
	case e.heap >= 0:
		heap.Fix(&h.due, e.heap)
	default:
		heap.Push(&h.due, e)
	}
	if e.heap == 0 {
		h.messageReady() // Run's timer stands too late now
	}
}

// A laneHeap has the lane with the oldest message first.
type laneHeap []*lane

func (q laneHeap) Len() int           { return len(q) }
func (q laneHeap) Less(i, j int) bool { return q[i].ready[0].n < q[j].ready[0].n }
func (q laneHeap) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].heap, q[j].heap = i, j
}
func (q *laneHeap) Push(x any) {
	l := x.(*lane)
	l.heap = len(*q)
	*q = append(*q, l)
}
func (q *laneHeap) Pop() any {
	last := len(*q) - 1
	l := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return l
}

// A dueHeap has the entry that is due first.
type dueHeap []*entry

func (q dueHeap) Len() int           { return len(q) }
func (q dueHeap) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q dueHeap) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].heap, q[j].heap = i, j
}
func (q *dueHeap) Push(x any) {
	e := x.(*entry)
	e.heap = len(*q)
	*q = append(*q, e)
}
func (q *dueHeap) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	e.heap = -1
	return e
}
