package main

import "wvsms/pdu"

// params makes the optional fields of a report. Without pi, those are there whose keys are.
func (w *writing) params() pdu.Params {
	p := pdu.Params{PID: or(w.PID)}
	if w.PI != nil {
		p.PI = w.octets("pi", *w.PI)
		for i, o := range p.PI {
			if o&0x80 != 0 != (i < len(p.PI)-1) {
				w.fail("pi", "%q: bit 7 tells whether another octet follows", *w.PI)
			}
		}
	} else if pi := w.impliedPI(); pi != 0 || *w.Type != "SMS-STATUS-REPORT" {
		p.PI = pdu.PI{pi}
	}
	if p.PI.Has(pdu.PIDCS) {
		p.DCS = w.dcs()
	}
	if p.PI.Has(pdu.PIUDL) || or(w.UDHI) {
		p.UD = w.userData(p.DCS)
	}
	return p
}

func (w *writing) impliedPI() (pi byte) {
	if w.PID != nil {
		pi |= pdu.PIPID
	}
	if w.DCS != nil || w.Alphabet != nil || w.Class != nil || w.MWI != nil {
		pi |= pdu.PIDCS
	}
	if w.Data != nil || w.Text != nil || w.hasHeader() {
		pi |= pdu.PIUDL
	}
	return pi
}

// dcs returns the coding given, or one of the alphabet, class and so on given. Text without any of these is
// GSM 7-bit if that has its characters, else UCS-2; data without any is octets.
func (w *writing) dcs() pdu.DCS {
	if w.DCS != nil {
		return pdu.DCS(*w.DCS)
	}
	alphabet := w.alphabet()
	if w.MWI != nil {
		return w.mwi(alphabet)
	}
	d := pdu.DCS(alphabet) << 2
	if w.Class != nil {
		if *w.Class < 0 || *w.Class > 3 {
			w.fail("class", "%d is not in 0 to 3", *w.Class)
		}
		d |= 0x10 | pdu.DCS(*w.Class&3)
	}
	if or(w.Compressed) {
		d |= 0x20
	}
	if or(w.AutoDelete) {
		d |= 0x40
	}
	return d
}

func (w *writing) alphabet() pdu.Alphabet {
	if w.Alphabet != nil {
		for _, a := range []pdu.Alphabet{pdu.GSM7, pdu.Octet, pdu.UCS2} {
			if a.String() == *w.Alphabet {
				return a
			}
		}
		w.fail("alphabet", "no such alphabet: %q", *w.Alphabet)
	}
	switch {
	case w.Data != nil && w.Text == nil:
		return pdu.Octet
	case w.Data == nil && w.Text != nil:
		if u := w.header(); u.SetText(pdu.DCSGSM7, *w.Text) != nil {
			return pdu.UCS2
		}
	}
	return pdu.GSM7
}

// mwi returns the coding of group 1100, 1101 or 1110 (TS 23.038 4).
func (w *writing) mwi(alphabet pdu.Alphabet) pdu.DCS {
	d := pdu.DCS(0xd0)
	switch m := w.MWI; {
	case m.Action == "discard" && alphabet == pdu.GSM7:
		d = 0xc0
	case m.Action == "store" && alphabet == pdu.UCS2:
		d = 0xe0
	case m.Action != "store" || alphabet != pdu.GSM7:
		w.fail("mwi", "there is no coding for action %q in %s", m.Action, alphabet)
	}
	if w.MWI.Active {
		d |= 0x08
	}
	for t := pdu.Voicemail; t <= pdu.OtherMessage; t++ {
		if t.String() == w.MWI.Type {
			return d | pdu.DCS(t)
		}
	}
	w.fail("mwi", "no such type: %q", w.MWI.Type)
	return d
}

func (w *writing) hasHeader() bool {
	return or(w.UDHI) || len(or(w.UDH)) > 0 || w.Ports != nil || w.Concat != nil
}

// header makes the header: of udh, or where this is not given of concat and ports.
func (w *writing) header() pdu.UserData {
	u := pdu.UserData{UDHI: w.hasHeader()}
	concat, ports := w.concat(), w.ports()
	if w.UDH == nil {
		u.UDH = append(concat, ports...)
		return u
	}
	for _, ie := range *w.UDH {
		u.UDH = append(u.UDH, pdu.IE{ID: ie.IEI, Data: w.octets("udh", ie.Data)})
	}
	return u
}

// concat makes the element of concat, if given. A reference has 8 bits unless it needs 16.
func (w *writing) concat() []pdu.IE {
	c := w.Concat
	if c == nil {
		return nil
	}
	if c.Bits == 0 {
		if c.Bits = 8; c.Ref > 0xff {
			c.Bits = 16
		}
	}
	if c.Bits != 8 && c.Bits != 16 || c.Bits == 8 && c.Ref > 0xff || c.Seq < 1 || c.Seq > c.Total {
		w.fail("concat", "bits are 8 or 16 as ref needs, seq is 1 to total")
	}
	return []pdu.IE{pdu.ConcatIE(pdu.Concat{Ref: c.Ref, Bits: c.Bits, Total: c.Total, Seq: c.Seq})}
}

// ports makes the element of ports, if given; they have 16 bits unless it says 8.
func (w *writing) ports() []pdu.IE {
	p := w.Ports
	if p == nil {
		return nil
	}
	if p.Bits == 0 {
		p.Bits = 16
	}
	switch {
	case p.Bits == 16 && p.Dst <= 49151:
		return []pdu.IE{pdu.PortIE(p.Dst, p.Src)}
	case p.Bits == 8 && p.Dst >= 240 && p.Dst <= 255 && p.Src <= 255:
		return []pdu.IE{{ID: pdu.IEPorts8, Data: []byte{byte(p.Dst), byte(p.Src)}}}
	}
	w.fail("ports", "dst is 0 to 49151 with 16 bits, 240 to 255 with 8")
	return nil
}

// userData makes header and data; data is taken before text.
func (w *writing) userData(d pdu.DCS) pdu.UserData {
	u := w.header()
	if w.Data == nil {
		if w.Text != nil || d.Septets() {
			if err := u.SetText(d, or(w.Text)); err != nil {
				w.fail("text", "%w (dcs 8, UCS-2, holds any text)", err)
			}
		}
		return u
	}
	u.Data = w.octets("data", *w.Data)
	if !d.Septets() {
		return u
	}
	u.Septets = impliedSeptets(u, d, w.Text)
	if w.UDL != nil {
		least, most := u.SeptetRange()
		u.Septets = least
		if u.Length(d) != *w.UDL {
			u.Septets = most
		}
		if u.Length(d) != *w.UDL {
			w.fail("udl", "%d does not count data of %d octets", *w.UDL, len(u.Data))
		}
	}
	return u
}

// dataKey is the key that the user data came of.
func (w *writing) dataKey() string {
	if w.Data == nil && w.Text != nil {
		return "text"
	}
	return "data"
}
