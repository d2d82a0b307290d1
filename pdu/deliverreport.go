package pdu

// A DeliverReport is an SMS-DELIVER-REPORT, mobile to network, the answer to an SMS-DELIVER
// or SMS-STATUS-REPORT (TS 23.040 9.2.2.1a):
//
//	+-------------------------------+-------+----+-------+-------+------------+
//	| - UDHI - - - -       | MTI 00 | [FCS] | PI | [PID] | [DCS] | [UDL | UD] |
//	+-------------------------------+-------+----+-------+-------+------------+
type DeliverReport struct {
	FCS *byte // failure cause, in an RP-ERROR only
	Params
}

// MTI returns MTIDeliverReport.
func (r *DeliverReport) MTI() MTI { return MTIDeliverReport }

func parseDeliverReport(c *cursor, first byte, rp RP) *DeliverReport {
	c.unused("TP-MTI", first, 0xbc)
	r := &DeliverReport{Params: Params{UD: UserData{UDHI: first&bitUDHI != 0}}}
	r.FCS = parseFCS(c, rp)
	r.parsePI(c)
	r.Params.parse(c)
	return r
}

// AppendBinary appends the octets on air.
func (r *DeliverReport) AppendBinary(b []byte) ([]byte, error) {
	t, err := appendReportHead(b, MTIDeliverReport, &r.Params, r.FCS)
	if err != nil {
		return b, err
	}
	return r.appendRest(b, t, "SMS-DELIVER-REPORT")
}

// parseFCS reads TP-FCS if the report is of a failure: its values start at 0x80 (9.2.3.22), where a
// first TP-PI would announce extensions that nobody defined.
func parseFCS(c *cursor, rp RP) *byte {
	if rp == RPAck || c.fault != nil {
		return nil
	}
	if rp == RPUnknown && (c.rest() == 0 || c.b[c.pos] < 0x80) {
		return nil
	}
	fcs := c.octet("TP-FCS")
	if c.fault != nil {
		return nil
	}
	return &fcs
}

// appendReportHead appends the first octet, TP-FCS and TP-PI.
func appendReportHead(b []byte, mti MTI, p *Params, fcs *byte) ([]byte, error) {
	b = append(b, byte(mti)|bit(p.UD.UDHI, bitUDHI))
	if fcs != nil {
		b = append(b, *fcs)
	}
	return p.appendPI(b, true)
}
