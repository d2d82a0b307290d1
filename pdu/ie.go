package pdu

import "encoding/binary"

// An IE is one information element of a user data header (9.2.3.24):
//
//	+-----+------+-------------+
//	| IEI | IEDL | IEDL octets |
//	+-----+------+-------------+
type IE struct {
	ID   byte
	Data []byte
}

// Specification: identifiers of the elements that this package reads.
const (
	IEConcat8      = 0x00 // ref, total, seq
	IEPorts8       = 0x04 // dst, src
	IEPorts16      = 0x05
	IEConcat16     = 0x08
	IESingleShift  = 0x24 // national language
	IELockingShift = 0x25
)

// Ports are the application ports of 9.2.3.24.3 (8 bits) and 9.2.3.24.4 (16 bits).
type Ports struct {
	Dst, Src uint16
	Bits     int
}

// Concat places one segment among those of a message (9.2.3.24.1, 9.2.3.24.8).
type Concat struct {
	Ref        uint16
	Bits       int // 8 or 16, the width of Ref
	Total, Seq byte
}

// PortIE returns the element of 16-bit ports.
func PortIE(dst, src uint16) IE {
	return IE{IEPorts16, binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(make([]byte, 0, 4), dst), src)}
}

// ConcatIE returns the element of 8 or 16 bits of reference.
func ConcatIE(c Concat) IE {
	if c.Bits == 8 {
		return IE{IEConcat8, []byte{byte(c.Ref), c.Total, c.Seq}}
	}
	return IE{IEConcat16, []byte{byte(c.Ref >> 8), byte(c.Ref), c.Total, c.Seq}}
}

// Ports returns the ports of the last usable element: elements of reserved destination
// ports are to be ignored, and of several ones the last counts (9.2.3.24.4). The source
// port is never checked: Android sends 0, operators rewrite it.
func (u UserData) Ports() (p Ports, ok bool) {
	for _, ie := range u.UDH {
		switch d := ie.Data; {
		case ie.ID == IEPorts8 && len(d) == 2 && d[0] >= 240:
			p, ok = Ports{uint16(d[0]), uint16(d[1]), 8}, true
		case ie.ID == IEPorts16 && len(d) == 4 && binary.BigEndian.Uint16(d) <= 49151:
			p, ok = Ports{binary.BigEndian.Uint16(d), binary.BigEndian.Uint16(d[2:]), 16}, true
		}
	}
	return p, ok
}

// Concat returns the place of the last usable element; one of total 0, or of a sequence number of 0 or
// above the total, is to be ignored (9.2.3.24.1).
func (u UserData) Concat() (c Concat, ok bool) {
	for _, ie := range u.UDH {
		var at Concat
		switch d := ie.Data; {
		case ie.ID == IEConcat8 && len(d) == 3:
			at = Concat{uint16(d[0]), 8, d[1], d[2]}
		case ie.ID == IEConcat16 && len(d) == 4:
			at = Concat{binary.BigEndian.Uint16(d), 16, d[2], d[3]}
		}
		if at.Seq >= 1 && at.Seq <= at.Total {
			c, ok = at, true
		}
	}
	return c, ok
}

// alphabet returns the tables that the header's national language elements choose: the last
// of each kind; an unknown language leaves the default (9.2.3.24.15).
func (u UserData) alphabet() alphabet {
	a := defaultAlphabet
	for _, ie := range u.UDH {
		if len(ie.Data) != 1 {
			continue
		}
		switch ie.ID {
		case IESingleShift:
			a.shift = Language(ie.Data[0]).shift()
		case IELockingShift:
			a.locking = Language(ie.Data[0]).locking()
		}
	}
	return a
}
