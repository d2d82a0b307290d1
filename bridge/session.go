package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"wvsms/modem"
	"wvsms/spool"
)

// Implementation: pauses before a modem is dialled again.
const (
	firstRedial = time.Second
	lastRedial  = time.Minute
)

// A session is one modem for as long as its line lasts.
type session struct {
	bridge *Bridge
	name   string
	device string // path of the terminal
	modem  *modem.Modem
	log    zerolog.Logger

	roaming  RoamingPolicy
	recovery *recovery
	pulse    *pulse // see heart; runOutbound's while the modem is up
	recorder recorder

	// Known when the modem is ready:
	sim    string        // IMSI, or the modem's name where the SIM does not tell it
	number string        // own number, "" unknown
	vendor []disposition // what codes of its make mean

	flight chan struct{} // capacity 1: taken from a CMGS until its answer is written down
	sc     scClock       // of the SC; runInbound's
	alarm  atomic.Value  // string: what keeps the SIM from sending until somebody looks; "" nothing
}

// runModem keeps a session with one modem: it dials, serves until the line is
// lost, and dials again, later and later while nothing comes of it.
func (b *Bridge) runModem(ctx context.Context, c ModemConfig) {
	log := b.log.With().Str("modem", c.Name).Logger()
	wait, told := firstRedial, ""
	recovery := newRecovery(ctx, b, c, log)
	b.mu.Lock()
	b.recoveries[c.Name] = recovery
	b.mu.Unlock()
	pulse := b.heart.loop("modem " + c.Name)
	for {
		pulse.beat()
		ready, err := b.serveModem(ctx, c, told, recovery, pulse, log)
		if ctx.Err() != nil {
			return
		}
		if ready {
			wait, told = firstRedial, ""
		}
		b.noteSignal(c.Name, 0)
		b.setVerdict(c.Name, err.Error())
		recovery.ended(ctx, err)
		if recovery.climb(ctx) {
			told = err.Error() // the line of the rung has it
		} else if told != err.Error() { // not each second of a night without a modem
			told = err.Error()
			log.Warn().Err(err).Str("again_in", wait.String()).Msg("modem is down")
		}
		pulse.rest()
		if !pause(ctx, wait, nil) {
			return
		}
		wait = min(2*wait, lastRedial)
	}
}

// serveModem runs one session. before is why the last one failed, "" it did not; ready
// tells whether the modem came up in it.
func (b *Bridge) serveModem(ctx context.Context, c ModemConfig, before string, recovery *recovery, pulse *pulse, log zerolog.Logger) (ready bool, err error) {
	pulse.rest()
	defer pulse.beat()
	var found *stick
	var id string // on the USB bus
	if c.sought() {
		if found, err = b.finder.find(ctx, c, func(why string) {
			b.setVerdict(c.Name, why)
			recovery.missed(ctx, b.finder, why)
		}); err != nil {
			return false, err
		}
		defer b.finder.leave(c)
		c.Device, id = b.finder.path(found), found.ID()
	}
	port, err := b.dial(ctx, c)
	if err != nil {
		return false, fmt.Errorf("open the line to modem %s: %w", c.Name, err)
	}
	recovery.seen(usbPath(b.sys, c.Device))
	s := &session{bridge: b, name: c.Name, device: c.Device, roaming: c.Roaming, log: log, recovery: recovery, pulse: pulse, flight: make(chan struct{}, 1)}
	defer func() { recovery.met(s.modem) }()
	s.modem = modem.New(port, modem.Options{
		Name: c.Name, Receive: c.Receive, PIN: pinReader(c.PINFile), PINGuard: pinLedger{b}, SMSC: c.SMSC, Log: b.log, Probe: b.probe,
		Profiles: b.profiles, USB: id, Boot: c.Boot, Drafts: c.ArchiveDrafts, Recovery: recovery.session(),
		Trace: func(sent bool, line string) {
			s.recorder.line(sent, line)
			b.trace(c.Name, sent, line)
		},
		Status: func(st modem.Status) {
			verdict := s.verdict(st)
			if verdict == modem.BringUp && before != "" { // which may take as long as half a minute
				verdict += " again, after this: " + before
			}
			b.noteSignal(c.Name, cmp.Or(st.RSSI, st.RSRP))
			b.setVerdict(c.Name, verdict)
			recovery.status(st)
			b.queued.notify()
		},
		Checked: func() { // the one thing that is done again and again: what else must be looked at goes with it
			b.lookAtPower()
			b.agenda.look()
			b.hub.look()
		},
	})
	// The line outlives ctx by what the message on it needs to come to its end.
	line, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := s.modem.Run(line); err != nil {
			return err
		}
		return errEnded
	})
	g.Go(func() error {
		defer hangUp()
		select { // bringing up ends by itself: each of its waits is bounded
		case <-ctx.Done():
			return nil
		case <-s.modem.Ready():
			pulse.beat()
		}
		if found != nil {
			if err := b.recognise(c, found, s.modem.Identity()); err != nil {
				return err
			}
		}
		ready = true
		s.introduce()
		defer b.leave(s)
		defer b.link(s.modem.Identity(), c.Device)()
		flows, ctx := errgroup.WithContext(ctx)
		flows.Go(func() error { return s.runInbound(ctx) })
		flows.Go(func() error { return s.runOutbound(ctx) })
		return flows.Wait()
	})
	err = g.Wait()
	return ready, err
}

var errEnded = errors.New("the session with the modem ended")

// introduce makes the session known once the modem says who it is.
func (s *session) introduce() {
	id := s.modem.Identity()
	s.sim, s.number = s.bridge.knownSIM(id, s.name), id.Number
	s.vendor = vendorTable(s.modem.Profile())
	err := s.bridge.spool.View(context.Background(), func(tx *spool.Tx) (err error) {
		s.sc, err = readSCClock(tx, s.sim, s.bridge.clock)
		return err
	})
	if err != nil {
		s.log.Error().Err(err).Msg("cannot look up how the clock of the SMSC goes: it is learned again")
	}
	s.log.Info().Str("model", strings.TrimSpace(id.Manufacturer+" "+id.Model)).Str("imei", id.IMEI).
		Str("verdict", s.verdict(s.modem.Status())).Msg("modem is ready")
	s.bridge.mu.Lock()
	s.bridge.sessions[s.name] = s
	s.bridge.mu.Unlock()
	s.bridge.setVerdict(s.name, s.verdict(s.modem.Status()))
	s.bridge.keepHomes()
}

// knownSIM is the name under which a SIM's messages are kept: its IMSI, also when the
// card tells it only now and then; the modem's name where it was never told.
func (b *Bridge) knownSIM(id modem.Identity, name string) (sim string) {
	sim = id.IMSI
	card := "imsi of " + id.ICCID
	if id.ICCID == "" {
		card = "imsi in " + id.IMEI
	}
	err := b.spool.Update(context.Background(), func(tx *spool.Tx) error {
		tx.About("introduce")
		switch {
		case id.ICCID == "" && id.IMEI == "":
			return nil // it could be anybody's
		case sim != "":
			return tx.Set(card, sim)
		}
		told, _, err := tx.Get(card)
		sim = told
		return err
	})
	if err != nil {
		b.log.Error().Err(err).Msg("cannot keep or look up the IMSI of a SIM")
	}
	if sim == "" {
		return name
	}
	return sim
}

// keepHomes lets what waits for a SIM that is no longer in the house go by any.
// That is known only while every modem is up and says which SIM it has.
func (b *Bridge) keepHomes() {
	b.mu.Lock()
	sims := []string{}
	for _, s := range b.sessions {
		if s.sim != s.name {
			sims = append(sims, s.sim)
		}
	}
	b.mu.Unlock()
	if len(sims) < len(b.cfg.Modems) {
		return
	}
	var gone int
	err := b.spool.Update(context.Background(), func(tx *spool.Tx) (err error) {
		tx.About("homes")
		gone, err = tx.KeepHomes(sims)
		return err
	})
	switch {
	case err != nil:
		b.log.Error().Err(err).Msg("cannot forget SIMs that have left; trying again when a modem comes up")
	case gone > 0:
		b.log.Info().Int("sims", gone).Msg("SIMs have left the house: what waited for them goes by any")
		b.queued.notify()
	}
}

func (b *Bridge) leave(s *session) {
	b.mu.Lock()
	delete(b.sessions, s.name)
	b.mu.Unlock()
}

// setVerdict remembers what is to be said about a modem.
func (b *Bridge) setVerdict(name, verdict string) {
	b.mu.Lock()
	b.verdicts[name] = verdict
	b.mu.Unlock()
	b.told.notify()
	b.moved.notify()
	b.agenda.look() // without a modem nobody else does after the machine was suspended
}
