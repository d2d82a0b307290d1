package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// How busy a modem and its line are kept, where there is always something to send: the
// time that they take for the short messages and the octets of the dialogue, by the time that
// passes.
func BenchmarkUtilisation(b *testing.B) {
	for _, c := range []struct {
		submit   time.Duration
		messages int
	}{{50 * time.Millisecond, 300}, {3 * time.Second, 8}} {
		for _, octets := range []int{100, 1000} {
			b.Run(fmt.Sprintf("CMGS=%v/octets=%d", c.submit, octets), func(b *testing.B) {
				var t taker
				s := newSim(b, modemtest.ModemOptions{SubmitTime: c.submit, Baud: 115200}, modemtest.AirOptions{Taken: t.take})
				br := newBridge(b, "", s)
				segments := 1
				n := c.messages
				if octets == 1000 {
					segments, n = 8, max(1, n/8)
				}
				for b.Loop() {
					t.expect(n * segments)
					cl := br.dial(b)
					s.line.forget()
					for i := range n {
						if err := cl.send(number(i), payload(octets), ""); err != nil {
							b.Fatal(err)
						}
					}
					if !t.wait(5 * time.Minute) {
						b.Fatal("not sent")
					}
					s.line.settled()
					took, used := s.line.last().Sub(s.line.commands("AT+CMGS")[0].at), s.line.used(115200)
					b.ReportMetric(float64(used)/float64(took), "utilisation")
					b.ReportMetric(float64(took-used)/1e6/float64(n*segments), "ms-lost/segment")
				}
				var other []string
				for _, l := range s.line.commands("AT") {
					if !strings.HasPrefix(l.text, "AT+CMGS=") {
						other = append(other, l.text)
					}
				}
				b.Logf("other commands: %v", other)
			})
		}
	}
}

func payload(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7 + 1)
	}
	return p
}

// Messages a second through a modem that takes no time: accepted, sent and their result
// written down, each commit durable. Eight programs send at once. The first 500 are not
// counted: the log of a new spool still grows.
func BenchmarkRate(b *testing.B) {
	for _, octets := range []int{100, 1000} {
		b.Run(fmt.Sprintf("octets=%d", octets), func(b *testing.B) {
			var t taker
			s := newSim(b, modemtest.ModemOptions{}, modemtest.AirOptions{Taken: t.take})
			br := newBridge(b, "", s)
			n, segments := 2000, 1
			if octets == 1000 {
				n, segments = 256, 8
			}
			rush(b, br, &t, 500/segments, segments, octets)
			for b.Loop() {
				cpu := br.cpu()
				accepted, sent := rush(b, br, &t, n, segments, octets)
				b.ReportMetric(float64(n)/sent.Seconds(), "messages/s")
				b.ReportMetric(float64(n)/accepted.Seconds(), "accepted/s")
				b.ReportMetric(float64(br.cpu()-cpu)/1e3/float64(n*segments), "cpu-µs/segment")
				b.ReportMetric(br.peak(), "MiB-peak")
			}
		})
	}
}

// rush has eight programs send n messages, and tells when all were accepted and when all
// were sent.
func rush(b *testing.B, br *bridge, t *taker, n, segments, octets int) (accepted, sent time.Duration) {
	n = n / 8 * 8
	t.expect(n * segments)
	begun := time.Now()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			cl := br.dial(b)
			for i := range n / 8 {
				if err := cl.send(number(i), payload(octets), ""); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	accepted = time.Since(begun)
	if !t.wait(5 * time.Minute) {
		b.Fatal("not sent")
	}
	return accepted, t.at.Sub(begun)
}

// How long a message waits for nothing: from SEND to the first AT+CMGS on an idle bridge.
func BenchmarkLatency(b *testing.B) {
	var t taker
	s := newSim(b, modemtest.ModemOptions{}, modemtest.AirOptions{Taken: t.take})
	br := newBridge(b, "", s)
	cl := br.dial(b)
	var all, oks []time.Duration
	for b.Loop() {
		for range 300 {
			time.Sleep(20 * time.Millisecond)
			s.line.forget()
			t.expect(1)
			begun := time.Now()
			if err := cl.send(handset, payload(100), ""); err != nil {
				b.Fatal(err)
			}
			oks = append(oks, time.Since(begun))
			if !t.wait(time.Minute) {
				b.Fatal("not sent")
			}
			all = append(all, s.line.commands("AT+CMGS")[0].at.Sub(begun))
		}
	}
	report(b, "send-cmgs", all)
	report(b, "send-ok", oks)
}

// report tells the median and the 99th percentile in milliseconds.
func report(b *testing.B, name string, all []time.Duration) {
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2])/1e6, "ms-"+name+"-p50")
	b.ReportMetric(float64(all[len(all)*99/100])/1e6, "ms-"+name+"-p99")
}

// number is one of a hundred destinations: a sender has 256 references for one.
func number(i int) string { return fmt.Sprintf("+4917123456%02d", i%100) }
