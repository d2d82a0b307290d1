package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// The program of a Raspberry Pi Zero: its size as `go build` makes it and as it is
// packaged; what it has in memory, without what qemu needs to translate it, and how much
// of that Go's runtime knows of (SQLite's cache is not in there). The processor time is that
// of the emulation, good for comparison with itself only. Once as it is, and once with
// Go's heap held to 24 MiB.
func BenchmarkARMv6(b *testing.B) {
	qemu, err := exec.LookPath("qemu-arm")
	if err != nil {
		b.Skipf("emulate a Raspberry Pi: %v", err)
	}
	dir := b.TempDir()
	plain, packaged := buildARMv6(b, dir, "plain"), buildARMv6(b, dir, "packaged", "-ldflags=-s -w")
	b.Run("size", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(mib(b, plain), "MiB-built")
			b.ReportMetric(mib(b, packaged), "MiB-packaged")
		}
	})
	for _, limit := range []string{"off", "24MiB"} {
		b.Run("GOMEMLIMIT="+limit, func(b *testing.B) {
			var t taker
			s := newSim(b, modemtest.ModemOptions{}, modemtest.AirOptions{Taken: t.take})
			page := freePort(b)
			br := setUp(b, fmt.Sprintf("[http]\nlisten = %q", page), s)
			br.args[0] = packaged
			br.args = append([]string{qemu}, br.args...)
			br.env = []string{"GOMEMLIMIT=" + limit}
			br.run(b)
			br.ready(b, 1)
			idle, rss := memory(b, page), guest(b, br.cmd.Process.Pid, packaged)
			for b.Loop() {
				const n = 200
				t.expect(n)
				cpu, most := br.cpu(), idle
				cl := br.dial(b)
				for i := range n {
					if err := cl.send(number(i), payload(100), ""); err != nil {
						b.Fatal(err)
					}
					if i%20 == 0 {
						most = max(most, memory(b, page))
					}
				}
				if !t.wait(5 * time.Minute) {
					b.Fatalf("%d of %d segments were sent", t.count(), n)
				}
				b.ReportMetric(rss, "MiB-idle")
				b.ReportMetric(guest(b, br.cmd.Process.Pid, packaged), "MiB-loaded")
				b.ReportMetric(idle, "MiB-Go-idle")
				b.ReportMetric(max(most, memory(b, page)), "MiB-Go-loaded")
				b.ReportMetric((br.cpu()-cpu).Seconds()*1e3/n, "emulated-cpu-ms/message")
			}
		})
	}
}

func buildARMv6(b *testing.B, dir, name string, flags ...string) string {
	path := filepath.Join(dir, name)
	args := append([]string{"build", "-trimpath", "-o", path}, flags...)
	build := exec.Command("go", append(args, "wvsms/cmd/wvsms")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm", "GOARM=6")
	if said, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build wvsms for armv6: %v: %s", err, said)
	}
	return path
}

func mib(b *testing.B, path string) float64 {
	st, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return float64(st.Size()) / (1 << 20)
}

// guest is the resident memory in MiB of the program that qemu-arm runs, without qemu's own:
// of what lies in the 4 GiB that the guest sees. They begin 64 KiB before the program, which
// is where Go's linker puts one for arm.
func guest(b *testing.B, pid int, exe string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", pid))
	if err != nil {
		b.Fatal(err)
	}
	var at, end uint64 // of the mapping, and of what the guest sees
	var kib float64
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if from, _, ok := strings.Cut(f[0], "-"); ok {
			at, _ = strconv.ParseUint(from, 16, 64)
			if end == 0 && f[len(f)-1] == exe {
				end = at - 64<<10 + 4<<30
			}
		}
		if f[0] == "Rss:" && at < end {
			n, _ := strconv.ParseFloat(f[1], 64)
			kib += n
		}
	}
	if kib == 0 {
		b.Fatalf("process %d has not mapped %s", pid, exe)
	}
	return kib / 1024
}

// memory is what Go's runtime has of the system and has not given back, in MiB: the limit
// is meant of that.
func memory(b *testing.B, page string) float64 {
	r, err := http.Get("http://" + page + "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	defer r.Body.Close()
	var sys, released float64
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "go_memstats_sys_bytes "); ok {
			sys, _ = strconv.ParseFloat(text, 64)
		}
		if text, ok := strings.CutPrefix(lines.Text(), "go_memstats_heap_released_bytes "); ok {
			released, _ = strconv.ParseFloat(text, 64)
		}
	}
	if sys == 0 {
		b.Fatalf("/metrics of %s tells nothing of memory", page)
	}
	return (sys - released) / (1 << 20)
}
