package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Results are what benchmarks printed, in the order in which they were run.
type results struct {
	config []pair // "key: value" lines
	all    []result
}

type pair struct{ key, value string }

// A result is one line of a benchmark.
type result struct {
	name   string // without "Benchmark" and the number of processors
	values []value
}

type value struct {
	number float64
	unit   string
}

func readResults(path string) (results, error) {
	f, err := os.Open(path)
	if err != nil {
		return results{}, fmt.Errorf("read results: %w", err)
	}
	defer f.Close()
	all, err := parse(f)
	if err != nil {
		return results{}, fmt.Errorf("read results of %s: %w", path, err)
	}
	return all, nil
}

// The formats of go test, see golang.org/design/14313-benchmark-format.
var (
	configLine = regexp.MustCompile(`^([a-z][^\sA-Z:]*):[ \t]+(\S.*)$`)
	processors = regexp.MustCompile(`-[0-9]+$`)
)

// parse reads the output of go test -bench. A line that is none of a benchmark is not
// looked at. Where a benchmark was run again, the last figures count: a part that was
// measured anew is appended to the rest.
func parse(r io.Reader) (results, error) {
	var all results
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if m := configLine.FindStringSubmatch(lines.Text()); m != nil {
			p := pair{m[1], strings.TrimSpace(m[2])}
			if !slices.Contains(all.config, p) {
				all.config = append(all.config, p)
			}
			continue
		}
		one, ok := parseLine(lines.Text())
		if !ok {
			continue
		}
		if i := slices.IndexFunc(all.all, func(r result) bool { return r.name == one.name }); i >= 0 {
			all.all[i] = one
		} else {
			all.all = append(all.all, one)
		}
	}
	return all, lines.Err()
}

// parseLine reads "BenchmarkName-2  1  12.5 ns/op  3 MiB".
func parseLine(line string) (one result, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || len(fields)%2 != 0 {
		return one, false
	}
	name, ok := strings.CutPrefix(fields[0], "Benchmark")
	if _, err := strconv.ParseUint(fields[1], 10, 64); !ok || err != nil {
		return one, false
	}
	if one.name = processors.ReplaceAllString(name, ""); one.name == "" {
		return one, false
	}
	for i := 2; i < len(fields); i += 2 {
		number, err := strconv.ParseFloat(fields[i], 64)
		if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
			return one, false
		}
		one.values = append(one.values, value{number, fields[i+1]})
	}
	return one, true
}

// of lists the results of one benchmark and of what is below it.
func (all results) of(root string) (some []result) {
	for _, r := range all.all {
		if r.name == root || strings.HasPrefix(r.name, root+"/") {
			some = append(some, r)
		}
	}
	return some
}

// named is the result with that name.
func (all results) named(name string) (result, bool) {
	i := slices.IndexFunc(all.all, func(r result) bool { return r.name == name })
	if i < 0 {
		return result{}, false
	}
	return all.all[i], true
}

func (r result) in(unit string) (float64, bool) {
	for _, v := range r.values {
		if v.unit == unit {
			return v.number, true
		}
	}
	return 0, false
}

// own are the units that the benchmark reports itself: one that takes a second by design
// says nothing with its ns/op.
func (r result) own() (units []string) {
	for _, v := range r.values {
		if v.unit != "ns/op" || len(r.values) == 1 {
			units = append(units, v.unit)
		}
	}
	return units
}

// path is the name below the benchmark's own, "submit=1s/modems=8" as {submit 1s} {modems 8}.
func (r result) path() (steps []pair) {
	for _, step := range strings.Split(r.name, "/")[1:] {
		key, value, ok := strings.Cut(step, "=")
		if !ok {
			key, value = "", step
		}
		steps = append(steps, pair{key, value})
	}
	return steps
}
