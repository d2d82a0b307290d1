package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"wvsms/modem/modemtest"
)

// A chaosBridge is one bridge over all its lives.
type chaosBridge struct {
	w       *chaosWorld
	index   int
	dir     string
	socket  string
	sockets string // the folder of the socket: its path may have 107 octets at most
	receive string
	modems  []*chaosModem
	bus     *modemtest.Bus // nil: modems are named by the paths of their terminals
	mounted bool
	full    atomic.Bool // the disk
	up      atomic.Bool // the socket has answered in this life

	clock struct {
		sync.Mutex
		offset time.Duration
	}

	restart chan string    // a clock move: the supervisor kills the bridge and starts another one
	orders  chan *order    // as many as there are: the supervisor does not wait for clients
	open    atomic.Int64   // orders without an answer
	lives   sync.WaitGroup // all but the last
}

func (b *chaosBridge) numbers() (all []string) {
	for _, m := range b.modems {
		all = append(all, m.sim.Number())
	}
	return all
}

func (b *chaosBridge) config() string {
	return filepath.Join(b.w.dir, fmt.Sprintf("bridge%d.toml", b.index))
}
func (b *chaosBridge) clockFile() string {
	return filepath.Join(b.w.dir, fmt.Sprintf("clock%d", b.index))
}

func (b *chaosBridge) busDir() string {
	return filepath.Join(b.w.dir, fmt.Sprintf("bus%d", b.index))
}

func (b *chaosBridge) configure() {
	var err error
	if b.sockets, err = os.MkdirTemp("", "wv"); err != nil {
		b.w.t.Fatal(err)
	}
	b.socket = filepath.Join(b.sockets, "s")
	b.restart, b.orders = make(chan string), make(chan *order, b.w.o.messages)
	text := fmt.Sprintf("[spool]\npath = %q\n[socket]\nlisten = []\nunix = %q\n[limits]\nsegments_per_day = 0\nloop_segments = 0\n[log]\nformat = \"json\"\nlevel = \"debug\"\n",
		filepath.Join(b.dir, "spool.db"), b.socket)
	for _, m := range b.modems {
		text += fmt.Sprintf("[[modem]]\nname = %q\ndevice = %s\nreceive = %q\n", m.name, m.device(), b.receive)
	}
	if err := os.WriteFile(b.config(), []byte(text), 0o600); err != nil {
		b.w.t.Fatal(err)
	}
	b.moveClock("true")
}

// close is after the process is gone.
func (b *chaosBridge) close() {
	os.RemoveAll(b.sockets)
	if b.bus != nil {
		if v := b.bus.Violations(); v != nil {
			b.w.t.Errorf("bridge %d wrote to ports that are no modem's: %q", b.index, v)
		}
	}
	if b.mounted {
		if b.w.t.Failed() { // the spool belongs to the transcript
			if err := os.CopyFS(b.dir+".kept", os.DirFS(b.dir)); err != nil {
				b.w.t.Error(err)
			}
		}
		if err := unix.Unmount(b.dir, unix.MNT_DETACH); err != nil {
			b.w.t.Error(err)
		}
	}
}

// moveClock sets the wall clock of the bridge, also of one that runs.
func (b *chaosBridge) moveClock(move string) {
	b.clock.Lock()
	defer b.clock.Unlock()
	b.clock.offset = moveClock(b.clock.offset, move, time.Now())
	// It is read at any time: renamed, it is there whole.
	next := b.clockFile() + ".next"
	err := os.WriteFile(next, []byte(b.clock.offset.String()), 0o600)
	if err = errors.Join(err, os.Rename(next, b.clockFile())); err != nil {
		b.w.t.Error(err)
	}
}

// supervise gives the bridge one life after the other, and at last one without end.
// Each life brings its share of the orders.
func (b *chaosBridge) supervise(lives []life, orders []*order) {
	for i, l := range lives {
		now := share(len(orders), len(lives)+1-i, 0) // of what is left
		b.release(orders[:now])
		orders = orders[now:]
		for !b.live(l) && b.w.ctx.Err() == nil {
		}
		if l.clock != "" {
			b.w.diary.note("bridge %d: clock %s", b.index, l.clock)
			b.w.tally.count("clock", l.clock+" across a start")
			b.moveClock(l.clock)
		}
		pause(b.w.ctx, l.down)
	}
	b.lives.Done()
	b.release(orders)
	for b.w.ctx.Err() == nil {
		b.live(life{})
	}
}

func (b *chaosBridge) release(orders []*order) {
	for _, o := range orders {
		b.orders <- o
	}
}

// live runs one process until it is killed or kills itself, and reports whether that
// life is over.
func (b *chaosBridge) live(l life) (over bool) {
	cmd := exec.Command("wvsms", "run", "--config", b.config())
	if b.w.o.trace {
		cmd.Args = append(cmd.Args, "--trace")
	}
	log, err := os.OpenFile(filepath.Join(b.w.dir, fmt.Sprintf("bridge%d.log", b.index)), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		b.w.t.Error(err)
		return true
	}
	defer log.Close()
	cmd.Stderr = log
	cmd.Env = append(os.Environ(), envClock+"="+b.clockFile(), envBus+"="+b.busDir())
	if l.crash != "" {
		cmd.Env = append(cmd.Env, envCrash+"="+l.crash)
	}
	b.up.Store(false)
	full := b.full.Load()
	b.w.diary.note("bridge %d: start, to be killed at %q or after %v", b.index, l.crash, l.limit)
	if err := cmd.Start(); err != nil {
		b.w.t.Error(err)
		return true
	}
	gone := make(chan struct{})
	go func() { cmd.Wait(); close(gone) }()

	var limit <-chan time.Time
	if l.limit > 0 {
		limit = time.After(l.limit)
	}
	kill := func() { cmd.Process.Kill(); <-gone }
	select {
	case <-gone:
		return b.died(cmd.ProcessState, l, full || b.full.Load())
	case <-limit:
		kill()
		b.w.diary.note("bridge %d: killed", b.index)
		b.w.tally.count("kill", "at any instant")
	case move := <-b.restart:
		kill()
		b.w.diary.note("bridge %d: restarted, clock %s", b.index, move)
		b.moveClock(move)
	case <-b.w.ctx.Done():
		kill()
	}
	return true
}

// died is a process that ended by itself: at the point where it was to, or by a fault of
// its own. It reports whether the life is over; one that found no room to start is not.
func (b *chaosBridge) died(state *os.ProcessState, l life, full bool) bool {
	status, _ := state.Sys().(syscall.WaitStatus)
	switch {
	case l.crash != "" && status.Signaled() && status.Signal() == syscall.SIGKILL:
		point, _, _ := strings.Cut(l.crash, "#")
		b.w.diary.note("bridge %d: killed at %s", b.index, l.crash)
		b.w.tally.count("kill", point)
	case full && status.Exited() && !b.up.Load():
		// It says that it needs room to start. One that is up must stay so.
		b.w.diary.note("bridge %d: %v, the disk is full", b.index, state)
		b.w.tally.count("disk", "no start")
		pause(b.w.ctx, 200*time.Millisecond)
		return false
	default:
		b.w.diary.note("bridge %d: %v", b.index, state)
		b.w.history.exited(b.index, state.String())
		pause(b.w.ctx, time.Second)
	}
	return true
}

// dial connects to the socket, in whichever life it answers.
func (b *chaosBridge) dial(ctx context.Context) (*chaosConn, error) {
	for {
		at := b.w.history.stamp()
		c, err := dialTest(b.socket)
		if err == nil {
			b.up.Store(true)
			return newChaosConn(b, c, at), nil
		}
		if !pause(ctx, 20*time.Millisecond) {
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

// smallDisk holds a spool of some thousand messages.
const smallDisk = 24 << 20

func mountSmall(dir string) error {
	return unix.Mount("wvsms-chaos", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", smallDisk))
}

// fillDisk leaves no room on the bridge's disk for a while.
func (b *chaosBridge) fillDisk(d time.Duration) error {
	path := filepath.Join(b.dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	defer f.Close()
	b.full.Store(true)
	defer b.full.Store(false)
	block := make([]byte, 1<<16)
	for until := time.Now().Add(d); time.Now().Before(until) && b.w.ctx.Err() == nil; {
		switch _, err := f.Write(block); {
		case errors.Is(err, unix.ENOSPC):
			pause(b.w.ctx, 20*time.Millisecond) // what the bridge gives back is taken too
		case err != nil:
			return err
		}
	}
	return nil
}
