package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"wvsms/pdu"
)

// A writing makes a message of an object; the first error stays.
type writing struct {
	*pduObject
	err error
}

func (w *writing) fail(key, format string, a ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("%s: %w", key, fmt.Errorf(format, a...))
	}
}

// or returns the value of a key, or of a key that is not given the zero one.
func or[T any](v *T) (zero T) {
	if v != nil {
		return *v
	}
	return zero
}

// required returns the value of a key that has no sensible default.
func required[T any](w *writing, key string, v *T) T {
	if v == nil {
		w.fail(key, "missing, %s needs it", *w.Type)
	}
	return or(v)
}

// tpdu makes the message of its type.
func (w *writing) tpdu() pdu.TPDU {
	if w.Type == nil {
		w.fail("type", "missing")
		return nil
	}
	switch *w.Type {
	case "SMS-DELIVER":
		d := w.dcs()
		return &pdu.Deliver{
			MoreToSend: or(w.MMS), LP: or(w.LP), SRI: or(w.SRI), RP: or(w.RP),
			OA: w.requiredAddress(), PID: or(w.PID), DCS: d,
			SCTS: w.timestamp("scts", w.SCTS, w.SCTSRaw), UD: w.userData(d),
		}
	case "SMS-SUBMIT":
		d := w.dcs()
		return &pdu.Submit{
			RD: or(w.RD), SRR: or(w.SRR), RP: or(w.RP), MR: or(w.MR),
			DA: w.requiredAddress(), PID: or(w.PID), DCS: d, VP: w.validity(), UD: w.userData(d),
		}
	case "SMS-STATUS-REPORT":
		return &pdu.StatusReport{
			MR: or(w.MR), MoreToSend: or(w.MMS), LP: or(w.LP), SRQ: or(w.SRQ), RA: w.requiredAddress(),
			SCTS: w.timestamp("scts", w.SCTS, w.SCTSRaw), DT: w.timestamp("discharge", w.Discharge, w.DischargeRaw),
			ST: required(w, "status", w.Status), Params: w.params(),
		}
	case "SMS-DELIVER-REPORT":
		return &pdu.DeliverReport{FCS: w.FCS, Params: w.params()}
	case "SMS-SUBMIT-REPORT":
		return &pdu.SubmitReport{FCS: w.FCS, SCTS: w.timestamp("scts", w.SCTS, w.SCTSRaw), Params: w.params()}
	case "SMS-COMMAND":
		return &pdu.Command{
			SRR: or(w.SRR), MR: or(w.MR), PID: or(w.PID), CT: required(w, "ct", w.CT), MN: required(w, "mn", w.MN),
			DA: w.requiredAddress(), CD: w.userData(pdu.DCSOctet),
		}
	}
	w.fail("type", "no such type: %q", *w.Type)
	return nil
}

func (w *writing) requiredAddress() pdu.Address {
	return w.address("address", required(w, "address", w.Address), w.AddressTON, w.AddressNPI)
}

// address reads a number as people write it, or of the type that is given.
func (w *writing) address(key, s string, ton, npi *byte) pdu.Address {
	if ton == nil {
		a, err := pdu.ParseNumber(s)
		if err != nil && w.err == nil {
			w.fail(key, "%w (text is an address with %s_ton 5)", err, key)
		}
		if npi != nil {
			a.NPI = pdu.NPI(*npi)
		}
		return a
	}
	a := pdu.Address{TON: pdu.TON(*ton), NPI: pdu.ISDN}
	if npi != nil {
		a.NPI = pdu.NPI(*npi)
	} else if a.TON == pdu.Alphanumeric {
		a.NPI = pdu.UnknownNPI
	}
	switch a.TON {
	case pdu.Alphanumeric:
		a.Text = s
	case pdu.International:
		a.Digits = strings.TrimPrefix(s, "+")
	default:
		a.Digits = s
	}
	if _, err := a.AppendBinary(nil); err != nil {
		w.fail(key, "%w", err)
	}
	return a
}

// timestamp reads RFC 3339, or the octets where these are given.
func (w *writing) timestamp(key string, at, raw *string) (ts pdu.Timestamp) {
	if raw != nil {
		if n := copy(ts[:], w.octets(key+"_raw", *raw)); n != len(ts) || len(*raw) != 2*len(ts) {
			w.fail(key+"_raw", "%q is not of 7 octets", *raw)
		}
		return ts
	}
	s := required(w, key, at)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		w.fail(key, "%q is no RFC 3339 time", s)
		return ts
	}
	ts = pdu.NewTimestamp(t)
	again, ok := ts.Time()
	_, zone := t.Zone()
	if _, zoneAgain := again.Zone(); !ok || !again.Equal(t) || zone != zoneAgain {
		w.fail(key, "%s: years are 1990 to 2089, seconds and quarter hours of zone (at most 19:45) are whole", s)
	}
	return ts
}

// validity reads vp as vpf says, else as it looks.
func (w *writing) validity() pdu.Validity {
	format := or(w.VPF)
	text, isText := w.VP.(string)
	switch {
	case w.VPF != nil:
	case w.VP == nil && w.VPRaw == nil:
		format = "none"
	case isText && strings.Contains(text, "T"):
		format = "absolute"
	case isText:
		format = "relative"
	default:
		format = "enhanced"
	}
	if format != "none" && w.VP == nil && w.VPRaw == nil {
		w.fail("vp", "missing, vpf is %s", format)
		return pdu.Validity{}
	}
	switch format {
	case "none":
		return pdu.Validity{}
	case "relative":
		return w.relative(text, isText)
	case "absolute":
		var at *string
		if isText {
			at = &text
		}
		return pdu.AbsoluteValidity(w.timestamp("vp", at, w.VPRaw))
	case "enhanced":
		return w.enhanced()
	}
	w.fail("vpf", "no such format: %q", format)
	return pdu.Validity{}
}

func (w *writing) relative(text string, isText bool) pdu.Validity {
	d, err := time.ParseDuration(text)
	if !isText || err != nil {
		w.fail("vp", "%v is no duration like 24h0m0s", w.VP)
	}
	v := pdu.RelativeValidity(d)
	if again, _ := v.Relative(); again != d {
		w.fail("vp", "%v is no relative validity, the next one is %v", d, again)
	}
	return v
}

func (w *writing) enhanced() pdu.Validity {
	if w.VPRaw != nil {
		v, err := pdu.ParseValidity(pdu.VPEnhanced, w.octets("vp_raw", *w.VPRaw))
		if err != nil {
			w.fail("vp_raw", "%w", err)
		}
		return v
	}
	var x enhancedObject
	given, err := json.Marshal(w.VP)
	if _, isObject := w.VP.(map[string]any); err != nil || !isObject {
		w.fail("vp", "%s is no enhanced validity like {\"single_shot\":true,\"vp\":\"30s\"}", given)
		return pdu.Validity{}
	}
	if err := decodeStrict(given, &x); err != nil {
		w.fail("vp", "%w", err)
		return pdu.Validity{}
	}
	e := pdu.Enhanced{SingleShot: x.SingleShot}
	if x.VP != nil {
		if e.Period, err = time.ParseDuration(*x.VP); err != nil {
			w.fail("vp", "%q is no duration like 30s", *x.VP)
		}
		e.Format = impliedFormat(e.Period)
	}
	if x.Format != nil {
		if e.Format, err = parseEnhancedFormat(*x.Format); err != nil {
			w.fail("vp", "%w", err)
		}
	}
	v, ok := pdu.EnhancedValidity(e)
	if !ok {
		w.fail("vp", "%v cannot be written in the enhanced format %s", e.Period, enhancedFormats[e.Format])
	}
	return v
}

func parseEnhancedFormat(s string) (pdu.EnhancedFormat, error) {
	for f, name := range enhancedFormats {
		if s == name {
			return pdu.EnhancedFormat(f), nil
		}
	}
	return 0, errors.New("no such enhanced format: " + s)
}

// octets reads hex; no digits are no octets.
func (w *writing) octets(key, s string) []byte {
	if s == "" {
		return nil
	}
	b, err := pdu.DecodeHex(s)
	if err != nil {
		w.fail(key, "%w", err)
	}
	return b
}
