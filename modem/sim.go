package modem

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// simPatience is how long a SIM may take to show up before it is absent.
	simPatience = 30 * time.Second
	// imsiPatience is how long a SIM that is ready may keep its IMSI back.
	imsiPatience = 30 * time.Second
	// pinReserve: with so few attempts left none is spent. The last one is a
	// person's.
	pinReserve = 1
	// pinFull attempts are left where no wrong PIN was entered since the last right one
	// (TS 102 221 9.5.1 leaves the number to the card; 3 is what all have).
	pinFull = 3
)

// HowPIN is what helps where a SIM wants a PIN and there is none.
const HowPIN = "configure pin_file, or turn the PIN off in a phone"

// unlock waits until the SIM is ready, and gives it its PIN if need be.
func (m *Modem) unlock(ctx context.Context) error {
	begin, tried := time.Now(), false
	for wait := time.Second; ; wait = min(2*wait, 5*time.Second) {
		info, err := m.command(ctx, "+CPIN?", simTimeout)
		state, _ := answer(info, "+CPIN")
		state = strings.ToUpper(strings.Trim(state, `" `))
		patience := simPatience
		var trouble *SIMError
		switch refused := (*ResultError)(nil); {
		case err == nil && (state == "READY" || strings.HasSuffix(state, "PIN2") || strings.HasSuffix(state, "PUK2")):
			return m.confirmPIN()
		case err == nil && state == "SIM PIN" && tried:
			trouble = &SIMError{"pin", "the SIM took its PIN and asks for it again"}
		case err == nil && state == "SIM PIN":
			if err := m.enterPIN(ctx); err != nil {
				return m.simTrouble(err)
			}
			tried = true
			continue
		case err == nil && state == "SIM PUK":
			return m.simTrouble(&SIMError{"puk", "the SIM is locked and wants its PUK: unlock it in a phone"})
		case err == nil && state != "" && !strings.HasPrefix(state, "NOT "):
			return m.simTrouble(&SIMError{"pin", "the modem wants " + state + ": it is locked to another SIM or operator"})
		case busy(err):
			trouble, patience = &SIMError{"busy", "the SIM is busy"}, 2*time.Minute
		case err != nil && !errors.As(err, &refused):
			return err
		case refused != nil && refused.Kind == CME && (refused.Code == 13 || refused.Code == 15):
			trouble = &SIMError{"failure", "the SIM does not work in this modem (" + refused.Text + "): clean or replace it"}
		case refused != nil && refused.Kind == CME && refused.Code == 12:
			return m.simTrouble(&SIMError{"puk", "the SIM is locked and wants its PUK: unlock it in a phone"})
		default: // CME 10, NOT INSERTED, NOT READY, or nothing readable
			trouble = &SIMError{"absent", "no SIM in the modem, or none that it can read"}
		}
		m.explain(trouble.Text)
		if time.Since(begin) > patience {
			return m.simTrouble(trouble)
		}
		if err := m.pause(ctx, wait); err != nil {
			return err
		}
	}
}

func (m *Modem) simTrouble(err error) error {
	var sim *SIMError
	if errors.As(err, &sim) {
		m.explain(sim.Text)
	}
	return err
}

// enterPIN tries the PIN, once in the life of this SIM and this PIN.
func (m *Modem) enterPIN(ctx context.Context) error {
	if m.opt.PIN == nil {
		left, err := m.pinsLeft(ctx)
		if err != nil {
			return err
		}
		text := "the SIM wants its PIN"
		if left >= 0 {
			text += fmt.Sprintf(" (attempts left: %d)", left)
		}
		return &SIMError{"pin", text + ": " + HowPIN}
	}
	if m.opt.PINGuard == nil {
		return &SIMError{"pin", "the SIM wants its PIN, and nothing guards against trying a wrong one thrice: not tried"}
	}
	pin, err := m.opt.PIN()
	if err != nil { // its text only: a file that is not there is no port that is not there
		return &SIMError{"pin", fmt.Sprintf("the SIM wants its PIN, and it cannot be had: %v", err)}
	}
	if pin = strings.TrimSpace(pin); len(pin) < 4 || len(pin) > 8 || strings.Trim(pin, "0123456789") != "" {
		return &SIMError{"pin", "the configured PIN is not 4 to 8 digits: not tried"}
	}
	iccid, err := m.readICCID(ctx)
	if err != nil {
		return err
	}
	if iccid == "" {
		// A locked SIM need not tell its number: the modem stands for it then.
		if iccid = m.Identity().IMEI; iccid == "" {
			return &SIMError{"pin", "neither SIM nor modem tell a number, so wrong PINs cannot be counted: not tried"}
		}
		iccid = "imei:" + iccid
	}
	left, err := m.pinsLeft(ctx)
	if err != nil {
		return err
	}
	if left >= 0 && left <= pinReserve {
		return &SIMError{"pin", fmt.Sprintf("the SIM has %d PIN attempt left: not tried, enter the PIN in a phone", left)}
	}
	digest := sha256.Sum256([]byte(iccid + "\x00" + pin))
	first, err := m.opt.PINGuard.Try(iccid, digest)
	if err != nil {
		return fmt.Errorf("record PIN attempt: %w", err)
	}
	if !first && left >= pinFull {
		if first, err = m.cutShort(iccid, digest); err != nil {
			return err
		}
	}
	if !first {
		return &SIMError{"pin", "this PIN has been tried on this SIM before: not tried again, check it and enter it in a phone"}
	}
	m.x.line.hide(pin)
	_, err = m.x.Command(ctx, `+CPIN="`+pin+`"`, simTimeout)
	m.x.line.hide("")
	var refused *ResultError
	if errors.As(err, &refused) && !busy(err) {
		if w, ok := m.opt.PINGuard.(PINWitness); ok {
			if err := w.Refused(iccid, digest); err != nil {
				m.log.Error().Err(err).Msg("cannot record that the SIM refused the PIN")
			}
		}
		return &SIMError{"pin", "the SIM refused the PIN (" + refused.Text + "): not tried again, check it and enter it in a phone"}
	}
	if err != nil && !busy(err) {
		return err
	}
	m.pinTried, m.pinDigest = iccid, digest
	return nil
}

// cutShort tells whether the recorded attempt never reached the SIM, or was good: nobody
// knows how it ended, and the SIM has counted no wrong PIN.
func (m *Modem) cutShort(iccid string, digest [32]byte) (bool, error) {
	w, ok := m.opt.PINGuard.(PINWitness)
	if !ok {
		return false, nil
	}
	open, err := w.Open(iccid, digest)
	if err != nil {
		return false, fmt.Errorf("look up PIN attempt: %w", err)
	}
	return open, nil
}

func (m *Modem) confirmPIN() error {
	c, ok := m.opt.PINGuard.(PINConfirmer)
	if !ok || m.pinTried == "" {
		return nil
	}
	if err := c.Confirm(m.pinTried, m.pinDigest); err != nil {
		return fmt.Errorf("record good PIN: %w", err)
	}
	return nil
}

// pinsLeft asks how many attempts the SIM has left, -1 unknown. There is a
// command for it in TS 27.007 8.65, and one from each vendor.
func (m *Modem) pinsLeft(ctx context.Context) (int, error) {
	for _, q := range []struct {
		cmd, name string
		field     int
	}{
		{"+CPINR", "+CPINR", 1},      // +CPINR: SIM PIN,3,3
		{"^CPIN?", "^CPIN", 3},       // ^CPIN: SIM PIN,,10,3,10,3 (Huawei)
		{`+QPINC="SC"`, "+QPINC", 1}, // +QPINC: "SC",3,10 (Quectel)
		{"+SPIC", "+SPIC", 0},        // +SPIC: 3,10,0,10 (SIMCom)
	} {
		info, ok, err := m.try(ctx, q.cmd, plainTimeout)
		if err != nil {
			return -1, err
		}
		for _, line := range info {
			f := fields(codeArgs(line))
			if !ok || codeName(line) != q.name || q.name == "+CPINR" && f[0] != "SIM PIN" {
				continue
			}
			if n := number(f, q.field); n >= 0 {
				return n, nil
			}
		}
	}
	return -1, nil
}

// readICCID asks for the number of the SIM card, "" when it is not told.
func (m *Modem) readICCID(ctx context.Context) (string, error) {
	refused := (*ResultError)(nil)
	for _, cmd := range []string{"+CCID", "+QCCID", "+ICCID", "+CICCID", "^ICCID?"} {
		info, err := m.patient(ctx, cmd)
		if err != nil && !errors.As(err, &refused) {
			return "", err
		}
		if err == nil && len(info) > 0 {
			if id := strings.TrimRight(digitRun(codeless(info[0])), "fF"); len(id) >= 18 {
				return id, nil
			}
		}
	}
	// EF-ICCID, 2FE2 (TS 102 221 13.2), read as it is: semi-octets swapped.
	info, _, err := m.try(ctx, "+CRSM=176,12258,0,0,10", simTimeout)
	args, _ := answer(info, "+CRSM")
	if f := fields(args); len(f) > 2 && isHex(f[2]) && len(f[2]) >= 18 {
		b := []byte(f[2])
		for i := 0; i+1 < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
		return strings.TrimRight(string(b), "fF"), err
	}
	return "", err
}

// identifySIM asks the SIM who it is.
func (m *Modem) identifySIM(ctx context.Context) error {
	iccid, err := m.readICCID(ctx)
	if err != nil {
		return err
	}
	imsi, err := m.awaitIMSI(ctx)
	if err != nil {
		return err
	}
	var own string
	if err := m.ask(ctx, "+CNUM", func(a string) {
		if f := fields(a); len(f) > 1 {
			own = f[1]
		}
	}, "+CNUM"); err != nil {
		return err
	}
	home, err := m.readHome(ctx, imsi)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.id.ICCID, m.id.IMSI, m.id.Number = iccid, imsi, own
	m.mu.Unlock()
	m.update(func(s *Status) { s.Home = home })
	return nil
}

// readHome is the PLMN of the SIM's own network, the beginning of its IMSI; "" when
// that is not known. How long that is stands in the fourth octet of EF-AD, 6FAD (TS
// 31.102 4.2.18); where that is not told, most of the world has five digits.
func (m *Modem) readHome(ctx context.Context, imsi string) (string, error) {
	if len(imsi) < 6 {
		return "", nil
	}
	n := 5
	err := m.ask(ctx, "+CRSM=176,28589,0,0,4", func(a string) {
		if f := fields(a); len(f) > 2 && len(f[2]) >= 8 && f[2][7] == '3' {
			n = 6
		}
	}, "+CRSM")
	return imsi[:n], err
}

// awaitIMSI asks for the IMSI until it is told, "" when it is not for too long:
// a SIM may say READY to +CPIN? and refuse its files for some seconds more.
func (m *Modem) awaitIMSI(ctx context.Context) (string, error) {
	defer m.explain(m.troubled())
	until := time.Now().Add(imsiPatience)
	for wait := time.Second; ; wait = min(2*wait, 5*time.Second) {
		imsi, err := m.readIMSI(ctx)
		if err != nil || imsi != "" {
			return imsi, err
		}
		if time.Now().Add(wait).After(until) {
			m.log.Warn().Msg("the SIM does not tell its number (IMSI): going on without, and asking again with each sweep")
			return "", nil
		}
		m.explain("the SIM does not tell its number (IMSI) yet")
		if err := m.pause(ctx, wait); err != nil {
			return "", err
		}
	}
}

// readIMSI asks for the IMSI, "" when it is not told.
func (m *Modem) readIMSI(ctx context.Context) (string, error) {
	info, err := m.patient(ctx, "+CIMI")
	if refused := (*ResultError)(nil); errors.As(err, &refused) {
		return "", nil
	}
	if err != nil || len(info) == 0 {
		return "", err
	}
	return digitRun(codeless(info[0])), nil
}
