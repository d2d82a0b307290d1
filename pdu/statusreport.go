package pdu

// A StatusReport is an SMS-STATUS-REPORT, network to mobile (TS 23.040 9.2.2.3):
//
//	+-------------------------------+----+----+------+----+----+------+-----+
//	| - UDHI SRQ - LP MMS  | MTI 10 | MR | RA | SCTS | DT | ST | [PI] | ... |
//	+-------------------------------+----+----+------+----+----+------+-----+
//	  1                               1   2-12   7     7    1     1
type StatusReport struct {
	MR         byte
	MoreToSend bool // TP-MMS is 0
	LP         bool // loop prevention
	SRQ        bool // the report is of an SMS-COMMAND
	RA         Address
	SCTS       Timestamp
	DT         Timestamp // discharge
	ST         byte
	Params     // PI is nil where the message ends at ST
}

// MTI returns MTIStatusReport.
func (r *StatusReport) MTI() MTI { return MTIStatusReport }

func parseStatusReport(c *cursor, first byte) *StatusReport {
	c.unused("TP-MTI", first, 0x90)
	r := &StatusReport{
		MoreToSend: first&bitMMS == 0,
		LP:         first&bitLP != 0,
		SRQ:        first&bitSRQ != 0,
		Params:     Params{UD: UserData{UDHI: first&bitUDHI != 0}},
	}
	r.MR = c.octet("TP-MR")
	r.RA = parseAddress(c, "TP-RA")
	r.SCTS = parseTimestamp(c, "TP-SCTS")
	r.DT = parseTimestamp(c, "TP-DT")
	r.ST = c.octet("TP-ST")
	if c.rest() > 0 {
		r.parsePI(c)
	}
	r.Params.parse(c)
	return r
}

// AppendBinary appends the octets on air.
func (r *StatusReport) AppendBinary(b []byte) ([]byte, error) {
	t := append(b, byte(MTIStatusReport)|bit(!r.MoreToSend, bitMMS)|bit(r.LP, bitLP)|
		bit(r.SRQ, bitSRQ)|bit(r.UD.UDHI, bitUDHI), r.MR)
	t, err := r.RA.AppendBinary(t)
	if err != nil {
		return b, err
	}
	t = append(t, r.SCTS[:]...)
	t = append(t, r.DT[:]...)
	t = append(t, r.ST)
	if t, err = r.appendPI(t, false); err != nil {
		return b, err
	}
	return r.appendRest(b, t, "SMS-STATUS-REPORT")
}
