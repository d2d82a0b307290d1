package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"wvsms/modem/modemtest"
)

// A history is what clients and network saw of a run, each thing with a stamp: a
// number that rises. It is all that the checker knows.
type history struct {
	mu    sync.Mutex
	clock int64

	numbers [][]string // of the modems of each bridge, without the plus
	sends   []*sent
	offers  []offer
	acks    []ack
	events  []evt
	replays []evt // all events, read once more at the end
	air     []modemtest.Sighting
	exits   []string // processes that ended though nobody killed them
	wrongs  []string // what a client saw at once
}

// A sent is an order and what the bridge said to it.
type sent struct {
	order
	id         string // "": not accepted
	segments   int
	cancelling bool
}

// An offer is one MSG.
type offer struct {
	at     int64
	conn   int64
	fence  int64 // it was written after this
	bridge int

	id, peer, payload string
	redelivered       bool
}

// An ack is one answer to ACK.
type ack struct {
	at, conn   int64
	bridge     int
	id, answer string
}

// An evt is one EVT.
type evt struct {
	bridge         int
	n              int64
	id, word, line string
	segment, total int // 0: of the message
}

// stamp is the next number.
func (h *history) stamp() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tick()
}

func (h *history) tick() int64 { h.clock++; return h.clock }

func (h *history) bridge(numbers []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var digits []string
	for _, n := range numbers {
		digits = append(digits, strings.TrimPrefix(n, "+"))
	}
	h.numbers = append(h.numbers, digits)
}

func (h *history) ordered(orders []*order) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range orders {
		h.sends = append(h.sends, &sent{order: *o})
	}
}

// accepted is the answer "OK <id> segments=<n> [duplicate=yes]".
func (h *history) accepted(o *order, answer string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sends[o.n]
	var id string
	var segments int
	if _, err := fmt.Sscanf(answer, "OK %s segments=%d", &id, &segments); err != nil {
		h.wrongs = append(h.wrongs, fmt.Sprintf("message %d: SEND is answered %q", o.n, answer))
		return
	}
	switch duplicate := strings.HasSuffix(answer, " duplicate=yes"); {
	case s.id != "" && s.id != id:
		h.wrongs = append(h.wrongs, fmt.Sprintf("message %d: its key gives the id %s and then %s", o.n, s.id, id))
		return
	case s.id != "" && !duplicate:
		h.wrongs = append(h.wrongs, fmt.Sprintf("message %d: its repetition is not called a duplicate: %q", o.n, answer))
	}
	s.id, s.segments = id, segments
}

func (h *history) cancelling(o *order) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sends[o.n].cancelling = true
}

func (h *history) idOf(o *order) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sends[o.n].id
}

func (h *history) offered(o offer) offer {
	h.mu.Lock()
	defer h.mu.Unlock()
	o.at = h.tick()
	h.offers = append(h.offers, o)
	return o
}

func (h *history) acked(bridge int, conn int64, id, answer string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acks = append(h.acks, ack{at: h.tick(), conn: conn, bridge: bridge, id: id, answer: answer})
}

func (h *history) told(e evt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

func (h *history) retold(e evt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.replays = append(h.replays, e)
}

func (h *history) lastEvent(bridge int) (n int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if e.bridge == bridge {
			n = max(n, e.n)
		}
	}
	return n
}

// saw is for AirOptions.Seen.
func (h *history) saw(s modemtest.Sighting) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.air = append(h.air, s)
}

func (h *history) exited(bridge int, how string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.exits = append(h.exits, fmt.Sprintf("bridge %d ended by itself: %s", bridge, how))
}

func (h *history) wrong(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrongs = append(h.wrongs, fmt.Sprintf(format, args...))
}

// snapshot is a copy that nobody writes to.
func (h *history) snapshot() *history {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := &history{
		clock: h.clock, numbers: slices.Clone(h.numbers), offers: slices.Clone(h.offers), acks: slices.Clone(h.acks),
		events: slices.Clone(h.events), replays: slices.Clone(h.replays), air: slices.Clone(h.air),
		exits: slices.Clone(h.exits), wrongs: slices.Clone(h.wrongs),
	}
	for _, s := range h.sends {
		copied := *s
		c.sends = append(c.sends, &copied)
	}
	return c
}

// String tells each message's life: for the transcript.
func (h *history) String() string {
	h = h.snapshot()
	var b strings.Builder
	segments := h.onAir()
	for _, s := range h.sends {
		fmt.Fprintf(&b, "message %d of bridge %d to %s: id=%q segments=%d octets=%d unknown=%s report=%v ttl=%q\n",
			s.n, s.from, s.number, s.id, s.segments, len(s.payload), s.policy, s.report, s.ttl)
		for _, e := range h.events {
			if e.bridge == s.from && e.id == s.id {
				fmt.Fprintf(&b, "  %s\n", e.line)
			}
		}
		for _, key := range slices.SortedFunc(maps.Keys(segments[s.n]), airKey.compare) {
			fmt.Fprintf(&b, "  on air %v: %v\n", key, segments[s.n][key])
		}
		for _, o := range h.offers {
			if o.bridge == s.to && o.payload == string(s.payload) {
				fmt.Fprintf(&b, "  [%d] MSG %s from %s, connection %d after [%d], redelivered %v\n", o.at, o.id, o.peer, o.conn, o.fence, o.redelivered)
				for _, a := range h.acks {
					if a.bridge == o.bridge && a.id == o.id && a.conn == o.conn {
						fmt.Fprintf(&b, "  [%d] ACK %s, connection %d: %s\n", a.at, a.id, a.conn, a.answer)
					}
				}
			}
		}
	}
	return b.String()
}
