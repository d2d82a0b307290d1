// Package wdp maps WDP datagrams (WAP-259-WDP) onto short messages and back: a
// datagram with two 16-bit ports becomes one or more segments, each of them the
// TP-UD of one SMS-SUBMIT, and the segments of SMS-DELIVERs become a datagram.
//
//	         UDL  UDHL | concatenation IE | application port IE     | payload
//	one      7+n   06  |                  | 05 04 dst dst src src   | <= 133
//	8 bit    12+n  0B  | 00 03 ref tot seq| 05 04 dst dst src src   | <= 128
//	16 bit   13+n  0C  | 08 04 re f t s   | 05 04 dst dst src src   | <= 127
//
// Nothing in wdp knows the time, a file or a modem: segments that wait for others
// are kept by the caller, who asks Place where a new one belongs.
package wdp

import (
	"fmt"

	"wvsms/pdu"
)

// Specification: TP-UD holds 140 octets (TS 23.040 9.2.3.24), a concatenated
// short message at most 255 segments (9.2.3.24.1).
const (
	maxUserData = 140
	maxTotal    = 255

	singleSize = maxUserData - 7  // UDHL + port IE
	narrowSize = maxUserData - 12 // and an 8-bit reference
	wideSize   = maxUserData - 13 // and a 16-bit reference
)

// MaxSize is the largest payload of a datagram in octets: 255 segments with an
// 8-bit reference.
const MaxSize = maxTotal * narrowSize

// A Datagram is one WDP datagram. Peers are named by whoever carries it.
type Datagram struct {
	Dst, Src uint16 // application ports, TS 23.040 9.2.3.24.4
	Data     []byte
}

// A Ref is the reference that the segments of one datagram share.
type Ref struct {
	Value uint16 // of an 8-bit reference the low octet counts
	Wide  bool   // 16-bit reference, IEI 08
}

// A Plan says how a payload is cut.
type Plan struct {
	Total int // segments, 1..255
	Bits  int // width of the reference: 0 (none), 8 or 16
}

// PlanFor returns the cut with the least number of segments for a payload of
// size octets. The reference is 16 bits wide, since an 8-bit one comes round
// after 256 messages, unless 8 bits save a segment.
func PlanFor(size int) (Plan, error) {
	if size > MaxSize {
		return Plan{}, fmt.Errorf("segment a datagram of %d octets: the most is %d", size, MaxSize)
	}
	if size <= singleSize {
		return Plan{Total: 1}, nil
	}
	narrow, wide := ceil(size, narrowSize), ceil(size, wideSize)
	if narrow < wide {
		return Plan{Total: narrow, Bits: 8}, nil
	}
	return Plan{Total: wide, Bits: 16}, nil
}

// PlanWide is PlanFor with a 16-bit reference whatever it costs; an error means that
// a payload so large takes an 8-bit one.
func PlanWide(size int) (Plan, error) {
	if size <= singleSize {
		return Plan{Total: 1}, nil
	}
	total := ceil(size, wideSize)
	if total > maxTotal {
		return Plan{}, fmt.Errorf("segment a datagram of %d octets with a 16-bit reference: %d segments, the most is %d", size, total, maxTotal)
	}
	return Plan{Total: total, Bits: 16}, nil
}

func ceil(n, d int) int { return (n + d - 1) / d }

// Segment cuts the datagram with a reference of the width that ref names. A
// datagram that fits in one segment carries no reference. The Data of the
// segments is d's own memory.
func (d Datagram) Segment(ref Ref) ([]pdu.UserData, error) {
	port := pdu.PortIE(d.Dst, d.Src)
	if len(d.Data) <= singleSize {
		return []pdu.UserData{{UDHI: true, UDH: []pdu.IE{port}, Data: d.Data}}, nil
	}
	size, bits := narrowSize, 8
	if ref.Wide {
		size, bits = wideSize, 16
	} else {
		ref.Value &= 0xFF
	}
	total := ceil(len(d.Data), size)
	if total > maxTotal {
		return nil, fmt.Errorf("segment a datagram of %d octets with a %d-bit reference: %d segments, the most is %d",
			len(d.Data), bits, total, maxTotal)
	}
	segments := make([]pdu.UserData, total)
	for i := range segments {
		concat := pdu.ConcatIE(pdu.Concat{Ref: ref.Value, Bits: bits, Total: byte(total), Seq: byte(i + 1)})
		segments[i] = pdu.UserData{
			UDHI: true,
			UDH:  []pdu.IE{concat, port},
			Data: d.Data[i*size : min((i+1)*size, len(d.Data))],
		}
	}
	return segments, nil
}
