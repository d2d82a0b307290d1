package wdp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wvsms/pdu"
)

// Some senders use one reference for all that they send, and their datagrams begin,
// or end, alike. Whatever the network doubles and disorders within a datagram, and
// whichever segments the sender sends again before it goes on to the next: each
// datagram that differs from the one before arrives once, and nothing that was
// never sent. The network brings a datagram before the next one; the sender's
// copies come when they like.
func TestReassembleConstantReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ref := Ref{Value: 1, Wide: rapid.Bool().Draw(t, "wide")}
		size := wideSize
		if !ref.Wide {
			size = narrowSize
		}
		total := rapid.IntRange(2, 4).Draw(t, "total")
		resends := rapid.Bool().Draw(t, "sender's copies")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0))
		from := pdu.Address{TON: pdu.International, NPI: pdu.ISDN, Digits: "49"}

		var air, late []*pdu.Deliver
		var want []string
		clock, before := start, ""
		for range rapid.IntRange(1, 6).Draw(t, "datagrams") {
			var data []byte
			for range total {
				data = append(data, bytes.Repeat([]byte{rapid.SampledFrom([]byte("ab")).Draw(t, "body")}, size)...)
			}
			if string(data) != before {
				want = append(want, string(data))
			}
			before = string(data)
			segments, err := Datagram{Dst: 3590, Data: data}.Segment(ref)
			if err != nil {
				t.Fatal(err)
			}
			var own, again []*pdu.Deliver
			for _, ud := range segments {
				clock = clock.Add(time.Duration(rapid.IntRange(1, 8).Draw(t, "pace")) * time.Second)
				own = append(own, deliver(from, clock, ud))
				if rapid.Bool().Draw(t, "doubled") {
					own = append(own, own[len(own)-1])
				}
			}
			end := clock
			for i := range segments {
				if resends && rapid.Bool().Draw(t, "again") {
					clock = clock.Add(5 * time.Second)
					again = append(again, deliver(from, clock, segments[i]))
				}
			}
			random.Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
			air = append(air, late...)
			air, late = append(air, own...), nil
			for _, d := range again {
				if rapid.Bool().Draw(t, "late") {
					late = append(late, d)
				} else {
					air = append(air, d)
				}
			}
			if resends {
				clock = clock.Add(2*clock.Sub(end) + 2*time.Minute)
			}
		}

		r := NewReassembler()
		var got []string
		for _, d := range append(air, late...) {
			datagram, ok, err := r.Push(start, "sim", d)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				got = append(got, string(datagram.Data))
			}
		}
		if fmt.Sprint(brief(want, size)) != fmt.Sprint(brief(got, size)) {
			t.Fatalf("sent %v, got %v", brief(want, size), brief(got, size))
		}
	})
}

// brief writes a datagram as one letter a segment.
func brief(list []string, size int) (short []string) {
	for _, s := range list {
		letters := ""
		for i := 0; i < len(s); i += size {
			letters += s[i : i+1]
		}
		short = append(short, letters)
	}
	return short
}
