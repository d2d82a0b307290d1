package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wvsms/modem/modemtest"
)

// An airKey is one segment of a message under one reference of one SIM.
type airKey struct {
	from            string
	bits            int // of the reference; 0: a message of one segment
	ref             uint16
	total, sequence int
}

// group is the key without the sequence number.
func (k airKey) group() airKey { k.sequence = 0; return k }

func (k airKey) compare(o airKey) int {
	return cmp.Or(strings.Compare(k.from, o.from), cmp.Compare(k.ref, o.ref), cmp.Compare(k.bits, o.bits),
		cmp.Compare(k.total, o.total), cmp.Compare(k.sequence, o.sequence))
}

func (k airKey) String() string {
	return fmt.Sprintf("from %s reference %d (%d bits) segment %d/%d", k.from, k.ref, k.bits, k.sequence, k.total)
}

// airCounts are what became of a segment, by fate.
type airCounts map[modemtest.Fate]int

// alive reports whether the network took it and has not lost every copy.
func (c airCounts) alive() bool {
	return c[modemtest.Taken] > c[modemtest.Lost]+c[modemtest.Dropped]
}

// onAir sorts what the network saw to the messages that it came from, told by their
// octets: of each message by number, its segments.
func (h *history) onAir() []map[airKey]airCounts {
	byMessage := make([]map[airKey]airCounts, len(h.sends))
	for i := range byMessage {
		byMessage[i] = map[airKey]airCounts{}
	}
	pairs := map[[2]int][]*sent{}
	for _, s := range h.sends {
		pair := [2]int{s.from, s.to}
		pairs[pair] = append(pairs[pair], s)
	}
	current := map[airKey]*sent{} // of a group: one reference serves one message for a while
	var unclear []modemtest.Sighting
	place := func(s modemtest.Sighting, only bool) {
		key := keyOf(s)
		found := carriers(pairs[[2]int{h.owner(s.From), h.owner(s.To)}], key, string(s.UD.Data))
		m := current[key.group()]
		switch {
		case slices.Contains(found, m):
		case len(found) == 1:
			m = found[0]
		case len(found) == 0:
			return // not ours: the adversary's own
		case only:
			unclear = append(unclear, s)
			return
		default:
			m = found[0]
		}
		current[key.group()] = m
		counts := byMessage[m.n][key]
		if counts == nil {
			counts = airCounts{}
			byMessage[m.n][key] = counts
		}
		counts[s.Fate]++
	}
	for _, s := range h.air {
		place(s, true)
	}
	// A tail of few octets may fit several messages; by now its reference is known.
	for _, s := range unclear {
		place(s, false)
	}
	return byMessage
}

func keyOf(s modemtest.Sighting) airKey {
	key := airKey{from: s.From, total: 1, sequence: 1}
	if c, ok := s.UD.Concat(); ok {
		key.bits, key.ref, key.total, key.sequence = c.Bits, c.Ref, int(c.Total), int(c.Seq)
	}
	return key
}

// carriers are the messages of which a segment may be.
func carriers(among []*sent, key airKey, data string) (found []*sent) {
	for _, s := range among {
		payload := string(s.payload)
		if key.sequence == 1 && !strings.HasPrefix(payload, data) ||
			key.sequence == key.total && !strings.HasSuffix(payload, data) ||
			key.total == 1 && payload != data ||
			!strings.Contains(payload, data) {
			continue
		}
		found = append(found, s)
	}
	return found
}

// owner is the bridge of a number, or -1.
func (h *history) owner(number string) int {
	return slices.IndexFunc(h.numbers, func(of []string) bool { return slices.Contains(of, number) })
}

// groups are the references under which a message went on air, of which every segment
// has what is asked for.
func groups(segments map[airKey]airCounts, has func(airCounts) bool) (n int) {
	whole := map[airKey]int{}
	for key, counts := range segments {
		if has(counts) {
			whole[key.group()]++
		}
	}
	for group, count := range whole {
		if count == group.total {
			n++
		}
	}
	return n
}

func taken(c airCounts) bool  { return c[modemtest.Taken] > 0 }
func handed(c airCounts) bool { return c[modemtest.Handed] > 0 }
