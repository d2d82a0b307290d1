package modem

import (
	"context"
	"slices"
	"sync"
)

const (
	// maxDirect messages handed on wait to be received. The network sends the
	// next one only when one is acknowledged, but a modem hands on in one go
	// what it has buffered. More wait in the conditioner, and then in the modem.
	maxDirect = 32
	// maxNotes of stored messages: more are left to a sweep.
	maxNotes = 4096
)

// slot is a place in a modem's store.
type slot struct {
	mem   string
	index int
}

// note is a message to be received: handed on with its PDU, or lying in a
// slot, read already (text) or not.
type note struct {
	Received
	read  bool
	tries int
}

func (n note) slot() slot { return slot{n.Mem, n.Index} }

// inbox are the notes in the order in which they came. A stored message is in
// it once, from the first word of it until it has been accepted or refused.
type inbox struct {
	mu     sync.Mutex
	notes  []note
	direct int // of them
	known  map[slot]bool
	err    error
	change chan struct{} // closed and replaced at each change
}

func newInbox() *inbox {
	return &inbox{known: make(map[slot]bool), change: make(chan struct{})}
}

func (b *inbox) changed() {
	close(b.change)
	b.change = make(chan struct{})
}

// stored notes a stored message, unless it is known; false: no room.
func (b *inbox) stored(n note) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known[n.slot()] {
		return true
	}
	if len(b.notes) >= maxNotes {
		return false
	}
	b.known[n.slot()] = true
	b.notes = append(b.notes, n)
	b.changed()
	return true
}

// handedOn notes a message with its PDU. It waits for room.
func (b *inbox) handedOn(ctx context.Context, n note) error {
	b.mu.Lock()
	for b.direct >= maxDirect {
		change := b.change
		b.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return ctx.Err()
		}
		b.mu.Lock()
	}
	defer b.mu.Unlock()
	b.direct++
	b.notes = append(b.notes, n)
	b.changed()
	return nil
}

// take waits for the next note. After close what was handed on is still given
// out, for it may exist nowhere else.
func (b *inbox) take(ctx context.Context) (note, error) {
	b.mu.Lock()
	for {
		for i, n := range b.notes {
			if b.err != nil && n.Stored {
				continue
			}
			if i == 0 {
				b.notes = b.notes[1:]
			} else {
				b.notes = slices.Delete(b.notes, i, i+1)
			}
			if !n.Stored {
				b.direct--
			}
			b.changed()
			b.mu.Unlock()
			return n, nil
		}
		if b.err != nil {
			defer b.mu.Unlock()
			return note{}, b.err
		}
		change := b.change
		b.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return note{}, ctx.Err()
		}
		b.mu.Lock()
	}
}

// back puts a note back to the front.
func (b *inbox) back(n note) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notes = append([]note{n}, b.notes...)
	b.changed()
}

// forget a slot: what is found there next is another message.
func (b *inbox) forget(s slot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.known, s)
}

func (b *inbox) close(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
	b.changed()
}
