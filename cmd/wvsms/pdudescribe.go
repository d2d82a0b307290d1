package main

import (
	"encoding/hex"

	"wvsms/pdu"
)

// A reading follows the fields of a message in their order on air, up to the faulty one.
type reading struct {
	*pduObject
	fault   string // field at which reading ended, "" for none
	stopped bool
}

// reached reports whether the field was read.
func (r *reading) reached(field string) bool {
	r.stopped = r.stopped || field == r.fault
	return !r.stopped
}

// describe sets the keys of the fields that stand before the fault.
func (o *pduObject) describe(t pdu.TPDU, fault *pdu.Fault) {
	r := &reading{pduObject: o}
	if fault != nil {
		r.fault = fault.Field
	}
	switch t := t.(type) {
	case *pdu.Deliver:
		r.deliver(t)
	case *pdu.Submit:
		r.submit(t)
	case *pdu.StatusReport:
		r.statusReport(t)
	case *pdu.DeliverReport:
		r.Type = new("SMS-DELIVER-REPORT")
		r.report(t.FCS, &t.Params, nil)
	case *pdu.SubmitReport:
		r.Type = new("SMS-SUBMIT-REPORT")
		r.report(t.FCS, &t.Params, &t.SCTS)
	case *pdu.Command:
		r.command(t)
	}
}

func (r *reading) deliver(d *pdu.Deliver) {
	r.Type = new("SMS-DELIVER")
	r.MMS, r.LP, r.SRI, r.RP = &d.MoreToSend, &d.LP, &d.SRI, &d.RP
	r.UDHI = &d.UD.UDHI
	if r.reached("TP-OA") {
		r.setAddress(d.OA)
	}
	if r.reached("TP-PID") {
		r.PID = &d.PID
	}
	if r.reached("TP-DCS") {
		r.setDCS(d.DCS)
	}
	if r.reached("TP-SCTS") {
		r.SCTS, r.SCTSRaw = timestampKeys(d.SCTS)
	}
	r.userData("TP-UDL", "TP-UD", d.UD, d.DCS)
	r.csp(d.UD, d.DCS)
}

func (r *reading) submit(s *pdu.Submit) {
	r.Type = new("SMS-SUBMIT")
	r.RD, r.SRR, r.RP = &s.RD, &s.SRR, &s.RP
	r.UDHI = &s.UD.UDHI
	r.VPF = new(s.VP.Format.String())
	if r.reached("TP-MR") {
		r.MR = &s.MR
	}
	if r.reached("TP-DA") {
		r.setAddress(s.DA)
	}
	if r.reached("TP-PID") {
		r.PID = &s.PID
	}
	if r.reached("TP-DCS") {
		r.setDCS(s.DCS)
	}
	if r.reached("TP-VP") {
		r.setVP(s.VP)
	}
	r.userData("TP-UDL", "TP-UD", s.UD, s.DCS)
	r.csp(s.UD, s.DCS)
}

func (r *reading) statusReport(s *pdu.StatusReport) {
	r.Type = new("SMS-STATUS-REPORT")
	r.MMS, r.LP, r.SRQ = &s.MoreToSend, &s.LP, &s.SRQ
	r.UDHI = &s.UD.UDHI
	if r.reached("TP-MR") {
		r.MR = &s.MR
	}
	if r.reached("TP-RA") {
		r.setAddress(s.RA)
	}
	if r.reached("TP-SCTS") {
		r.SCTS, r.SCTSRaw = timestampKeys(s.SCTS)
	}
	if r.reached("TP-DT") {
		r.Discharge, r.DischargeRaw = timestampKeys(s.DT)
	}
	if r.reached("TP-ST") {
		r.Status = &s.ST
	}
	if r.reached("TP-PI") && s.PI != nil {
		r.PI = new(hex.EncodeToString(s.PI))
	}
	r.params(&s.Params)
}

// report reads what SMS-DELIVER-REPORT and SMS-SUBMIT-REPORT share; only the latter has scts.
func (r *reading) report(fcs *byte, p *pdu.Params, scts *pdu.Timestamp) {
	r.UDHI = &p.UD.UDHI
	if r.reached("TP-FCS") {
		r.FCS = fcs
	}
	if r.reached("TP-PI") {
		r.PI = new(hex.EncodeToString(p.PI))
	}
	if scts != nil && r.reached("TP-SCTS") {
		r.SCTS, r.SCTSRaw = timestampKeys(*scts)
	}
	r.params(p)
}

// params reads the fields that TP-PI announces.
func (r *reading) params(p *pdu.Params) {
	if p.PI.Has(pdu.PIPID) && r.reached("TP-PID") {
		r.PID = &p.PID
	}
	if p.PI.Has(pdu.PIDCS) && r.reached("TP-DCS") {
		r.setDCS(p.DCS)
	}
	if !p.PI.Has(pdu.PIUDL) {
		return
	}
	r.userData("TP-UDL", "TP-UD", p.UD, p.DCS)
	if r.Data != nil && r.Alphabet == nil {
		r.Alphabet = new(p.DCS.Alphabet().String())
	}
}

func (r *reading) command(m *pdu.Command) {
	r.Type = new("SMS-COMMAND")
	r.SRR = &m.SRR
	r.UDHI = &m.CD.UDHI
	if r.reached("TP-MR") {
		r.MR = &m.MR
	}
	if r.reached("TP-PID") {
		r.PID = &m.PID
	}
	if r.reached("TP-CT") {
		r.CT = &m.CT
	}
	if r.reached("TP-MN") {
		r.MN = &m.MN
	}
	if r.reached("TP-DA") {
		r.setAddress(m.DA)
	}
	r.userData("TP-CDL", "TP-CD", m.CD, pdu.DCSOctet)
}

// userData reads the header as far as it goes, and the data if whole.
func (r *reading) userData(length, field string, u pdu.UserData, d pdu.DCS) {
	if !r.reached(length) {
		return
	}
	r.UDH = &[]ieObject{}
	for _, ie := range u.UDH {
		*r.UDH = append(*r.UDH, ieObject{ie.ID, hex.EncodeToString(ie.Data)})
	}
	if p, ok := u.Ports(); ok {
		r.Ports = &portsObject{p.Dst, p.Src, p.Bits}
	}
	if c, ok := u.Concat(); ok {
		r.Concat = &concatObject{c.Ref, c.Bits, c.Total, c.Seq}
	}
	if !r.reached(field) {
		return
	}
	r.Data = new(hex.EncodeToString(u.Data))
	if text, ok := u.Text(d); ok {
		r.Text = &text
	}
	if d.Septets() && impliedSeptets(u, d, r.Text) != u.Septets {
		r.UDL = new(u.Length(d))
	}
}

// impliedSeptets returns how many septets the data is, where no udl tells: as many as give the text; without
// one, a last septet of zeros is taken for padding.
func impliedSeptets(u pdu.UserData, d pdu.DCS, text *string) int {
	least, most := u.SeptetRange()
	if least == most {
		return most
	}
	for u.Septets = most; text != nil && u.Septets >= least; u.Septets-- {
		if s, _ := u.Text(d); s == *text {
			return u.Septets
		}
	}
	if u.Data[len(u.Data)-1]>>1 == 0 {
		return least
	}
	return most
}
