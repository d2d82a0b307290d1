package modemtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A handler executes one command; nil is OK. It runs with Modem.mu held.
type handler func(s *session, c command) error

// handlers are the extended commands. What needs the SIM says so itself.
var handlers map[string]handler

func init() { // breaks the cycle: +CLAC lists handlers
	handlers = map[string]handler{
		"+CGMI": identity, "+GMI": identity,
		"+CGMM": identity, "+GMM": identity,
		"+CGMR": identity, "+GMR": identity,
		"+CGSN": identity, "+GSN": identity,
		"+CIMI": simIdentity, "+CCID": simIdentity, "+QCCID": simIdentity, "+ICCID": simIdentity,
		"^ICCID": simIdentity, "+CNUM": cnum, "+CRSM": crsm,
		"+CLAC": clac, "+GCAP": gcap, "+CMEE": cmee, "+CSCS": cscs,
		"+CPIN": cpin, "+CPINR": cpinr, "+CLCK": clck,
		"+CFUN": cfun, "+CPAS": cpas, "+CBC": cbc, "+CCLK": cclk,
		"+CREG": registration, "+CGREG": registration, "+CEREG": registration,
		"+CSQ": csq, "+COPS": cops, "+CGATT": cgatt,
		"+CSMS": csms, "+CMGF": cmgf, "+CSCA": csca, "+CPMS": cpms, "+CNMI": cnmi,
		"+CSMP": csmp, "+CSDH": csdh, "+CMMS": cmms, "+CGSMS": cgsms,
		"+CMGS": cmgs, "+CMGC": cmgs, "+CMGW": cmgw, "+CMSS": cmss, "+CNMA": cnma,
		"+CMGR": cmgr, "+CMGL": cmgl, "+CMGD": cmgd,
	}
}

// dispatch executes one command, with the faults that were asked for.
func (s *session) dispatch(c command) error {
	s.fault = s.m.take(s, c)
	if err := s.before(c); err != nil {
		return err
	}
	err := s.handle(c)
	return s.after(err)
}

// attention is what a line has that has nothing between AT and its end.
var attention = command{name: "AT"}

func (s *session) handle(c command) error {
	if c == attention {
		return nil
	}
	if isLetter(c.name[0]) || c.name[0] == '&' {
		return basic(s, c)
	}
	p := &s.m.o.Profile
	if code, ok := p.Refuses[c.name]; ok {
		return parseResult(code)
	}
	h, ok := handlers[c.name]
	switch {
	case p.Carets && strings.HasPrefix(c.name, "^"):
		return s.caret(c)
	case slices.Contains(p.Own, c.name):
		return nil
	case p.NoSMS && (c.name == "+CMGF" || c.name == "+CMGS"):
		return plain("ERROR")
	case ok && !(p.NoCMMS && c.name == "+CMMS"):
		return h(s, c)
	case p.Unknown != "":
		return parseResult(p.Unknown)
	}
	return plain("ERROR")
}

// caret takes Huawei's own commands, most of them without effect.
func (s *session) caret(c command) error {
	switch {
	case c.name == "^CURC" && c.form == write:
		s.curcOff = c.args == "0"
	case c.name == "^PORTSEL" && c.form == write:
		s.portSel = c.args == "1"
	case c.name == "^ICCID":
		return simIdentity(s, c)
	}
	return nil
}

// basic executes the commands of V.250 6.
func basic(s *session, c command) error {
	switch c.name {
	case "E":
		return flag(&s.echo, c.n)
	case "V":
		return flag(&s.verbose, c.n)
	case "Q":
		return flag(&s.quiet, c.n)
	case "S":
		return register(s, c)
	case "Z":
		s.settings = s.m.stored
	case "&F":
		s.settings = factory(s.m.o.Profile)
	case "&W":
		s.m.stored = s.settings
	case "I":
		p := s.m.o.Profile
		s.info("Manufacturer: "+p.Manufacturer, "Model: "+p.Model, "Revision: "+p.Revision,
			"IMEI: "+s.m.o.IMEI, "+GCAP: +CGSM")
	case "D":
		return plain("NO CARRIER")
	case "H", "X", "L", "M", "P", "T", "&C", "&D", "&K", "&S", "&R":
	case "A", "O":
		return plain("NO CARRIER")
	default:
		return plain("ERROR")
	}
	return nil
}

// flag sets a switch of a basic command to its 0 or 1.
func flag(p *bool, n int) error {
	if n > 1 {
		return plain("ERROR")
	}
	*p = n == 1
	return nil
}

// register sets or reads an S-register: V.250 5.3.2.
func register(s *session, c command) error {
	if c.n > 255 {
		return plain("ERROR")
	}
	if c.form == read {
		value := s.registers[c.n]
		switch c.n {
		case 3:
			value = s.s3
		case 4:
			value = s.s4
		case 5:
			value = s.s5
		}
		s.info(fmt.Sprintf("%03d", value))
		return nil
	}
	v, err := strconv.Atoi(c.args)
	if err != nil || v > 255 || c.n >= 3 && c.n <= 5 && v > 127 {
		return plain("ERROR")
	}
	switch c.n {
	case 3:
		s.s3 = byte(v)
	case 4:
		s.s4 = byte(v)
	case 5:
		s.s5 = byte(v)
	default:
		s.registers[c.n] = byte(v)
	}
	return nil
}

// setting is a command with one number: TS 27.007's =?, ? and = in one place.
func setting(s *session, c command, p *int, usual int, offered ...int) error {
	switch c.form {
	case test:
		s.info(c.name + ": (" + join(offered) + ")")
	case read:
		s.info(c.name + ": " + strconv.Itoa(*p))
	default:
		n, err := c.split().oneOf(0, usual, offered...)
		if err != nil {
			return err
		}
		*p = n
	}
	return nil
}

func join(ns []int) string {
	texts := make([]string, len(ns))
	for i, n := range ns {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ",")
}
