package main

import (
	"testing"
	"time"

	"github.com/warthog618/sms/encoding/tpdu"

	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// The codec beside github.com/warthog618/sms/encoding/tpdu: one segment of 8-bit data with
// a reference and ports, from octets and to octets. Ours appends to what the caller has,
// the other one has no such way and makes its octets anew.
func BenchmarkCodec(b *testing.B) {
	segments, err := wdp.Datagram{Dst: 3590, Src: 3590, Data: payload(300)}.Segment(wdp.Ref{Value: 0xa702, Wide: true})
	if err != nil {
		b.Fatal(err)
	}
	peer, err := pdu.ParseNumber(handset)
	if err != nil {
		b.Fatal(err)
	}
	codec(b, "SMS-DELIVER", pdu.MT, tpdu.MT, &pdu.Deliver{
		OA: peer, DCS: pdu.DCSOctet, SCTS: pdu.NewTimestamp(time.Date(2026, 11, 26, 18, 0, 0, 0, time.UTC)), UD: segments[0],
	})
	codec(b, "SMS-SUBMIT", pdu.MO, tpdu.MO, &pdu.Submit{DA: peer, DCS: pdu.DCSOctet, UD: segments[0]})
}

func codec(b *testing.B, name string, ours pdu.Direction, theirs tpdu.Direction, t pdu.TPDU) {
	octets, err := t.AppendBinary(nil)
	if err != nil {
		b.Fatal(err)
	}
	other := tpdu.TPDU{Direction: theirs}
	if err := other.UnmarshalBinary(octets); err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 256)
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"parse/wvsms", func() error { _, _, err := pdu.Parse(octets, ours, pdu.RPUnknown); return err }},
		{"parse/tpdu", func() error { t := tpdu.TPDU{Direction: theirs}; return t.UnmarshalBinary(octets) }},
		{"append/wvsms", func() error { _, err := t.AppendBinary(buf[:0]); return err }},
		{"append/tpdu", func() error { _, err := other.MarshalBinary(); return err }},
	} {
		b.Run(name+"/"+c.name, func(b *testing.B) {
			const times = 200_000
			for b.Loop() {
				begun := time.Now()
				for range times {
					if err := c.do(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(time.Since(begun))/times, "ns")
				b.ReportMetric(testing.AllocsPerRun(100, func() { c.do() }), "allocs")
			}
		})
	}
}
