package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// From the octet with which a modem begins to tell of a message, +CMTI or +CMT, to MSG at
// the program, with its commit between them. The modem takes no time of its own. Then how
// fast two hundred come in that the network held back: until the program has the last one.
func BenchmarkInbound(b *testing.B) {
	for _, c := range []struct{ receive, urc string }{{"store", "+CMTI:"}, {"direct", "+CMT:"}} {
		b.Run("receive="+c.receive, func(b *testing.B) {
			s := newSim(b, modemtest.ModemOptions{SIMSlots: 250, MESlots: 250}, modemtest.AirOptions{})
			s.keys = fmt.Sprintf("receive = %q", c.receive)
			br := newBridge(b, "", s)
			cl := br.consume(b)
			h := s.air.NewHandset(handset, nil)
			for b.Loop() {
				var all []time.Duration
				for i := range 200 {
					time.Sleep(10 * time.Millisecond)
					s.line.forget()
					sendIn(b, h, s, i)
					id, at := cl.message(b)
					told := s.line.answers(c.urc)
					if len(told) != 1 {
						b.Fatalf("a message was told of by %d %s", len(told), c.urc)
					}
					all = append(all, at.Sub(told[0].at))
					cl.ack(b, id)
				}
				report(b, "urc-msg", all)

				const burst = 200
				begun, cpu := time.Now(), br.cpu()
				for i := range burst {
					sendIn(b, h, s, 1000+i)
				}
				for range burst {
					id, _ := cl.message(b)
					cl.ack(b, id)
				}
				b.ReportMetric(burst/time.Since(begun).Seconds(), "messages/s")
				b.ReportMetric(float64(br.cpu()-cpu)/1e3/burst, "cpu-µs/message")
			}
		})
	}
}

// sendIn has a handset send a message in one segment, n of which no two are alike.
func sendIn(b *testing.B, h *modemtest.Handset, s *sim, n int) {
	data := binary.BigEndian.AppendUint32(payload(96), uint32(n))
	if err := h.Send(s.Number(), wdp.Datagram{Dst: 3590, Src: 3590, Data: data}); err != nil {
		b.Fatal(err)
	}
}

// sendPart has one of a hundred handsets send the first segment of three.
func sendPart(b *testing.B, s *sim, n int) {
	h := s.air.NewHandset(fmt.Sprintf("+4917312345%02d", n%100), nil)
	segments, err := wdp.Datagram{Dst: 3590, Src: 3590, Data: payload(300)}.Segment(wdp.Ref{Value: uint16(n), Wide: true})
	if err == nil {
		err = h.SendUserData(s.Number(), pdu.DCSOctet, segments[0])
	}
	if err != nil {
		b.Fatal(err)
	}
}

// consume is a client that is handed what comes in.
func (br *bridge) consume(b *testing.B) *client {
	c := br.dial(b)
	c.line("RECV")
	if said, err := c.answer(); err != nil || said != "OK" {
		b.Fatalf("RECV: %s, %v", said, err)
	}
	return c
}

// message waits for the next MSG.
func (c *client) message(b *testing.B) (id string, at time.Time) {
	c.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		head, err := c.answer()
		if err != nil {
			b.Fatalf("wait for MSG: %v", err)
		}
		f := strings.Fields(head)
		if f[0] != "MSG" {
			continue // the OK to an ACK
		}
		at = time.Now()
		n, err := strconv.Atoi(f[3])
		if err != nil {
			b.Fatalf("%s: %v", head, err)
		}
		if _, err := io.CopyN(io.Discard, c.r, int64(n)+2); err != nil {
			b.Fatalf("read the payload of MSG: %v", err)
		}
		return f[1], at
	}
}

// ack does not wait for the answer, which message passes over.
func (c *client) ack(b *testing.B, id string) {
	if _, err := fmt.Fprintf(c, "ACK %s\r\n", id); err != nil {
		b.Fatal(err)
	}
}
