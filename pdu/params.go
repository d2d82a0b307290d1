package pdu

import "fmt"

// PI is TP-Parameter-Indicator: which optional fields follow (9.2.3.27). A further octet
// follows one that has bit 7 set.
type PI []byte

// Bits of the first octet.
const (
	PIPID = 0x01
	PIDCS = 0x02
	PIUDL = 0x04

	piReserved  = 0x78
	piExtension = 0x80
)

// Has reports whether the fields of a bit follow.
func (p PI) Has(bit byte) bool { return len(p) > 0 && p[0]&bit != 0 }

// Params are the optional fields at the end of a report; those are valid that PI has.
// Without TP-DCS the user data is GSM 7-bit.
type Params struct {
	PI  PI
	PID byte
	DCS DCS
	UD  UserData
}

func (p *Params) parsePI(c *cursor) {
	at := c.pos
	for {
		o := c.octet("TP-PI")
		if c.fault != nil {
			return
		}
		if p.PI = append(p.PI, o); o&piExtension == 0 {
			break
		}
	}
	if p.PI[0]&piReserved != 0 || len(p.PI) > 1 {
		c.warnAt("TP-PI", at, "reserved bits of %x are set", []byte(p.PI))
	}
}

func (p *Params) parse(c *cursor) {
	udhi := p.UD.UDHI
	if c.fault != nil {
		return
	}
	if p.PI.Has(PIPID) {
		p.PID = c.octet("TP-PID")
	}
	if p.PI.Has(PIDCS) {
		p.DCS = parseDCS(c)
	}
	if p.PI.Has(PIUDL) {
		p.UD = parseUserData(c, udhi, p.DCS)
		warnOddUCS2(c, p.UD, p.DCS)
		warnLongTPDU(c)
	} else if udhi {
		c.failAt("TP-UD", c.pos, "a header is announced, but there is no user data")
	}
}

// appendPI appends TP-PI; a mandatory one that is not set is 0.
func (p *Params) appendPI(b []byte, mandatory bool) ([]byte, error) {
	if mandatory && len(p.PI) == 0 {
		return append(b, 0), nil
	}
	for i, o := range p.PI {
		if o&piExtension != 0 != (i < len(p.PI)-1) {
			return b, fmt.Errorf("append TP-PI: %x: bit 7 must tell whether another octet follows", []byte(p.PI))
		}
	}
	return append(b, p.PI...), nil
}

// appendRest appends the fields that TP-PI has to t, a TPDU begun after b, and returns b where
// they do not fit.
func (p *Params) appendRest(b, t []byte, name string) ([]byte, error) {
	if p.PI.Has(PIPID) {
		t = append(t, p.PID)
	}
	if p.PI.Has(PIDCS) {
		t = append(t, byte(p.DCS))
	}
	if p.PI.Has(PIUDL) {
		var err error
		if t, err = p.UD.append(t, p.effectiveDCS()); err != nil {
			return b, err
		}
	} else if p.UD.UDHI || len(p.UD.UDH) > 0 || len(p.UD.Data) > 0 {
		return b, fmt.Errorf("append TP-UD: TP-PI %x has no user data", []byte(p.PI))
	}
	if n := len(t) - len(b); n > MaxTPDU {
		return b, fmt.Errorf("append %s: %d octets, a TPDU has at most %d", name, n, MaxTPDU)
	}
	return t, nil
}

// effectiveDCS is how the user data is coded.
func (p *Params) effectiveDCS() DCS {
	if p.PI.Has(PIDCS) {
		return p.DCS
	}
	return DCSGSM7
}
