package main

import (
	"sync"
	"testing"
	"time"
)

// delay lets each flush take two seconds, as a worn card may.
var delay = []string{"-e", "inject=fsync,fdatasync:delay_exit=2000000"}

// What a disk costs that takes two seconds for a flush. Two hundred programs send one
// message after the other: all that wait share a commit. And how busy a modem of three
// seconds is kept, whose every result has to be on disk before the next segment.
func BenchmarkSlowDisk(b *testing.B) {
	b.Run("accept", func(b *testing.B) {
		for b.Loop() {
			w := newWear(b, 3*time.Second)
			log := w.traced(b, delay...)
			const programs, each = 200, 4
			before, begun := flushes(b, log), time.Now()
			var wg sync.WaitGroup
			for range programs {
				cl := w.dial(b)
				wg.Go(func() {
					for i := range each {
						if err := cl.send(number(i), payload(100), ""); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(programs*each/time.Since(begun).Seconds(), "accepted/s")
			b.ReportMetric(programs*each/float64(flushes(b, log)-before), "accepted/flush")
		}
	})
	b.Run("CMGS=3s", func(b *testing.B) {
		for b.Loop() {
			w := newWear(b, 3*time.Second)
			log := w.traced(b, delay...)
			const n = 8
			w.taken.expect(n)
			var wg sync.WaitGroup
			for i := range n {
				cl := w.dial(b)
				wg.Go(func() {
					if err := cl.send(number(i), payload(100), ""); err != nil {
						b.Error(err)
					}
				})
			}
			wg.Wait()
			w.sim.line.forget() // what a SEND takes of the disk is another question
			before := flushes(b, log)
			if !w.taken.wait(5 * time.Minute) {
				b.Fatalf("%d of %d segments were sent", w.taken.count(), n)
			}
			sent := w.sim.line.commands("AT+CMGS")
			b.ReportMetric(float64(flushes(b, log)-before)/float64(len(sent)), "flushes/segment")
			b.ReportMetric(float64(3*len(sent))/w.taken.at.Sub(sent[0].at).Seconds(), "utilisation")
		}
	})
}
