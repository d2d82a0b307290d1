package main

import (
	"fmt"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// What a long queue costs: how long a bridge takes to start on it, to accept one message
// more, and to go on with the next segment once the modem has answered the last one. The
// modem sends meanwhile, one segment in 50 ms; the queue is there in full.
func BenchmarkQueue(b *testing.B) {
	var t taker
	s := newSim(b, modemtest.ModemOptions{SubmitTime: 50 * time.Millisecond}, modemtest.AirOptions{Taken: t.take})
	br := setUp(b, "", s)
	there := 0
	for _, depth := range []int{1e3, 1e4, 1e5, 1e6} {
		b.Run(fmt.Sprintf("depth=%d", depth), func(b *testing.B) {
			fill(b, br.spool, there, depth, queued)
			there = depth
			s.line.forget()
			begun := time.Now()
			br.run(b)
			greeted, sent := br.greets(b), s.line.first(b, "AT+CMGS")
			cl := br.dial(b)
			var oks []time.Duration
			for b.Loop() {
				for i := range 200 {
					time.Sleep(5 * time.Millisecond)
					begun := time.Now()
					if err := cl.send(number(i), payload(100), ""); err != nil {
						b.Fatal(err)
					}
					oks = append(oks, time.Since(begun))
				}
				s.line.forget()
				time.Sleep(5 * time.Second)
			}
			b.ReportMetric(float64(greeted.Sub(begun))/1e6, "ms-start-greeting")
			b.ReportMetric(float64(sent.Sub(begun))/1e6, "ms-start-cmgs")
			report(b, "accept", oks)
			report(b, "next-cmgs", s.line.gaps())
			b.ReportMetric(br.rss(), "MiB")
			b.ReportMetric(br.peak(), "MiB-peak")
		})
	}
}

// What datagrams cost of which segments are missing: how long it takes to let go of one
// segment more, of another sender, in the modem. Of 100,000 a bridge keeps 20,000, and
// each that comes makes another one give way.
func BenchmarkPartials(b *testing.B) {
	s := newSim(b, modemtest.ModemOptions{IMSI: "262010000000001"}, modemtest.AirOptions{})
	s.keys = `receive = "store"`
	for _, n := range []int{1e3, 1e4, 1e5} {
		b.Run(fmt.Sprintf("partials=%d", n), func(b *testing.B) {
			br := setUp(b, "", s)
			fill(b, br.spool, 0, n, unfinished("262010000000001", n))
			br.run(b)
			br.ready(b, 1)
			var all []time.Duration
			for b.Loop() {
				for i := range 200 {
					time.Sleep(5 * time.Millisecond)
					s.line.forget()
					sendPart(b, s, i)
					gone := s.line.first(b, "+CMGD=")
					all = append(all, gone.Sub(s.line.answers("+CMTI:")[0].at))
				}
			}
			report(b, "cmti-cmgd", all)
			b.ReportMetric(br.rss(), "MiB")
			b.ReportMetric(br.peak(), "MiB-peak")
		})
	}
}
