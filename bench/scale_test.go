package main

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// What more modems bring, and cost. With 500 ms for a segment the air is the limit, and
// the rate should grow as the modems do; with none the processors are. The modems are
// simulated in this process, on the same processors: what it took of them is told.
func BenchmarkScale(b *testing.B) {
	for _, c := range []struct {
		submit  time.Duration
		seconds int // of work, about
		rate    int // segments a second and modem
	}{{500 * time.Millisecond, 8, 2}, {0, 0, 0}} {
		var one float64 // MiB of a bridge with one modem
		for _, modems := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("CMGS=%v/modems=%d", c.submit, modems), func(b *testing.B) {
				n := modems * c.seconds * c.rate
				if n == 0 {
					n = 3000
				}
				peak := scale(b, modems, c.submit, n)
				if modems == 1 {
					one = peak
				} else if one != 0 {
					b.ReportMetric((peak-one)/float64(modems-1), "MiB/more-modem")
				}
			})
		}
	}
}

func scale(b *testing.B, modems int, submit time.Duration, n int) (peak float64) {
	var t taker
	a := modemtest.NewAir(modemtest.AirOptions{Taken: t.take})
	live(b, a.Run)
	var sims []*sim
	for i := range modems {
		sims = append(sims, addSim(b, a, fmt.Sprintf("+4917000001%02d", i), modemtest.ModemOptions{SubmitTime: submit}))
	}
	br := newBridge(b, "", sims...)
	idle := br.rss()
	for b.Loop() {
		t.expect(n)
		begun, cpu, own := time.Now(), br.cpu(), cpuSelf()
		var wg sync.WaitGroup
		for k := range 8 {
			wg.Go(func() {
				cl := br.dial(b)
				for i := k; i < n; i += 8 {
					if err := cl.send(number(i), payload(100), ""); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if !t.wait(5 * time.Minute) {
			b.Fatalf("%d of %d segments were sent", t.count(), n)
		}
		took := t.at.Sub(begun)
		b.ReportMetric(float64(n)/took.Seconds(), "segments/s")
		b.ReportMetric(float64(br.cpu()-cpu)/1e3/float64(n), "cpu-µs/segment")
		b.ReportMetric(float64(cpuSelf()-own)/1e3/float64(n), "sim-cpu-µs/segment")
		b.ReportMetric(idle, "MiB-idle")
		peak = br.peak()
		b.ReportMetric(peak, "MiB-peak")
	}
	return peak
}

// cpuSelf is the processor time of the benchmarks, and of the modems that they simulate.
func cpuSelf() time.Duration { return cpuOf(os.Getpid()) }
