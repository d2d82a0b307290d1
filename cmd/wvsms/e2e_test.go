package main

import (
	"bytes"
	"fmt"
	"net"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

const (
	numberA = "+491700000001"
	numberB = "+491700000002"
	phone   = "+491712345678"
)

// Two bridges, two modems on ptys, one network: every size arrives octet for octet,
// in the least number of segments.
func TestSizes(t *testing.T) {
	for _, receive := range []string{"store", "direct"} {
		t.Run(receive, func(t *testing.T) {
			air := newTestNet(t, modemtest.AirOptions{})
			_, deviceA := air.modem(modemtest.ModemOptions{Number: numberA})
			_, deviceB := air.modem(modemtest.ModemOptions{Number: numberB})
			a := newTestBridge(t, deviceA, receive, "")
			b := newTestBridge(t, deviceB, receive, "")
			a.start()
			b.start()
			sender, receiver := a.connect(), b.connect()
			defer sender.close()
			defer receiver.close()
			receiver.do("RECV", "OK")
			sender.do("EVENTS", "OK")
			for i, size := range []int{0, 1, 132, 133, 134, 255, 1000, 5000, wdp.MaxSize} {
				payload := unique(i, size)
				id, segments := sender.send(numberB, payload, "")
				plan, err := wdp.PlanFor(size)
				if err != nil || segments != plan.Total {
					t.Errorf("%d octets: %d segments, want %d (%v)", size, segments, plan.Total, err)
				}
				m := receiver.message()
				if !bytes.Equal(m.payload, payload) || m.peer != numberA {
					t.Fatalf("%s, %d octets: %d octets arrived from %s, equal: %v", id, size, len(m.payload), m.peer, bytes.Equal(m.payload, payload))
				}
				receiver.do("ACK "+m.id, "OK")
				sender.event(id, "sent")
			}
			tooLarge := make([]byte, wdp.MaxSize+1)
			sender.do(fmt.Sprintf("SEND %s %d\r\n%s", numberB, len(tooLarge), tooLarge), "ERR too-large ")
			sender.do("PING", "PONG")
		})
	}
}

// Both UDP roles: a program that knows only UDP, one number on a port of its own on
// one bridge, every number from a socket of its own on the other.
func TestUDP(t *testing.T) {
	air := newTestNet(t, modemtest.AirOptions{})
	_, deviceA := air.modem(modemtest.ModemOptions{Number: numberA})
	_, deviceB := air.modem(modemtest.ModemOptions{Number: numberB})
	service, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	field := freeUDPPort(t)
	a := newTestBridge(t, deviceA, "auto", fmt.Sprintf("[[udp]]\nlisten = %q\npeer = %q\n", field, numberB))
	b := newTestBridge(t, deviceB, "auto", fmt.Sprintf("[[udp]]\nforward = %q\n", service.LocalAddr()))
	a.start()
	b.start()

	program, err := net.Dial("udp", field)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	deadline := time.Now().Add(patience)
	program.SetDeadline(deadline)
	service.SetDeadline(deadline)
	buf := make([]byte, 65536)
	for i, size := range []int{1, 133, 500} {
		request, answer := unique(i, size), unique(100+i, size+10)
		if _, err := program.Write(request); err != nil {
			t.Fatal(err)
		}
		n, from, err := service.ReadFrom(buf)
		if err != nil || !bytes.Equal(buf[:n], request) {
			t.Fatalf("request of %d octets: %d arrived, %v", size, n, err)
		}
		if _, err := service.WriteTo(answer, from); err != nil {
			t.Fatal(err)
		}
		n, err = program.Read(buf)
		if err != nil || !bytes.Equal(buf[:n], answer) {
			t.Fatalf("answer of %d octets: %d arrived, %v", len(answer), n, err)
		}
	}
}

func freeUDPPort(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().String()
}
