package main

import (
	"context"
	"fmt"
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
	// Some have two modems: another one may take over, and a peer has two numbers.
	for i := range 1 + r.IntN(2) {
		b.modems = append(b.modems, newChaosModem(b, i, r))
	}
	b.configure()
	w.history.bridge(b.numbers())
	return b
}

type randomness interface{ IntN(int) int }

func newChaosModem(b *chaosBridge, index int, r randomness) *chaosModem {
	m := &chaosModem{b: b, name: fmt.Sprintf("m%d", index), hit: make(chan struct{}, 1)}
	m.link = filepath.Join(b.w.dir, fmt.Sprintf("tty%d.%d", b.index, index))
	profiles := []modemtest.Profile{modemtest.Generic, modemtest.Huawei, modemtest.Quectel, modemtest.SIMCom}
	if b.receive == "direct" {
		// The SIM800 takes no +CNMA after +CMT: what it hands on is in nobody's keeping.
		profiles = profiles[:3]
	}
	m.profile = profiles[r.IntN(len(profiles))]
	m.profile.Twice = r.IntN(4) == 0
	m.sim = b.w.air.NewModem(modemtest.ModemOptions{
		Number: fmt.Sprintf("+4917000%02d%02d", b.index, index), Profile: m.profile,
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
	name    string
	link    string
	profile modemtest.Profile
	sim     *modemtest.Modem
	hit     chan struct{} // of 1: a fault has hit since this was drained

	mu     sync.Mutex
	line   *modemtest.PTY // nil: unplugged
	served chan struct{}
}

// plug puts the stick in: another pty, the same link.
func (m *chaosModem) plug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.line != nil || m.b.w.ctx.Err() != nil {
		return
	}
	line, err := modemtest.OpenPTY(m.link)
	if err != nil {
		m.b.w.t.Error(err)
		return
	}
	served := make(chan struct{})
	m.line, m.served = line, served
	m.b.w.running.Go(func() {
		defer close(served)
		m.sim.Serve(m.b.w.ctx, line)
	})
}

func (m *chaosModem) unplug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.line == nil {
		return
	}
	m.line.Close()
	<-m.served
	m.line = nil
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
