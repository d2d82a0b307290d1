package main

import (
	"slices"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

const (
	window   = 15 * time.Second // in which a peer sends: what it sent by then is its rate
	patience = 20 * time.Second // with one that does nothing more
)

// outbound measures messages a second, from the first submission to the last segment
// that the network takes. Eight programs submit at once.
func outbound(b *testing.B, p peer, octets int) {
	n, segments := p.many, 1
	if octets == 1000 {
		n, segments = max(8, p.many/8), 8
	}
	t := try(b, p, modemtest.ModemOptions{}, false)
	t.taken.expect(n * segments)
	begun, busy := time.Now(), t.busy()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				if err := t.submit(number(i), marked(i+1, octets)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	t.taken.wait(window - time.Since(begun))
	all, at := t.taken.count()
	if all == 0 {
		b.Fatalf("nothing sent in %v", window)
	}
	sent := float64(all) / float64(segments)
	b.ReportMetric(sent/at.Sub(begun).Seconds(), "messages/s")
	b.ReportMetric((t.busy()-busy).Seconds()/sent*1000, "cpu-s/1000")
	b.ReportMetric(t.peak(), "MiB-peak")
	b.Logf("%d of %d segments in %v", all, n*segments, at.Sub(begun))
}

// idle measures what a peer costs that has nothing to do, and how long a message then
// waits for the first AT+CMGS.
func idle(b *testing.B, p peer) {
	t := try(b, p, modemtest.ModemOptions{}, false)
	time.Sleep(2 * time.Second)
	begun, busy := time.Now(), t.busy()
	time.Sleep(10 * time.Second)
	b.ReportMetric(float64(t.busy()-busy)/float64(time.Since(begun))*100, "cpu-%")

	var all []time.Duration
	for i := range 8 {
		// Spread over two seconds, for the peers look for work once in one or two, and long
		// enough after the last message that they are idle again.
		time.Sleep(time.Second + time.Duration(i)*250*time.Millisecond)
		t.sim.line.forget()
		t.taken.expect(1)
		begun := time.Now()
		if err := t.submit(handset, marked(i+1, 100)); err != nil {
			b.Fatal(err)
		}
		if !t.taken.wait(40 * time.Second) {
			b.Fatal("not sent")
		}
		all = append(all, t.sim.line.commands("AT+CMGS")[0].at.Sub(begun))
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2])/1e6, "ms-p50")
	b.ReportMetric(float64(all[len(all)-1])/1e6, "ms-max")
}

// inbound measures 200 messages from the air to the consumer, all sent at once by ten
// handsets. The SIM holds 30; the network keeps the others for it.
func inbound(b *testing.B, p peer, direct bool) {
	const n = 200
	t := try(b, p, modemtest.ModemOptions{}, direct)
	var handsets []*modemtest.Handset
	for i := range 10 {
		handsets = append(handsets, t.sim.air.NewHandset(number(i), nil))
	}
	t.given.expect(n)
	begun, busy := time.Now(), t.busy()
	for i := range n {
		if err := handsets[i%10].Send(t.sim.Number(), wdp.Datagram{Dst: 3590, Src: 3590, Data: marked(i+1, 100)}); err != nil {
			b.Fatal(err)
		}
	}
	t.given.settle(n, 0, patience)
	all, at := t.given.count()
	lost, doubled := t.given.verdict(n)
	if all == 0 {
		b.Fatal("nothing came")
	}
	b.ReportMetric(at.Sub(begun).Seconds(), "s")
	b.ReportMetric((t.busy()-busy).Seconds()/float64(n)*1000, "cpu-s/1000")
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(doubled), "doubled")
}
