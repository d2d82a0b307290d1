package main

import (
	"fmt"
	"slices"
	"strings"
)

var (
	// The order in which the programs and the figures of a work stand.
	programs  = []string{"wvsms", "gammu-smsd", "smstools", "kannel"}
	workUnits = append([]string{"messages/s", "s", "ms-p50", "ms-p99", "ms-max", "cpu-%", "cpu-s", "cpu-s/1000", "MiB", "MiB-peak"}, counts...)

	// Of these a ratio says nothing.
	counts = []string{"submitted", "sent", "lost", "doubled"}
)

// sideBySide has a row for each figure of each work, and a column for each program, with
// its ratio to the first one. A work of which a program has no result is one that it
// cannot do, unless there is none of that program at all.
func sideBySide(some []result) string {
	var works []string
	columns := slices.Clone(programs)
	byName := map[[2]string]result{}
	units := map[string][]string{} // by work
	for _, r := range some {
		steps := r.path()
		if len(steps) < 2 {
			continue
		}
		n := len(steps) - 1
		work, program := workName(steps[:n]), steps[n].value
		if !slices.Contains(works, work) {
			works = append(works, work)
		}
		if !slices.Contains(columns, program) {
			columns = append(columns, program)
		}
		byName[[2]string{work, program}] = r
		for _, unit := range r.own() {
			if !slices.Contains(units[work], unit) {
				units[work] = append(units[work], unit)
			}
		}
	}
	if len(works) == 0 {
		return unmeasured
	}
	ran := func(program string) bool {
		return slices.ContainsFunc(works, func(work string) bool { _, ok := byName[[2]string{work, program}]; return ok })
	}
	rows := [][]string{append([]string{"work", ""}, columns...)}
	for _, work := range works {
		slices.SortStableFunc(units[work], func(a, b string) int { return place(a) - place(b) })
		for i, unit := range units[work] {
			row := []string{"", unit}
			if i == 0 {
				row[0] = work
			}
			first, known := byName[[2]string{work, columns[0]}].in(unit)
			for j, program := range columns {
				r, did := byName[[2]string{work, program}]
				v, has := r.in(unit)
				switch {
				case !ran(program):
					row = append(row, "not there")
				case !did:
					row = append(row, "cannot")
				case !has:
					row = append(row, "-")
				case j == 0 || !known || first == 0 || slices.Contains(counts, unit):
					row = append(row, figure(v))
				default:
					row = append(row, fmt.Sprintf("%s (%s)", figure(v), times(v/first)))
				}
			}
			rows = append(rows, row)
		}
	}
	return markdown(rows, 2)
}

func workName(steps []pair) string {
	var all []string
	for _, s := range steps {
		all = append(all, strings.TrimPrefix(s.key+"="+s.value, "="))
	}
	return strings.Join(all, ", ")
}

func place(unit string) int {
	if i := slices.Index(workUnits, unit); i >= 0 {
		return i
	}
	return len(workUnits)
}

// times writes a ratio so that it can be read: ×3.2, or 1/300.
func times(ratio float64) string {
	switch {
	case ratio >= 1 || ratio <= 0:
		return fmt.Sprintf("×%.3g", ratio)
	default:
		return fmt.Sprintf("1/%.3g", 1/ratio)
	}
}
