package modem

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Status of a modem as last seen.
type Status struct {
	Registered bool   // on a network that carries short messages
	Reg        int    // +CREG <stat> (TS 27.007 7.2), -1 unknown
	EPSReg     int    // +CEREG <stat> (TS 27.007 10.1.22), -1 unknown
	RSSI       int    // dBm, 0 unknown
	Operator   string // as the network calls itself
	StoreUsed  int    // messages in the store that takes what comes in,
	StoreTotal int    // and how many it holds; 0 unknown
	Verdict    string // one sentence in plain words
}

// statusTimeout of the commands that ask how the modem is.
const statusTimeout = 10 * time.Second

// Status as last seen.
func (m *Modem) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status
}

// update changes the status and tells of it if that made a difference.
func (m *Modem) update(f func(*Status)) {
	m.telling.Lock()
	defer m.telling.Unlock()
	m.mu.Lock()
	before := m.status
	f(&m.status)
	s := &m.status
	s.Registered = carries(s.Reg) || carries(s.EPSReg)
	if m.trouble != "" {
		s.Verdict = m.trouble
	} else {
		s.Verdict = verdict(*s)
	}
	now := *s
	m.mu.Unlock()
	if now != before && m.opt.Status != nil {
		m.opt.Status(now)
	}
}

// explain sets what keeps the modem from working, in plain words; "" nothing.
func (m *Modem) explain(trouble string) {
	m.mu.Lock()
	m.trouble = trouble
	m.mu.Unlock()
	m.update(func(*Status) {})
}

func (m *Modem) troubled() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.trouble
}

// carries: home, roaming, and the two that carry short messages only.
func carries(stat int) bool { return stat == 1 || stat == 5 || stat == 6 || stat == 7 }

func verdict(s Status) string {
	either := func(stat int) bool { return s.Reg == stat || s.EPSReg == stat }
	switch {
	case s.Registered:
		text := "ready, registered"
		if s.Operator != "" {
			text += " on " + s.Operator
		}
		if s.RSSI != 0 {
			text += fmt.Sprintf(", signal %d dBm", s.RSSI)
			if s.RSSI <= -107 {
				text += " (very weak: move the antenna)"
			}
		}
		return text
	case either(3):
		return "the network refuses this SIM: ask its operator whether it is active"
	case either(8):
		return "only emergency calls here: the SIM has no network of its own in reach"
	case either(2) && s.RSSI == 0:
		return "searching for a network and hearing none: check the antenna"
	case either(2):
		return "searching for a network"
	case either(0):
		return "not registered and not searching: check the antenna and whether the SIM is active"
	}
	return "not known yet whether a network is in reach"
}

// registration reads `+CREG: [<n>,]<stat>[,…]`: query tells which of the two.
func registration(args string, query bool) int {
	f := fields(args)
	if query && len(f) > 1 {
		return number(f, 1)
	}
	return number(f, 0)
}

// rssi reads `+CSQ: <rssi>,<ber>` (TS 27.007 8.5) into dBm, 0 unknown.
func rssi(args string) int {
	n := number(fields(args), 0)
	switch {
	case 0 <= n && n <= 31:
		return 2*n - 113
	case 100 <= n && n <= 191: // TD-SCDMA modems
		return n - 216
	}
	return 0
}

// look asks the modem how it is. Commands that it does not have are no fault.
func (m *Modem) look(ctx context.Context) error {
	now := m.Status()
	if err := m.ask(ctx, "+CREG?", func(a string) { now.Reg = registration(a, true) }, "+CREG"); err != nil {
		return err
	}
	if err := m.ask(ctx, "+CEREG?", func(a string) { now.EPSReg = registration(a, true) }, "+CEREG"); err != nil {
		return err
	}
	if err := m.ask(ctx, "+CSQ", func(a string) { now.RSSI = rssi(a) }, "+CSQ"); err != nil {
		return err
	}
	if err := m.ask(ctx, "+COPS?", func(a string) {
		now.Operator = ""
		if f := fields(a); len(f) > 2 {
			now.Operator = strings.TrimSpace(f[2])
		}
	}, "+COPS"); err != nil {
		return err
	}
	m.update(func(s *Status) {
		s.Reg, s.EPSReg, s.RSSI, s.Operator = now.Reg, now.EPSReg, now.RSSI, now.Operator
	})
	return nil
}
