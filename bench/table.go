package main

import (
	"slices"
	"strings"
)

// table has a row for each result. What all names have in common is not told: each step
// of the name is a column, and each unit.
func table(some []result, units []string) string {
	if len(some) == 0 {
		return unmeasured
	}
	if units == nil {
		for _, r := range some {
			for _, unit := range r.own() {
				if !slices.Contains(units, unit) {
					units = append(units, unit)
				}
			}
		}
	}
	heads := headings(some)
	rows := [][]string{append(slices.Clone(heads), units...)}
	for _, r := range some {
		var row []string
		for i := range heads {
			text := ""
			if steps := r.path(); i < len(steps) {
				if text = steps[i].value; steps[i].key != heads[i] {
					text = strings.TrimPrefix(steps[i].key+"="+text, "=")
				}
			}
			row = append(row, text)
		}
		for _, unit := range units {
			text := ""
			if v, ok := r.in(unit); ok {
				text = figure(v)
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return markdown(rows, len(heads))
}

// headings are the keys of the steps, where all results have the same at that place.
func headings(some []result) (heads []string) {
	for n, r := range some {
		for i, step := range r.path() {
			switch {
			case i == len(heads):
				heads = append(heads, step.key)
				if n > 0 {
					heads[i] = ""
				}
			case heads[i] != step.key:
				heads[i] = ""
			}
		}
	}
	return heads
}

// markdown writes a table, of which the columns after the first ones are numbers.
func markdown(rows [][]string, texts int) string {
	b := strings.Builder{}
	for i, row := range rows {
		b.WriteString("|")
		for _, text := range row {
			b.WriteString(" " + cell(text) + " |")
		}
		b.WriteString("\n")
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", texts) + strings.Repeat("---:|", len(row)-texts) + "\n")
		}
	}
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
