package pdu

import "fmt"

// Mode is what a modem in PDU mode shows and takes (TS 27.005 3.1), as octets:
//
//	+--------+-----------------+------+
//	| length | type of address,| TPDU |
//	| octets | SMSC number     |      |
//	+--------+-----------------+------+
//
// Length 0 is the zero SMSC: when sending, the one stored in the modem.
type Mode struct {
	SMSC     Address
	TPDU     []byte  // aliases what was parsed
	Warnings []Fault // what is sloppy in the SMSC field; not appended
}

// ParseMode splits off the SMSC field. The error is a *Fault.
func ParseMode(b []byte) (Mode, error) {
	const field = "SMSC"
	c := newCursor(b)
	var m Mode
	if n := int(c.octet(field)); n > 0 {
		value := c.octets(field, n)
		if c.fault != nil {
			return m, c.fault
		}
		semi := 2 * (n - 1)
		if n > 1 && value[n-1] >= 0xf0 && TON(value[0]>>4&7) != Alphanumeric {
			semi--
		}
		m.SMSC = readAddress(c, field, 1, value[0], value[1:], semi)
		var buf [2 + maxSemiOctets/2]byte
		again, err := Mode{SMSC: m.SMSC}.AppendBinary(buf[:0])
		if (err != nil || string(again) != string(b[:c.pos])) && len(c.warnings) == 0 {
			c.warnAt(field, 0, "the address is not as it would be written")
		}
	}
	if c.fault != nil {
		return m, c.fault
	}
	m.TPDU, m.Warnings = b[c.pos:], c.warnings
	return m, nil
}

// AppendBinary appends SMSC and TPDU as octets.
func (m Mode) AppendBinary(b []byte) ([]byte, error) {
	if m.SMSC == (Address{}) {
		return append(append(b, 0), m.TPDU...), nil
	}
	value, _, err := m.SMSC.appendValue(append(b, 0))
	if err != nil {
		return b, fmt.Errorf("append SMSC: %w", err)
	}
	value[len(b)] = byte(len(value) - len(b) - 1)
	return append(value, m.TPDU...), nil
}
