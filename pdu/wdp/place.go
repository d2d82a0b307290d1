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
	narrowEach     = 6 * time.Second  // at most, a segment
	namedSpread    = time.Hour        // names that a program gives begin anew when it does
	namedRepeat    = 40 * time.Second // who gives names waits longer for an answer: Android's client 45 s
	resendPause    = 2 * time.Minute  // in which a sender may send a finished datagram again
	perSenderLimit = 64
	limit          = 1024
)

// A Key names the segments that may belong to one datagram. The source port is
// not in it: phones send 0 and operators rewrite it.
type Key struct {
	SIM   string // the receiver: IMSI, or the modem's name where there is none
	OA    string // digits without TON, alphanumeric as is
	Bits  int    // width of the reference, 8 or 16; 0: a name that the program gave, not the carrier
	Ref   uint32 // references of another width are others
	Total int
	Port  uint16 // destination
}

// Deadline is how long the first segment waits for the last.
func (k Key) Deadline() time.Duration {
	return max(deadline, time.Duration(k.Total)*deadlineEach)
}

// spread is how far apart the SCTS of one datagram's segments may lie.
func (k Key) spread() time.Duration {
	switch k.Bits {
	case 0:
		return namedSpread
	case 8:
		return max(narrowSpread, time.Duration(k.Total)*narrowEach)
	}
	return k.Deadline()
}

// repeatSpread is how far apart two equal datagrams are one. A program that begins anew
// gives the same names: what it says again after it has waited for an answer, it means.
func (k Key) repeatSpread() time.Duration {
	if k.Bits == 0 {
		return namedRepeat
	}
	return k.spread()
}

// Reach is how far apart two segments are stamped at most if one matters to where the
// other belongs: a generation that takes a segment lies within one spread of it, a
// finished one that counts for that generation within two, and none is longer than one.
func (k Key) Reach() time.Duration { return 3 * k.spread() }

// A Part is what Place must know of one segment.
type Part struct {
	Generation int64 // which of the datagrams that used this key; 0: of none any more, a later copy took its place
	Seq        int   // 1..Total
	Hash       [sha256.Size]byte
	SCTS       time.Time
	Done       bool // its datagram is complete; the part is a tombstone
}

// A Placement says where a segment belongs.
type Placement struct {
	Generation int64 // 0: it begins a new one
	Duplicate  bool  // it is there already; with Complete: the whole datagram arrived before
	Complete   bool  // with it the datagram is complete
	Replaces   bool  // it takes the place of its own earlier copy in the generation
	Copy       bool  // its generation holds nothing but copies out of finished datagrams: nobody need wait for the rest
}

// Place decides to which generation of the key the segment s belongs, given all
// parts that are known under that key, within its reach, in any order.
//
// Another body for a sequence number that is taken begins a new generation, and
// so does a segment stamped too far from the others: the reference was used
// again. A finished generation takes nothing. A segment equal to one of its own
// may be the sender's copy, or stand in the next datagram too; only the segments
// around it tell (see together), so it is placed like any other, and a datagram
// is a duplicate when all of it is what came just before or after it.
//
// Of several generations that could take it, one in which it keeps the order of
// sending goes first (senders send 1, 2, 3, whatever the network does to the
// order), then the one stamped nearest. None takes a segment across another datagram:
// what was sent before the reference was used again is not continued after it.
func (k Key) Place(have []Part, s Part) Placement {
	var matters []Part
	for _, p := range have {
		if p.Seq == s.Seq && p.Hash == s.Hash && p.SCTS.Equal(s.SCTS) {
			return Placement{Generation: p.Generation, Duplicate: true} // the network's copy
		}
		if p.SCTS.Sub(s.SCTS).Abs() <= k.Reach() {
			matters = append(matters, p)
		}
	}
	open, finished := k.generations(matters)
	fresh := &generation{}
	fresh.add(s, finished.gap(k, s))
	var best *generation
	for _, g := range open {
		if k.takes(g, fresh.parts[0]) && !across(g, s, open, finished) && (best == nil || g.better(best, s)) {
			best = g
		}
	}
	if best == nil {
		return Placement{Copy: fresh.copies}
	}
	where := Placement{Generation: best.id, Copy: best.copies && fresh.copies}
	if p, taken := best.part(s.Seq); taken {
		where.Replaces = s.SCTS.After(p.SCTS)
		where.Duplicate = !where.Replaces
		return where
	}
	if len(best.parts)+1 == k.Total {
		best.add(s, 0)
		where.Complete, where.Duplicate, where.Copy = true, finished.repeated(k, best), false
	}
	return where
}

// Known tells whether each part of an unfinished generation is in a finished
// datagram too: what is missing of it was sent then.
func (k Key) Known(have []Part, id int64) bool {
	open, _ := k.generations(have)
	for _, g := range open {
		if g.id == id {
			return g.copies
		}
	}
	return false
}

// takes tells whether s may be one of the unfinished generation g.
func (k Key) takes(g *generation, s placed) bool {
	p, taken := g.part(s.Seq)
	switch {
	case !g.near(s.SCTS, k.spread()), !k.steady(g, s.Part), taken && p.Hash != s.Hash:
		return false
	case taken && g.copies && !g.ordered(s.Part) && g.gap(s.SCTS) > resendPause:
		return false // what is a copy already is not sent again after so long: the next datagram begins alike
	}
	if s.apart < 0 && !g.copies {
		return true
	}
	for _, p := range g.parts {
		if p.Seq != s.Seq && !k.together(p, s) {
			return false
		}
	}
	return true
}

// steady tells whether s is not too far from those that stand near it in the datagram,
// or are out of order with it.
// A sender that counts comes back to an 8-bit reference 256 short messages later, that
// is after 640 s at the soonest, also within the spread of a datagram of more than 100
// segments; but never within that of neighbours, nor does the first segment of the next
// datagram follow the last of this one any sooner.
func (k Key) steady(g *generation, s Part) bool {
	if k.Bits != 8 || k.spread() == narrowSpread {
		return true
	}
	for _, p := range g.parts {
		most := narrowSpread
		if inOrder(p.Part, s) {
			most += time.Duration(max(p.Seq-s.Seq, s.Seq-p.Seq)) * narrowEach
		}
		if p.SCTS.Sub(s.SCTS).Abs() > most {
			return false
		}
	}
	return true
}

// together tells whether two segments, of which one at least is also in a finished
// datagram, are of one new datagram. They are if they were sent in order and
// closely, or more closely than the copy follows the finished one. Otherwise the
// copy is but that: joined with what came much later, it would make a datagram
// that nobody sent. Under a name, what follows the finished one after so long that it is
// no sender's copy was sent anew, and the network may have stamped it in any order.
func (k Key) together(a, b placed) bool {
	between, numbers := a.SCTS.Sub(b.SCTS).Abs(), max(a.Seq-b.Seq, b.Seq-a.Seq)
	closely := between <= time.Duration(numbers)*deadlineEach
	anew := k.Bits == 0 && closely && k.sentAnew(a) && k.sentAnew(b)
	switch {
	case anew:
		return true
	case !inOrder(a.Part, b.Part):
		return false
	case closely:
		return true
	}
	return (a.apart < 0 || between < a.apart) && (b.apart < 0 || between < b.apart)
}

// sentAnew tells whether a segment is no copy that its sender made of the finished one.
func (k Key) sentAnew(p placed) bool { return p.apart < 0 || p.apart > k.repeatSpread() }

func inOrder(a, b Part) bool {
	if a.Seq > b.Seq {
		a, b = b, a
	}
	return a.Seq == b.Seq || !a.SCTS.After(b.SCTS)
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
		SIM: sim, OA: Sender(d.OA), Bits: concat.Bits, Ref: uint32(concat.Ref), Total: int(concat.Total), Port: ports.Dst,
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
