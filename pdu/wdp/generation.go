package wdp

import "time"

// A placed part knows how far it is stamped from the finished datagram that holds
// the same segment; -1: there is none.
type placed struct {
	Part
	apart time.Duration
}

// A generation is the segments under one key that are, or may be, one datagram.
type generation struct {
	id          int64
	parts       []placed  // a number once
	first, last time.Time // SCTS
	copies      bool      // each part is in a finished datagram too
}

func (g *generation) add(p Part, apart time.Duration) {
	if g.parts == nil {
		g.first, g.last, g.copies = p.SCTS, p.SCTS, true
	}
	g.parts = append(g.parts, placed{p, apart})
	g.copies = g.copies && apart >= 0
	if p.SCTS.Before(g.first) {
		g.first = p.SCTS
	}
	if p.SCTS.After(g.last) {
		g.last = p.SCTS
	}
}

// part is the segment with a number.
func (g *generation) part(seq int) (p placed, ok bool) {
	if i := seq - 1; i < len(g.parts) && g.parts[i].Seq == seq { // where they are all and in order
		return g.parts[i], true
	}
	for _, p := range g.parts {
		if p.Seq == seq {
			return p, true
		}
	}
	return placed{}, false
}

func (k Key) generations(have []Part) (open []*generation, finished tombs) {
	byID := map[int64]*generation{}
	for _, p := range have {
		if p.Generation != 0 && p.Done {
			g := byID[p.Generation]
			if g == nil {
				g = &generation{id: p.Generation}
				byID[p.Generation] = g
				finished = append(finished, g)
			}
			g.add(p, 0)
		}
	}
	for _, p := range have {
		if p.Generation != 0 && !p.Done {
			g := byID[p.Generation]
			if g == nil {
				g = &generation{id: p.Generation}
				byID[p.Generation] = g
				open = append(open, g)
			}
			g.add(p, finished.gap(k, p))
		}
	}
	return open, finished
}

// near tells whether the generation with t in it still spans no more than spread.
func (g *generation) near(t time.Time, spread time.Duration) bool {
	return g.last.Sub(t) <= spread && t.Sub(g.first) <= spread
}

// gap is how far t lies outside of what the generation spans.
func (g *generation) gap(t time.Time) time.Duration {
	return max(g.first.Sub(t), t.Sub(g.last), 0)
}

func (g *generation) ordered(s Part) bool {
	for _, p := range g.parts {
		if !inOrder(p.Part, s) {
			return false
		}
	}
	return true
}

// across tells whether a segment of another datagram is stamped between s and g, or in
// the middle of g. Copies of a finished one, and a finished one that holds the same as
// g and s, are no other.
func across(g *generation, s Part, open []*generation, finished tombs) bool {
	first, last := g.first, g.last
	if s.SCTS.Before(first) {
		first = s.SCTS
	}
	if s.SCTS.After(last) {
		last = s.SCTS
	}
	between := func(h *generation) bool {
		for _, p := range h.parts {
			if p.SCTS.After(first) && p.SCTS.Before(last) {
				return true
			}
		}
		return false
	}
	for _, h := range open {
		if h != g && !h.copies && between(h) {
			return true
		}
	}
	for _, h := range finished {
		if between(h) && !h.holds(g, s) {
			return true
		}
	}
	return false
}

// holds tells whether each segment of g, and s, is in the finished generation h.
func (h *generation) holds(g *generation, s Part) bool {
	if p, _ := h.part(s.Seq); p.Hash != s.Hash {
		return false
	}
	for _, p := range g.parts {
		if q, _ := h.part(p.Seq); q.Hash != p.Hash {
			return false
		}
	}
	return true
}

// better tells whether s belongs rather to g than to h.
func (g *generation) better(h *generation, s Part) bool {
	if a, b := g.ordered(s), h.ordered(s); a != b {
		return a
	}
	if a, b := g.gap(s.SCTS), h.gap(s.SCTS); a != b {
		return a < b
	}
	return !g.copies && h.copies
}

// tombs are the finished generations of a key.
type tombs []*generation

// gap is how far p is stamped from the nearest finished generation that holds the
// same segment; -1: none does.
func (t tombs) gap(k Key, p Part) time.Duration {
	least := time.Duration(-1)
	for _, g := range t {
		if q, ok := g.part(p.Seq); !ok || q.Hash != p.Hash || !g.near(p.SCTS, k.spread()) {
			continue
		}
		if gap := g.gap(p.SCTS); least < 0 || gap < least {
			least = gap
		}
	}
	return least
}

// repeated tells whether the complete generation is what the finished one next to
// it, before or after, is. Behind another datagram the same one is a new one.
func (t tombs) repeated(k Key, g *generation) bool {
	var before, after *generation
	for _, f := range t {
		switch {
		case !f.near(g.first, k.repeatSpread()) || !f.near(g.last, k.repeatSpread()):
		case f.first.After(g.first):
			if after == nil || f.first.Before(after.first) {
				after = f
			}
		case before == nil || !f.first.Before(before.first):
			before = f
		}
	}
	return g.equal(before) || g.equal(after)
}

func (g *generation) equal(h *generation) bool {
	if h == nil || len(g.parts) != len(h.parts) {
		return false
	}
	for _, p := range g.parts {
		if q, ok := h.part(p.Seq); !ok || p.Hash != q.Hash {
			return false
		}
	}
	return true
}
