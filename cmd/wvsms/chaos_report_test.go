package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"wvsms/modem/modemtest"
)

// A tally counts, by kind and name.
type tally struct {
	mu     sync.Mutex
	counts map[string]map[string]int
}

func newTally() *tally { return &tally{counts: map[string]map[string]int{}} }

func (t *tally) count(kind, name string) { t.plus(kind, name, 1) }

func (t *tally) plus(kind, name string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts[kind] == nil {
		t.counts[kind] = map[string]int{}
	}
	t.counts[kind][name] += n
}

func (t *tally) add(o *tally) {
	for kind, names := range o.counts {
		for name, n := range names {
			t.plus(kind, name, n)
		}
	}
}

func (t *tally) sum(kind string) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, count := range t.counts[kind] {
		n += count
	}
	return n
}

// String is the table: of each kind its names, as many a line as fit.
func (t *tally) String() string {
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(t.counts)) {
		names := slices.Sorted(maps.Keys(t.counts[kind]))
		b.WriteString(kind)
		if !strings.Contains(kind, "=") { // of a policy there are things of several kinds
			fmt.Fprintf(&b, ": %d", t.sum(kind))
		}
		b.WriteString("\n")
		width := len(slices.MaxFunc(names, func(a, b string) int { return len(a) - len(b) }))
		for row := range slices.Chunk(names, max(1, 100/(width+9))) {
			for _, name := range row {
				fmt.Fprintf(&b, "  %6d %-*s", t.counts[kind][name], width, name)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// outcomes counts what became of the messages.
func (t *tally) outcomes(h *history, air modemtest.Counts) {
	v := newVerdict(h)
	for _, s := range h.sends {
		end := "nothing"
		if finals := v.finals(s); len(finals) > 0 {
			end = strings.Join(finals, ", then ")
		}
		came := "came"
		switch n := len(v.got[s.n]); {
		case n == 0 && groups(v.air[s.n], taken) > 0:
			came = "lost by the network"
		case n == 0:
			came = "did not come"
		case n > 1:
			came = fmt.Sprintf("came %d times", n)
		}
		t.count("message", end+": "+came)
		t.count("unknown="+s.policy, "messages")
		t.plus("unknown="+s.policy, "copies that came", max(len(v.got[s.n])-1, 0))
		for _, counts := range v.air[s.n] {
			t.plus("unknown="+s.policy, "segments sent again", max(counts[modemtest.Taken]-1, 0))
		}
	}
	for _, o := range h.offers {
		if o.redelivered {
			t.count("consumer", "offered again")
		}
	}
	t.plus("network", "taken", air.Accepted)
	t.plus("network", "lost", air.Lost)
	t.plus("network", "doubled", air.Duplicated)
	t.plus("network", "no room on the SIM", air.NoRoom)
	t.plus("network", "expired", air.Expired)
}
