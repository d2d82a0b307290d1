package main

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// kills is how often a peer is killed in the middle of its work.
const kills = 4

// killOutbound compares what was submitted with what is on air, where all processes of
// a peer are killed while it sends, in turn after an AT+CMGS and after a Ctrl-Z. A
// segment takes the modem a while, as on any network, so that the kills fall before, into
// and behind it. All is submitted before the first kill.
func killOutbound(b *testing.B, p peer) {
	const n = 12
	const service = 200 * time.Millisecond
	t := try(b, p, modemtest.ModemOptions{SubmitTime: service}, false)
	t.taken.expect(n)
	rng := rand.New(rand.NewPCG(1, 1))
	t.sim.line.forget()
	for i := range n {
		if err := t.submit(number(i), marked(i+1, 100)); err != nil {
			b.Fatal(err)
		}
	}
	for i := range kills {
		mark := []string{"AT+CMGS=", "^Z"}[i%2]
		for since := time.Now(); !t.sim.heard(mark) && time.Since(since) < patience; {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(rng.Int64N(int64(service * 5 / 4))))
		t.kill()
		t.sim.line.forget()
		t.run(b)
	}
	t.taken.settle(n, 3*time.Second, patience)
	lost, doubled := t.taken.verdict(n)
	b.ReportMetric(n, "submitted")
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(doubled), "doubled")
}

// heard is whether a line with that came to the modem since forget.
func (s *sim) heard(part string) bool {
	return slices.ContainsFunc(s.line.commands(""), func(l said) bool { return strings.Contains(l.text, part) })
}

// killInbound does it to what comes from a handset, ten messages a second, and compares
// with what the consumer was given.
func killInbound(b *testing.B, p peer) {
	const n = 60
	t := try(b, p, modemtest.ModemOptions{}, false)
	h := t.sim.air.NewHandset(handset, nil)
	t.given.expect(n)
	rng := rand.New(rand.NewPCG(2, 2))
	sent := make(chan error, 1)
	go func() {
		for i := range n {
			if err := h.Send(t.sim.Number(), wdp.Datagram{Dst: 3590, Src: 3590, Data: marked(i+1, 100)}); err != nil {
				sent <- err
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		sent <- nil
	}()
	for range kills {
		before, _ := t.given.count()
		for since := time.Now(); time.Since(since) < patience; time.Sleep(time.Millisecond) {
			if now, _ := t.given.count(); now > before {
				break
			}
		}
		time.Sleep(time.Duration(rng.Int64N(int64(300 * time.Millisecond))))
		t.kill()
		t.run(b)
	}
	if err := <-sent; err != nil {
		b.Fatal(err)
	}
	t.given.settle(n, 3*time.Second, patience)
	lost, doubled := t.given.verdict(n)
	b.ReportMetric(n, "sent")
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(doubled), "doubled")
}
