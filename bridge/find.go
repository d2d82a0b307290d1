package bridge

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"wvsms/modem"
	"wvsms/modem/usb"
	"wvsms/spool"
)

// Implementation.
const (
	// sweepWaiting is how often the bus is looked at while a modem is missed: a
	// hundred small reads. The kernel's word comes sooner, where it comes at all.
	sweepWaiting = time.Second
	// takeAgain is how often whoever misses a modem looks for it without news.
	takeAgain = time.Minute
	// settled: a device brings its terminals one by one. One that has not changed for
	// so long has brought them all.
	settled = 300 * time.Millisecond
	// A port that does not answer is asked again, later and later: a modem may be
	// starting, or busy with what its last session left. One for which no maker of
	// modems vouches may be somebody's printer, and is bothered less.
	firstReprobe = time.Second
	lastReprobe  = 4 * time.Second
	lastStranger = 5 * time.Minute
	// patience with the best port, in probes. Another one may answer while that one is
	// busy, and get no unsolicited codes: messages would come by sweeps alone.
	patience = 2
)

// A finder knows which modems are on the USB bus and who of the [[modem]]s has which.
// It looks at the bus while a [[modem]] misses its modem, and asks every device there
// that one of these may mean who it is (modem.Probe). What it learns is good for one
// session: whatever is dialled was found again right before.
type finder struct {
	sys, dev string
	modems   []ModemConfig
	profiles modem.Profiles
	dial     Dial
	now      func() time.Time // bridge time
	watch    func(ctx context.Context, changed func()) error
	log      zerolog.Logger
	pulse    *pulse // see heart

	look broadcast // the bus is to be looked at
	news broadcast // something came of that

	mu      sync.Mutex
	sticks  []*stick // by path
	trouble error    // why the bus cannot be looked at
	looked  bool     // at least once
	seats   map[string]*seat
}

// A stick is one USB device since it was plugged in.
type stick struct {
	usb.Device
	profile modem.Profile // the zero one: no row fits
	since   time.Time     // as it is now; zero: it was there before us

	probing bool
	probes  int
	next    time.Time        // of them
	port    string           // name of the terminal that speaks AT, "" none found yet
	id      modem.Identity   // what the modem there says
	heard   map[string]error // by terminal: what came of asking it
	never   map[string]bool  // terminals that have shown to be something else
}

// A seat is what the finder knows of one [[modem]].
type seat struct {
	stick   *stick    // that it has now, nil none
	waiting bool      // for a stick
	own     string    // who it had last, over all runs; see stick.who
	seen    time.Time // when that one was there last, or the run began
}

// who tells a modem from all others: its IMEI. One that does not tell it is known by
// what it is and where it is plugged in, for lack of anything better.
func (s *stick) who() string {
	if s.id.IMEI != "" {
		return s.id.IMEI
	}
	return s.ID() + " in " + s.Path
}

// openFinder is a finder for the [[modem]]s that are not named by a path; nil if all are.
func (b *Bridge) openFinder(ctx context.Context, o Options) (*finder, error) {
	f := &finder{
		sys: o.Sys, dev: o.Dev, modems: b.cfg.Modems, profiles: b.profiles, dial: b.dial, now: b.clock.Now, watch: o.watch, log: b.log,
		seats: map[string]*seat{},
	}
	if len(f.sought()) == 0 {
		return nil, nil
	}
	f.pulse = b.heart.loop("finder")
	err := b.spool.View(ctx, func(tx *spool.Tx) error {
		for _, c := range f.sought() {
			own, _, err := tx.Get(ownKey(c.Name))
			if err != nil {
				return err
			}
			f.seats[c.Name] = &seat{own: own, seen: f.now()}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read which modems there were: %w", err)
	}
	return f, nil
}

// Run looks at the bus until ctx ends.
func (f *finder) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		if err := f.watch(ctx, f.look.notify); err != nil {
			f.log.Info().Err(err).Msgf("no word from the kernel when a modem is plugged in: looking every %v", sweepWaiting)
		}
	})
	for {
		f.pulse.beat()
		woken := f.look.wait()
		f.scan()
		for _, s := range f.due() {
			all.Go(func() { f.probe(ctx, s) })
		}
		f.pulse.rest()
		if !pause(ctx, f.rest(), woken) {
			return nil
		}
	}
}

// scan brings the list of sticks up to date.
func (f *finder) scan() {
	devices, err := usb.Scan(f.sys)
	f.mu.Lock()
	defer f.mu.Unlock()
	now, before := f.now(), f.sticks
	f.trouble, f.sticks = err, nil
	for _, d := range devices {
		i := slices.IndexFunc(before, func(s *stick) bool { return s.Path == d.Path })
		switch {
		case i >= 0 && same(before[i].Device, d):
			f.sticks = append(f.sticks, before[i])
			continue
		case f.looked:
			f.sticks = append(f.sticks, f.newStick(d, now))
		default:
			f.sticks = append(f.sticks, f.newStick(d, time.Time{}))
		}
		f.log.Debug().Str("usb", d.Path).Str("id", d.ID()).Int("interfaces", len(d.Interfaces)).Msg("device on USB")
	}
	f.looked = true
	if !slices.Equal(before, f.sticks) {
		f.news.notify()
	}
}

// same tells whether a device is still the one that was seen: not plugged in again,
// with the terminals that it had.
func same(a, b usb.Device) bool {
	return a.Number == b.Number && a.VID == b.VID && a.PID == b.PID && slices.Equal(a.Interfaces, b.Interfaces)
}

func (f *finder) newStick(d usb.Device, since time.Time) *stick {
	s := &stick{Device: d, since: since, heard: map[string]error{}, never: map[string]bool{}}
	s.profile, _ = f.profiles.USB(d.ID())
	if !since.IsZero() {
		s.next = since.Add(max(settled, s.profile.Settle))
	}
	return s
}

// due are the sticks that are to be asked now who they are; they count as being asked
// from here on.
func (f *finder) due() (due []*stick) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sticks {
		if f.wanted(s) && !s.probing && s.port == "" && !s.next.After(f.now()) {
			s.probing = true
			due = append(due, s)
		}
	}
	return due
}

// wanted tells whether somebody waits who may take the stick, and whether it has a
// terminal to be asked. f.mu is held.
func (f *finder) wanted(s *stick) bool {
	if f.taken(s) || f.spokenFor(s) {
		return false
	}
	return slices.ContainsFunc(f.modems, func(c ModemConfig) bool {
		return f.seats[c.Name] != nil && f.seats[c.Name].waiting && f.may(c, s)
	})
}

// rest is how long there is nothing to do.
func (f *finder) rest() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	rest := time.Duration(math.MaxInt64) // whoever waits says so
	for _, s := range f.seats {
		if s.waiting {
			rest = sweepWaiting
		}
	}
	for _, s := range f.sticks {
		if f.wanted(s) && !s.probing && s.port == "" {
			rest = min(rest, max(s.next.Sub(f.now()), time.Millisecond))
		}
	}
	return rest
}

// probe asks the terminals of a stick, one after the other, which of them is a modem.
func (f *finder) probe(ctx context.Context, s *stick) {
	f.mu.Lock()
	ports := f.portsToAsk(s)
	f.mu.Unlock()
	for _, tty := range ports {
		id, err := f.ask(ctx, tty)
		if ctx.Err() != nil {
			return
		}
		f.mu.Lock()
		f.learn(s, tty, id, err)
		wait := s.roleOf(tty) == modem.RoleAT && !s.never[tty] && s.probes < patience
		f.mu.Unlock()
		if err == nil || wait {
			break
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	last := lastStranger
	if f.knows(s) {
		last = lastReprobe
	}
	wait := min(firstReprobe<<min(s.probes, 10), last)
	s.probing, s.next = false, f.now().Add(wait)
	s.probes++
	f.news.notify()
	f.look.notify()
}

func (f *finder) ask(ctx context.Context, tty string) (modem.Identity, error) {
	port, err := f.dial(ctx, ModemConfig{Device: filepath.Join(f.dev, tty)})
	if err != nil {
		return modem.Identity{}, err
	}
	return modem.Probe(ctx, port)
}

// path is the terminal that speaks AT.
func (f *finder) path(s *stick) string { return filepath.Join(f.dev, s.port) }

func (s *stick) String() string { return fmt.Sprintf("%s in %s", s.ID(), s.Path) }
