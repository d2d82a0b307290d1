package pdu_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/warthog618/sms/encoding/tpdu"

	"wvsms/pdu"
	"wvsms/pdu/pdutest"
)

// fields are what this package and the oracle are compared in; what does not apply is zero.
type fields struct {
	Type              string
	First             byte // the first octet
	Address           string
	TON, NPI          byte
	MR, PID, DCS      byte
	FCS, PI           byte
	CT, MN, ST        byte
	SCTS, DT, VPTime  int64
	VP                time.Duration
	SCTSZone, DTZone  int
	UDH, Octets, Text string
}

// Where the oracle can decode a message, we read the same; tried on random messages of all types,
// whole and with octets changed. Reports are read as of an RP-ERROR: the oracle has no other.
func TestAgreesWithTPDU(t *testing.T) {
	random := rand.New(rand.NewPCG(3590, 3716))
	compared, excused := 0, map[string]int{}
	for seed := range 4000 {
		s := pdutest.Samples().Example(seed)
		b, err := s.TPDU.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		for changes := range 4 {
			for range changes {
				b[random.IntN(len(b))] = byte(random.Uint32())
			}
			oracle := tpdu.TPDU{Direction: tpdu.MT}
			if s.Direction == pdu.MO {
				oracle.Direction = tpdu.MO
			}
			if oracle.UnmarshalBinary(b) != nil {
				continue
			}
			if reason, d := compare(b, s.Direction, &oracle); reason != "" {
				excused[reason]++
			} else if d != "" {
				t.Errorf("%x: %s", b, d)
			} else {
				compared++
			}
		}
	}
	t.Logf("%d messages agree", compared)
	for _, d := range append(faultDifferences, fieldDifferences...) {
		t.Logf("%d times: %s", excused[d.reason], d.reason)
		if excused[d.reason] == 0 {
			t.Errorf("this difference does not exist: %s", d.reason)
		}
	}
}

// A difference is known: the oracle's reading is not what product.md or the clause wants.
type difference struct {
	sign   string // what our fault or warning says, or the field
	reason string
}

// faultDifferences are messages that the oracle decodes and we do not.
var faultDifferences = []difference{
	{"there is no user data", "TP-UDHI without user data is a fault (product.md)"},
	{"runs beyond the header", "an element beyond UDHL is a fault (product.md, TS 23.040 9.2.3.24)"},
	{"of user data", "UDHL beyond TP-UDL is a fault (product.md)"},
	{"compressed", "compressed user data is counted in octets (TS 23.040 9.2.3.16)"},
	{"extended TP-PI", "a further TP-PI octet follows one with bit 7 (TS 23.040 9.2.3.27)"},
}

// fieldDifferences are those that both decode.
var fieldDifferences = []difference{
	{"compressed", "compressed user data is counted in octets and is no text (TS 23.040 9.2.3.16)"},
	{"year", "years 70 to 89 are 2070 to 2089 (product.md)"},
	{"is no time", "the 31 April is no time (product.md: scts_raw and a warning), the oracle makes it the 1 May"},
	{"filler", "a filler nibble that is not f is a warning (product.md)"},
	{"unused bits", "unused bits are read over with a warning and not kept (TS 23.040 9.2.2, note)"},
	{"national", "the elements of national languages are 0x24 and 0x25 (TS 23.040 9.2.3.24), the oracle has 24 and 25"},
	{"escaped CR", "an escape to CR, which has no character, shows that of the main table; the oracle has LF"},
	{"surrogate", "a lone surrogate is U+FFFD and nothing else is lost (product.md)"},
}

// compare returns the reason of a known difference, or else the difference.
func compare(b []byte, d pdu.Direction, oracle *tpdu.TPDU) (reason, diff string) {
	p, warnings, err := pdu.Parse(b, d, pdu.RPError)
	ours, signs := ourFields(p)
	if err != nil || strings.Contains(signs, "extended TP-PI") {
		return known(faultDifferences, signs+fmt.Sprint(err)), fmt.Sprint("we fault: ", err)
	}
	for _, w := range warnings {
		signs += "\n" + w.String()
	}
	theirs := theirFields(oracle)
	if diff = cmp.Diff(theirs, ours); diff == "" {
		return "", ""
	}
	if strings.ReplaceAll(ours.Text, "\r", "\n") == strings.ReplaceAll(theirs.Text, "\r", "\n") {
		signs += "escaped CR"
	}
	if strings.Contains(ours.Text, "\ufffd") {
		signs += "surrogate"
	}
	return known(fieldDifferences, signs), diff
}

func known(ds []difference, text string) string {
	for _, d := range ds {
		if strings.Contains(text, d.sign) {
			return d.reason
		}
	}
	return ""
}

// ourFields returns the fields, and signs of what may differ.
func ourFields(p pdu.TPDU) (f fields, signs string) {
	var u pdu.UserData
	var d pdu.DCS
	var a pdu.Address
	report := func(fcs *byte, p *pdu.Params) {
		if fcs != nil {
			f.FCS = *fcs
		}
		if len(p.PI) > 0 {
			f.PI = p.PI[0]
			if len(p.PI) > 1 || p.PI[0]&0x80 != 0 {
				signs += "extended TP-PI"
			}
		}
		f.PID, d, u = p.PID, p.DCS, p.UD
	}
	stamp := func(ts pdu.Timestamp) (int64, int) {
		t, ok := ts.Time()
		if ok && t.Year() >= 2070 {
			signs += "year"
		}
		_, zone := t.Zone()
		return t.Unix(), zone
	}
	switch p := p.(type) {
	case *pdu.Deliver:
		f.Type, a, f.PID, d, u = "DELIVER", p.OA, p.PID, p.DCS, p.UD
		f.SCTS, f.SCTSZone = stamp(p.SCTS)
	case *pdu.Submit:
		f.Type, f.MR, a, f.PID, d, u = "SUBMIT", p.MR, p.DA, p.PID, p.DCS, p.UD
		if v, ok := p.VP.Relative(); ok {
			f.VP = v
		}
		if e, ok := p.VP.Enhanced(); ok {
			f.VP = e.Period
		}
		if at, ok := p.VP.Absolute(); ok {
			f.VPTime, _ = stamp(at)
		}
	case *pdu.StatusReport:
		f.Type, f.MR, a, f.ST = "STATUS-REPORT", p.MR, p.RA, p.ST
		f.SCTS, f.SCTSZone = stamp(p.SCTS)
		f.DT, f.DTZone = stamp(p.DT)
		report(nil, &p.Params)
	case *pdu.DeliverReport:
		f.Type = "DELIVER-REPORT"
		report(p.FCS, &p.Params)
	case *pdu.SubmitReport:
		f.Type = "SUBMIT-REPORT"
		f.SCTS, f.SCTSZone = stamp(p.SCTS)
		report(p.FCS, &p.Params)
	case *pdu.Command:
		f.Type, f.MR, f.PID, f.CT, f.MN, a = "COMMAND", p.MR, p.PID, p.CT, p.MN, p.DA
		d, u = pdu.DCSOctet, p.CD
	}
	if b, err := p.AppendBinary(nil); err == nil {
		f.First = b[0]
	}
	f.Address, f.TON, f.NPI = a.Digits+a.Text, byte(a.TON), byte(a.NPI)
	f.DCS = byte(d)
	for _, ie := range u.UDH {
		f.UDH += fmt.Sprintf("%02x %x ", ie.ID, ie.Data)
		switch ie.ID {
		case pdu.IELockingShift, pdu.IESingleShift, 24, 25:
			signs += "national"
		}
	}
	if d.Compressed() {
		signs += "compressed"
	}
	if text, ok := u.Text(d); ok {
		f.Text = text
	} else {
		f.Octets = fmt.Sprintf("%x", u.Data)
	}
	return f, signs
}

func theirFields(t *tpdu.TPDU) fields {
	f := fields{
		MR: t.MR, PID: t.PID, DCS: byte(t.DCS), FCS: t.FCS, PI: byte(t.PI), CT: t.CT, MN: t.MN, ST: t.ST,
		First: byte(t.FirstOctet),
	}
	f.Type = map[tpdu.SmsType]string{
		tpdu.SmsDeliver: "DELIVER", tpdu.SmsDeliverReport: "DELIVER-REPORT", tpdu.SmsSubmit: "SUBMIT",
		tpdu.SmsSubmitReport: "SUBMIT-REPORT", tpdu.SmsStatusReport: "STATUS-REPORT", tpdu.SmsCommand: "COMMAND",
	}[t.SmsType()]
	a := t.OA
	switch t.SmsType() {
	case tpdu.SmsSubmit, tpdu.SmsCommand:
		a = t.DA
	case tpdu.SmsStatusReport:
		a = t.RA
	}
	f.Address, f.TON, f.NPI = a.Addr, byte(a.TypeOfNumber()), byte(a.NumberingPlan())
	if f.Type == "DELIVER" || f.Type == "STATUS-REPORT" || f.Type == "SUBMIT-REPORT" {
		f.SCTS = t.SCTS.Unix()
		_, f.SCTSZone = t.SCTS.Zone()
	}
	if f.Type == "STATUS-REPORT" {
		f.DT = t.DT.Unix()
		_, f.DTZone = t.DT.Zone()
	}
	if f.Type == "SUBMIT" {
		f.VP = t.VP.Duration
		if t.VP.Format == tpdu.VpfAbsolute {
			f.VPTime = t.VP.Time.Unix()
		}
	}
	for _, ie := range t.UDH {
		f.UDH += fmt.Sprintf("%02x %x ", ie.ID, ie.Data)
	}
	alphabet, _ := t.Alphabet()
	if alphabet == tpdu.Alpha8Bit {
		f.Octets = fmt.Sprintf("%x", []byte(t.UD))
		return f
	}
	text, err := tpdu.DecodeUserData(t.UD, t.UDH, alphabet, tpdu.WithAllCharsets)
	if err != nil {
		text = []byte("oracle: " + err.Error())
	}
	f.Text = string(text)
	return f
}
