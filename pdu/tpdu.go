package pdu

import "encoding"

// Specification: sizes.
const (
	// MaxUserData is the most octets that TP-UD of a DELIVER or SUBMIT holds, header
	// included (TS 23.040 9.2.3.16).
	MaxUserData = 140

	// MaxTPDU is the most octets of a TPDU: what the layouts of 9.2.2 add up to.
	MaxTPDU = 164
)

// A TPDU is one of *Deliver, *DeliverReport, *Submit, *SubmitReport, *StatusReport
// and *Command. AppendBinary appends its octets as they go on air.
type TPDU interface {
	encoding.BinaryAppender
	MTI() MTI
}

// MTI is TP-Message-Type-Indicator, the two low bits of the first octet (9.2.3.1).
// Its values mean one type from the network and another one to it.
type MTI byte

// From the network, and to it.
const (
	MTIDeliver      MTI = 0
	MTISubmitReport MTI = 1
	MTIStatusReport MTI = 2

	MTIDeliverReport MTI = 0
	MTISubmit        MTI = 1
	MTICommand       MTI = 2
)

// The further bits of the first octet, which each type uses in its own way (9.2.2).
const (
	bitMMS  = 0x04 // 0: more messages are waiting
	bitRD   = 0x04
	bitLP   = 0x08
	bitsVPF = 0x18
	bitSRI  = 0x20
	bitSRR  = 0x20
	bitSRQ  = 0x20
	bitUDHI = 0x40
	bitRP   = 0x80
)

// Direction tells the two meanings of each MTI apart.
type Direction byte

// The two directions.
const (
	MT Direction = iota // network to mobile
	MO                  // mobile to network
)

// RP is the RPDU that carries a report: TP-FCS stands only in those in an RP-ERROR.
type RP byte

// What carries a report.
const (
	RPUnknown RP = iota // octet 2 tells: from 0x80 on it is TP-FCS
	RPAck
	RPError
)

// ParseMT parses a TPDU that the network sent: *Deliver, *SubmitReport or
// *StatusReport. The faults are warnings: sloppy, but readable. On error, which is a
// *Fault, the TPDU holds the fields before it; it is nil if not even its type could be
// read. User data aliases b.
func ParseMT(b []byte) (TPDU, []Fault, error) { return Parse(b, MT, RPUnknown) }

// ParseMO parses a TPDU that a mobile sent: *Submit, *DeliverReport or *Command, else
// as ParseMT.
func ParseMO(b []byte) (TPDU, []Fault, error) { return Parse(b, MO, RPUnknown) }

// Parse is ParseMT or ParseMO, for a report of which the carrier is known.
func Parse(b []byte, d Direction, rp RP) (TPDU, []Fault, error) {
	c := newCursor(b)
	t := parse(c, d, rp)
	if c.fault != nil {
		return t, c.warnings, c.fault
	}
	if c.rest() > 0 {
		c.warnAt("TP-UD", c.pos, "%d octets follow the message", c.rest())
	}
	return t, c.warnings, nil
}

func parse(c *cursor, d Direction, rp RP) TPDU {
	first := c.octet("TP-MTI")
	if c.fault != nil {
		return nil
	}
	switch mti := MTI(first & 3); {
	case d == MT && mti == MTIDeliver:
		return parseDeliver(c, first)
	case d == MT && mti == MTISubmitReport:
		return parseSubmitReport(c, first, rp)
	case d == MT && mti == MTIStatusReport:
		return parseStatusReport(c, first)
	case d == MT:
		// 9.2.3.1: a mobile that gets the reserved value reads it as SMS-DELIVER.
		c.warnAt("TP-MTI", 0, "reserved value 3, read as SMS-DELIVER")
		return parseDeliver(c, first)
	case mti == MTIDeliverReport:
		return parseDeliverReport(c, first, rp)
	case mti == MTISubmit:
		return parseSubmit(c, first)
	case mti == MTICommand:
		return parseCommand(c, first)
	default:
		c.failAt("TP-MTI", 0, "reserved value 3")
		return nil
	}
}

// bit returns b if set, for composing a first octet.
func bit(set bool, b byte) byte {
	if set {
		return b
	}
	return 0
}
