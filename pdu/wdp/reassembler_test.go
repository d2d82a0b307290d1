package wdp

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"wvsms/pdu"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func deliver(from pdu.Address, at time.Time, ud pdu.UserData) *pdu.Deliver {
	return &pdu.Deliver{OA: from, DCS: 0x04, SCTS: pdu.NewTimestamp(at), UD: ud}
}

// Whatever the network does to the order, and however often it delivers, each
// datagram arrives once.
func TestReassembleShuffledDoubled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type sent struct {
			from string
			data []byte
		}
		var want, got []sent
		var air []*pdu.Deliver
		n := rapid.IntRange(1, 6).Draw(t, "datagrams")
		for i := range n {
			from := rapid.SampledFrom([]string{"+491", "+492"}).Draw(t, "from")
			size := rapid.SampledFrom([]int{0, 1, 133, 134, 255, 256, 257, 1000}).Draw(t, "size")
			data := bytes.Repeat([]byte{byte(i)}, size) // no two alike
			if size < 2 {
				data = append(data, byte(i))
			}
			want = append(want, sent{from, data})
			address, err := pdu.ParseNumber(from)
			if err != nil {
				t.Fatal(err)
			}
			// One reference for all senders and both widths: they must not mix.
			ref := Ref{Value: uint16(i / 2), Wide: i%2 == 0}
			segments, err := Datagram{Dst: 3590, Data: data}.Segment(ref)
			if err != nil {
				t.Fatal(err)
			}
			for _, ud := range segments {
				air = append(air, deliver(address, start, ud))
				if len(segments) > 1 && rapid.Bool().Draw(t, "doubled") {
					air = append(air, deliver(address, start.Add(time.Minute), ud))
				}
			}
		}
		seed := rapid.Uint64().Draw(t, "order")
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(air), func(i, j int) { air[i], air[j] = air[j], air[i] })

		r := NewReassembler()
		for i, d := range air {
			datagram, ok, err := r.Push(start.Add(time.Duration(i)*time.Second), "sim", d)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				got = append(got, sent{d.OA.String(), append([]byte{}, datagram.Data...)})
			}
		}
		if diff := cmp.Diff(tally(want), tally(got)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// tally compares lists without regard to order.
func tally[T any](list []T) map[string]int {
	count := map[string]int{}
	for _, v := range list {
		count[fmt.Sprint(v)]++
	}
	return count
}

func TestReassembleNoPort(t *testing.T) {
	_, _, err := NewReassembler().Push(start, "sim", &pdu.Deliver{UD: pdu.UserData{Data: []byte("hello")}})
	if !errors.Is(err, ErrNoPort) {
		t.Errorf("got %v", err)
	}
}

// A text in several segments: the surrogate pair is cut by the segment's end.
func TestReassembleUCS2(t *testing.T) {
	r := NewReassembler()
	halves := [][]byte{{0x00, 'a', 0xD8, 0x3D}, {0xDE, 0x00, 0x00, 'b'}}
	for i, half := range halves {
		d := &pdu.Deliver{OA: number(t, "+49"), DCS: 0x08, UD: pdu.UserData{UDHI: true, Data: half, UDH: []pdu.IE{
			pdu.ConcatIE(pdu.Concat{Ref: 1, Bits: 8, Total: 2, Seq: byte(i + 1)}), pdu.PortIE(3716, 0)}}}
		got, ok, err := r.Push(start, "sim", d)
		if err != nil || ok != (i == 1) {
			t.Fatalf("segment %d: %v, %v", i+1, ok, err)
		}
		if ok && string(got.Data) != "a😀b" {
			t.Errorf("got %q", got.Data)
		}
	}
}

// A flood of first segments is bounded and does not push out another sender's.
func TestReassemblerBounds(t *testing.T) {
	r := NewReassembler()
	data := make([]byte, 200)
	push := func(from string, ref uint16, i int) bool {
		segments, err := Datagram{Dst: 3590, Data: data}.Segment(Ref{Value: ref, Wide: true})
		if err != nil {
			t.Fatal(err)
		}
		_, ok, err := r.Push(start, "sim", deliver(number(t, from), start, segments[i]))
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	push("+491", 1, 0)
	for ref := range 1000 {
		push("+492", uint16(ref), 0)
	}
	if len(r.datagram) > perSenderLimit+1 {
		t.Errorf("%d datagrams are kept", len(r.datagram))
	}
	if !push("+491", 1, 1) {
		t.Error("the other sender's datagram was pushed out")
	}
}

func TestReassemblerExpire(t *testing.T) {
	r := NewReassembler()
	segments, err := Datagram{Dst: 3590, Data: make([]byte, 200)}.Segment(Ref{Value: 1, Wide: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Push(start, "sim", deliver(number(t, "+49"), start, segments[0])); err != nil {
		t.Fatal(err)
	}
	if lost := r.Expire(start.Add(24 * time.Hour)); lost != 0 {
		t.Errorf("%d were lost at the deadline", lost)
	}
	if lost := r.Expire(start.Add(24*time.Hour + time.Second)); lost != 1 {
		t.Errorf("%d were lost after the deadline", lost)
	}
	if len(r.datagram) != 0 || len(r.byKey) != 0 {
		t.Error("something is kept")
	}
}

// FuzzReassembler feeds short messages cut out of random octets: no panic, bounds
// hold, and no datagram is longer than its segments.
func FuzzReassembler(f *testing.F) {
	f.Add([]byte("\x44\x04\x81\x21\x43\x00\x04\x62\x11\x32\x21\x00\x00\x00\x0e\x0b\x00\x03\x07\x02\x01\x05\x04\x0e\x06\x00\x00ab"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		if len(octets) > 1<<13 {
			t.Skip("more of the same")
		}
		r := NewReassembler()
		now := start
		for len(octets) > 0 {
			n := min(len(octets), 1+int(octets[0]))
			tpdu, _, err := pdu.ParseMT(octets[:n])
			octets = octets[n:]
			d, ok := tpdu.(*pdu.Deliver)
			if err != nil || !ok {
				continue
			}
			now = now.Add(time.Minute)
			datagram, _, _ := r.Push(now, "sim", d)
			if len(datagram.Data) > 4*255*160 {
				t.Fatalf("a datagram of %d octets", len(datagram.Data))
			}
			if len(r.datagram) > limit {
				t.Fatalf("%d datagrams are kept", len(r.datagram))
			}
		}
	})
}
