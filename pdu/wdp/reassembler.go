package wdp

import (
	"crypto/sha256"
	"errors"
	"time"

	"wvsms/pdu"
)

// ErrNoPort is returned for a short message that is no segment of a datagram.
var ErrNoPort = errors.New("reassemble: the short message has no application port")

// A Reassembler puts datagrams together in memory, by the same rules as the
// bridge does over its spool. It serves one receiver that keeps nothing.
//
// It is bounded: of one sender, and of all, the oldest unfinished datagram gives
// way to a new one.
type Reassembler struct {
	next     int64 // generation
	datagram map[int64]*pending
	byKey    map[Key][]int64
}

type pending struct {
	key   Key
	first time.Time
	part  map[int]Part
	body  map[int]*pdu.Deliver // nil when done: what is left is the tombstone
	copy  bool                 // of a finished one, as far as it goes
}

// NewReassembler returns an empty one.
func NewReassembler() *Reassembler {
	return &Reassembler{datagram: map[int64]*pending{}, byKey: map[Key][]int64{}}
}

// Push takes one short message that sim received and returns the datagram that it
// completes; false means that others are missing or that it was there before.
// Duplicates are no error.
func (r *Reassembler) Push(now time.Time, sim string, d *pdu.Deliver) (Datagram, bool, error) {
	if _, ok := d.UD.Ports(); !ok {
		return Datagram{}, false, ErrNoPort
	}
	key, seq, ok := KeyOf(sim, d)
	if !ok {
		return Join([]*pdu.Deliver{d}), true, nil
	}
	r.Expire(now)
	scts, ok := d.SCTS.Time()
	if !ok {
		scts = now
	}
	part := Part{Seq: seq, Hash: sha256.Sum256(d.UD.Data), SCTS: scts}
	where := key.Place(r.parts(key), part)
	if where.Duplicate && !where.Complete {
		return Datagram{}, false, nil
	}
	p := r.datagram[where.Generation]
	if where.Generation == 0 {
		r.makeRoom(key)
		r.next++
		where.Generation = r.next
		p = &pending{key: key, first: now, part: map[int]Part{}, body: map[int]*pdu.Deliver{}}
		r.datagram[r.next] = p
		r.byKey[key] = append(r.byKey[key], r.next)
	}
	part.Generation, p.copy = where.Generation, where.Copy
	p.part[seq], p.body[seq] = part, d
	if !where.Complete {
		return Datagram{}, false, nil
	}
	segments := make([]*pdu.Deliver, key.Total)
	for i := range segments {
		segments[i] = p.body[i+1]
	}
	p.body = nil
	if where.Duplicate {
		return Datagram{}, false, nil
	}
	return Join(segments), true, nil
}

func (r *Reassembler) parts(key Key) []Part {
	var list []Part
	for _, id := range r.byKey[key] {
		p := r.datagram[id]
		for _, part := range p.part {
			part.Done = p.body == nil
			list = append(list, part)
		}
	}
	return list
}

// Expire forgets what has waited longer than its deadline and returns how many
// unfinished datagrams that were.
func (r *Reassembler) Expire(now time.Time) (lost int) {
	for id, p := range r.datagram {
		if now.Sub(p.first) > p.key.Deadline() {
			if p.body != nil && !p.copy {
				lost++
			}
			r.forget(id)
		}
	}
	return lost
}

func (r *Reassembler) makeRoom(key Key) {
	sender := func(p *pending) bool { return p.key.SIM == key.SIM && p.key.OA == key.OA }
	all := func(*pending) bool { return true }
	r.shrink(sender, perSenderLimit-1)
	r.shrink(all, limit-1)
}

// shrink forgets the oldest of those that match until no more than n are left.
func (r *Reassembler) shrink(match func(*pending) bool, n int) {
	for {
		count, oldest := 0, int64(0)
		for id, p := range r.datagram {
			if match(p) {
				count++
				if oldest == 0 || id < oldest {
					oldest = id
				}
			}
		}
		if count <= n {
			return
		}
		r.forget(oldest)
	}
}

func (r *Reassembler) forget(id int64) {
	key := r.datagram[id].key
	delete(r.datagram, id)
	rest := r.byKey[key][:0]
	for _, other := range r.byKey[key] {
		if other != id {
			rest = append(rest, other)
		}
	}
	if r.byKey[key] = rest; len(rest) == 0 {
		delete(r.byKey, key)
	}
}
