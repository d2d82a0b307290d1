package pdu

// A SubmitReport is an SMS-SUBMIT-REPORT, network to mobile, the answer to an SMS-SUBMIT
// or SMS-COMMAND (TS 23.040 9.2.2.2a):
//
//	+-------------------------------+-------+----+------+-------+-------+------------+
//	| - UDHI - - - -       | MTI 01 | [FCS] | PI | SCTS | [PID] | [DCS] | [UDL | UD] |
//	+-------------------------------+-------+----+------+-------+-------+------------+
type SubmitReport struct {
	FCS  *byte // failure cause, in an RP-ERROR only
	SCTS Timestamp
	Params
}

// MTI returns MTISubmitReport.
func (r *SubmitReport) MTI() MTI { return MTISubmitReport }

func parseSubmitReport(c *cursor, first byte, rp RP) *SubmitReport {
	c.unused("TP-MTI", first, 0xbc)
	r := &SubmitReport{Params: Params{UD: UserData{UDHI: first&bitUDHI != 0}}}
	r.FCS = parseFCS(c, rp)
	r.parsePI(c)
	r.SCTS = parseTimestamp(c, "TP-SCTS")
	r.Params.parse(c)
	return r
}

// AppendBinary appends the octets on air.
func (r *SubmitReport) AppendBinary(b []byte) ([]byte, error) {
	t, err := appendReportHead(b, MTISubmitReport, &r.Params, r.FCS)
	if err != nil {
		return b, err
	}
	return r.appendRest(b, append(t, r.SCTS[:]...), "SMS-SUBMIT-REPORT")
}
