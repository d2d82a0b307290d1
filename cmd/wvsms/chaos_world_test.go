package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// A chaosWorld is the network, the modems, the bridges and their clients.
type chaosWorld struct {
	t       *testing.T
	o       chaosOptions
	dir     string
	air     *modemtest.Air
	bridges []*chaosBridge
	history *history
	tally   *tally
	diary   *diary

	ctx     context.Context // the world's
	stop    context.CancelFunc
	running sync.WaitGroup
	calm    atomic.Bool // consumers take everything from now on
}

// newChaosWorld is a network without anybody in it.
func newChaosWorld(t *testing.T, dir string, o chaosOptions) (*chaosWorld, error) {
	w := &chaosWorld{t: t, o: o, dir: dir, history: &history{}, tally: newTally()}
	var err error
	if w.diary, err = newDiary(filepath.Join(dir, "attack")); err != nil {
		return nil, err
	}
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.air = modemtest.NewAir(modemtest.AirOptions{
		Seed: o.seed, Delay: 10 * time.Millisecond, Jitter: 150 * time.Millisecond, Retry: time.Second,
		Loss: 0.01, Duplicate: 0.04, Reorder: 0.05, ReorderTime: heldBack, TemporaryState: true,
		Seen: w.history.saw,
	})
	w.running.Go(func() { w.air.Run(w.ctx) })
	return w, nil
}

// heldBack is how long the network keeps what it lets others overtake.
const heldBack = 700 * time.Millisecond

func (w *chaosWorld) populate() {
	r := stream(w.o.seed, "world")
	for i := range w.o.bridges {
		w.bridges = append(w.bridges, newChaosBridge(w, i, r))
	}
}

// close ends everything that the world started.
func (w *chaosWorld) close() {
	w.stop()
	for _, b := range w.bridges {
		for _, m := range b.modems {
			m.unplug()
		}
	}
	w.running.Wait()
	for _, b := range w.bridges {
		b.close()
	}
	w.diary.close()
}

// pause waits, unless the world ends; it reports whether it goes on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// receiveModes are what the bridges of a world take turns in.
var receiveModes = []string{"store", "direct", "auto"}

func newChaosBridge(w *chaosWorld, index int, r randomness) *chaosBridge {
	b := &chaosBridge{w: w, index: index, receive: receiveModes[index%len(receiveModes)]}
	b.dir = filepath.Join(w.dir, fmt.Sprintf("bridge%d", index))
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	if w.o.disk {
		err := mountSmall(b.dir)
		b.mounted = err == nil
		if err != nil && index == 0 {
			w.t.Logf("no full disks: mount a small one: %v", err)
		}
	}
	if b.index%3 > 0 {
		var err error
		if b.bus, err = modemtest.NewBus(b.busDir()); err != nil {
			w.t.Fatal(err)
		}
	}
	// Some have two modems: another one may take over, and a peer has two numbers.
	for i := range 1 + r.IntN(2) {
		b.modems = append(b.modems, newChaosModem(b, i, r))
	}
	b.configure()
	w.history.bridge(b.numbers())
	return b
}

type randomness interface{ IntN(int) int }

// acmModem is a modem that only its class of USB speaks for (CDC PSTN 1.2).
var acmModem = modemtest.USB{VID: 0xf055, PID: 0x0001, Interfaces: []modemtest.USBInterface{
	{Class: 0x02, Subclass: 0x02, Protocol: 0x01, Driver: "cdc_acm", Role: modemtest.ATPort}, {Class: 0x0a},
}}

func newChaosModem(b *chaosBridge, index int, r randomness) *chaosModem {
	m := &chaosModem{b: b, index: index, name: fmt.Sprintf("m%d", index), hit: make(chan struct{}, 1)}
	m.link = filepath.Join(b.w.dir, fmt.Sprintf("tty%d.%d", b.index, index))
	profiles := []modemtest.Profile{modemtest.Generic, modemtest.Huawei, modemtest.Quectel, modemtest.SIMCom}
	if b.receive == "direct" {
		// The SIM800 takes no +CNMA after +CMT: what it hands on is in nobody's keeping.
		profiles = profiles[:3]
	}
	m.profile = profiles[r.IntN(len(profiles))]
	m.profile.Twice = r.IntN(4) == 0
	if b.bus != nil {
		m.socket = fmt.Sprintf("1-1.%d", 1+index)
		if m.profile.USB.Interfaces == nil {
			m.profile.USB = acmModem
		}
	}
	m.sim = b.w.air.NewModem(modemtest.ModemOptions{
		Number: fmt.Sprintf("+4917000%02d%02d", b.index, index), IMEI: m.imei(), Profile: m.profile,
		SIMSlots: 4 + r.IntN(8), MESlots: 4 + r.IntN(8),
		Latency: time.Millisecond, SubmitTime: time.Duration(1+r.IntN(30)) * time.Millisecond,
		BootTime: 100 * time.Millisecond, AckTime: 13 * time.Second, // the least: TS 24.011 10.1 TR2M
		NoiseEvery: time.Duration(r.IntN(3)) * time.Second,
		OnFault: func(f modemtest.Fault) {
			b.w.tally.count("fault", faultName(f))
			select {
			case m.hit <- struct{}{}:
			default: // it was hit already
			}
		},
	})
	m.plug()
	return m
}

func faultName(f modemtest.Fault) string {
	on := f.On
	if on == "" {
		on = "any"
	}
	return f.Kind.String() + " " + on
}

// A chaosModem is a stick and the socket that it is in.
type chaosModem struct {
	b       *chaosBridge
	index   int
	name    string
	link    string // to its terminal; or
	socket  string // of the bus that it is in: swap
	profile modemtest.Profile
	sim     *modemtest.Modem
	hit     chan struct{} // of 1: a fault has hit since this was drained

	mu     sync.Mutex
	in     bool
	line   *modemtest.PTY // without a bus
	served chan struct{}
}

func (m *chaosModem) imei() string { return fmt.Sprintf("3500000%02d%02d0000", m.b.index, m.index) }

// device is how the configuration means the modem: by the path of its terminal, as any,
// or by its IMEI.
func (m *chaosModem) device() string {
	switch {
	case m.b.bus == nil:
		return fmt.Sprintf("%q", m.link)
	case m.index == 1 && m.b.index%2 == 0:
		return fmt.Sprintf("{ imei = %q }", m.imei())
	}
	return `"auto"`
}

// plug puts the stick in: another pty, the same link; on a bus, other numbers.
func (m *chaosModem) plug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.putIn()
}

func (m *chaosModem) putIn() {
	if m.in || m.b.w.ctx.Err() != nil {
		return
	}
	if m.b.bus != nil {
		if err := m.b.bus.Plug(m.socket, m.sim); err != nil {
			m.b.w.t.Error(err)
		}
		m.in = true
		return
	}
	line, err := modemtest.OpenPTY(m.link)
	if err != nil {
		m.b.w.t.Error(err)
		return
	}
	served := make(chan struct{})
	m.in, m.line, m.served = true, line, served
	m.b.w.running.Go(func() {
		defer close(served)
		m.sim.Serve(m.b.w.ctx, line)
	})
}

func (m *chaosModem) unplug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pullOut()
}

func (m *chaosModem) pullOut() {
	switch {
	case !m.in:
	case m.b.bus != nil:
		m.b.bus.Unplug(m.socket)
	default:
		m.line.Close()
		<-m.served
	}
	m.in = false
}

// swap has the two sticks of a bridge change sockets.
func (b *chaosBridge) swap(r *rand.Rand) {
	one, other := b.modems[0], b.modems[1]
	one.mu.Lock()
	defer one.mu.Unlock()
	other.mu.Lock()
	defer other.mu.Unlock()
	one.pullOut()
	other.pullOut()
	one.socket, other.socket = other.socket, one.socket
	if oneIn(r, 2) {
		one, other = other, one
	}
	one.putIn()
	one.pause(between(r, 0, time.Second))
	other.putIn()
}

// repair leaves the modem as a good one.
func (m *chaosModem) repair() {
	m.sim.ClearFaults()
	m.unplug()
	m.sim.SetRegistration(1, 1)
	m.plug()
}

func (m *chaosModem) pause(d time.Duration) { pause(m.b.w.ctx, d) }

func (m *chaosModem) inject(tpdu []byte) { m.b.w.air.Inject(m.sim.Number(), tpdu) }

// A diary is what the adversary did, as it did it.
type diary struct {
	mu    sync.Mutex
	f     *os.File
	start time.Time
}

func newDiary(path string) (*diary, error) {
	f, err := os.Create(path)
	return &diary{f: f, start: time.Now()}, err
}

func (d *diary) close() { d.f.Close() }

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	fmt.Fprintf(d.f, "%s %8.3f  %s\n", now.UTC().Format("15:04:05.000"), now.Sub(d.start).Seconds(), fmt.Sprintf(format, args...))
}
