package pdu

// A Deliver is an SMS-DELIVER, network to mobile (TS 23.040 9.2.2.1):
//
//	+-------------------------------+----+-----+-----+------+-----+----+
//	| RP UDHI SRI - LP MMS | MTI 00 | OA | PID | DCS | SCTS | UDL | UD |
//	+-------------------------------+----+-----+-----+------+-----+----+
//	  1                               2-12  1     1     7      1   0-140
type Deliver struct {
	MoreToSend bool // TP-MMS is 0
	LP         bool // loop prevention
	SRI        bool // a status report goes to the sender
	RP         bool // reply path
	OA         Address
	PID        byte
	DCS        DCS
	SCTS       Timestamp
	UD         UserData
}

// MTI returns MTIDeliver.
func (d *Deliver) MTI() MTI { return MTIDeliver }

func parseDeliver(c *cursor, first byte) *Deliver {
	c.unused("TP-MTI", first, 0x10)
	d := &Deliver{
		MoreToSend: first&bitMMS == 0,
		LP:         first&bitLP != 0,
		SRI:        first&bitSRI != 0,
		RP:         first&bitRP != 0,
		UD:         UserData{UDHI: first&bitUDHI != 0},
	}
	d.OA = parseAddress(c, "TP-OA")
	d.PID = c.octet("TP-PID")
	d.DCS = parseDCS(c)
	d.SCTS = parseTimestamp(c, "TP-SCTS")
	d.UD = parseUserData(c, d.UD.UDHI, d.DCS)
	warnUserData(c, d.UD, d.DCS)
	return d
}

// AppendBinary appends the octets on air.
func (d *Deliver) AppendBinary(b []byte) ([]byte, error) {
	if err := d.UD.check(); err != nil {
		return b, err
	}
	t := append(b, byte(MTIDeliver)|bit(!d.MoreToSend, bitMMS)|bit(d.LP, bitLP)|
		bit(d.SRI, bitSRI)|bit(d.UD.UDHI, bitUDHI)|bit(d.RP, bitRP))
	t, err := d.OA.AppendBinary(t)
	if err != nil {
		return b, err
	}
	t = append(t, d.PID, byte(d.DCS))
	t = append(t, d.SCTS[:]...)
	if t, err = d.UD.append(t, d.DCS); err != nil {
		return b, err
	}
	return t, nil
}
