package modemtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// cmgf is +CMGF: TS 27.005 3.2.3.
func cmgf(s *session, c command) error { return setting(s, c, &s.cmgf, 0, 0, 1) }

// csdh is +CSDH: TS 27.005 3.3.2.
func csdh(s *session, c command) error { return setting(s, c, &s.csdh, 0, 0, 1) }

// cgsms is +CGSMS: TS 27.007 10.1.21.
func cgsms(s *session, c command) error { return setting(s, c, &s.cgsms, 0, 0, 1, 2, 3) }

// cmms is +CMMS: TS 27.005 3.5.6. Mode 1 ends by itself when no message
// follows within seconds.
func cmms(s *session, c command) error {
	if c.form == read {
		s.lapseCMMS()
	}
	err := setting(s, c, &s.cmms, 0, 0, 1, 2)
	if c.form == write {
		s.keepLink()
	}
	return err
}

// csmsTypes are MT, MO and broadcast: TS 27.005 3.2.1.
const csmsTypes = "1,1,1"

// csms is +CSMS.
func csms(s *session, c command) error {
	switch c.form {
	case test:
		s.info("+CSMS: (" + join(s.m.o.Profile.CSMS) + ")")
	case read:
		if s.m.o.Profile.CSMSShort {
			s.info("+CSMS: " + csmsTypes)
			return nil
		}
		s.info(fmt.Sprintf("+CSMS: %d,%s", s.csms, csmsTypes))
	default:
		service, err := c.split().number(0, 0)
		if err != nil || !slices.Contains(s.m.o.Profile.CSMS, service) {
			return cms(303)
		}
		s.csms = service
		s.info("+CSMS: " + csmsTypes)
	}
	return nil
}

// csca is +CSCA: TS 27.005 3.3.1.
func csca(s *session, c command) error {
	if c.form == test {
		return nil
	}
	if err := s.m.messageError(); err != nil {
		return err
	}
	if c.form == read {
		s.info(fmt.Sprintf("+CSCA: %q,%d", s.charset(s.m.sim.smsc), typeOf(s.m.sim.smsc)))
		return nil
	}
	number, ok := s.number(c.split().text(0))
	if !ok {
		return cms(304)
	}
	s.m.sim.smsc = number
	return nil
}

// cpms is +CPMS: TS 27.005 3.2.2.
func cpms(s *session, c command) error {
	p := &s.m.o.Profile
	offered := [3][]string{p.Memories, p.Memories, p.Memories}
	if p.ReceiveMems != nil {
		offered[2] = p.ReceiveMems
	}
	told, taken := s.mems[:], len(s.mems)
	if p.OneMemory {
		told, taken = s.mems[:2], 1
	}
	if err := s.m.messageError(); err != nil && c.form != test {
		return err
	}
	switch c.form {
	case test:
		if p.OneMemory {
			s.info(`+CPMS: (("SM","BM","SR"),("SM"))`)
			return nil
		}
		var lists []string
		for _, mems := range offered {
			lists = append(lists, `("`+strings.Join(mems, `","`)+`")`)
		}
		s.info("+CPMS: " + strings.Join(lists, ","))
	case read:
		var parts []string
		for _, mem := range told {
			used, total := s.m.capacity(mem)
			parts = append(parts, fmt.Sprintf("%q,%d,%d", mem, used, total))
		}
		s.info("+CPMS: " + strings.Join(parts, ","))
	default:
		a := c.split()
		if len(a) == 0 || len(a) > taken {
			return cms(302)
		}
		set := s.mems
		for i := range a {
			if !slices.Contains(offered[i], a.text(i)) {
				return cms(302)
			}
			set[i] = a.text(i)
		}
		s.mems = set
		var parts []string
		for _, mem := range told {
			used, total := s.m.capacity(mem)
			parts = append(parts, fmt.Sprintf("%d,%d", used, total))
		}
		s.info("+CPMS: " + strings.Join(parts, ","))
	}
	return nil
}

// cnmi is +CNMI: TS 27.005 3.4.1.
func cnmi(s *session, c command) error {
	offered := s.m.o.Profile.CNMI
	switch c.form {
	case test:
		var lists []string
		for _, o := range offered {
			lists = append(lists, "("+join(o)+")")
		}
		s.info("+CNMI: " + strings.Join(lists, ","))
	case read:
		s.info("+CNMI: " + join(s.cnmi[:]))
	default:
		a := c.split()
		if len(a) > len(offered) {
			return cms(304)
		}
		set := s.cnmi
		if len(a) == 0 {
			set = s.m.o.Profile.DefaultCNMI
		}
		for i := range a {
			n, err := a.number(i, set[i])
			if err != nil || !slices.Contains(offered[i], n) {
				return cms(303)
			}
			set[i] = n
		}
		if s.refusesCNMI(set) {
			return cms(303)
		}
		s.cnmi = set
		// <bfr>: entering modes 1 to 3 flushes the buffer or clears it.
		if s.cnmi[0] != 0 && s.cnmi[4] == 1 {
			s.abandon(refused)
		}
		s.afterwards(s.flush)
	}
	return nil
}

// refusesCNMI reports whether the modem does not do what it offers.
func (s *session) refusesCNMI(set [5]int) bool {
	p := &s.m.o.Profile
	if p.CNMIPhase && s.csms == 0 && (set[1] > 1 || set[3] == 1) {
		return true
	}
	return slices.ContainsFunc(p.CNMIRefused, func(begin string) bool { return strings.HasPrefix(join(set[:]), begin) })
}

// afterwards has f done when the final result code is out.
func (s *session) afterwards(f func()) {
	life := s.life
	s.plan.after(0, func() {
		s.m.mu.Lock()
		defer s.m.mu.Unlock()
		if life.Err() == nil {
			f()
		}
	})
}

// csmp is +CSMP, the parameters of text mode: TS 27.005 3.3.3.
func csmp(s *session, c command) error {
	switch c.form {
	case test:
		return nil
	case read:
		s.info("+CSMP: " + join(s.csmp[:]))
		return nil
	}
	a := c.split()
	if len(a) > len(s.csmp) {
		return cms(304)
	}
	set := s.csmp
	for i := range a {
		n, err := strconv.Atoi(a.text(i))
		if a.text(i) == "" {
			continue
		}
		if err != nil || n < 0 || n > 255 {
			return cms(304)
		}
		set[i] = n
	}
	s.csmp = set
	return nil
}
