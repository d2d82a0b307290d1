package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wvsms/pdu"
	"wvsms/pdu/pdutest"
)

// For the vectors and 1,000 random messages of all types, what `pdu decode --json` prints agrees with tshark in
// every field of tsharkFields: type, all bits of the first octet, vpf, mr, digits or text of the address with
// TON and NPI, pid, dcs, scts, discharge and vp, fcs, pi, ct, mn, status, the lengths of user data and header,
// each element's identifier, ports and concatenation of each such element, text, 8-bit and compressed data.
func TestDecodeAgreesWithTshark(t *testing.T) {
	var frames []frame
	for _, v := range sharedVectors(t) {
		frames = append(frames, frame{v.mode[len(v.mode)-v.tpduLen:], v.direction})
	}
	for seed := range 1000 {
		s := pdutest.Samples().Example(seed)
		b, err := s.TPDU.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame{b, s.Direction})
	}
	compared, excused := 0, map[string]int{}
	for i, shown := range tshark(t, frames) {
		c := pduDecodeCmd{TPDU: true, MO: frames[i].direction == pdu.MO}
		o := c.decode(fmt.Sprintf("%x", frames[i].tpdu))
		if o.Error != nil || o.Warnings != nil {
			t.Errorf("%x: %v %v", frames[i].tpdu, or(o.Error), o.Warnings)
			continue
		}
		want := asTshark(o)
		for _, field := range tsharkFields {
			if slices.Equal(want[field], shown[field]) {
				compared += len(want[field])
			} else if reason := excuse(o, field, want[field], shown[field]); reason != "" {
				excused[reason]++
			} else {
				t.Errorf("%s of %x\n     we: %q\n tshark: %q", field, frames[i].tpdu, want[field], shown[field])
			}
		}
	}
	t.Logf("%d values agree", compared)
	for _, d := range tsharkDifferences {
		t.Logf("%d times: %s", excused[d.reason], d.reason)
	}
}

// asTshark gives the fields as tshark shows what the object says.
func asTshark(o *pduObject) map[string][]string {
	f := map[string][]string{}
	set := func(field string, values ...string) {
		f["gsm_sms."+field] = append(f["gsm_sms."+field], values...)
	}
	flag := func(field string, v *bool, inverted bool) {
		if v != nil {
			set(field, map[bool]string{false: "0", true: "1"}[*v != inverted])
		}
	}
	number := func(field string, v *byte) {
		if v != nil {
			set(field, fmt.Sprint(*v))
		}
	}
	set("tp-mti", map[string]string{
		"SMS-DELIVER": "0", "SMS-DELIVER-REPORT": "0", "SMS-SUBMIT": "1", "SMS-SUBMIT-REPORT": "1",
		"SMS-STATUS-REPORT": "2", "SMS-COMMAND": "2",
	}[*o.Type])
	flag("tp-mms", o.MMS, true)
	flag("tp-lp", o.LP, false)
	flag("tp-rd", o.RD, false)
	flag("tp-sri", o.SRI, false)
	flag("tp-srr", o.SRR, false)
	flag("tp-srq", o.SRQ, false)
	flag("tp-udhi", o.UDHI, false)
	flag("tp-rp", o.RP, false)
	number("tp-mr", o.MR)
	number("tp-pid", o.PID)
	number("tp-dcs", o.DCS)
	number("tp.command_type", o.CT)
	number("tp.message_number", o.MN)
	number("dis_field_addr.num_type", o.AddressTON)
	number("dis_field_addr.num_plan", o.AddressNPI)
	if o.Address != nil {
		set(map[string]string{
			"SMS-DELIVER": "tp-oa", "SMS-STATUS-REPORT": "tp-ra", "SMS-SUBMIT": "tp-da", "SMS-COMMAND": "tp-da",
		}[*o.Type], *o.Address)
		if *o.AddressTON == 1 {
			set("tp-oa")
			for _, field := range []string{"gsm_sms.tp-oa", "gsm_sms.tp-da", "gsm_sms.tp-ra"} {
				for i := range f[field] {
					f[field][i] = strings.TrimPrefix(f[field][i], "+")
				}
			}
		}
	}
	if o.FCS != nil {
		set("tp-fcs", fmt.Sprintf("0x%02x", *o.FCS))
	}
	if o.PI != nil {
		set("tp.parameter_indicator", "0x"+*o.PI)
	}
	if s := o.Status; s != nil {
		set("dis_field.definition", fmt.Sprint(*s>>7))
		set("dis_field.st_error", fmt.Sprint(*s>>5&3))
		set("dis.field_st_reason", fmt.Sprint(*s&0x1f))
	}
	for _, at := range []*string{o.SCTS, o.Discharge} {
		if at != nil {
			setTime(set, *at)
		}
	}
	if o.VPF != nil {
		set("tp-vpf", fmt.Sprint(slices.Index([]string{"none", "enhanced", "relative", "absolute"}, *o.VPF)))
		setValidity(set, o)
	}
	setUserData(set, o)
	return f
}

func setTime(set func(string, ...string), at string) {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	for i, unit := range []string{"year", "month", "day", "hour", "minutes", "seconds"} {
		v := []int{t.Year() % 100, int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second()}[i]
		set("scts."+unit, fmt.Sprint(v))
	}
	_, zone := t.Zone()
	set("scts.timezone", fmt.Sprint(max(zone, -zone)/900)) // the sign is in the text only
}

func setValidity(set func(string, ...string), o *pduObject) {
	switch vp := o.VP.(type) {
	case enhancedObject:
		set("vp.single_shot_sm", map[bool]string{false: "0", true: "1"}[vp.SingleShot])
		format := 0
		if vp.VP != nil {
			d, _ := time.ParseDuration(*vp.VP)
			if format = int(impliedFormat(d)); vp.Format != nil {
				format = slices.Index(enhancedFormats[:], *vp.Format)
			}
			if format == 1 || format == 2 {
				v, _ := pdu.EnhancedValidity(pdu.Enhanced{Format: pdu.EnhancedFormat(format), Period: d})
				set("vp.validity_period", fmt.Sprint(v.Octets()[1]))
			}
		}
		set("vp.validity_period_format", fmt.Sprint(format))
	case string:
		if *o.VPF == "absolute" {
			setTime(set, vp)
			return
		}
		d, _ := time.ParseDuration(vp)
		set("vp.validity_period", fmt.Sprint(pdu.RelativeValidity(d).Octets()[0]))
	}
}

func setUserData(set func(string, ...string), o *pduObject) {
	if o.Data == nil {
		return
	}
	header := 0
	if *o.UDHI {
		header = 1
		for _, ie := range *o.UDH {
			header += 2 + len(ie.Data)/2
		}
	}
	length := header + len(*o.Data)/2
	if *o.Type == "SMS-COMMAND" { // tshark shows no header in command data
		set("tp.command_data_length", fmt.Sprint(length))
		return
	}
	if o.Text != nil && *o.Alphabet == "gsm7" {
		length = septetLength(o)
	}
	set("tp.user_data_length", fmt.Sprint(length))
	if *o.UDHI {
		set("dis_field_udh.user_data_header_length", fmt.Sprint(header-1))
	}
	for _, ie := range *o.UDH {
		setElement(set, ie)
	}
	octets := *o.Data
	if octets == "" && header > 0 {
		octets = "<MISSING>"
	}
	switch {
	case length == 0:
	case o.Text != nil:
		set("sms_text", *o.Text)
	case or(o.Compressed):
		set("compressed_data", octets)
	default:
		set("sms_body", octets)
	}
}

// septetLength is the length that encode would give the packed text.
func septetLength(o *pduObject) int {
	w := &writing{pduObject: o}
	return w.userData(pdu.DCSGSM7).Length(pdu.DCSGSM7)
}

func setElement(set func(string, ...string), ie ieObject) {
	w := &writing{}
	d := w.octets("udh", ie.Data)
	set("ie_identifier", fmt.Sprintf("0x%02x", ie.IEI))
	number := func(field string, b []byte) {
		n := 0
		for _, o := range b {
			n = n<<8 | int(o)
		}
		set(field, fmt.Sprint(n))
	}
	concat, ports := len(d)-2, len(d)/2 // where total, and the source port, stand
	if ie.IEI == pdu.IEConcat8 && len(d) == 3 || ie.IEI == pdu.IEConcat16 && len(d) == 4 {
		number("udh.mm.msg_id", d[:concat])
		number("udh.mm.msg_parts", d[concat:concat+1])
		number("udh.mm.msg_part", d[concat+1:])
	}
	if ie.IEI == pdu.IEPorts8 && len(d) == 2 || ie.IEI == pdu.IEPorts16 && len(d) == 4 {
		number("destination_port", d[:ports])
		number("originator_port", d[ports:])
	}
}

// tsharkDifferences are the fields in which tshark 4.0 differs, when, and why ours is as product.md has it.
var tsharkDifferences = []struct {
	fields []string
	when   func(o *pduObject, want, shown []string) bool
	reason string
}{{
	fields: []string{"sms_text"},
	when: func(_ *pduObject, want, shown []string) bool {
		return len(want) == 1 && len(shown) == 1 && sameBut(want[0], shown[0], utf8.RuneError)
	},
	reason: "an escape to nothing known shows the character of the main table (TS 23.038 6.2.1.1), in tshark U+FFFD",
}, {
	fields: []string{"sms_text"},
	when: func(_ *pduObject, want, shown []string) bool {
		return len(want) == 1 && len(shown) == 1 && sameButEscapes(want[0], shown[0])
	},
	reason: "an escape to an escape is a space and done (product.md), in tshark the second one leads to what follows",
}, {
	fields: []string{"sms_text"},
	when: func(o *pduObject, _, _ []string) bool {
		return or(o.Alphabet) == "ucs2" && strings.ContainsAny(or(o.Text), "\x00\ufffd")
	},
	reason: "a lone surrogate is U+FFFD (product.md) and U+0000 a character, tshark loses what follows",
}, {
	fields: []string{"sms_text"},
	when: func(o *pduObject, want, shown []string) bool {
		return len(want) == 1 && len(shown) == 1 && strings.HasSuffix(*o.Type, "-REPORT") && utf8.RuneCountInString(shown[0]) > 120 &&
			sameBut(string([]rune(want[0])[:utf8.RuneCountInString(shown[0])]), shown[0], utf8.RuneError)
	},
	reason: "a report holds more than 160 septets (TS 23.040 9.2.2), tshark cuts its text there",
}, {
	fields: []string{"_ws.malformed"},
	when:   func(o *pduObject, _, _ []string) bool { return or(o.AddressTON) == 1 && or(o.AddressNPI) == 1 },
	reason: "an international number need not begin with a country code that tshark knows",
}, {
	fields: []string{"sms_text"},
	when: func(o *pduObject, _, _ []string) bool {
		return slices.ContainsFunc(*o.UDH, func(ie ieObject) bool {
			return ie.IEI == pdu.IESingleShift || ie.IEI == pdu.IELockingShift
		})
	},
	reason: "national language tables apply (TS 23.038 annex A), tshark reads the default ones",
}, {
	fields: []string{"sms_text", "sms_body"},
	when:   func(o *pduObject, _, _ []string) bool { return o.DCS == nil },
	reason: "user data without TP-DCS is GSM 7-bit (TS 23.040 9.2.3.27), tshark shows its octets",
}, {
	fields: []string{"sms_body"},
	when:   func(o *pduObject, _, _ []string) bool { return o.Ports != nil && o.Ports.Dst == 2948 },
	reason: "tshark hands what goes to port 2948 to WSP and shows no octets",
}, {
	fields: userDataFields,
	when: func(o *pduObject, _, _ []string) bool {
		vp, ok := o.VP.(enhancedObject)
		return ok && (or(vp.Format) == "relative" || vp.Format == nil && vp.VP != nil)
	},
	reason: "an enhanced validity has seven octets in every format (TS 23.040 9.2.3.12.3), tshark takes the period for TP-UDL",
}, {
	fields: userDataFields,
	when: func(o *pduObject, _, _ []string) bool {
		return slices.ContainsFunc(or(o.UDH), func(ie ieObject) bool {
			n, known := elementLengths[ie.IEI]
			return ie.IEI <= pdu.IELockingShift && (!known || len(ie.Data) != 2*n)
		})
	},
	reason: "we pass over elements of other kinds and lengths, tshark reads some of them beyond their ends",
}}

// userDataFields are all after TP-UDL.
var userDataFields = append([]string{"_ws.malformed"}, []string{
	"tp.user_data_length", "dis_field_udh.user_data_header_length", "ie_identifier", "destination_port", "originator_port",
	"udh.mm.msg_id", "udh.mm.msg_parts", "udh.mm.msg_part", "sms_text", "sms_body", "compressed_data",
}...)

// elementLengths are those of the kinds that we read (TS 23.040 9.2.3.24).
var elementLengths = map[byte]int{
	pdu.IEConcat8: 3, pdu.IEPorts8: 2, pdu.IEPorts16: 4, pdu.IEConcat16: 4, pdu.IESingleShift: 1, pdu.IELockingShift: 1,
}

// sameBut reports whether two texts have the same characters, but where the second has the wild one.
func sameBut(a, b string, wild rune) bool {
	x, y := []rune(a), []rune(b)
	return len(x) == len(y) && slices.EqualFunc(x, y, func(p, q rune) bool { return p == q || q == wild })
}

// sameButEscapes reports whether two texts are the same where the second has a character, or U+FFFD, for
// a space of the first and the character after it.
func sameButEscapes(a, b string) bool {
	x, y := []rune(a), []rune(b)
	for len(x) > 0 && len(y) > 0 {
		switch {
		case x[0] == y[0], x[0] != ' ' && y[0] == utf8.RuneError:
			x, y = x[1:], y[1:]
		case x[0] == ' ' && len(x) > 1:
			x, y = x[2:], y[1:]
		default:
			return false
		}
	}
	return len(x) == len(y)
}

// excuse gives the reason why the field may differ.
func excuse(o *pduObject, field string, want, shown []string) string {
	for _, d := range tsharkDifferences {
		if slices.Contains(d.fields, strings.TrimPrefix(field, "gsm_sms.")) && d.when(o, want, shown) {
			return d.reason
		}
	}
	return ""
}
