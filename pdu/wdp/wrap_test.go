package wdp

import (
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var wrapDatagrams = flag.Int("wrap.datagrams", 320, "datagrams that the peer of each run of TestReferenceWrap sends; a quarter as many in TestReferenceReused")

// One peer sends more datagrams than an 8-bit reference can tell apart, a segment
// each 2.5 s at the soonest; the network loses 2 % of the segments, doubles 2 % and
// brings them in another order. Nothing arrives that was not sent, and what arrives
// whole is delivered once: a sender that counts comes back to a reference after 640 s at
// the soonest, which is more than the segments of one datagram may lie apart.
func TestReferenceWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { converse(t, *wrapDatagrams, "up", "down").check(t, true) })
}

// A peer that takes references by chance, or always the same. The network can lose the
// end of one datagram and the beginning of the next so that nobody can tell the rest
// from one datagram sent slowly. Only that is let pass: what the segments that had come
// by then contradict is not (see contradicted).
func TestReferenceReused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { converse(t, *wrapDatagrams/4, "random", "constant").check(t, false) })
}

// converse lets a peer send, and the receiver take what comes.
func converse(t *rapid.T, datagrams int, refs ...string) *rows {
	p := peer{
		refs:    rapid.SampledFrom(refs).Draw(t, "references"),
		sizes:   rapid.SampledFrom([]string{"one", "few", "any", "long ones after a wrap of short ones"}).Draw(t, "segments"),
		all:     rapid.Bool().Draw(t, "short messages that need none take a reference too"),
		pauses:  rapid.Bool().Draw(t, "pauses"),
		outages: rapid.Bool().Draw(t, "outages"),
		late:    time.Duration(rapid.SampledFrom([]int{0, 5, 120}).Draw(t, "seconds out of order")) * time.Second,
		random:  rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)),
		clock:   start,
		air:     &air{},
	}
	p.alike = slices.Contains(refs, "up") && rapid.Bool().Draw(t, "bodies alike")
	p.fixed = p.random.IntN(4) + 2
	got := newRows()
	got.peer = &p
	for range datagrams {
		p.send()
		for p.air.Len() > 0 && !(*p.air)[0].at.After(p.clock) {
			got.take(heap.Pop(p.air).(arrival))
		}
	}
	for p.air.Len() > 0 {
		got.take(heap.Pop(p.air).(arrival))
	}
	return got
}

// A sent segment.
type sent struct {
	datagram int
	key      Key
	part     Part
}

type arrival struct {
	sent
	at time.Time
}

// air is what is under way, by the time of arrival.
type air []arrival

func (a air) Len() int           { return len(a) }
func (a air) Less(i, j int) bool { return a[i].at.Before(a[j].at) }
func (a air) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *air) Push(x any)        { *a = append(*a, x.(arrival)) }
func (a *air) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// A peer sends datagrams over an air that loses, doubles and disorders.
type peer struct {
	refs, sizes                 string
	all, alike, pauses, outages bool
	late                        time.Duration
	random                      *rand.Rand

	fixed   int
	ref     byte
	sent    []int // datagrams by number: their segments
	arrived []int // of them, different ones
	clock   time.Time
	outage  time.Time // until then nothing reaches the receiver
	air     *air
}

func (p *peer) chance(f float64) bool { return p.random.Float64() < f }

// upTo is a time between 0 and d.
func (p *peer) upTo(d time.Duration) time.Duration {
	return time.Duration(p.random.Int64N(int64(d) + 1))
}

func (p *peer) size() int {
	switch p.sizes {
	case "one":
		return p.fixed
	case "few":
		return 1 + p.random.IntN(6)
	case "any":
		if p.chance(0.98) {
			return 1 + p.random.IntN(5)
		}
		return 1 + p.random.IntN(maxTotal)
	}
	if len(p.sent)%256 == 7 {
		return 200
	}
	return 1
}

func (p *peer) send() {
	total, number := p.size(), len(p.sent)
	p.sent, p.arrived = append(p.sent, total), append(p.arrived, 0)
	if total > 1 || p.all {
		switch p.refs {
		case "up":
			p.ref++
		case "down":
			p.ref--
		case "random":
			p.ref = byte(p.random.Uint32())
		}
	}
	if p.pauses && p.chance(0.02) {
		p.clock = p.clock.Add(p.upTo(2 * time.Hour))
	}
	if p.outages && p.chance(0.005) {
		p.outage = p.clock.Add(p.upTo(3 * time.Hour))
	}
	key := Key{SIM: "sim", OA: "49", Bits: 8, Ref: uint32(p.ref), Total: total, Port: 3590}
	differs := 1 + p.random.IntN(total)
	for seq := 1; seq <= total; seq++ {
		p.clock = p.clock.Add(2500*time.Millisecond + p.upTo(500*time.Millisecond))
		if total == 1 {
			continue
		}
		if p.pauses && p.chance(0.01) {
			p.clock = p.clock.Add(p.upTo(30 * time.Second))
		}
		if p.chance(0.02) {
			continue // lost
		}
		p.arrived[number]++
		body := number
		if p.alike && seq != differs {
			body = -1
		}
		s := sent{number, key, Part{Seq: seq, Hash: bodyHash(body, seq), SCTS: p.clock.Truncate(time.Second)}}
		p.bring(s, p.upTo(p.late))
		if p.chance(0.02) {
			p.bring(s, p.upTo(p.late)+p.upTo(time.Hour))
		}
	}
}

// bring lets a segment arrive. After an outage all that waited comes in any order.
func (p *peer) bring(s sent, delay time.Duration) {
	at := p.clock.Add(delay)
	if at.Before(p.outage) {
		at = p.outage.Add(p.upTo(time.Minute))
	}
	heap.Push(p.air, arrival{s, at})
}

// bodyHash stands for the hash of a body: it need not be one.
func bodyHash(datagram, seq int) (h [sha256.Size]byte) {
	binary.BigEndian.PutUint64(h[:], uint64(datagram+1))
	h[8] = byte(seq)
	return h
}

// Rows as the spool keeps them.
const (
	rowsPerKey     = 4096
	partialsKept   = 64
	parkedKept     = 80_000
	fingerprintAge = 7 * 24 * time.Hour
)

type row struct {
	sent
	at     time.Time
	parked bool
}

type fingerprint struct {
	key  Key
	seq  int
	hash [sha256.Size]byte
	scts time.Time
}

// rows is what the bridge does with a segment and the spool with its rows: copies by
// fingerprint, tombstones, caps, deadlines and what they let go of.
type rows struct {
	peer *peer

	known     map[fingerprint]time.Time
	byKey     map[Key][]*row
	open      []int64 // generations neither done nor parked, oldest first
	members   map[int64][]*row
	last      int64
	swept     time.Time
	delivered [][]*row     // in the order of their numbers
	evidence  []bool       // of each: that it is none, in what had come by then
	mixed     map[int]bool // datagrams of which a segment was taken for one of another
}

func newRows() *rows {
	return &rows{known: map[fingerprint]time.Time{}, byKey: map[Key][]*row{}, members: map[int64][]*row{}, mixed: map[int]bool{}}
}

func (r *rows) take(a arrival) {
	if a.at.Sub(r.swept) > 12*time.Hour {
		r.sweep(a.at)
	}
	fp := fingerprint{a.key, a.part.Seq, a.part.Hash, a.part.SCTS}
	if _, ok := r.known[fp]; ok {
		return
	}
	r.known[fp] = a.at
	have := r.byKey[a.key]
	var parts []Part
	for _, row := range have[max(0, len(have)-rowsPerKey):] {
		if row.part.SCTS.Sub(a.part.SCTS).Abs() <= a.key.Reach() {
			parts = append(parts, row.part)
		}
	}
	where := a.key.Place(parts, a.part)
	if where.Duplicate && !where.Complete {
		return
	}
	fresh := &row{a.sent, a.at, where.Copy}
	switch {
	case where.Generation == 0:
		r.last++
		where.Generation = r.last
		r.drop(r.last - parkedKept)
		if !where.Copy {
			r.openUp(where.Generation)
		}
	case where.Replaces:
		for _, row := range r.members[where.Generation] {
			if row.part.Seq == a.part.Seq && row.part.Generation == where.Generation {
				row.part.Generation, row.part.Done, fresh.parked = 0, true, row.parked
			}
		}
	case !where.Copy && r.members[where.Generation][0].parked:
		for _, row := range r.members[where.Generation] {
			row.parked, row.at = false, a.at
		}
		r.openUp(where.Generation)
	}
	fresh.part.Generation = where.Generation
	r.byKey[a.key] = append(r.byKey[a.key], fresh)
	for _, row := range r.members[where.Generation] {
		if row.datagram != a.datagram {
			r.mixed[row.datagram], r.mixed[a.datagram] = true, true
		}
	}
	r.members[where.Generation] = append(r.members[where.Generation], fresh)
	if where.Complete {
		r.complete(where, a.key)
	}
}

// openUp counts a generation against the cap of its sender.
func (r *rows) openUp(generation int64) {
	if len(r.open) >= partialsKept {
		r.park(r.open[0])
		r.open = r.open[1:]
	}
	r.open = append(r.open, generation)
}

func (r *rows) park(generation int64) {
	for _, row := range r.members[generation] {
		row.parked = true
	}
}

func (r *rows) complete(where Placement, key Key) {
	whole := make([]*row, key.Total)
	for _, row := range r.members[where.Generation] {
		if row.part.Generation == where.Generation {
			row.part.Done, row.parked, whole[row.part.Seq-1] = true, false, row
		}
	}
	for i, generation := range r.open {
		if generation == where.Generation {
			r.open = append(r.open[:i:i], r.open[i+1:]...)
			break
		}
	}
	if where.Duplicate {
		return
	}
	r.delivered = append(r.delivered, whole)
	have := r.byKey[key]
	r.evidence = append(r.evidence, contradicted(whole, have[max(0, len(have)-rowsPerKey):]))
}

// sweep is what the timers do.
func (r *rows) sweep(now time.Time) {
	r.swept = now
	for len(r.open) > 0 && now.Sub(r.members[r.open[0]][0].at) > deadline {
		r.park(r.open[0])
		r.open = r.open[1:]
	}
	for fp, at := range r.known {
		if now.Sub(at) > fingerprintAge {
			delete(r.known, fp)
		}
	}
	for key, list := range r.byKey {
		r.forget(key, list, func(row *row) bool {
			return (row.part.Done || row.parked) && now.Sub(row.at) > fingerprintAge
		})
	}
}

// drop lets go of a parked generation.
func (r *rows) drop(generation int64) {
	if list := r.members[generation]; len(list) > 0 && list[0].parked {
		r.forget(list[0].key, r.byKey[list[0].key], func(row *row) bool { return row.part.Generation == generation })
	}
}

func (r *rows) forget(key Key, list []*row, gone func(*row) bool) {
	var rest []*row
	for _, row := range list {
		if !gone(row) {
			rest = append(rest, row)
			continue
		}
		delete(r.members, row.part.Generation)
	}
	r.byKey[key] = rest
}

// contradicted tells whether what has come shows that the joined segments are not one
// datagram: they lie too far apart, or the reference was used for another one between
// two of them.
func contradicted(joined []*row, have []*row) bool {
	first, last := joined[0].part.SCTS, joined[0].part.SCTS
	mine := map[int]bool{}
	for _, row := range joined {
		mine[row.datagram] = true
		if row.part.SCTS.Before(first) {
			first = row.part.SCTS
		}
		if row.part.SCTS.After(last) {
			last = row.part.SCTS
		}
	}
	if last.Sub(first) > joined[0].key.spread() {
		return true
	}
	for _, row := range have {
		if !mine[row.datagram] && row.part.SCTS.After(first) && row.part.SCTS.Before(last) {
			return true
		}
	}
	return false
}

// check holds what was delivered against what was sent. strict: there is no excuse.
func (r *rows) check(t *rapid.T, strict bool) {
	p := r.peer
	times, alibis := make([]int, len(p.sent)), 0
	for i, whole := range r.delivered {
		one, number := true, -1
		for _, row := range whole {
			if row.part.Hash != bodyHash(-1, row.part.Seq) {
				one = one && (number < 0 || number == row.datagram)
				number = row.datagram
			}
		}
		if one {
			times[number]++
			continue
		}
		if strict || r.evidence[i] {
			t.Fatalf("delivered what nobody sent: %s", story(whole))
		}
		alibis++
	}
	whole := 0
	for i, n := range times {
		want := 0
		if p.sent[i] > 1 && p.arrived[i] == p.sent[i] {
			want = 1
			whole++
		}
		if n != want && (strict || n > want || !r.mixed[i]) {
			t.Fatalf("datagram %d, of which %d of %d segments arrived, was delivered %d times", i, p.arrived[i], p.sent[i], n)
		}
	}
	t.Logf("%s, %s: %d datagrams, %d arrived whole; %d that were none could not be told from a slow one, %d were mixed", p.refs, p.sizes, len(p.sent), whole, alibis, len(r.mixed))
}

// story names what was joined.
func story(whole []*row) (s string) {
	for _, row := range whole {
		s += " " + time.Duration.String(row.part.SCTS.Sub(start)) + "/" + string(rune('0'+row.datagram%10))
	}
	return s
}

// The longest datagrams may take longer than a sender that counts short messages too
// needs to come back to a reference: still none is completed by the next one's.
func TestReferenceWrapLong(t *testing.T) {
	for _, total := range []int{182, 255} {
		for _, lost := range []int{1, total / 2, total} {
			p := peer{air: &air{}, clock: start, random: rand.New(rand.NewPCG(1, 1))}
			key := Key{Bits: 8, Ref: 7, Total: total}
			got := newRows()
			for number := range 2 {
				for seq := 1; seq <= total; seq++ {
					p.clock = p.clock.Add(2500 * time.Millisecond)
					if number == 0 && seq == lost {
						continue
					}
					got.take(arrival{sent{number, key, Part{Seq: seq, Hash: bodyHash(number, seq), SCTS: p.clock.Truncate(time.Second)}}, p.clock})
				}
				p.clock = p.clock.Add(255 * 2500 * time.Millisecond)
			}
			if len(got.mixed) > 0 || len(got.delivered) != 1 {
				t.Errorf("%d segments without number %d, then whole: %d delivered, mixed %v", total, lost, len(got.delivered), got.mixed)
			}
		}
	}
}

// After an outage the segments of many datagrams come in any order, and all may be of one
// reference: the end of one is not joined with the beginning of the next.
func TestReferenceWrapAfterOutage(t *testing.T) {
	key := Key{Bits: 8, Ref: 7, Total: 200}
	each := 2750 * time.Millisecond
	at := func(datagram, seq int) Part {
		sent := start.Add(time.Duration(datagram*(200+255)+seq) * each).Truncate(time.Second)
		return Part{Seq: seq, Hash: bodyHash(datagram, seq), SCTS: sent}
	}
	for _, c := range [][2]Part{{at(0, 200), at(1, 1)}, {at(1, 1), at(0, 200)}, {at(0, 180), at(1, 20)}} {
		have := c[0]
		have.Generation = 1
		if got := key.Place([]Part{have}, c[1]); got != (Placement{}) {
			t.Errorf("segment %d stamped %v after segment %d: %+v, want a generation of its own", c[1].Seq, c[1].SCTS.Sub(have.SCTS), have.Seq, got)
		}
	}
}

// A sender that goes on after two hours: only a 16-bit reference is surely the same then.
func TestResumedLater(t *testing.T) {
	for bits, want := range map[int]Placement{16: {Generation: 1, Complete: true}, 8: {}} {
		key := Key{Bits: bits, Ref: 7, Total: 3}
		have := []Part{
			{Generation: 1, Seq: 1, Hash: bodyHash(1, 1), SCTS: start},
			{Generation: 1, Seq: 2, Hash: bodyHash(1, 2), SCTS: start.Add(3 * time.Second)},
		}
		if got := key.Place(have, Part{Seq: 3, Hash: bodyHash(1, 3), SCTS: start.Add(2 * time.Hour)}); got != want {
			t.Errorf("%d bits: %+v, want %+v", bits, got, want)
		}
	}
}
