package modemtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// identity is +CGMI, +CGMM, +CGMR, +CGSN and their V.250 kin: TS 27.007 5.1–5.4.
func identity(s *session, c command) error {
	if c.form == test {
		return nil
	}
	if c.form != exec {
		return plain("ERROR")
	}
	p := s.m.o.Profile
	s.info(map[string]string{
		"MI": p.Manufacturer, "MM": p.Model, "MR": p.Revision, "SN": s.m.o.IMEI,
	}[c.name[len(c.name)-2:]])
	return nil
}

// simIdentity is +CIMI (TS 27.007 5.6) and the many names of the ICCID.
func simIdentity(s *session, c command) error {
	if c.form == test {
		return nil
	}
	if err := s.m.simError(); err != nil {
		return err
	}
	switch {
	case c.name == "+CIMI":
		s.info(s.m.sim.imsi)
	default:
		s.info(c.name + ": " + s.m.sim.iccid)
	}
	return nil
}

// cnum is +CNUM: TS 27.007 7.1.
func cnum(s *session, c command) error {
	if c.form == test {
		return nil
	}
	if err := s.m.simError(); err != nil {
		return err
	}
	if !s.m.o.Unlisted {
		s.info(fmt.Sprintf(`+CNUM: "","%s",%d`, s.m.sim.number, typeOf(s.m.sim.number)))
	}
	return nil
}

// typeOf is the <toda> of a number: TS 24.008 10.5.4.7.
func typeOf(number string) int {
	if strings.HasPrefix(number, "+") {
		return 145
	}
	return 129
}

// crsm reads EF-ICCID (2FE2, TS 31.102 4.2.1 in swapped nibbles) and EF-AD (6FAD,
// TS 31.102 4.2.18: the MNC has two digits), and nothing else: TS 27.007 8.18.
func crsm(s *session, c command) error {
	if c.form == test {
		return nil
	}
	if err := s.m.simError(); err != nil && err != cme(11) {
		return err
	}
	a := c.split()
	cmd, err := a.number(0, 0)
	if err != nil {
		return err
	}
	file, err := a.number(1, 0)
	if err != nil {
		return err
	}
	const readBinary, iccid, ad = 176, 0x2fe2, 0x6fad
	if cmd == readBinary && file == ad {
		s.info(`+CRSM: 144,0,"00000002"`)
		return nil
	}
	if cmd != readBinary || file != iccid {
		s.info("+CRSM: 106,130") // 6A82: file not found
		return nil
	}
	digits := (s.m.sim.iccid + "FFFFFFFFFFFFFFFFFFFF")[:20]
	var swapped strings.Builder
	for i := 0; i < len(digits); i += 2 {
		swapped.WriteByte(digits[i+1])
		swapped.WriteByte(digits[i])
	}
	s.info(fmt.Sprintf(`+CRSM: 144,0,"%s"`, swapped.String()))
	return nil
}

func clac(s *session, c command) error {
	if c.form == test {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(handlers)) {
		s.info("AT" + name)
	}
	return nil
}

func gcap(s *session, c command) error {
	if c.form == exec {
		s.info("+GCAP: +CGSM,+DS,+ES")
	}
	return nil
}

// cmee is +CMEE: TS 27.007 9.1.
func cmee(s *session, c command) error { return setting(s, c, &s.cmee, 0, 0, 1, 2) }

// cscs is +CSCS: TS 27.007 5.5.
func cscs(s *session, c command) error {
	offered := []string{"IRA", "GSM", "UCS2"}
	switch c.form {
	case test:
		s.info(`+CSCS: ("` + strings.Join(offered, `","`) + `")`)
	case read:
		s.info(fmt.Sprintf("+CSCS: %q", s.cscs))
	default:
		set := c.split().text(0)
		if !slices.Contains(offered, set) {
			return cme(50)
		}
		s.cscs = set
	}
	return nil
}
