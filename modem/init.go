package modem

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	plainTimeout = 10 * time.Second // for what a modem knows by itself
	simTimeout   = 30 * time.Second // for what it asks its SIM, store or radio
	// busyPatience: SIM and store of a modem that has just started are busy
	// for 10 s as a rule.
	busyPatience = time.Minute
	// repeats of a command without an answer: the line may lose a character.
	repeats = 3
)

// BringUp is the verdict on a modem of which nothing is known yet.
const BringUp = "the modem is being brought up"

// bringUp takes a modem from whatever state it is in to one that sends and
// receives.
func (m *Modem) bringUp(ctx context.Context) error {
	m.explain(BringUp)
	if err := m.x.wake(ctx, m.wakes()); err != nil {
		return m.unheard(err)
	}
	m.x.line.watch()
	// Errors as numbers: texts differ from vendor to vendor.
	steps := []func(context.Context) error{
		m.setErrors, m.identify, m.setProfile, m.mend, m.radioOn, m.unlock, m.identifySIM,
		m.setPDUMode, m.setService, m.setDomain, m.setCentre, m.setStores, m.setLink, m.setReception,
		m.setRegistration, m.look, m.firstSweep,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return m.simTrouble(err)
		}
	}
	m.explain("")
	id := m.Identity()
	m.log.Info().Str("model", strings.TrimSpace(id.Manufacturer+" "+id.Model)).Str("imsi", id.IMSI).
		Str("profile", m.profile.Name).Bool("direct", m.direct).Str("cnmi", m.cnmi).Str("store", m.store).Bool("registered", m.Status().Registered).
		Msg("modem is up")
	return nil
}

// wakes is how often a modem that is silent is spoken to: as long as it may take to
// boot.
func (m *Modem) wakes() int {
	boot := cmp.Or(m.opt.Boot, m.profile.Boot)
	return max(wakeTries, int((boot+wakeTimeout-1)/wakeTimeout))
}

// unheard says what is there instead of a modem that does not answer.
func (m *Modem) unheard(err error) error {
	if !errors.Is(err, ErrSilent) {
		return err
	}
	if said := m.ear.verdict(); said.Heard != HeardNothing {
		return fmt.Errorf("%w: %w", ErrSilent, said)
	}
	return fmt.Errorf("%w: is it powered, and is this its AT port, at its speed? wvsms doctor asks at every usual speed", err)
}

// command executes a command that can be repeated without harm.
func (m *Modem) command(ctx context.Context, cmd string, d time.Duration) (info []string, err error) {
	return m.x.repeat(ctx, cmd, d)
}

// repeat is Command, and that again when there is no answer.
func (x *executor) repeat(ctx context.Context, cmd string, d time.Duration) (info []string, err error) {
	for range repeats {
		info, err = x.Command(ctx, cmd, d)
		if !errors.Is(err, errTimeout) {
			break
		}
	}
	return info, err
}

// try executes a command that a modem need not have: a refusal is no error.
func (m *Modem) try(ctx context.Context, cmd string, d time.Duration) (info []string, ok bool, err error) {
	info, err = m.command(ctx, cmd, d)
	if refused := (*ResultError)(nil); errors.As(err, &refused) {
		return info, false, nil
	}
	return info, err == nil, err
}

// ask executes a query that a modem need not have and gives what stands after
// one of the names in its answer to f.
func (m *Modem) ask(ctx context.Context, cmd string, f func(args string), names ...string) error {
	info, ok, err := m.try(ctx, cmd, statusTimeout)
	if args, found := answer(info, names...); ok && found {
		f(args)
	}
	return err
}

// patient executes a command again while SIM or store are busy. A modem that comes up
// is not given settings that it only might have taken: it is waited for anew.
func (m *Modem) patient(ctx context.Context, cmd string) ([]string, error) {
	wait := time.Second
	for until := time.Now().Add(busyPatience); ; wait = min(2*wait, 5*time.Second) {
		info, err := m.command(ctx, cmd, simTimeout)
		if !busy(err) {
			return info, err
		}
		if time.Now().After(until) {
			select {
			case <-m.ready:
				return info, err
			default:
				return nil, &SIMError{"busy", fmt.Sprintf("the modem is not ready for short messages yet (%s): waiting for it", err)}
			}
		}
		defer m.explain(m.troubled())
		m.explain("the SIM is busy")
		if err := m.pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// busy: SIM busy (TS 27.007 9.2.1, TS 27.005 3.2.5), and what Wavecom, Huawei,
// SIMCom and Siemens say while they start.
func busy(err error) bool {
	var e *ResultError
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case CMS:
		return e.Code == 314 || e.Code == 515 || e.Code == 517 || e.Code == 532
	case CME:
		return e.Code == 14 || e.Code == 515
	}
	return false
}

// pause waits, unless the line dies or ctx ends.
func (m *Modem) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-m.x.line.dead:
		return m.x.line.cause()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Modem) setErrors(ctx context.Context) error {
	for range 3 {
		if _, _, err := m.try(ctx, "+CMEE=1", plainTimeout); err != nil {
			return err
		}
		now := -1
		if err := m.ask(ctx, "+CMEE?", func(a string) { now = number(fields(a), 0) }, "+CMEE"); err != nil {
			return err
		}
		if m.x.cmee = now; now == 1 {
			return nil
		}
	}
	if m.x.cmee < 0 {
		m.x.fencing = "+CMGF?"
	}
	m.log.Warn().Int("cmee", m.x.cmee).Msg("modem does not tell errors as numbers")
	return nil
}

// identify asks the modem who it is.
func (m *Modem) identify(ctx context.Context) error {
	var id Identity
	for _, q := range identityQueries(&id) {
		err := q.ask(func(cmd string) ([]string, error) { return m.command(ctx, cmd, plainTimeout) })
		if err != nil {
			return err
		}
	}
	m.mu.Lock()
	m.id = id
	m.mu.Unlock()
	return nil
}

// An identityQuery is a command (TS 27.007 5.1 to 5.4) and where its answer belongs.
type identityQuery struct {
	cmd  string
	into *string
	imei bool
}

func identityQueries(id *Identity) []identityQuery {
	return []identityQuery{
		{"+CGMI", &id.Manufacturer, false}, {"+CGMM", &id.Model, false},
		{"+CGMR", &id.Revision, false}, {"+CGSN", &id.IMEI, true},
	}
}

// ask executes the query and keeps the first line of the answer that can be one. The
// IMEI is who the modem is: where noise has torn it apart it is asked for again.
func (q identityQuery) ask(execute func(cmd string) ([]string, error)) error {
	for range repeats {
		info, err := execute(q.cmd)
		if refused := (*ResultError)(nil); errors.As(err, &refused) {
			return nil // a modem need not tell
		}
		if err != nil {
			return err
		}
		for _, line := range info {
			text := strings.Trim(codeless(line), `"`)
			if q.imei {
				text = digitRun(text)
			}
			if strings.ContainsFunc(text, unprintable) || q.imei && len(text) < minIMEI {
				continue
			}
			*q.into = text
			return nil
		}
		if !q.imei {
			return nil
		}
	}
	return nil
}

// setProfile looks up what is known of the make, and says the row's commands for the
// begin of a session.
func (m *Modem) setProfile(ctx context.Context) error {
	row, known := m.opt.Profiles.Of(m.opt.USB, m.Identity())
	m.mu.Lock()
	m.profile = row
	m.agreed.Profile = row.Name
	m.mu.Unlock()
	if !known {
		m.log.Debug().Msg("no row is of this make of modem: what it offers decides") // each session anew
	}
	if row.Explain != "" {
		m.log.Warn().Msg(row.Explain)
	}
	m.x.line.ignore(row.Noise)
	for _, cmd := range row.Init {
		if _, ok, err := m.try(ctx, cmd, plainTimeout); err != nil {
			return err
		} else if !ok {
			m.refuses(cmd, "refused")
		}
	}
	return nil
}

// minIMEI are the digits of an IMEI without its check digit (TS 23.003 6.2.1).
const minIMEI = 14

// codeless is an answer without the name before it.
func codeless(line string) string {
	if codeName(line) != "" {
		line = codeArgs(line)
	}
	return strings.TrimSpace(line)
}

// radioOn ends a flight mode that someone left on. It never turns a radio off:
// some modems do not come back from that.
func (m *Modem) radioOn(ctx context.Context) error {
	off := false
	if err := m.ask(ctx, "+CFUN?", func(a string) {
		n := number(fields(a), 0)
		off = n == 0 || n == 4
	}, "+CFUN"); err != nil || !off {
		return err
	}
	m.log.Warn().Msg("radio is off (flight mode): turning it on")
	_, _, err := m.try(ctx, "+CFUN=1", simTimeout)
	return err
}

func (m *Modem) setRegistration(ctx context.Context) error {
	for _, cmd := range []string{"+CREG=1", "+CGREG=1", "+CEREG=1"} {
		if _, _, err := m.try(ctx, cmd, plainTimeout); err != nil {
			return err
		}
	}
	return nil
}
