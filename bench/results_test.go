package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const printed = `date: 2026-11-26
goos: linux
cpu: Some Processor @ 2.00GHz   
BenchmarkQueue
BenchmarkQueue/depth=1e3
BenchmarkQueue/depth=1e3-2         	       1	1423497710 ns/op	         7.173 ms-accept	       30.5 MiB
    queue_test.go:12: 300 accepted
BenchmarkQueue/depth=1e6-2         	       1	2423497710 ns/op	         8 ms-accept	       31 MiB
BenchmarkWear--- SKIP: BenchmarkWear
    wear_test.go:20: strace is missing
BenchmarkCodec/parse-2   	 1000000	       512.5 ns/op	       2 allocs/op
BenchmarkTorn-2   	 1	       512.5
BenchmarkOwn-2   	 1	       3 lost
BenchmarkQueue/depth=1e6-2         	       1	2423497710 ns/op	         9 ms-accept	       32 MiB
PASS
ok  	wvsms/bench	27.595s
`

func parsed(t testing.TB, text string) results {
	t.Helper()
	all, err := parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestParse(t *testing.T) {
	want := results{
		config: []pair{{"date", "2026-11-26"}, {"goos", "linux"}, {"cpu", "Some Processor @ 2.00GHz"}},
		all: []result{
			{"Queue/depth=1e3", []value{{1423497710, "ns/op"}, {7.173, "ms-accept"}, {30.5, "MiB"}}},
			{"Queue/depth=1e6", []value{{2423497710, "ns/op"}, {9, "ms-accept"}, {32, "MiB"}}}, // the later one
			{"Codec/parse", []value{{512.5, "ns/op"}, {2, "allocs/op"}}},
			{"Own", []value{{3, "lost"}}}, // it said that its ns/op are 0
		},
	}
	if d := cmp.Diff(want, parsed(t, printed), cmp.AllowUnexported(results{}, result{}, pair{}, value{})); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// write is the reverse of parse.
func write(all results) string {
	var b strings.Builder
	for _, p := range all.config {
		fmt.Fprintf(&b, "%s: %s\n", p.key, p.value)
	}
	for _, r := range all.all {
		fmt.Fprintf(&b, "Benchmark%s-2 1", r.name)
		for _, v := range r.values {
			fmt.Fprintf(&b, " %v %s", v.number, v.unit)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	f.Add(printed)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parse(strings.NewReader(text))
		if err != nil {
			t.Skip(err) // a line without end
		}
		once := write(all)
		if again := write(parsed(t, once)); again != once {
			t.Errorf("written and read again:\n%s\nwas:\n%s", again, once)
		}
		table(all.all, nil)
		sideBySide(all.all)
	})
}

func TestCompare(t *testing.T) {
	now := parsed(t, "BenchmarkQueue/depth=1e3 1 1 ns/op 14.346 ms-accept 2.5 new\n")
	var b strings.Builder
	if err := compare(&b, parsed(t, printed), now); err != nil {
		t.Fatal(err)
	}
	want := `    was     is  is/was  benchmark
  7.173  14.35   2.000  Queue/depth=1e3 ms-accept
      -    2.5       -  Queue/depth=1e3 new
3 benchmarks of before were not run
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestFigure(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 0.97961: "0.9796", 12.3456: "12.35", 1234.56: "1,235", 1234567: "1,234,567", -1234: "-1,234",
		-123456: "-123,456", 0.0000123: "0.0000123", 100: "100", 9999.96: "10,000",
	} {
		if got := figure(x); got != want {
			t.Errorf("%v is written %s, want %s", x, got, want)
		}
	}
}
