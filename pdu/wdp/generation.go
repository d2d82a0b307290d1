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
	parts       map[int]placed
	first, last time.Time // SCTS
	copies      bool      // each part is in a finished datagram too
}

func (g *generation) add(p Part, apart time.Duration) {
	if g.parts == nil {
		g.parts, g.first, g.last, g.copies = map[int]placed{}, p.SCTS, p.SCTS, true
	}
	g.parts[p.Seq] = placed{p, apart}
	g.copies = g.copies && apart >= 0
	if p.SCTS.Before(g.first) {
		g.first = p.SCTS
	}
	if p.SCTS.After(g.last) {
		g.last = p.SCTS
	}
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
		if q, ok := g.parts[p.Seq]; !ok || q.Hash != p.Hash || !g.near(p.SCTS, k.spread()) {
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
		case !f.near(g.first, k.spread()) || !f.near(g.last, k.spread()):
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
	for seq, p := range g.parts {
		if q, ok := h.parts[seq]; !ok || p.Hash != q.Hash {
			return false
		}
	}
	return true
}
