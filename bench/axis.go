package main

import (
	"math"
	"slices"
)

// An axis is the span of a logarithmic axis.
type axis struct{ from, to float64 }

func span(all []line, of func(point) float64) axis {
	s := axis{math.Inf(1), 0}
	for _, l := range all {
		for _, p := range l.points {
			s.from, s.to = min(s.from, of(p)), max(s.to, of(p))
		}
	}
	return s
}

// decades widens it to whole powers of ten: a span that hugs the points would make a
// mountain of what is flat.
func (s *axis) decades() {
	low, high := math.Floor(math.Log10(s.from)), math.Ceil(math.Log10(s.to))
	if high <= low {
		high = low + 1
	}
	s.from, s.to = math.Pow(10, low), math.Pow(10, high)
}

// part is where v lies, 0 to 1.
func (s axis) part(v float64) float64 {
	if s.to <= s.from {
		return 0.5
	}
	return math.Log(v/s.from) / math.Log(s.to/s.from)
}

// ticks are the powers of ten, and their double and fivefold where there are few.
func (s axis) ticks() (all []float64) {
	low, high := math.Log10(s.from), math.Log10(s.to)
	for d := math.Round(low); d <= high+0.5; d++ {
		for _, m := range []float64{1, 2, 5} {
			if v := m * math.Pow(10, d); v <= s.to*1.0001 && (m == 1 || high-low < 2.5) {
				all = append(all, v)
			}
		}
	}
	return all
}

// abscissae are the values of x that there are.
func abscissae(all []line) (xs []float64) {
	for _, l := range all {
		for _, p := range l.points {
			xs = append(xs, p.x)
		}
	}
	slices.Sort(xs)
	return slices.Compact(xs)
}
