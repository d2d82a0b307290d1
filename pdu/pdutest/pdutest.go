// Package pdutest draws random short messages for tests: of all six types, each field over all
// that TS 23.040 allows, so that what parses one should have nothing to warn of.
package pdutest

import (
	"time"

	"pgregory.net/rapid"

	"wvsms/pdu"
)

// A Sample is a message and the way it goes.
type Sample struct {
	TPDU      pdu.TPDU
	Direction pdu.Direction
}

// Samples draws messages of all types in both directions.
func Samples() *rapid.Generator[Sample] {
	return rapid.OneOf(
		sample(Delivers(), pdu.MT),
		sample(submitReports(), pdu.MT),
		sample(StatusReports(), pdu.MT),
		sample(deliverReports(), pdu.MO),
		sample(Submits(), pdu.MO),
		sample(commands(), pdu.MO),
	)
}

func sample[T pdu.TPDU](g *rapid.Generator[T], d pdu.Direction) *rapid.Generator[Sample] {
	return rapid.Map(g, func(t T) Sample { return Sample{t, d} })
}

// Delivers draws SMS-DELIVERs.
func Delivers() *rapid.Generator[*pdu.Deliver] {
	return rapid.Custom(func(t *rapid.T) *pdu.Deliver {
		d := &pdu.Deliver{
			MoreToSend: flag(t), LP: flag(t), SRI: flag(t), RP: flag(t),
			OA: Addresses().Draw(t, "OA"), PID: octet(t), DCS: DCSs().Draw(t, "DCS"), SCTS: timestamp(t),
		}
		d.UD = UserData(d.DCS, pdu.MaxUserData).Draw(t, "UD")
		return d
	})
}

// Submits draws SMS-SUBMITs.
func Submits() *rapid.Generator[*pdu.Submit] {
	return rapid.Custom(func(t *rapid.T) *pdu.Submit {
		s := &pdu.Submit{
			RD: flag(t), SRR: flag(t), RP: flag(t), MR: octet(t),
			DA: Addresses().Draw(t, "DA"), PID: octet(t), DCS: DCSs().Draw(t, "DCS"), VP: validity(t),
		}
		s.UD = UserData(s.DCS, pdu.MaxUserData).Draw(t, "UD")
		return s
	})
}

// StatusReports draws SMS-STATUS-REPORTs.
func StatusReports() *rapid.Generator[*pdu.StatusReport] {
	return rapid.Custom(func(t *rapid.T) *pdu.StatusReport {
		r := &pdu.StatusReport{
			MR: octet(t), MoreToSend: flag(t), LP: flag(t), SRQ: flag(t),
			RA: Addresses().Draw(t, "RA"), SCTS: timestamp(t), DT: timestamp(t), ST: octet(t),
		}
		if flag(t) {
			r.Params = params(t, 131)
		}
		return r
	})
}

func submitReports() *rapid.Generator[*pdu.SubmitReport] {
	return rapid.Custom(func(t *rapid.T) *pdu.SubmitReport {
		return &pdu.SubmitReport{FCS: cause(t), SCTS: timestamp(t), Params: params(t, 151)}
	})
}

func deliverReports() *rapid.Generator[*pdu.DeliverReport] {
	return rapid.Custom(func(t *rapid.T) *pdu.DeliverReport {
		return &pdu.DeliverReport{FCS: cause(t), Params: params(t, 158)}
	})
}

func commands() *rapid.Generator[*pdu.Command] {
	return rapid.Custom(func(t *rapid.T) *pdu.Command {
		return &pdu.Command{
			SRR: flag(t), MR: octet(t), PID: octet(t), CT: octet(t), MN: octet(t),
			DA: Addresses().Draw(t, "DA"), CD: UserData(pdu.DCSOctet, 146).Draw(t, "CD"),
		}
	})
}

// params draws the optional fields; the user data is of at most limit octets.
func params(t *rapid.T, limit int) pdu.Params {
	pi := rapid.ByteRange(0, 7).Draw(t, "PI")
	p := pdu.Params{PI: pdu.PI{pi}}
	if p.PI.Has(pdu.PIPID) {
		p.PID = octet(t)
	}
	if p.PI.Has(pdu.PIDCS) {
		p.DCS = DCSs().Draw(t, "DCS")
	}
	if p.PI.Has(pdu.PIUDL) {
		p.UD = UserData(p.DCS, limit).Draw(t, "UD")
	}
	return p
}

// cause draws a TP-FCS, or none.
func cause(t *rapid.T) *byte {
	if flag(t) {
		return nil
	}
	c := rapid.ByteRange(0x80, 0xff).Draw(t, "FCS")
	return &c
}

// DCSs draws data coding schemes that are not reserved.
func DCSs() *rapid.Generator[pdu.DCS] {
	return rapid.Map(rapid.Byte(), func(b byte) pdu.DCS { return pdu.DCS(b) }).
		Filter(func(d pdu.DCS) bool { return !d.Reserved() })
}

func validity(t *rapid.T) pdu.Validity {
	switch rapid.IntRange(0, 3).Draw(t, "VPF") {
	case 0:
		return pdu.Validity{}
	case 1:
		weeks := rapid.IntRange(0, 63*7*24*60).Draw(t, "minutes")
		return pdu.RelativeValidity(time.Duration(weeks) * time.Minute)
	case 2:
		return pdu.AbsoluteValidity(timestamp(t))
	default:
		return enhanced(t)
	}
}

func enhanced(t *rapid.T) pdu.Validity {
	e := pdu.Enhanced{
		SingleShot: flag(t),
		Format:     pdu.EnhancedFormat(rapid.ByteRange(0, 3).Draw(t, "format")),
	}
	switch e.Format {
	case pdu.EnhancedRelative:
		e.Period, _ = pdu.RelativeValidity(time.Duration(octet(t)) * time.Hour).Relative()
	case pdu.EnhancedSeconds:
		e.Period = time.Duration(rapid.IntRange(1, 255).Draw(t, "seconds")) * time.Second
	case pdu.EnhancedClock:
		e.Period = time.Duration(rapid.IntRange(0, 100*3600-1).Draw(t, "clock")) * time.Second
	}
	v, ok := pdu.EnhancedValidity(e)
	if !ok {
		t.Fatalf("EnhancedValidity(%+v)", e)
	}
	return v
}

// timestamp draws a time of 1990 to 2089 in any zone but a negative zero.
func timestamp(t *rapid.T) pdu.Timestamp {
	quarters := rapid.IntRange(-79, 79).Draw(t, "zone")
	zone := time.FixedZone("", quarters*900)
	first := time.Date(1990, 1, 1, 0, 0, 0, 0, zone).Unix()
	last := time.Date(2089, 12, 31, 23, 59, 59, 0, zone).Unix()
	return pdu.NewTimestamp(time.Unix(rapid.Int64Range(first, last).Draw(t, "time"), 0).In(zone))
}

func octet(t *rapid.T) byte { return rapid.Byte().Draw(t, "octet") }

func flag(t *rapid.T) bool { return rapid.Bool().Draw(t, "bit") }
