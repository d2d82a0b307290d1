package wdp

import (
	"bytes"
	"fmt"
	"testing"

	"wvsms/pdu"
)

// The arithmetic of TS 23.040 9.2.3.24: 140 octets less the header.
func TestPlan(t *testing.T) {
	tests := []struct {
		size, total, bits int
	}{
		{0, 1, 0},
		{1, 1, 0},
		{132, 1, 0},
		{133, 1, 0},
		{134, 2, 16},
		{2 * 127, 2, 16},
		{2*127 + 1, 2, 8}, // 8 bits save a segment
		{2 * 128, 2, 8},
		{2*128 + 1, 3, 16},
		{1000, 8, 16},
		{5000, 40, 16},
		{126 * 127, 126, 16},
		{255 * 127, 254, 8},
		{254*128 + 1, 255, 8},
		{MaxSize, 255, 8},
	}
	for _, test := range tests {
		plan, err := PlanFor(test.size)
		if err != nil || plan != (Plan{Total: test.total, Bits: test.bits}) {
			t.Errorf("PlanFor(%d) = %+v, %v; want %d segments, %d bits", test.size, plan, err, test.total, test.bits)
		}
		segments, err := Datagram{Dst: 3590, Data: make([]byte, test.size)}.Segment(Ref{Value: 0x1234, Wide: plan.Bits == 16})
		if err != nil || len(segments) != test.total {
			t.Errorf("Segment of %d octets: %d segments, %v; want %d", test.size, len(segments), err, test.total)
		}
		for i, ud := range segments {
			submit := pdu.Submit{DA: number(t, "+491712345678"), DCS: 0x04, UD: ud}
			if _, err := submit.AppendBinary(nil); err != nil {
				t.Errorf("segment %d of %d octets: %v", i+1, test.size, err)
			}
		}
	}
	if _, err := PlanFor(MaxSize + 1); err == nil {
		t.Errorf("PlanFor(%d) is no error", MaxSize+1)
	}
	if _, err := (Datagram{Data: make([]byte, MaxSize)}).Segment(Ref{Wide: true}); err == nil {
		t.Error("257 segments are no error")
	}
}

func TestSegmentOctets(t *testing.T) {
	payload := bytes.Repeat([]byte("y"), 255)
	tests := []struct {
		name string
		size int
		ref  Ref
		want []string // first octets of each TP-UD
	}{
		{"one", 3, Ref{Value: 7}, []string{"0605040e060e06797979"}},
		{"16-bit", 255, Ref{Value: 0x1234, Wide: true}, []string{
			"0c08041234030105040e060e067979", "0c08041234030205040e060e067979", "0c08041234030305040e060e0679"}},
		{"8-bit", 255, Ref{Value: 0x1234}, []string{
			"0b000334020105040e060e067979", "0b000334020205040e060e067979"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			segments, err := Datagram{Dst: 3590, Src: 3590, Data: payload[:test.size]}.Segment(test.ref)
			if err != nil {
				t.Fatal(err)
			}
			if len(segments) != len(test.want) {
				t.Fatalf("%d segments, want %d", len(segments), len(test.want))
			}
			for i, ud := range segments {
				submit := pdu.Submit{DA: number(t, "1"), DCS: 0x04, UD: ud}
				tpdu, err := submit.AppendBinary(nil)
				if err != nil {
					t.Fatal(err)
				}
				const header = 8 // first octet, MR, DA (3), PID, DCS, UDL
				if got := fmt.Sprintf("%x", tpdu[header:]); len(got) < len(test.want[i]) || got[:len(test.want[i])] != test.want[i] {
					t.Errorf("segment %d: %s, want %s…", i+1, got, test.want[i])
				}
			}
		})
	}
}

func number(t *testing.T, s string) pdu.Address {
	t.Helper()
	a, err := pdu.ParseNumber(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
