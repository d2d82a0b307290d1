package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// kill -9 in the middle of 200 inbound messages, on a modem that keeps what was not
// deleted: none is lost, and none is offered again after its ACK was answered.
func TestKillInbound(t *testing.T) {
	for _, receive := range []string{"store", "direct"} {
		t.Run(receive, func(t *testing.T) {
			const messages, wantKills = 200, 5
			// In direct mode a message that was handed on to a bridge that died holds
			// up the others until the network gives it up.
			air := newTestNet(t, modemtest.AirOptions{Retry: time.Second})
			_, device := air.modem(modemtest.ModemOptions{Number: numberA, AckTime: time.Second})
			b := newTestBridge(t, device, receive, "")
			b.start()
			handset := air.air.NewHandset(phone, nil)
			random := rand.New(rand.NewPCG(1, 1))
			want := map[string]bool{}
			for i := range messages {
				payload := unique(i, 100+random.IntN(100))
				want[string(payload)] = true
				if err := handset.Send(numberA, wdp.Datagram{Dst: 3590, Data: payload}); err != nil {
					t.Fatal(err)
				}
			}

			acked := map[string]bool{} // by id, when OK had come
			got := map[string]string{} // id by payload
			kills := 0
			for len(acked) < messages {
				c := b.connect()
				until := len(acked) + 1 + random.IntN(40)
				if answer, err := c.try("RECV max=8 ack-wait=5s"); err != nil || answer != "OK" {
					t.Fatalf("RECV: %q, %v", answer, err)
				}
				for len(acked) < messages && (kills >= wantKills || len(acked) < until) {
					m := c.message()
					if acked[m.id] {
						t.Fatalf("%s is offered again after its ACK was answered", m.id)
					}
					if !want[string(m.payload)] {
						t.Fatalf("%s: a payload that nobody sent: %x", m.id, m.payload)
					}
					if id, ok := got[string(m.payload)]; ok && id != m.id {
						t.Fatalf("one message came under two ids, %s and %s", id, m.id)
					}
					got[string(m.payload)] = m.id
					c.do("ACK "+m.id, "OK")
					acked[m.id] = true
				}
				if len(acked) < messages {
					kills++
					b.kill() // some have been offered and not acknowledged, some are half received
					c.close()
					b.start()
				} else {
					c.do("PING", "PONG")
					if len(c.msgs) > 0 {
						t.Errorf("%s is offered though all were acknowledged", c.msgs[0].id)
					}
					c.close()
				}
			}
			if len(got) != messages || kills < wantKills {
				t.Errorf("%d of %d arrived, over %d kills", len(got), messages, kills)
			}
		})
	}
}

// An un-ACKed message comes again under its id, marked; an ACKed one does not.
func TestKillRedelivers(t *testing.T) {
	air := newTestNet(t, modemtest.AirOptions{})
	_, device := air.modem(modemtest.ModemOptions{Number: numberA})
	b := newTestBridge(t, device, "auto", "")
	b.start()
	handset := air.air.NewHandset(phone, nil)
	for _, text := range []string{"first", "second"} {
		if err := handset.Send(numberA, wdp.Datagram{Dst: 3590, Data: []byte(text)}); err != nil {
			t.Fatal(err)
		}
	}
	c := b.connect()
	c.do("RECV", "OK")
	first, second := c.message(), c.message()
	c.do("ACK "+first.id, "OK")
	b.kill()
	c.close()
	b.start()
	c = b.connect()
	defer c.close()
	c.do("RECV", "OK")
	again := c.message()
	if again.id != second.id || string(again.payload) != string(second.payload) || again.keys["redelivered"] != "yes" {
		t.Errorf("got %s %q %v, want %s again", again.id, again.payload, again.keys, second.id)
	}
	c.do("ACK "+first.id, "OK") // repeating it is no error
	c.do("ACK "+again.id, "OK")
	c.do("PING", "PONG")
	if len(c.msgs) > 0 {
		t.Errorf("%s is offered though it was acknowledged", c.msgs[0].id)
	}
}

// kill -9 between OK and the sending: it is sent after the restart, once.
func TestKillOutbound(t *testing.T) {
	air := newTestNet(t, modemtest.AirOptions{})
	sim, device := air.modem(modemtest.ModemOptions{Number: numberA})
	sim.SetRegistration(2, 2) // searching: nothing can be sent yet
	got := make(chan string, 100)
	air.air.NewHandset(phone, func(_ *modemtest.Handset, _ string, d wdp.Datagram) { got <- string(d.Data) })
	b := newTestBridge(t, device, "auto", "")
	b.start()
	c := b.connect()
	var want []string
	for i := range 10 {
		payload := fmt.Sprintf("message %d %s", i, strings.Repeat("x", 30*i))
		c.send(phone, []byte(payload), "")
		want = append(want, payload)
	}
	b.kill()
	c.close()
	sim.SetRegistration(1, 1)
	b.start()
	count := map[string]int{}
	for range want {
		select {
		case payload := <-got:
			count[payload]++
		case <-time.After(patience):
			t.Fatalf("%d of %d arrived", len(count), len(want))
		}
	}
	for _, payload := range want {
		if count[payload] != 1 {
			t.Errorf("%.20q arrived %d times", payload, count[payload])
		}
	}
}

// kill -9 while a segment is being submitted: the bridge starts again, sends what may
// be missing octet for octet, and the receiver joins one message.
func TestKillWhileSending(t *testing.T) {
	air := newTestNet(t, modemtest.AirOptions{})
	_, device := air.modem(modemtest.ModemOptions{Number: numberA, SubmitTime: 300 * time.Millisecond})
	got := make(chan string, 100)
	air.air.NewHandset(phone, func(_ *modemtest.Handset, _ string, d wdp.Datagram) { got <- string(d.Data) })
	b := newTestBridge(t, device, "auto", "")
	b.start()
	c := b.connect()
	c.do("EVENTS", "OK")
	payload := unique(7, 500)
	id, _ := c.send(phone, payload, "")
	c.event(id, "sent segment=1/4") // the next one is on its way
	b.kill()
	c.close()
	b.start()
	c = b.connect()
	defer c.close()
	c.do("EVENTS after=0", "OK")
	c.event(id, "sent")
	select {
	case data := <-got:
		if data != string(payload) {
			t.Errorf("%d octets arrived, changed", len(data))
		}
	case <-time.After(patience):
		t.Fatal("nothing arrived")
	}
	if len(got) != 0 {
		t.Error("it arrived twice")
	}
}

// A daemon killed at a point by name is gone there: the commit that it was about to
// make is not on disk, and nothing was answered.
func TestKillAtPoint(t *testing.T) {
	air := newTestNet(t, modemtest.AirOptions{})
	_, device := air.modem(modemtest.ModemOptions{Number: numberA})
	b := newTestBridge(t, device, "auto", "")
	b.env = []string{envCrash + "=commit accept#1"}
	b.start()
	c := b.connect()
	if answer, err := c.try("SEND " + phone + " 3\r\nabc"); err == nil {
		t.Fatalf("answered %q", answer)
	}
	c.close()
	b.kill()
	b.env = nil
	b.start()
	c = b.connect()
	defer c.close()
	if view := c.data("LIST queue"); view != "[]" {
		t.Errorf("it was accepted: %s", view)
	}
}
