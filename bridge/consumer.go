package bridge

import (
	"slices"
	"time"
)

// Specification: what RECV asks for if it does not say.
const (
	defaultWindow  = 64
	defaultAckWait = time.Minute
	mostWindow     = 65_535
)

// A demand is what one RECV asks for.
type demand struct {
	ports   []uint16
	window  int           // messages given and not acknowledged
	ackWait time.Duration // after which an unacknowledged one comes again
}

// A consumer is a connection after RECV. The hub's lock guards it.
type consumer struct {
	demand
	entries map[*entry]struct{} // given to it, and those it put off with NAK
	given   int                 // of them: counted against the window
	queue   []turn              // given and not written yet
	lapsed  bool                // it let an ack-wait pass and gave no sign of life since
	served  uint64              // when it was given something last; order only
	wake    chan struct{}       // the queue is not empty; capacity 1, a signal
	left    chan struct{}       // closed when it left the hub
}

// A turn is one giving of a message. An entry that was taken back and given again
// has another number.
type turn struct {
	*entry
	number int
}

func (c *consumer) wants(port uint16) bool { return slices.Contains(c.ports, port) }
func (c *consumer) room() bool             { return c.given < c.window }

// join adds a consumer.
func (h *hub) join(d demand) *consumer {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := &consumer{
		demand: d, entries: map[*entry]struct{}{},
		wake: make(chan struct{}, 1), left: make(chan struct{}),
	}
	h.consumers = append(h.consumers, c)
	h.dispatch()
	h.messageReady() // the first consumer has the messages loaded
	return c
}

// change gives a consumer another demand. It keeps what it was given.
func (h *hub) change(c *consumer, d demand) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.demand = d
	h.dispatch()
}

// leave takes a consumer away. What it did not acknowledge goes to others.
func (h *hub) leave(c *consumer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.Index(h.consumers, c)
	if i < 0 {
		return
	}
	h.consumers = slices.Delete(h.consumers, i, i+1)
	close(c.left)
	for e := range c.entries {
		h.release(e)
	}
	c.queue = nil
	h.dispatch()
}

// take returns the next message to write to c; false if there is none now.
func (h *hub) take(c *consumer) (turn, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(c.queue) == 0 {
		c.queue = nil
		return turn{}, false
	}
	t := c.queue[0]
	c.queue = c.queue[1:]
	return t, true
}

// begin tells, in the moment before the write, whether t is still c's to write: from
// then to end an acknowledgement from elsewhere waits, so that nothing is offered
// after OK to its ACK. again: it may have been offered before.
func (h *hub) begin(c *consumer, t turn) (again, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.state != entryGiven || t.to != c || t.number != t.turns {
		return false, false
	}
	again = t.offered || t.n <= h.old
	t.offered = true
	t.offers++
	t.writers++
	return again, true
}

// end starts the ack-wait.
func (h *hub) end(c *consumer, t turn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.writers--; t.writers == 0 && t.written != nil {
		close(t.written)
		t.written = nil
	}
	if t.state == entryGiven && t.to == c && t.number == t.turns {
		h.setDue(t.entry, h.b.Now().Add(c.ackWait))
	}
}

// alive notes that the program behind c still answers.
func (h *hub) alive(c *consumer) {
	if c != nil && c.lapsed {
		c.lapsed = false
		h.dispatch()
	}
}
