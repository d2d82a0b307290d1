// Package bridge ties the modems to the sockets. Policy lives here only: what is
// accepted, what is sent when and by which modem, what an answer means, what is
// handed to whom.
//
//	program ─ socket ─ Accept ─┐            ┌─ runOutbound ─ modem ─ SMS network
//	                           spool (disk)─┤
//	program ─ socket ─ hub ────┘            └─ runInbound ── modem ─ SMS network
//
// Both ways go through the spool, and each side lets go of a message only when
// the other side's commit is durable.
package bridge

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"wvsms/modem"
	"wvsms/modem/usb"
	"wvsms/spool"
)

// Dial opens the line to a modem.
type Dial func(ctx context.Context, c ModemConfig) (modem.Port, error)

// Options are what a Bridge takes from its surroundings. The zero value is the
// real thing: ttys, the machine's clocks, no log.
type Options struct {
	Dial  Dial
	Clock Source
	Log   zerolog.Logger
	Trace func(modem string, sent bool, line string) // every AT line; must not block
	Meter Meter                                      // nil: nobody asks
	USB   USBReset                                   // nil: systemd does it
	Hook  Hook                                       // nil: as a process

	Profiles string // file of what the site knows of makes of modems; "": /etc/wvsms/profiles.toml, if there is one

	// Where modems are looked for: /sys, /dev; and /run/wvsms, where links by IMEI are
	// made if it exists.
	Sys, Dev, Run string

	// Listeners are sockets that are bound already (systemd.socket(5)). One that has an
	// address of the configuration is used instead of binding that.
	Listeners []net.Listener

	// Probe, if not nil, is called by name at each point at which a crash matters:
	// before and after commits, Ctrl-Z, AT+CNMA, AT+CMGD and what is written to a
	// client. Tests end the process there.
	Probe func(point string)

	watch func(ctx context.Context, changed func()) error // usb.Watch
}

// A Bridge is one running bridge over one spool.
type Bridge struct {
	cfg Config
	set atomic.Pointer[Settings]

	reload  sync.Mutex
	applied Config // that was read last

	dial   Dial
	log    zerolog.Logger
	trace  func(modem string, sent bool, line string)
	probe  func(point string)
	meter  Meter
	usb    USBReset
	hook   Hook
	sys    string
	spool  *spool.Spool
	clock  *clock
	hub    *hub
	server *server
	udp    *udpRoles
	finder *finder // nil: every modem is named by its path
	run    string  // Options.Run

	profiles modem.Profiles

	queued broadcast // something may be sent now
	told   broadcast // a verdict has changed
	moved  broadcast // something that Snapshot shows has changed
	heart  heart
	agenda *agenda
	supply supply

	lookout lookout
	taps    taps
	tally   tally

	door door
	tls  *tls.Config // for what is beyond loopback; nil: nothing may be

	bounds bounds // of what is kept of segments received

	mu       sync.Mutex
	sessions map[string]*session // by modem name; those that are up
	verdicts map[string]string   // by modem name: what is the matter
	signals  map[string]*signal  // by modem name
	names    map[string]string   // by message id: what Snapshot said last of its payload

	recoveries map[string]*recovery // by modem name, from the begin of Run on

	claims  sync.Mutex
	claimed map[string]bool           // messages in some session's hands
	shunned map[string]shunning       // messages that a SIM leaves to others
	line    map[spool.Scope]time.Time // of each peer that a limit keeps: where its line ends

	started time.Time
	running context.Context // ends when Run does
}

// Open opens the spool and binds the sockets, so that what is wrong with either
// is known before anything runs. The caller calls Run or Close.
func Open(ctx context.Context, cfg Config, o Options) (*Bridge, error) {
	profiles, err := modem.ReadProfiles(cmp.Or(o.Profiles, "/etc/wvsms/profiles.toml"))
	if err != nil {
		return nil, err
	}
	if o.Clock.Boot == nil {
		o.Clock = SystemSource()
	}
	if o.Trace == nil {
		o.Trace = func(string, bool, string) {}
	}
	if o.Probe == nil {
		o.Probe = func(string) {}
	}
	if o.Meter == nil {
		o.Meter = noMeter{}
	}
	for _, d := range []struct {
		to    *string
		usual string
	}{{&o.Sys, "/sys"}, {&o.Dev, "/dev"}, {&o.Run, "/run/wvsms"}} {
		if *d.to == "" {
			*d.to = d.usual
		}
	}
	if o.Dial == nil {
		o.Dial = newDialer(o.Sys, profiles, o.Log).dial
	}
	if o.watch == nil {
		o.watch = usb.Watch
	}
	if o.USB == nil {
		o.USB = newSystemdReset()
	}
	if o.Hook == nil {
		o.Hook = runProgram
	}
	set, err := settingsOf(cfg, o.Log)
	if err != nil {
		return nil, err
	}
	certificate, err := newCertificate(cfg, o.Log)
	if err != nil {
		return nil, err
	}
	b := &Bridge{
		cfg: cfg, dial: o.Dial, log: o.Log, trace: o.Trace, probe: o.Probe, meter: o.Meter, run: o.Run, profiles: profiles,
		usb: o.USB, hook: o.Hook, sys: o.Sys,
		sessions: map[string]*session{}, verdicts: map[string]string{}, signals: map[string]*signal{}, claimed: map[string]bool{}, shunned: map[string]shunning{}, line: map[spool.Scope]time.Time{},
		recoveries: map[string]*recovery{}, heart: heart{loops: map[string]*pulse{}},
		bounds: inboundBounds, tls: certificate,
	}
	b.applied = cfg
	b.set.Store(set)
	if b.spool, err = spool.Open(cfg.Spool.Path, spool.Options{Probe: o.Probe, Committed: b.committed}); err != nil {
		return nil, err
	}
	if err := b.open(ctx, o); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *Bridge) open(ctx context.Context, o Options) (err error) {
	if b.clock, err = openClock(ctx, b.spool, o.Clock); err != nil {
		return err
	}
	b.started = b.clock.Now()
	b.agenda = newAgenda(b.started)
	if b.finder, err = b.openFinder(ctx, o); err != nil {
		return err
	}
	if b.clockUnset() {
		b.log.Warn().Time("wall", b.clock.source.Wall()).Msg("the machine's clock was never set: times are shown wrong until it is; deadlines and budgets do not hang on it")
	}
	b.hub = newHub(b)
	b.hub.log, b.hub.pulse, b.hub.moved = b.log, b.heart.loop("hub"), b.moved.notify
	b.server = newServer(serverConfig{
		Listen: b.cfg.Socket.Listen, AuthAlways: b.cfg.Socket.AuthAlways, TLS: b.tls,
		Unix: b.cfg.Socket.Unix, UnixMode: b.cfg.Socket.UnixMode, UnixGroup: b.cfg.Socket.UnixGroup,
		Ports: b.cfg.Socket.Ports, Probe: o.Probe, Passed: o.Listeners, Loop: b.heart.loop,
	}, b, b.hub, b.log)
	if err := b.recover(ctx); err != nil {
		return err
	}
	if err := b.reroute(ctx); err != nil {
		return err
	}
	if err := b.server.Listen(ctx); err != nil {
		return err
	}
	b.udp = newUDP(b.cfg.UDP, b, b.log)
	return b.udp.Listen(ctx)
}

// Passes tells whether what keeps Open from opening may pass by itself or by what others
// do: a disk that is full, not mounted to be written, failing, or a spool in the hands of
// another program. A damaged spool wants a decision, a port in use another configuration.
func Passes(err error) bool {
	for _, cause := range []error{spool.ErrFull, spool.ErrReadOnly, spool.ErrIO, spool.ErrBusy} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}

// clockUnset tells whether the wall clock shows a time before this program was built.
func (b *Bridge) clockUnset() bool { return b.clock.source.Wall().Before(builtAfter) }

// recover finds segments that were being submitted when the last run ended.
// Nobody knows what became of them.
func (b *Bridge) recover(ctx context.Context) error {
	err := b.change(ctx, b.log, "recover", func(tx *spool.Tx, story *events) error {
		ids, err := tx.Submitting()
		if err != nil {
			return err
		}
		for _, id := range ids {
			m, err := tx.Ledger(id)
			if err != nil {
				return err
			}
			o := outbound{Outbound: m, now: b.clock.Now(), events: story}
			o.interrupted()
			if err := tx.PutOutbound(m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("recover what was being sent: %w", err)
	}
	return nil
}

// interrupted closes attempts that nobody is making any more.
func (o *outbound) interrupted() {
	for _, seg := range o.Segments {
		if seg.State == spool.SegSubmitting {
			o.record(attempt{seq: seg.Seq, err: errInterrupted})
		}
	}
}

var errInterrupted = fmt.Errorf("%w: the bridge ended while it was sending", modem.ErrOutcomeUnknown)

// Run serves until ctx ends. Nothing needs to be flushed at its end: what counts
// is on disk already.
func (b *Bridge) Run(ctx context.Context) error {
	defer b.Close()
	up := b.log.Info().Strs("listen", b.cfg.Socket.Listen)
	for _, other := range []struct{ name, at string }{{"unix", b.cfg.Socket.Unix}, {"http", b.cfg.HTTP.Listen}} {
		if other.at != "" {
			up.Str(other.name, other.at)
		}
	}
	up.Str("spool", b.cfg.Spool.Path).Int("modems", len(b.cfg.Modems)).Msg("bridge is up")
	g, ctx := errgroup.WithContext(ctx)
	b.running = ctx
	g.Go(func() error { return b.hub.Run(ctx) })
	g.Go(func() error { return b.server.Run(ctx) })
	g.Go(func() error { return b.udp.Run(ctx) })
	g.Go(func() error { return b.runTimers(ctx) })
	if b.finder != nil {
		g.Go(func() error { return b.finder.Run(ctx) })
	}
	for _, c := range b.cfg.Modems {
		g.Go(func() error { b.runModem(ctx, c); return nil })
	}
	err := g.Wait()
	b.log.Info().Err(err).Msg("bridge is down")
	return err
}

// Close lets go of the sockets and the spool.
func (b *Bridge) Close() error {
	if b.server != nil {
		b.server.Close()
	}
	if b.udp != nil {
		b.udp.Close()
	}
	return b.spool.Close()
}

// Spool gives the sockets their messages.
func (b *Bridge) Spool() *spool.Spool { return b.spool }

// Now is bridge time.
func (b *Bridge) Now() time.Time { return b.clock.Now() }

func (b *Bridge) hasModem(name string) bool {
	for _, c := range b.cfg.Modems {
		if c.Name == name {
			return true
		}
	}
	return false
}

// A broadcast wakes everybody who waits.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

// wait returns a channel that the next notify closes.
func (s *broadcast) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *broadcast) notify() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}

// pause waits for d, or until woken; false means that ctx ended.
func pause(ctx context.Context, d time.Duration, woken <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-woken:
	case <-timer.C:
	}
	return ctx.Err() == nil
}
