package wdp

import (
	"crypto/sha256"
	"time"

	"wvsms/pdu"
)

// Implementation: how long segments may wait for each other, and how far apart
// an SMSC may stamp the segments of one datagram.
const (
	deadline       = 24 * time.Hour
	deadlineEach   = 15 * time.Second // at least, a segment
	narrowSpread   = 10 * time.Minute // an 8-bit reference is soon used again
	narrowEach     = 6 * time.Second
	perSenderLimit = 64
	limit          = 1024
)

// A Key names the segments that may belong to one datagram. The source port is
// not in it: phones send 0 and operators rewrite it.
type Key struct {
	SIM   string // the receiver: IMSI, or the modem's name where there is none
	OA    string // digits without TON, alphanumeric as is
	Bits  int    // width of the reference, 8 or 16: references of another width are others
	Ref   uint16
	Total int
	Port  uint16 // destination
}

// Deadline is how long the first segment waits for the last.
func (k Key) Deadline() time.Duration {
	return max(deadline, time.Duration(k.Total)*deadlineEach)
}

// spread is how far apart the SCTS of one datagram's segments may lie.
func (k Key) spread() time.Duration {
	if k.Bits == 8 {
		return max(narrowSpread, time.Duration(k.Total)*narrowEach)
	}
	return k.Deadline()
}

// A Part is what Place must know of one segment.
type Part struct {
	Generation int64 // which of the datagrams that used this key; never 0
	Seq        int   // 1..Total
	Hash       [sha256.Size]byte
	SCTS       time.Time
	Done       bool // its datagram is complete; the part is a tombstone
}

// A Placement says where a segment belongs.
type Placement struct {
	Generation int64 // 0: it begins a new one
	Duplicate  bool  // it is there already, in an unfinished or finished datagram
	Complete   bool  // with it the datagram is complete
}

// Place decides to which generation of the key the segment s belongs, given all
// parts that are known under that key in any order.
//
// Another body for a sequence number that is taken begins a new generation, and
// so does a segment stamped too far from the others: the reference was used
// again. A finished generation takes nothing, but it recognises its own segments.
func (k Key) Place(have []Part, s Part) Placement {
	generations := k.generations(have)
	best, bestGap := int64(0), time.Duration(0)
	for _, g := range generations {
		p, taken := g.parts[s.Seq]
		switch {
		case !g.near(s.SCTS, k.spread()):
		case taken && p.Hash == s.Hash:
			return Placement{Generation: g.id, Duplicate: true}
		case taken || g.done:
		default:
			if gap := g.gap(s.SCTS); best == 0 || gap < bestGap {
				best, bestGap = g.id, gap
			}
		}
	}
	if best == 0 {
		return Placement{}
	}
	for _, g := range generations {
		if g.id == best {
			return Placement{Generation: best, Complete: len(g.parts)+1 == k.Total}
		}
	}
	panic("unreachable: best is one of generations")
}

type generation struct {
	id          int64
	parts       map[int]Part
	first, last time.Time // SCTS
	done        bool
}

func (k Key) generations(have []Part) []*generation {
	var list []*generation
	byID := map[int64]*generation{}
	for _, p := range have {
		g := byID[p.Generation]
		if g == nil {
			g = &generation{id: p.Generation, parts: map[int]Part{}, first: p.SCTS, last: p.SCTS}
			byID[p.Generation] = g
			list = append(list, g)
		}
		g.parts[p.Seq] = p
		g.done = g.done || p.Done
		if p.SCTS.Before(g.first) {
			g.first = p.SCTS
		}
		if p.SCTS.After(g.last) {
			g.last = p.SCTS
		}
	}
	return list
}

// near tells whether the generation with t in it still spans no more than spread.
func (g *generation) near(t time.Time, spread time.Duration) bool {
	return g.last.Sub(t) <= spread && t.Sub(g.first) <= spread
}

// gap is how far t lies outside of what the generation spans; of several
// generations that could take a segment the nearest is the likeliest.
func (g *generation) gap(t time.Time) time.Duration {
	return max(g.first.Sub(t), t.Sub(g.last), 0)
}

// KeyOf returns the reassembly key of a short message received by sim and its
// sequence number; false if it is not one of several: no usable concatenation
// IE, or one that counts a single segment.
func KeyOf(sim string, d *pdu.Deliver) (Key, int, bool) {
	concat, ok := d.UD.Concat()
	if !ok || concat.Total == 1 {
		return Key{}, 0, false
	}
	ports, _ := d.UD.Ports()
	return Key{
		SIM: sim, OA: Sender(d.OA), Bits: concat.Bits, Ref: concat.Ref, Total: int(concat.Total), Port: ports.Dst,
	}, int(concat.Seq), true
}

// Sender is the form of an originating address in which two are compared: one
// network writes +49…, the next 0049… as a number of unknown type, so the TON
// does not count.
func Sender(a pdu.Address) string {
	if a.TON == pdu.Alphanumeric {
		return a.Text
	}
	return a.Digits
}

// Join returns the datagram of which the short messages, in order, are the
// segments. 8-bit data is taken verbatim, text becomes UTF-8.
func Join(segments []*pdu.Deliver) Datagram {
	ports, _ := segments[0].UD.Ports()
	d := Datagram{Dst: ports.Dst, Src: ports.Src}
	dcs := segments[0].DCS
	if dcs.Alphabet() == pdu.UCS2 {
		// A surrogate pair may be cut by the end of a segment.
		var ud pdu.UserData
		for _, s := range segments {
			ud.Data = append(ud.Data, s.UD.Data...)
		}
		text, _ := ud.Text(dcs)
		d.Data = []byte(text)
		return d
	}
	for _, s := range segments {
		if text, ok := s.UD.Text(s.DCS); ok {
			d.Data = append(d.Data, text...)
		} else {
			d.Data = append(d.Data, s.UD.Data...)
		}
	}
	return d
}
