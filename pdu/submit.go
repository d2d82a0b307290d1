package pdu

// A Submit is an SMS-SUBMIT, mobile to network (TS 23.040 9.2.2.2):
//
//	+-----------------------------+----+----+-----+-----+----+-----+----+
//	| RP UDHI SRR VPF RD | MTI 01 | MR | DA | PID | DCS | VP | UDL | UD |
//	+-----------------------------+----+----+-----+-----+----+-----+----+
//	  1                             1   2-12  1     1   0,1,7  1   0-140
type Submit struct {
	RD  bool // reject duplicates
	SRR bool // a status report is wanted
	RP  bool // reply path
	MR  byte
	DA  Address
	PID byte
	DCS DCS
	VP  Validity
	UD  UserData
}

// MTI returns MTISubmit.
func (s *Submit) MTI() MTI { return MTISubmit }

func parseSubmit(c *cursor, first byte) *Submit {
	s := &Submit{
		RD:  first&bitRD != 0,
		SRR: first&bitSRR != 0,
		RP:  first&bitRP != 0,
		VP:  Validity{Format: VPF(first & bitsVPF >> 3)},
		UD:  UserData{UDHI: first&bitUDHI != 0},
	}
	s.MR = c.octet("TP-MR")
	s.DA = parseAddress(c, "TP-DA")
	s.PID = c.octet("TP-PID")
	s.DCS = parseDCS(c)
	s.VP = parseValidity(c, s.VP.Format)
	s.UD = parseUserData(c, s.UD.UDHI, s.DCS)
	warnUserData(c, s.UD, s.DCS)
	return s
}

// AppendBinary appends the octets on air.
func (s *Submit) AppendBinary(b []byte) ([]byte, error) {
	if err := s.UD.check(); err != nil {
		return b, err
	}
	t := append(b, byte(MTISubmit)|bit(s.RD, bitRD)|byte(s.VP.Format)<<3|
		bit(s.SRR, bitSRR)|bit(s.UD.UDHI, bitUDHI)|bit(s.RP, bitRP), s.MR)
	t, err := s.DA.AppendBinary(t)
	if err != nil {
		return b, err
	}
	t = append(t, s.PID, byte(s.DCS))
	t = append(t, s.VP.octets()...)
	if t, err = s.UD.append(t, s.DCS); err != nil {
		return b, err
	}
	return t, nil
}
