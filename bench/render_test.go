package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const blank = `# By hand
<!-- bench table of=Queue -->
<!-- /bench -->
<!-- bench table of=Queue units=MiB -->
stale
<!-- /bench -->
<!-- bench table of=Codec -->
<!-- /bench -->
<!-- bench table of=Wear -->
<!-- /bench -->
<!-- bench curve of=Queue x=depth units=MiB,ms-accept file=bench-queue.svg -->
<!-- /bench -->
<!-- bench machine -->
<!-- /bench -->
By hand, too.
`

const filled = `# By hand
<!-- bench table of=Queue -->
| depth | ms-accept | MiB |
|---|---:|---:|
| 1e3 | 7.173 | 30.5 |
| 1e6 | 9 | 32 |
<!-- /bench -->
<!-- bench table of=Queue units=MiB -->
| depth | MiB |
|---|---:|
| 1e3 | 30.5 |
| 1e6 | 32 |
<!-- /bench -->
<!-- bench table of=Codec -->
|  | allocs/op |
|---|---:|
| parse | 2 |
<!-- /bench -->
<!-- bench table of=Wear -->
Not measured.
<!-- /bench -->
<!-- bench curve of=Queue x=depth units=MiB,ms-accept file=bench-queue.svg -->
![MiB, ms-accept over depth](bench-queue.svg)
<!-- /bench -->
<!-- bench machine -->
| | |
|---|---|
| date | 2026-11-26 |
| goos | linux |
| cpu | Some Processor @ 2.00GHz |
<!-- /bench -->
By hand, too.
`

func TestRender(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, page)
	if err := os.WriteFile(path, []byte(blank), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what is filled can be filled again
		if err := render(parsed(t, printed), dir); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(filled, string(got)); d != "" {
			t.Fatalf("-want +got:\n%s", d)
		}
	}
	svg, err := os.ReadFile(filepath.Join(dir, "bench-queue.svg"))
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, svg)
	for _, want := range []string{"prefers-color-scheme:dark", ">depth<", ">30.5<", ">1,000,000<", ">MiB, ms-accept<", "MiB: slope 0.01, ×10 in depth is ×1.02"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the curve has no %q", want)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	for order, why := range map[string]string{
		"tabel of=Queue":             "none of table",
		"table Queue":                "no key=value",
		"curve of=Queue file=../x":   "names no file beside the page",
		"curve of=Queue x=depth u=1": "names no file beside the page",
	} {
		_, _, err := fillPage("<!-- bench "+order+" -->\n<!-- /bench -->\n", parsed(t, printed))
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", order, err, why)
		}
	}
}

// The page as it is committed asks for nothing that is not understood.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	all, err := readResults("../docs/benchmarks.txt")
	if err != nil {
		t.Fatal(err)
	}
	again, curves, err := fillPage(string(text), all)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(text), again); d != "" {
		t.Errorf("make bench-render was forgotten: -page +results:\n%s", d)
	}
	for name, svg := range curves {
		wellFormed(t, svg)
		if old, err := os.ReadFile("../docs/" + name); err != nil || string(old) != string(svg) {
			t.Errorf("docs/%s is not that of the results: %v", name, err)
		}
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in:\n%s", err, svg)
		}
	}
}

func TestSideBySide(t *testing.T) {
	all := parsed(t, `
BenchmarkPeers/outbound/octets=100/wvsms 1 5 ns/op 2 cpu-s 420 messages/s 0 lost
BenchmarkPeers/outbound/octets=100/kannel 1 5 ns/op 0.5 cpu-s 0.5 messages/s 3 lost
BenchmarkPeers/inbound/wvsms 1 5 ns/op 1.2 s
BenchmarkPeers/inbound/smstools 1 5 ns/op 41.8 s
`)
	want := `| work |  | wvsms | gammu-smsd | smstools | kannel |
|---|---|---:|---:|---:|---:|
| outbound, octets=100 | messages/s | 420 | not there | cannot | 0.5 (1/840) |
|  | cpu-s | 2 | not there | cannot | 0.5 (1/4) |
|  | lost | 0 | not there | cannot | 3 |
| inbound | s | 1.2 | not there | 41.8 (×34.8) | cannot |
`
	if d := cmp.Diff(want, sideBySide(all.of("Peers"))); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestSlope(t *testing.T) {
	for _, c := range []struct {
		want   float64
		points []point
	}{
		{0, []point{{1e3, 7}, {1e6, 7}}},
		{1, []point{{1, 2}, {8, 16}, {32, 64}}},
		{-0.5, []point{{1, 10}, {100, 1}}},
	} {
		if got, ok := (line{points: c.points}).slope(); !ok || math.Abs(got-c.want) > 1e-9 {
			t.Errorf("slope of %v is %v, want %v", c.points, got, c.want)
		}
	}
	if s, ok := (line{points: []point{{8, 1}, {8, 2}}}).slope(); ok {
		t.Errorf("one x has the slope %v", s)
	}
}

// Results that differ in another step than x are lines of their own, and 0 has no place.
func TestLines(t *testing.T) {
	all := parsed(t, `
BenchmarkScale/submit=1s/modems=8 1 5 ns/op 16 messages/s
BenchmarkScale/submit=1s/modems=1 1 5 ns/op 2 messages/s
BenchmarkScale/submit=0s/modems=1 1 5 ns/op 400 messages/s
BenchmarkScale/submit=0s/modems=8 1 5 ns/op 0 messages/s
`)
	want := []line{
		{"messages/s, submit=1s", []point{{1, 2}, {8, 16}}},
		{"messages/s, submit=0s", []point{{1, 400}}},
	}
	got := lines(all.of("Scale"), "modems", []string{"messages/s"})
	if d := cmp.Diff(want, got, cmp.AllowUnexported(line{}, point{})); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	wellFormed(t, plot("modems", "messages/s", got))
}
