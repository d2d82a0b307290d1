package bridge

import (
	"container/heap"
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"wvsms/spool"
)

const tcpRoute = "tcp" // spool.Message.Route of what the hub hands out

// Implementation.
const (
	loadPage   = 512            // heads read from the spool at a time
	spoolRetry = time.Second    // after the spool could not be read
	longSleep  = 24 * time.Hour // nothing is due
)

// A hub decides which consumer gets which message. It holds the heads of all messages
// that wait (not their payloads), at most [spool] max_unclaimed of them, so that each
// step costs the same however long the queue is.
//
// The messages of one sender stay with one consumer while any of them is unacknowledged.
// A consumer that lets an ack-wait pass gets nothing more until it answers again, if
// there is another one that does.
type hub struct {
	b     backend
	log   zerolog.Logger
	wake  chan struct{} // capacity 1, a signal: look at the spool and the deadlines
	pulse *pulse        // see heart

	moved func() // see Bridge

	mu        sync.Mutex
	consumers []*consumer
	entries   map[string]*entry // by id
	senders   map[string]*sender
	lanes     map[uint16]*laneHeap // by port; those with a ready message
	due       dueHeap              // ack-waits and NAK delays
	loaded    int64                // N of the last message read from the spool
	old       int64                // messages up to this N are older than this process
	served    uint64
}

func newHub(b backend) *hub {
	return &hub{
		b: b, log: zerolog.Nop(), wake: make(chan struct{}, 1), moved: func() {},
		entries: map[string]*entry{}, senders: map[string]*sender{}, lanes: map[uint16]*laneHeap{},
		old: math.MaxInt64,
	}
}

// messageReady tells that a commit made a message ready.
func (h *hub) messageReady() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// look has Run do what came due while its timer stood still: the machine was suspended,
// and bridge time goes on meanwhile.
func (h *hub) look() {
	h.mu.Lock()
	overdue := len(h.due) > 0 && !h.due[0].due.After(h.b.Now())
	h.mu.Unlock()
	if overdue {
		h.messageReady()
	}
}

// Run reads new messages and watches the deadlines until ctx ends.
func (h *hub) Run(ctx context.Context) error {
	for {
		h.pulse.beat()
		now := h.b.Now()
		wait := h.expire(now)
		if err := h.load(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			h.log.Error().Err(err).Msg("cannot read the messages that wait; trying again")
			wait = min(wait, spoolRetry)
		}
		h.pulse.rest()
		if !pause(ctx, wait, h.wake) {
			return nil
		}
	}
}

// load reads the heads of messages that are new. Without a consumer it leaves them on disk.
func (h *hub) load(ctx context.Context) error {
	if err := h.findOld(ctx); err != nil {
		return err
	}
	for {
		h.mu.Lock()
		after, wanted := h.loaded, len(h.consumers) > 0
		h.mu.Unlock()
		if !wanted {
			return nil
		}
		var heads []spool.Head
		err := h.b.Spool().View(ctx, func(tx *spool.Tx) (err error) {
			heads, err = tx.Ready(tcpRoute, nil, after, loadPage)
			return err
		})
		if err != nil {
			return err
		}
		h.mu.Lock()
		for _, head := range heads {
			h.add(head)
		}
		h.dispatch()
		h.mu.Unlock()
		if len(heads) < loadPage {
			return nil
		}
	}
}

// findOld notes where the messages of this process begin.
func (h *hub) findOld(ctx context.Context) error {
	h.mu.Lock()
	known := h.old != math.MaxInt64
	h.mu.Unlock()
	if known {
		return nil
	}
	var last int64
	err := h.b.Spool().View(ctx, func(tx *spool.Tx) (err error) {
		last, err = tx.LastMessage()
		return err
	})
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.old = last
	h.mu.Unlock()
	return nil
}

// add takes a head into the hub. h.mu is held.
func (h *hub) add(head spool.Head) {
	h.loaded = max(h.loaded, head.N)
	if h.entries[head.ID] != nil {
		return
	}
	s := h.senders[head.Peer]
	if s == nil {
		s = &sender{peer: head.Peer}
		h.senders[head.Peer] = s
	}
	e := &entry{n: head.N, id: head.ID, from: s, port: head.Port, offers: head.Offers, heap: -1}
	h.entries[e.id] = e
	s.entries++
	if head.NotBefore.After(h.b.Now()) {
		e.state = entryResting
		h.setDue(e, head.NotBefore)
		return
	}
	h.queue(e)
}

// expire does what is due, and returns how long there is nothing to do.
func (h *hub) expire(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.due) > 0 && !h.due[0].due.After(now) {
		e := h.due[0]
		if e.state == entryGiven {
			h.lapse(e.to)
		}
		h.wakeUp(e)
	}
	h.dispatch()
	if len(h.due) == 0 {
		return longSleep
	}
	return min(longSleep, h.due[0].due.Sub(now))
}

// lapse notes that c let an ack-wait pass. Only what it was given is still its own.
func (h *hub) lapse(c *consumer) {
	c.lapsed = true
	for e := range c.entries {
		if e.state != entryGiven {
			h.unhold(e)
		}
	}
}

// acked forgets a message whose acknowledgement is committed, and returns when nobody
// is in the middle of writing it any more. by: the consumer it came from, or nil.
func (h *hub) acked(id string, by *consumer) {
	h.mu.Lock()
	e := h.entries[id]
	if e == nil {
		h.alive(by)
		h.mu.Unlock()
		return
	}
	holder := e.to
	h.forget(e)
	h.alive(by)
	h.alive(holder)
	h.dispatch()
	var written chan struct{}
	if e.writers > 0 {
		if e.written == nil {
			e.written = make(chan struct{})
		}
		written = e.written
	}
	h.mu.Unlock()
	if written != nil {
		<-written // ends by itself: a write that stalls is given up
	}
}

// naked puts a message off until notBefore. by: the consumer it came from, or nil.
func (h *hub) naked(id string, notBefore time.Time, by *consumer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alive(by)
	if e := h.entries[id]; e != nil {
		h.alive(e.to)
		h.putOff(e, notBefore)
	}
}

// offers is how often a message was offered so far, as far as this process knows.
func (h *hub) offers(id string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.entries[id]; e != nil {
		return e.offers
	}
	return 0
}

// A whereabouts is where a message is that waits for its consumer.
type whereabouts struct {
	held   bool      // a consumer has it and did not acknowledge it
	due    time.Time // end of the ack-wait or of the NAK's delay; zero: none
	wanted bool      // a consumer takes messages for its port
	offers int
}

func (h *hub) whereIs(id string, port uint16) (w whereabouts) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.consumers {
		w.wanted = w.wanted || c.wants(port)
	}
	if e := h.entries[id]; e != nil {
		w.held, w.due, w.offers = e.state == entryGiven, e.due, e.offers
	}
	return w
}

// dispatch gives away what can be given, oldest first. h.mu is held.
func (h *hub) dispatch() {
	var aside []*lane // their consumer has no room
	for {
		l := h.oldest()
		if l == nil {
			break
		}
		c := h.choose(l)
		if c == nil {
			heap.Remove(h.lanes[l.port], l.heap)
			aside = append(aside, l)
			continue
		}
		e := l.ready[0]
		h.unqueue(e)
		h.give(e, c)
	}
	for _, l := range aside {
		heap.Push(h.lanes[l.port], l)
	}
}

// oldest returns the lane with the oldest message among the ports that somebody has room for.
func (h *hub) oldest() *lane {
	var first *lane
	for port, lanes := range h.lanes {
		if len(*lanes) == 0 || first != nil && first.ready[0].n < (*lanes)[0].ready[0].n {
			continue
		}
		if h.roomFor(port) {
			first = (*lanes)[0]
		}
	}
	return first
}

func (h *hub) roomFor(port uint16) bool {
	for _, c := range h.consumers {
		if c.room() && h.usable(c, port) {
			return true
		}
	}
	return false
}

// usable tells whether c may be given a message for port: it wants it, and it is
// answering or nobody else who wants it is.
func (h *hub) usable(c *consumer, port uint16) bool {
	if !c.wants(port) {
		return false
	}
	if !c.lapsed {
		return true
	}
	for _, other := range h.consumers {
		if !other.lapsed && other.wants(port) {
			return false
		}
	}
	return true
}

// choose returns who gets the lane's next message; nil: nobody now.
func (h *hub) choose(l *lane) *consumer {
	for _, hold := range l.from.holds {
		if hold.c.wants(l.port) {
			if hold.c.room() && h.usable(hold.c, l.port) {
				return hold.c
			}
			return nil
		}
	}
	var best *consumer
	for _, c := range h.consumers {
		if !c.room() || !h.usable(c, l.port) {
			continue
		}
		if best == nil || c.given < best.given || c.given == best.given && c.served < best.served {
			best = c
		}
	}
	return best
}

// give hands e to c. h.mu is held.
func (h *hub) give(e *entry, c *consumer) {
	h.served++
	c.served = h.served
	e.state = entryGiven
	e.turns++
	h.hold(e, c)
	c.given++
	c.queue = append(c.queue, turn{e, e.turns})
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// settle drops a message that the spool says is done, and puts off one that the spool
// could not be asked about. False: it is not to be written.
func (h *hub) settle(ctx context.Context, t turn, m *spool.Message, err error) bool {
	if err == nil && m.State != spool.MsgAcked && !m.NotBefore.After(h.b.Now()) {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case t.state != entryGiven || t.number != t.turns: // it is no longer ours to settle
	case errors.Is(err, spool.ErrNotFound), err == nil && m.State == spool.MsgAcked:
		h.forget(t.entry)
		h.dispatch()
	case err == nil:
		h.putOff(t.entry, m.NotBefore)
	default:
		if ctx.Err() == nil {
			h.log.Error().Err(err).Str("id", t.id).Msg("cannot read a message; trying again")
		}
		again := spoolRetry
		if !Passes(err) {
			again = asideFor // one that is damaged must not fill the log
		}
		h.putOff(t.entry, h.b.Now().Add(again))
	}
	return false
}
