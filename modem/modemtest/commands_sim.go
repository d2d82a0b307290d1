package modemtest

import (
	"fmt"
	"strconv"
	"time"
)

// cpin is +CPIN: TS 27.007 8.3.
func cpin(s *session, c command) error {
	m := s.m
	switch c.form {
	case test:
		return nil
	case read:
		state := "READY"
		if m.sim.pinTries == 0 {
			state = "SIM PUK"
		} else if m.sim.locked {
			state = "SIM PIN"
		} else if err := m.simError(); err != nil {
			return err
		}
		s.info("+CPIN: " + state)
		return nil
	case exec:
		return plain("ERROR")
	}
	a := c.split()
	switch {
	case m.sim.pukTries == 0:
		return cme(13)
	case m.sim.pinTries == 0:
		if len(a) < 2 || a.text(0) != m.sim.puk {
			m.sim.pukTries--
			return cme(16)
		}
		m.sim.pin, m.sim.pinTries, m.sim.pukTries = a.text(1), 3, 10
	case !m.sim.locked:
		return cme(3)
	case a.text(0) != m.sim.pin:
		m.sim.pinTries--
		if m.sim.pinTries == 0 {
			return cme(12)
		}
		return cme(16)
	}
	m.sim.pinTries = 3
	m.changeRegistration(func() { m.sim.locked = false })
	m.findSIM()
	s.tellReady()
	return nil
}

// cpinr is +CPINR, the tries that are left: TS 27.007 8.65.
func cpinr(s *session, c command) error {
	if c.form == test {
		return nil
	}
	s.info(fmt.Sprintf("+CPINR: SIM PIN,%d,3", s.m.sim.pinTries))
	s.info(fmt.Sprintf("+CPINR: SIM PUK,%d,10", s.m.sim.pukTries))
	return nil
}

// clck is +CLCK for the SIM's PIN request: TS 27.007 7.4.
func clck(s *session, c command) error {
	if c.form == test {
		s.info(`+CLCK: ("SC")`)
		return nil
	}
	a := c.split()
	if a.text(0) != "SC" {
		return cme(4)
	}
	mode, err := a.oneOf(1, 2, 0, 1, 2)
	if err != nil {
		return err
	}
	m := s.m
	if mode == 2 {
		on := 0
		if m.sim.pin != "" {
			on = 1
		}
		s.info("+CLCK: " + strconv.Itoa(on))
		return nil
	}
	if err := m.simError(); err != nil {
		return err
	}
	pin := a.text(2)
	if m.sim.pin != "" && pin != m.sim.pin {
		m.sim.pinTries--
		return cme(16)
	}
	if mode == 0 {
		pin = ""
	}
	m.sim.pin = pin
	return nil
}

// cfun is +CFUN: TS 27.007 8.2.
func cfun(s *session, c command) error {
	switch c.form {
	case test:
		s.info("+CFUN: (0,1,4),(0,1)")
		return nil
	case read:
		s.info("+CFUN: " + strconv.Itoa(s.m.cfun))
		return nil
	}
	a := c.split()
	fun, err := a.oneOf(0, 1, 0, 1, 4)
	if err != nil {
		return err
	}
	restart, err := a.oneOf(1, 0, 0, 1)
	if err != nil {
		return err
	}
	if restart == 1 {
		s.m.treat(Restarted)
		s.final(nil)
		s.pause(s.life, 100*time.Millisecond) // the OK gets out before the line dies
		if s.m.o.Profile.Renumbers && !s.m.onBus {
			s.hangUp(errHangUp)
			return errHangUp
		}
		s.reset(errReset)
		return errReset
	}
	if fun == 1 && s.m.cfun != 1 {
		s.m.treat(RadioCycled)
	}
	s.m.changeRegistration(func() { s.m.cfun = fun })
	return nil
}

func cpas(s *session, c command) error {
	if c.form == test {
		s.info("+CPAS: (0,2,3,4)")
		return nil
	}
	s.info("+CPAS: 0")
	return nil
}

func cbc(s *session, c command) error {
	if c.form == test {
		s.info("+CBC: (0-3),(0-100)")
		return nil
	}
	s.info("+CBC: 0,100")
	return nil
}

// cclk is +CCLK, the network's time: TS 27.007 8.15.
func cclk(s *session, c command) error {
	if c.form == read {
		now := s.m.air.now()
		_, offset := now.Zone()
		s.info(fmt.Sprintf(`+CCLK: "%s%+03d"`, now.Format("06/01/02,15:04:05"), offset/(15*60)))
	}
	return nil
}
