package modemtest

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf16"

	"wvsms/pdu"
)

// charset writes text as +CSCS says: as it is, or as the hex of UCS-2.
func (s *session) charset(text string) string {
	if s.cscs != "UCS2" {
		return text
	}
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}

// uncharset reads what charset writes.
func (s *session) uncharset(text string) (string, bool) {
	if s.cscs != "UCS2" {
		return text, true
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(units)), true
}

// number reads the number of a command.
func (s *session) number(text string) (string, bool) {
	number, ok := s.uncharset(text)
	if _, err := pdu.ParseNumber(number); !ok || err != nil {
		return "", false
	}
	return number, true
}

// composeText makes a SUBMIT of what the TE writes in text mode, with the
// parameters of +CSMP: TS 27.005 3.3.3, 3.5.1.
func (s *session) composeText(c command) ([]byte, error) {
	a := c.split()
	to, ok := s.number(a.text(0))
	if !ok && !(c.name == "+CMGW" && len(a) == 0) {
		return nil, cms(304)
	}
	written, err := s.data(true)
	if err != nil {
		return nil, err
	}
	if err := s.taken(); err != nil {
		return nil, err
	}
	sub := &pdu.Submit{PID: byte(s.csmp[2]), DCS: pdu.DCS(s.csmp[3]), SRR: s.csmp[0]&0x20 != 0}
	if to != "" {
		if sub.DA, err = pdu.ParseNumber(to); err != nil {
			return nil, cms(304)
		}
	}
	if sub.UD, err = s.userData(sub.DCS, written); err != nil {
		return nil, cms(305)
	}
	tpdu, err := sub.AppendBinary(nil)
	if err != nil {
		return nil, cms(305)
	}
	return pdu.Mode{TPDU: tpdu}.AppendBinary(nil)
}

func (s *session) userData(d pdu.DCS, written string) (pdu.UserData, error) {
	if d.Alphabet() == pdu.Octet {
		octets, err := hex.DecodeString(strings.TrimSpace(written))
		return pdu.UserData{Data: octets}, err
	}
	text, ok := s.uncharset(written)
	if !ok {
		return pdu.UserData{}, cms(305)
	}
	if d.Alphabet() == pdu.UCS2 {
		return pdu.UCS2UserData(text), nil
	}
	return pdu.GSM7UserData(text)
}

// fields are what text mode shows of a message: TS 27.005 3.1.
type fields struct {
	number, scts, text string
	fo                 byte
	report             *pdu.StatusReport
	submit             *pdu.Submit
	deliver            *pdu.Deliver
}

func (s *session) fields(msg message) fields {
	f := fields{}
	tpdu := msg.tpdu()
	if len(tpdu) > 0 {
		f.fo = tpdu[0]
	}
	var ud pdu.UserData
	var dcs pdu.DCS
	if msg.stat == stoSent || msg.stat == stoUnsent {
		t, _, _ := pdu.ParseMO(tpdu)
		if sub, ok := t.(*pdu.Submit); ok {
			f.submit, f.number, ud, dcs = sub, sub.DA.String(), sub.UD, sub.DCS
		}
	} else {
		t, _, _ := pdu.ParseMT(tpdu)
		switch t := t.(type) {
		case *pdu.Deliver:
			f.deliver, f.number, f.scts, ud, dcs = t, t.OA.String(), stamp(t.SCTS), t.UD, t.DCS
		case *pdu.StatusReport:
			f.report, f.number, f.scts = t, t.RA.String(), stamp(t.SCTS)
		}
	}
	if text, ok := ud.Text(dcs); ok && !ud.UDHI {
		f.text = s.charset(text)
	} else {
		f.text = upperHex(ud.Data)
	}
	f.number = s.charset(f.number)
	return f
}

// stamp is a time as TS 27.005 3.1 writes it, the zone in quarter hours.
func stamp(t pdu.Timestamp) string {
	at, ok := t.Time()
	if !ok {
		return ""
	}
	_, offset := at.Zone()
	return fmt.Sprintf("%s%+03d", at.Format("06/01/02,15:04:05"), offset/(15*60))
}

func (s *session) textCMGR(msg message) []string {
	f := s.fields(msg)
	if f.report != nil {
		return []string{fmt.Sprintf("+CMGR: %q,%s", statTexts[msg.stat], f.reportFields())}
	}
	head := fmt.Sprintf("+CMGR: %q,%q,", statTexts[msg.stat], f.number)
	if f.deliver != nil {
		head += fmt.Sprintf(",%q", f.scts)
	}
	return []string{head + s.details(f), f.text}
}

func (s *session) textCMGL(index int, msg message) []string {
	f := s.fields(msg)
	if f.report != nil {
		return []string{fmt.Sprintf("+CMGL: %d,%q,%s", index, statTexts[msg.stat], f.reportFields())}
	}
	head := fmt.Sprintf("+CMGL: %d,%q,%q,,", index, statTexts[msg.stat], f.number)
	if f.deliver != nil {
		head += fmt.Sprintf("%q", f.scts)
	}
	if s.csdh == 1 {
		head += fmt.Sprintf(",%d,%d", typeOf(f.number), len(f.text))
	}
	return []string{head, f.text}
}

// details are the header values that +CSDH=1 adds.
func (s *session) details(f fields) string {
	if s.csdh == 0 {
		return ""
	}
	var pid, dcs int
	if f.deliver != nil {
		pid, dcs = int(f.deliver.PID), int(f.deliver.DCS)
	} else if f.submit != nil {
		pid, dcs = int(f.submit.PID), int(f.submit.DCS)
	}
	return fmt.Sprintf(",%d,%d,%d,%d,%q,%d,%d", typeOf(f.number), f.fo, pid, dcs,
		s.charset(s.m.sim.smsc), typeOf(s.m.sim.smsc), len(f.text))
}

func (f fields) reportFields() string {
	return fmt.Sprintf("%d,%d,%q,%d,%q,%q,%d", f.fo, f.report.MR, f.number, typeOf(f.number),
		f.scts, stamp(f.report.DT), f.report.ST)
}

// textURC is +CMT or +CDS in text mode: TS 27.005 3.4.1.
func (s *session) textURC(msg message, report bool) []string {
	f := s.fields(msg)
	if report && f.report != nil {
		return []string{"+CDS: " + f.reportFields()}
	}
	return []string{fmt.Sprintf("+CMT: %q,,%q%s", f.number, f.scts, s.details(f)), f.text}
}
