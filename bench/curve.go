package main

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// A line is one figure over another.
type line struct {
	name   string
	points []point
}

type point struct{ x, y float64 }

// lines takes the step x of the names for the abscissa; results that differ in other
// steps are lines of their own. Both axes are logarithmic, where 0 has no place.
func lines(some []result, x string, units []string) (all []line) {
	for _, r := range some {
		var at float64
		var rest []string
		for _, step := range r.path() {
			if step.key == x {
				at, _ = strconv.ParseFloat(step.value, 64)
			} else {
				rest = append(rest, strings.TrimPrefix(step.key+"="+step.value, "="))
			}
		}
		for _, unit := range units {
			y, ok := r.in(unit)
			if !ok || at <= 0 || y <= 0 {
				continue
			}
			name := strings.Join(append([]string{unit}, rest...), ", ")
			i := slices.IndexFunc(all, func(l line) bool { return l.name == name })
			if i < 0 {
				i = len(all)
				all = append(all, line{name: name})
			}
			all[i].points = append(all[i].points, point{at, y})
		}
	}
	for _, l := range all {
		slices.SortFunc(l.points, func(a, b point) int { return int(math.Copysign(1, a.x-b.x)) })
	}
	return all
}

// slope is the exponent: 0 where y does not depend on x, 1 where it grows as x does. It is
// that of the straight line which comes closest to the logarithms; false: there is none.
func (l line) slope() (float64, bool) {
	n := float64(len(l.points))
	var sx, sy, sxx, sxy float64
	for _, p := range l.points {
		x, y := math.Log(p.x), math.Log(p.y)
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	d := n*sxx - sx*sx
	if d < 1e-9 {
		return 0, false
	}
	return (n*sxy - sx*sy) / d, true
}
