package modemtest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// A Bus is a USB bus with sockets, seen the way software sees it: a folder like /sys
// and one like /dev, in which the terminals of the sticks are pseudo terminals. What
// is plugged in gets new numbers each time, and so does a modem that resets.
type Bus struct {
	fs   busFiles
	soft bool // terminals are in memory: Open

	mu       sync.Mutex
	sockets  map[string]*plugged
	lines    map[string]*softTTY // of a soft bus, by path
	numbers  map[string]int      // of the next terminal, by kind
	devices  int                 // enumerated so far
	breaches []string            // octets where none must be written
	changed  chan struct{}       // closed at the next change
}

// NewBus makes an empty bus in the folders sys and dev below dir.
func NewBus(dir string) (*Bus, error) {
	b := &Bus{
		fs: busFiles{dir}, sockets: map[string]*plugged{}, lines: map[string]*softTTY{},
		numbers: map[string]int{}, changed: make(chan struct{}),
	}
	if err := b.fs.create(); err != nil {
		return nil, fmt.Errorf("make a USB bus: %w", err)
	}
	return b, nil
}

// NewSoftBus is NewBus with terminals that only Open opens: a pseudo terminal does not
// work in a testing/synctest bubble.
func NewSoftBus(dir string) (*Bus, error) {
	b, err := NewBus(dir)
	if err == nil {
		b.soft = true
	}
	return b, err
}

// Sys is the folder that stands for /sys, Dev the one for /dev.
func (b *Bus) Sys() string { return b.fs.sys() }
func (b *Bus) Dev() string { return b.fs.dev() }

// A plugged stick is one in its socket, whether it shows itself or boots.
type plugged struct {
	socket string
	modem  *Modem
	pull   context.CancelFunc
	out    chan struct{} // closed when it is out

	terminals []*terminal // none while it boots
	since     time.Time
}

// A terminal is a tty of a stick, from the stick's side.
type terminal struct {
	name string // "ttyUSB2"
	role Role
	line io.ReadWriteCloser
}

// Plug puts a stick into a socket, "1-1.4": bus, and the ports on the way there. It
// shows itself when it has booted.
func (b *Bus) Plug(socket string, m *Modem) error {
	if len(m.o.Profile.USB.Interfaces) == 0 {
		return fmt.Errorf("plug a %s into %s: it is no USB stick", m.o.Profile.Name, socket)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sockets[socket] != nil {
		return fmt.Errorf("plug a %s into %s: something is in there", m.o.Profile.Name, socket)
	}
	ctx, pull := context.WithCancel(context.Background())
	p := &plugged{socket: socket, modem: m, pull: pull, out: make(chan struct{})}
	b.sockets[socket] = p
	m.mu.Lock()
	m.onBus = true
	m.mu.Unlock()
	go func() {
		defer close(p.out)
		b.power(ctx, p)
	}()
	return nil
}

// Unplug pulls out what is in the socket, and returns when that is gone.
func (b *Bus) Unplug(socket string) {
	b.mu.Lock()
	p := b.sockets[socket]
	b.mu.Unlock()
	if p == nil {
		return
	}
	p.pull()
	<-p.out
	b.mu.Lock()
	delete(b.sockets, socket)
	b.mu.Unlock()
}

// Close pulls out everything.
func (b *Bus) Close() {
	b.mu.Lock()
	var all []string
	for socket := range b.sockets {
		all = append(all, socket)
	}
	b.mu.Unlock()
	for _, socket := range all {
		b.Unplug(socket)
	}
}

// power is a stick that has power: it boots, shows itself and serves until it resets,
// and then the same again.
func (b *Bus) power(ctx context.Context, p *plugged) {
	for sleep(ctx, p.modem.o.BootTime) == nil && ctx.Err() == nil {
		if err := b.enumerate(p); err != nil {
			panic(fmt.Sprintf("enumerate %s: %v", p.socket, err)) // the folders are the test's own
		}
		b.serve(ctx, p)
		b.disconnect(p)
	}
}

// enumerate makes a stick visible.
func (b *Bus) enumerate(p *plugged) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	look := p.modem.o.Profile.USB
	names := make([]string, len(look.Interfaces))
	for i, f := range look.Interfaces {
		if f.Role == NoTTY {
			continue
		}
		kind := "ttyUSB"
		if f.Driver == "cdc_acm" {
			kind = "ttyACM"
		}
		names[i] = fmt.Sprint(kind, b.numbers[kind])
		b.numbers[kind]++
		line, err := b.open(names[i])
		if err != nil {
			return err
		}
		p.terminals = append(p.terminals, &terminal{names[i], f.Role, line})
	}
	b.devices++
	p.since = time.Now()
	err := b.fs.plant(p.socket, b.devices, look, p.modem.o.IMEI, names)
	b.tell()
	return err
}

// disconnect takes it away.
func (b *Bus) disconnect(p *plugged) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fs.uproot(p.socket, len(p.modem.o.Profile.USB.Interfaces))
	for _, t := range p.terminals {
		t.line.Close()
		b.close(t.name)
	}
	p.terminals, p.since = nil, time.Time{}
	b.tell()
}

func (b *Bus) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// Watch is usb.Watch for this bus.
func (b *Bus) Watch(ctx context.Context, changed func()) error {
	for {
		b.mu.Lock()
		change := b.changed
		b.mu.Unlock()
		select {
		case <-change:
			changed()
		case <-ctx.Done():
			return nil
		}
	}
}

// Terminals are the names of the terminals of what is in the socket, in the order of
// its interfaces, and since when it has shown itself; none while it boots.
func (b *Bus) Terminals(socket string) (names []string, since time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.sockets[socket]
	if p == nil {
		return nil, time.Time{}
	}
	for _, t := range p.terminals {
		names = append(names, t.name)
	}
	return names, p.since
}

// Violations tells of each terminal that must not be written to and was.
func (b *Bus) Violations() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.breaches)
}
