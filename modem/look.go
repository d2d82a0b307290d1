package modem

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// statusTimeout of the commands that ask how the modem is.
const statusTimeout = 10 * time.Second

// look asks the modem how it is. Commands that it does not have are no fault.
func (m *Modem) look(ctx context.Context) error {
	before := m.Status()
	now := before
	for _, step := range []func(context.Context, *Status) error{
		m.lookRegistration, m.lookSignal, m.lookOperator, m.lookPacket, m.lookCause,
	} {
		if err := step(ctx, &now); err != nil {
			return err
		}
	}
	m.update(func(s *Status) {
		// What came unasked meanwhile is newer than the answer.
		for _, stat := range []struct{ before, told, answered *int }{
			{&before.Reg, &s.Reg, &now.Reg}, {&before.PSReg, &s.PSReg, &now.PSReg}, {&before.EPSReg, &s.EPSReg, &now.EPSReg},
		} {
			if *stat.told >= 0 && *stat.told != *stat.before {
				*stat.answered = *stat.told
			}
		}
		*s = now
	})
	return nil
}

func (m *Modem) lookRegistration(ctx context.Context, s *Status) error {
	for _, q := range []struct {
		name string
		into *int
	}{{"+CREG", &s.Reg}, {"+CGREG", &s.PSReg}, {"+CEREG", &s.EPSReg}} {
		if err := m.ask(ctx, q.name+"?", func(a string) { *q.into = registration(a, true) }, q.name); err != nil {
			return err
		}
	}
	s.NoCentre = m.noCentre
	s.Untold = s.Reg < 0 && s.PSReg < 0 && s.EPSReg < 0
	return nil
}

// lookSignal asks +CSQ, and where that tells nothing, as of some LTE modems,
// +CESQ.
func (m *Modem) lookSignal(ctx context.Context, s *Status) error {
	s.RSSI, s.RSRP = 0, 0
	if err := m.ask(ctx, "+CSQ", func(a string) { s.RSSI = rssi(a) }, "+CSQ"); err != nil || s.RSSI != 0 {
		return err
	}
	return m.ask(ctx, "+CESQ", func(a string) { s.RSSI, s.RSRP = extendedSignal(a) }, "+CESQ")
}

// lookOperator asks on which network the modem is, by name, and by number where
// the name is a new one: to ask for that needs two settings.
func (m *Modem) lookOperator(ctx context.Context, s *Status) error {
	before := s.Operator
	s.Operator, s.Selection, s.Technology, s.Refusal = "", -1, -1, 0
	said, err := m.operator(ctx, s)
	if err != nil {
		return err
	}
	if said == "" {
		s.Serving = ""
		return nil
	}
	if isPLMN(said) {
		s.Operator, s.Serving = "", said
		return nil
	}
	s.Operator = said
	if said == before && s.Serving != "" {
		return nil
	}
	s.Serving = ""
	// <mode> 3 sets the format and nothing else (TS 27.007 7.3).
	if _, ok, err := m.try(ctx, "+COPS=3,2", statusTimeout); err != nil || !ok {
		return err
	}
	if number, err := m.operator(ctx, s); err != nil {
		return err
	} else if isPLMN(number) {
		s.Serving = number
	}
	_, _, err = m.try(ctx, "+COPS=3,0", statusTimeout)
	return err
}

// operator reads `+COPS: <mode>[,<format>,<oper>[,<AcT>]]`.
func (m *Modem) operator(ctx context.Context, s *Status) (name string, err error) {
	info, err := m.command(ctx, "+COPS?", statusTimeout)
	if refused := (*ResultError)(nil); errors.As(err, &refused) {
		if refused.Kind == CME {
			s.Refusal = max(refused.Code, 0)
		}
		return "", nil
	}
	if args, ok := answer(info, "+COPS"); ok {
		f := fields(args)
		s.Selection = number(f, 0)
		if len(f) > 2 {
			name = strings.TrimSpace(f[2])
			s.Technology = number(f, 3)
		}
	}
	return name, err
}

// lookPacket asks by which ways short messages go where the circuit service is
// none of them: elsewhere it makes no difference.
func (m *Modem) lookPacket(ctx context.Context, s *Status) error {
	s.IMS, s.Service = -1, -1
	if carries(s.Reg) || !carries(s.PSReg) && !carries(s.EPSReg) {
		return nil
	}
	if err := m.ask(ctx, "+CIREG?", func(a string) { s.IMS = ims(a) }, "+CIREG"); err != nil {
		return err
	}
	return m.ask(ctx, "+CGSMS?", func(a string) { s.Service = number(fields(a), 0) }, "+CGSMS")
}

// lookCause asks why the network refuses the SIM.
func (m *Modem) lookCause(ctx context.Context, s *Status) error {
	s.Cause = ""
	if carries(s.Reg) || s.Reg != statDenied && s.PSReg != statDenied && s.EPSReg != statDenied {
		return nil
	}
	return m.ask(ctx, "+CEER", func(a string) { s.Cause = causeGiven(a) }, "+CEER")
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

// extendedSignal reads `+CESQ: <rxlev>,<ber>,<rscp>,<ecno>,<rsrq>,<rsrp>` (TS
// 27.007 8.69) into dBm, 0 unknown. Of UMTS the power of the pilot stands for the
// whole.
func extendedSignal(args string) (rssi, rsrp int) {
	f := fields(args)
	if n := number(f, 0); 0 <= n && n <= 63 {
		rssi = n - 111
	} else if n := number(f, 2); 0 <= n && n <= 96 {
		rssi = n - 121
	}
	if n := number(f, 5); 0 <= n && n <= 97 {
		rsrp = n - 141
	}
	return rssi, rsrp
}

// ims reads `+CIREG: <n>,<reg_info>[,<ext_info>]` (TS 27.007 8.71). <ext_info> is
// a sum in hex, in which 4 is "SMS using IMS".
func ims(args string) int {
	f := fields(args)
	registered := number(f, 1)
	if registered == 1 && len(f) > 2 {
		if can, err := strconv.ParseUint(f[2], 16, 32); err == nil && can&4 == 0 {
			return 0
		}
	}
	return registered
}

// causeGiven reads +CEER, whose text is each maker's own (TS 27.007 6.10), "" where it
// tells nothing.
func causeGiven(args string) string {
	text := strings.TrimSpace(strings.ReplaceAll(args, `"`, ""))
	low := strings.ToLower(text)
	for _, nothing := range []string{"no report", "no cause", "no error", "normal", "unspecified"} {
		if strings.Contains(low, nothing) {
			return ""
		}
	}
	if strings.Trim(text, "0, ") == "" {
		return ""
	}
	return text
}

// isPLMN: MCC of three digits and MNC of two or three (TS 23.003 2.2).
func isPLMN(s string) bool {
	return (len(s) == 5 || len(s) == 6) && strings.Trim(s, "0123456789") == ""
}
