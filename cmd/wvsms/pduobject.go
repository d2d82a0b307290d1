package main

import (
	"encoding/hex"
	"time"

	"wvsms/pdu"
)

// A pduObject is what `pdu decode --json` prints and `pdu encode` reads. A key is nil where
// it does not apply to the message. The keys smsc_ton and smsc_npi, format within vp, and udl stand
// only where the message could not be made again without them.
type pduObject struct {
	Type       *string    `json:"type,omitempty"`
	SMSC       *string    `json:"smsc,omitempty"`
	SMSCTON    *byte      `json:"smsc_ton,omitempty"`
	SMSCNPI    *byte      `json:"smsc_npi,omitempty"`
	Address    *string    `json:"address,omitempty"`
	AddressTON *byte      `json:"address_ton,omitempty"`
	AddressNPI *byte      `json:"address_npi,omitempty"`
	MR         *byte      `json:"mr,omitempty"`
	PID        *byte      `json:"pid,omitempty"`
	DCS        *byte      `json:"dcs,omitempty"`
	Alphabet   *string    `json:"alphabet,omitempty"`
	Class      *int       `json:"class,omitempty"`
	MWI        *mwiObject `json:"mwi,omitempty"`
	Compressed *bool      `json:"compressed,omitempty"`
	AutoDelete *bool      `json:"autodelete,omitempty"`

	SCTS         *string `json:"scts,omitempty"`
	SCTSRaw      *string `json:"scts_raw,omitempty"`
	Discharge    *string `json:"discharge,omitempty"`
	DischargeRaw *string `json:"discharge_raw,omitempty"`
	Status       *byte   `json:"status,omitempty"`
	VPF          *string `json:"vpf,omitempty"`
	VP           any     `json:"vp,omitempty"` // string, or enhancedObject
	VPRaw        *string `json:"vp_raw,omitempty"`

	UDHI   *bool         `json:"udhi,omitempty"`
	UDH    *[]ieObject   `json:"udh,omitempty"`
	Ports  *portsObject  `json:"ports,omitempty"`
	Concat *concatObject `json:"concat,omitempty"`

	MMS *bool   `json:"mms,omitempty"`
	LP  *bool   `json:"lp,omitempty"`
	RD  *bool   `json:"rd,omitempty"`
	SRI *bool   `json:"sri,omitempty"`
	SRR *bool   `json:"srr,omitempty"`
	SRQ *bool   `json:"srq,omitempty"`
	RP  *bool   `json:"rp,omitempty"`
	FCS *byte   `json:"fcs,omitempty"`
	PI  *string `json:"pi,omitempty"`
	CT  *byte   `json:"ct,omitempty"`
	MN  *byte   `json:"mn,omitempty"`

	UDL  *int    `json:"udl,omitempty"`
	Data *string `json:"data,omitempty"`
	Text *string `json:"text,omitempty"`

	CSP *cspObject `json:"csp,omitempty"` // encode passes over it

	Error    *string  `json:"error,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

type mwiObject struct {
	Action string `json:"action"` // store, discard
	Type   string `json:"type"`   // voicemail, fax, email, other
	Active bool   `json:"active"`
}

type enhancedObject struct {
	SingleShot bool    `json:"single_shot"`
	VP         *string `json:"vp,omitempty"`
	Format     *string `json:"format,omitempty"`
}

type ieObject struct {
	IEI  byte   `json:"iei"`
	Data string `json:"data"`
}

type portsObject struct {
	Dst  uint16 `json:"dst"`
	Src  uint16 `json:"src"`
	Bits int    `json:"bits"`
}

type concatObject struct {
	Ref   uint16 `json:"ref"`
	Bits  int    `json:"bits"`
	Total byte   `json:"total"`
	Seq   byte   `json:"seq"`
}

func (o *pduObject) fail(err error) *pduObject {
	o.Error = new(err.Error())
	return o
}

// warn adds warnings of octets that stand after others.
func (o *pduObject) warn(faults []pdu.Fault, before int) {
	for _, f := range faults {
		f.Octet += before
		o.Warnings = append(o.Warnings, f.Error())
	}
}

// setSMSC sets the number; its type only where the number does not tell it.
func (o *pduObject) setSMSC(a pdu.Address) {
	o.SMSC = new(a.String())
	if implied, err := pdu.ParseNumber(a.String()); err != nil || implied != a {
		o.SMSCTON, o.SMSCNPI = new(byte(a.TON)), new(byte(a.NPI))
	}
}

func (o *pduObject) setAddress(a pdu.Address) {
	o.Address, o.AddressTON, o.AddressNPI = new(a.String()), new(byte(a.TON)), new(byte(a.NPI))
}

func (o *pduObject) setDCS(d pdu.DCS) {
	o.DCS = new(byte(d))
	o.Alphabet = new(d.Alphabet().String())
	o.Compressed, o.AutoDelete = new(d.Compressed()), new(d.AutoDelete())
	if class, ok := d.Class(); ok {
		o.Class = &class
	}
	if m, ok := d.MWI(); ok {
		o.MWI = &mwiObject{Action: "discard", Type: m.Type.String(), Active: m.Active}
		if m.Store {
			o.MWI.Action = "store"
		}
	}
}

// timestampKeys returns the time, or the octets that are none.
func timestampKeys(ts pdu.Timestamp) (at, raw *string) {
	t, ok := ts.Time()
	if !ok {
		return nil, new(hex.EncodeToString(ts[:]))
	}
	return new(t.Format(rfc3339Offset)), nil
}

// rfc3339Offset never writes Z.
const rfc3339Offset = "2006-01-02T15:04:05-07:00"

func (o *pduObject) setVP(v pdu.Validity) {
	o.VPF = new(v.Format.String())
	if d, ok := v.Relative(); ok {
		o.VP = d.String()
	}
	if ts, ok := v.Absolute(); ok {
		at, raw := timestampKeys(ts)
		if o.VPRaw = raw; at != nil {
			o.VP = *at
		}
	}
	if v.Format != pdu.VPEnhanced {
		return
	}
	e, ok := v.Enhanced()
	if !ok {
		o.VPRaw = new(hex.EncodeToString(v.Octets()))
		return
	}
	x := enhancedObject{SingleShot: e.SingleShot}
	if e.Format != pdu.EnhancedNone {
		x.VP = new(e.Period.String())
		if e.Format != impliedFormat(e.Period) {
			x.Format = new(enhancedFormats[e.Format])
		}
	}
	o.VP = x
}

// enhancedFormats names the formats of an enhanced validity.
var enhancedFormats = [...]string{"none", "relative", "seconds", "clock"}

// impliedFormat is how a period is written where no format is named: the first that can.
func impliedFormat(d time.Duration) pdu.EnhancedFormat {
	for _, f := range []pdu.EnhancedFormat{pdu.EnhancedSeconds, pdu.EnhancedRelative} {
		if _, ok := pdu.EnhancedValidity(pdu.Enhanced{Format: f, Period: d}); ok {
			return f
		}
	}
	return pdu.EnhancedClock
}
