package bridge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"wvsms/modem"
	"wvsms/spool"
)

// Implementation.
const (
	stepLimit = 20 * time.Second // for what is done outside: re-authorising a device, the hook
	stepAgain = 5 * time.Minute  // before one that could not be written down is tried again
)

// errClimb ends a session whose modem is about to be mended.
var errClimb = errors.New("the modem answers and is of no use")

// A recovery is the ladder of one modem, and what takes its rungs.
type recovery struct {
	b   *Bridge
	c   ModemConfig
	log zerolog.Logger

	mu      sync.Mutex
	ladder  ladder
	network int            // as the last status tells: 1 there is one, -1 there is none, 0 not known
	forbids map[rung]bool  // by the modem's profile
	usb     string         // where its device is plugged in, as last seen; "" not known
	next    modem.Recovery // what the next session begins with
	now     string         // for INFO: the last step, until all is well
	losses  []time.Time    // of the line, within powerMemory

	missedAt time.Time // when it last counted as mute or gone while it was looked for
}

// newRecovery goes on with the budgets that the last run left.
func newRecovery(ctx context.Context, b *Bridge, c ModemConfig, log zerolog.Logger) *recovery {
	r := &recovery{b: b, c: c, log: log, forbids: map[rung]bool{}}
	err := b.spool.View(ctx, func(tx *spool.Tx) error {
		text, ok, err := tx.Get(r.key())
		if err != nil || !ok {
			return err
		}
		return r.ladder.resume(text)
	})
	if err != nil && ctx.Err() == nil {
		log.Error().Err(err).Msg("cannot read what was spent on recovery: counting from nothing")
	}
	return r
}

func (r *recovery) key() string { return "recovery of " + r.c.Name }

// can tells why a rung cannot be taken. r.mu is held.
func (r *recovery) can(g rung) string {
	allowed := func(name string) string {
		switch {
		case !slices.Contains(r.c.Recovery, name):
			return "the configuration does not allow it"
		case r.forbids[g]:
			return "this model does not come back from it"
		}
		return ""
	}
	switch g {
	case radio, restart:
		return allowed(g.String())
	case resetUSB:
		if why := allowed(g.String()); why != "" {
			return why
		}
		if r.usb == "" {
			return "it is on no USB port that is known"
		}
		return r.b.usb.Lack()
	case runHook:
		if len(r.c.PowerHook) == 0 {
			return "no power_hook is configured"
		}
	}
	return ""
}

// ended looks at why a session ended, or did not begin.
func (r *recovery) ended(ctx context.Context, err error) {
	if errors.Is(err, modem.ErrLineLost) {
		r.lost(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.network = 0
	var (
		sim     *modem.SIMError
		refused *modem.ResultError
	)
	now := r.b.clock.Now()
	switch {
	case errors.Is(err, errClimb):
	case errors.As(err, &sim):
		if sim.State == "absent" || sim.State == "failure" || sim.State == "busy" {
			r.ladder.sign(now, simless, sim.Text)
		}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		r.ladder.sign(now, gone, err.Error())
	case errors.Is(err, modem.ErrSilent), errors.Is(err, modem.ErrLineLost), errors.Is(err, modem.ErrRestarted), errors.Is(err, syscall.EIO):
		r.ladder.sign(now, mute, err.Error())
	case errors.As(err, &refused):
		r.ladder.sign(now, unready, err.Error())
	}
}

// lost counts a loss of the line, which on USB is the device falling off the bus.
func (r *recovery) lost(ctx context.Context) {
	r.b.lookAtPower()
	now := r.b.clock.Now()
	r.mu.Lock()
	r.losses = append(r.lately(now), now)
	r.mu.Unlock()
	err := r.b.spool.Update(ctx, func(tx *spool.Tx) error {
		tx.About("line lost")
		return tx.Count("line.lost."+r.c.Name, 1)
	})
	if err != nil && ctx.Err() == nil {
		r.log.Error().Err(err).Msg("cannot count a loss of the line")
	}
}

// lately are the losses of the last hour. r.mu is held.
func (r *recovery) lately(now time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(r.losses), func(at time.Time) bool { return now.Sub(at) >= powerMemory })
}

// power is what is to be said of how the modem is fed, "" nothing.
func (r *recovery) power() string {
	r.mu.Lock()
	n := len(r.lately(r.b.clock.Now()))
	r.mu.Unlock()
	text := ""
	if n >= lossesTold {
		text = fmt.Sprintf("; its line was lost %d times within an hour: check its cable and its power", n)
	}
	if r.b.weak() {
		text += "; the Pi reports undervoltage: use a stronger supply or a powered hub"
	}
	return text
}

// status looks at what the modem says of its network.
func (r *recovery) status(st modem.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.network
	r.network = 0
	switch {
	case st.Registered:
		r.network = 1
	case st.Reg >= 0 || st.PSReg >= 0 || st.EPSReg >= 0:
		r.network = -1
	}
	if before < 0 && r.network > 0 {
		r.well(registered)
	}
}

// attempt looks at how a message fared.
func (r *recovery) attempt(a attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.err == nil {
		r.well(accepted)
		return
	}
	if ownFault(a.err) {
		r.ladder.sign(r.b.clock.Now(), unsent, plain(a.err).Error())
	}
}

// ownFaults are the codes of +CMS ERROR that modems give for ever until they are reset,
// and networks for a while: out of order, temporary failure (Telit, until the radio is
// cycled), ME failure, not allowed now, no cause known.
var ownFaults = []int{38, 41, 300, 302, 500}

// ownFault tells whether the modem may be what keeps a message from going: it refuses
// with one of those codes, or says nothing after Ctrl-Z and answers everything else.
func ownFault(err error) bool {
	var refused *modem.ResultError
	if errors.As(err, &refused) {
		return refused.Kind == modem.CMS && slices.Contains(ownFaults, refused.Code)
	}
	lost := errors.Is(err, modem.ErrLineLost) || errors.Is(err, modem.ErrRestarted) || errors.Is(err, modem.ErrSilent)
	return errors.Is(err, modem.ErrOutcomeUnknown) && !lost
}

// arrived: a message or a report came.
func (r *recovery) arrived() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.well(received)
}

func (r *recovery) well(p progress) {
	r.ladder.progress(p)
	if r.ladder.at == noRung && r.ladder.rest.IsZero() {
		r.now = ""
	}
}

// useless looks at a modem that is up, between messages: errClimb if the session is to
// end for its sake.
func (r *recovery) useless(ctx context.Context, st modem.Status) error {
	r.mu.Lock()
	now := r.b.clock.Now()
	switch why, searching := unregisteredFor(st); {
	case st.Registered:
		r.well(onNetwork)
		if r.ladder.steady(now) {
			r.well(steady)
		}
	case searching:
		r.ladder.sign(now, unregistered, why)
	default: // its network's affair, or a person's: not counted any longer
		r.well(onNetwork)
	}
	s, due := r.ladder.choose(now, r.can)
	r.mu.Unlock()
	switch {
	case !due:
		return nil
	case s.rung == alarm: // the modem is not bettered by losing its line
		r.climb(ctx)
		return nil
	}
	return errClimb
}

// watching tells whether useless has to be asked again soon: something speaks against the
// modem, or did not long ago.
func (r *recovery) watching(st modem.Status) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !st.Registered || !r.ladder.quiet()
}

// unregisteredFor tells whether a modem may find a network when it looks anew. A network
// that denies, or that allows emergency calls only, has been found.
func unregisteredFor(st modem.Status) (why string, searching bool) {
	for _, stat := range []int{st.Reg, st.PSReg, st.EPSReg} {
		if stat == 3 || stat == 8 {
			return "", false
		}
		searching = searching || stat == 0 || stat == 2 || stat == 4
	}
	return st.Verdict, searching
}

// session is what the next session begins with, and forgets it.
func (r *recovery) session() modem.Recovery {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.next
	r.next = modem.NoRecovery
	return next
}

// met notes what the modem's profile forbids.
func (r *recovery) met(m *modem.Modem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forbids[radio], r.forbids[restart] = !m.Can(modem.CycleRadio), !m.Can(modem.Restart)
}

// seen notes where the modem's device is plugged in.
func (r *recovery) seen(usb string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if usb != "" {
		r.usb = usb
	}
}

// told is the last step and its rung, for INFO; "" and 0 when all is well.
func (r *recovery) told() (string, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now, int(r.ladder.at)
}

// climb takes the rung that is due and tells of it in one line; false: none is. What a
// rung costs is on disk before it is taken.
func (r *recovery) climb(ctx context.Context) bool {
	r.mu.Lock()
	now := r.b.clock.Now()
	s, due := r.ladder.choose(now, r.can)
	if !due {
		r.mu.Unlock()
		return false
	}
	before := r.ladder
	r.ladder.take(now, s.rung)
	text, usb := r.ladder.text(), r.usb
	r.mu.Unlock()

	if rungs[s.rung].budget > 0 {
		err := r.b.spool.Update(ctx, func(tx *spool.Tx) error {
			tx.About("recovery")
			return tx.Set(r.key(), text)
		})
		if err != nil {
			r.mu.Lock()
			r.ladder = before
			r.ladder.rest = now.Add(stepAgain)
			r.mu.Unlock()
			r.log.Error().Err(err).Stringer("rung", s.rung).Msg("cannot write down what recovery costs, so it is not done")
			return true
		}
	}
	r.tell(s, r.do(ctx, s, usb))
	return true
}

// do takes a rung. A stop of the bridge does not cut it short: a port whose power was
// just taken away would stay without.
func (r *recovery) do(ctx context.Context, s step, usb string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepLimit)
	defer cancel()
	switch s.rung {
	case radio:
		r.begin(modem.CycleRadio)
	case restart:
		r.begin(modem.Restart)
	case resetUSB:
		return r.b.usb.Reset(ctx, usb)
	case runHook:
		return r.b.hook(ctx, r.c.PowerHook, []string{
			"WVSMS_MODEM=" + r.c.Name, "WVSMS_DEVICE=" + r.c.Device, "WVSMS_USB=" + usb,
		})
	}
	return nil
}

func (r *recovery) begin(what modem.Recovery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = what
}

// tell is the one line of a step.
func (r *recovery) tell(s step, err error) {
	line, does := r.log.Warn(), map[rung]string{
		reopen: "the line is opened again", radio: "the radio is turned off and on", restart: "the modem is restarted",
		resetUSB: "its USB device is re-authorised", runHook: "the power hook is run",
		alarm: "nothing that can be done from here has helped: somebody has to look at the modem, its power, cable, antenna and SIM",
	}[s.rung]
	if s.rung == alarm {
		line = r.log.Error()
	}
	line = line.Stringer("rung", s.rung).Str("why", s.why)
	if s.left >= 0 {
		line = line.Int("left_today", s.left)
	}
	for _, l := range s.without {
		line = line.Str("not_"+l.rung.String(), l.why)
	}
	switch {
	case s.rung == alarm:
		line = line.Str("next", fmt.Sprintf("from the beginning in %v", rungs[alarm].rest))
	case s.next == noRung:
		line = line.Str("next", "waiting")
	default:
		line = line.Stringer("next", s.next)
	}
	line.Err(err).Msg("recovery: " + does)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = fmt.Sprintf("recovery, %v: %s", s.rung, does)
}
