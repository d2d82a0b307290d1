package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// compare prints each figure of a run beside the one before.
func compare(w io.Writer, was, is results) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "was\tis\tis/was\t  benchmark")
	for _, now := range is.all {
		old, known := was.named(now.name)
		for _, unit := range now.own() {
			v, _ := now.in(unit)
			before, ratio := "-", "-"
			if o, ok := old.in(unit); known && ok {
				before, ratio = figure(o), quotient(v, o)
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t  %s %s\n", before, figure(v), ratio, now.name, unit)
		}
	}
	missing := 0
	for _, old := range was.all {
		if _, ok := is.named(old.name); !ok {
			missing++
		}
	}
	if err := tw.Flush(); err != nil || missing == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "%d benchmarks of before were not run\n", missing)
	return err
}

func quotient(a, b float64) string {
	if b == 0 {
		return "-"
	}
	return strconv.FormatFloat(a/b, 'f', 3, 64)
}

// figure writes a number with four digits that count, and none of the whole part left out.
func figure(x float64) string {
	digits := 0
	if x != 0 {
		digits = min(max(0, 3-int(math.Floor(math.Log10(math.Abs(x))))), 9)
	}
	text := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	whole, rest, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		return whole + "." + rest
	}
	return whole
}
