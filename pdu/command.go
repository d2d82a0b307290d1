package pdu

import "fmt"

// A Command is an SMS-COMMAND, mobile to network (TS 23.040 9.2.2.4):
//
//	+-----------------------------+----+-----+----+----+----+-----+----+
//	| - UDHI SRR - - -   | MTI 10 | MR | PID | CT | MN | DA | CDL | CD |
//	+-----------------------------+----+-----+----+----+----+-----+----+
//	  1                             1    1     1    1   2-12  1   0-156
type Command struct {
	SRR bool // a status report is wanted
	MR  byte
	PID byte
	CT  byte // command type
	MN  byte // message number: TP-MR of the message that the command is about
	DA  Address
	CD  UserData // octets, with a header if UDHI
}

// MTI returns MTICommand.
func (m *Command) MTI() MTI { return MTICommand }

func parseCommand(c *cursor, first byte) *Command {
	c.unused("TP-MTI", first, 0x9c)
	m := &Command{SRR: first&bitSRR != 0, CD: UserData{UDHI: first&bitUDHI != 0}}
	m.MR = c.octet("TP-MR")
	m.PID = c.octet("TP-PID")
	m.CT = c.octet("TP-CT")
	m.MN = c.octet("TP-MN")
	m.DA = parseAddress(c, "TP-DA")
	cdl := int(c.octet("TP-CDL"))
	m.CD = parseCounted(c, "TP-CD", m.CD.UDHI, cdl, false)
	warnLongTPDU(c)
	return m
}

// AppendBinary appends the octets on air.
func (m *Command) AppendBinary(b []byte) ([]byte, error) {
	t := append(b, byte(MTICommand)|bit(m.SRR, bitSRR)|bit(m.CD.UDHI, bitUDHI), m.MR, m.PID, m.CT, m.MN)
	t, err := m.DA.AppendBinary(t)
	if err != nil {
		return b, err
	}
	t = append(t, byte(m.CD.headerLen()+len(m.CD.Data)))
	if t, err = m.CD.appendOctets(t); err != nil {
		return b, err
	}
	if n := len(t) - len(b); n > MaxTPDU {
		return b, fmt.Errorf("append SMS-COMMAND: %d octets, a TPDU has at most %d", n, MaxTPDU)
	}
	return t, nil
}
