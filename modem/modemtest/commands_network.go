package modemtest

import (
	"fmt"
	"time"
)

// registration is +CREG, +CGREG and +CEREG: TS 27.007 7.2, 10.1.20, 10.1.22.
func registration(s *session, c command) error {
	mode := map[string]*int{"+CREG": &s.creg, "+CGREG": &s.cgreg, "+CEREG": &s.cereg}[c.name]
	if c.form != read {
		return setting(s, c, mode, 0, 0, 1, 2)
	}
	reg, eps := s.m.registration()
	if c.name == "+CEREG" {
		reg = eps
	}
	s.info(fmt.Sprintf("%s: %d,%d%s", c.name, *mode, reg, place(*mode, reg)))
	return nil
}

// onNetwork: home, roaming, "SMS only" and "CSFB not preferred".
func onNetwork(stat int) bool {
	switch stat {
	case 1, 5, 6, 7, 9, 10:
		return true
	}
	return false
}

// place is the location that mode 2 adds.
func place(mode, stat int) string {
	if mode < 2 || stat != 1 && stat != 5 {
		return ""
	}
	return `,"1A2B","01C3D4E5"`
}

func (s *session) registrationURC(name string, mode, stat int) {
	if s.m.o.Profile.KeepsCREGForm && mode == 1 {
		mode = 2
	}
	if mode > 0 {
		s.urc(fmt.Sprintf("%s: %d%s", name, stat, place(mode, stat)))
	}
}

// csq is +CSQ: TS 27.007 8.5.
func csq(s *session, c command) error {
	if c.form == test {
		s.info("+CSQ: (0-31,99),(0-7,99)")
		return nil
	}
	s.info(fmt.Sprintf("+CSQ: %d,99", s.m.csq))
	return nil
}

// cops is +COPS: TS 27.007 7.3. The search takes its time.
func cops(s *session, c command) error {
	switch c.form {
	case test:
		if err := s.wait(3 * time.Second); err != nil {
			return err
		}
		s.info(`+COPS: (2,"Test Net","Test","26299"),(3,"Other","Oth","26298"),,(0-4),(0-2)`)
		return nil
	case write:
		a := c.split()
		mode, err := a.oneOf(0, 0, 0, 1, 2, 3, 4)
		if err != nil {
			return err
		}
		format, err := a.oneOf(1, s.copsFormat, 0, 1, 2)
		if err == nil && mode == 3 {
			s.copsFormat = format
		}
		return err
	case read:
	default:
		return nil
	}
	if reg, eps := s.m.registration(); !onNetwork(reg) && !onNetwork(eps) {
		s.info("+COPS: 0")
		return nil
	}
	s.info(fmt.Sprintf(`+COPS: 0,%d,"%s",7`, s.copsFormat, [...]string{"Test Net", "Test", "26299"}[s.copsFormat]))
	return nil
}

func cgatt(s *session, c command) error {
	if c.form == read {
		s.info("+CGATT: 1")
	}
	return nil
}
