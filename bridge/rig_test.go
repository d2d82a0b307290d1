package bridge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// A rig is a whole bridge over simulated modems on pipes, in a bubble of its own
// time: hours pass in no time. It has no sockets; tests use what these call.
type rig struct {
	*Bridge
	t        *testing.T
	air      *modemtest.Air
	sims     map[string]*modemtest.Modem // by modem name
	cfg      Config
	ctx      context.Context // of the network
	wall     func() time.Time
	on       sync.WaitGroup                      // what runs the network
	stop     func()                              // ends the bridge, not the network
	line     func(net.Conn) net.Conn             // what a modem's end of its line is; nil: as it is
	bus      *modemtest.Bus                      // nil: none, and modems are on lines of their own
	run      string                              // folder of links by IMEI
	watch    func(context.Context, func()) error // nil: the bus's
	profiles string                              // file of rows; "": none

	dial  Dial                                       // nil: a new line each time, the stick pulled out and put back
	probe func(string)                               // nil: none; with one there is no trace in the log
	trace func(modem string, sent bool, line string) // nil: on the tape
	usb   USBReset                                   // nil: there is no systemd
	hook  Hook                                       // nil: none is run
	sys   string                                     // "": an empty /sys
	slept atomic.Int64                               // how long the machine was suspended: timers stood still
	said  journal                                    // the log, in JSON
	tape  tape                                       // log and AT lines, shown when the test fails
}

// A journal can be read while it is written.
type journal struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all.String()
}

func (j *journal) Reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all.Reset()
}

// A tape keeps the last lines of a long story: to log all of them with the test takes a
// quarter of its time.
type tape struct {
	mu    sync.Mutex
	lines []string
	next  int // where the oldest stands
}

const tapeLines = 2000

func (t *tape) Write(line []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) < tapeLines {
		t.lines = append(t.lines, string(line))
	} else {
		t.lines[t.next] = string(line)
		t.next = (t.next + 1) % tapeLines
	}
	return len(line), nil
}

func (t *tape) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(append(slices.Clone(t.lines[t.next:]), t.lines[:t.next]...), "")
}

const (
	ownNumber = "+491700000001"
	farNumber = "+491700000051" // of a second bridge
	phone     = "+491712345678"
)

// inRig runs f with a bridge over one modem per receive mode given; none is one in
// store mode. change may change the configuration.
func inRig(t *testing.T, o modemtest.AirOptions, change func(*Config), f func(*rig)) {
	t.Helper()
	inRigOf(t, modemtest.ModemOptions{Profile: modemtest.Generic}, o, change, f)
}

// inRigOf is inRig with other modems.
func inRigOf(t *testing.T, m modemtest.ModemOptions, o modemtest.AirOptions, change func(*Config), f func(*rig)) {
	t.Helper()
	m.Profile.ShowsType0 = true
	inNet(t, m, o, change, []string{ownNumber}, func(rigs []*rig) { f(rigs[0]) })
}

// inRigs runs f with two bridges in one network, the modems of the second one with
// numbers from farNumber on.
func inRigs(t *testing.T, o modemtest.AirOptions, change func(*Config), f func(a, b *rig)) {
	t.Helper()
	m := modemtest.ModemOptions{Profile: modemtest.Generic}
	inNet(t, m, o, change, []string{ownNumber, farNumber}, func(rigs []*rig) { f(rigs[0], rigs[1]) })
}

// inNet runs f with a bridge for each number, which is that of its first modem.
func inNet(t *testing.T, m modemtest.ModemOptions, o modemtest.AirOptions, change func(*Config), numbers []string, f func([]*rig)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		air := modemtest.NewAir(o)
		var rigs []*rig
		for n, number := range numbers {
			r := &rig{t: t, air: air, sims: map[string]*modemtest.Modem{}, cfg: Defaults(), ctx: ctx, wall: time.Now}
			r.cfg.Spool.Path = filepath.Join(dir, fmt.Sprintf("spool%d.db", n))
			r.cfg.Socket.Listen = nil
			r.cfg.Modems = []ModemConfig{{Name: "m0"}}
			if change != nil {
				change(&r.cfg)
			}
			for i, c := range r.cfg.Modems {
				m.Number = number[:len(number)-1] + string(rune('1'+i))
				r.sims[c.Name] = air.NewModem(m)
			}
			rigs = append(rigs, r)
		}
		rigs[0].on.Go(func() { air.Run(ctx) })
		for _, r := range rigs {
			r.start()
			defer func() {
				if t.Failed() {
					t.Log("what went before:\n" + r.tape.String())
				}
			}()
		}
		f(rigs)
		for _, r := range rigs {
			r.stop()
		}
		cancel()
		for _, r := range rigs {
			r.on.Wait()
		}
	})
}

// start opens and runs the bridge, a second time too.
func (r *rig) start() {
	r.t.Helper()
	begin := time.Now()
	dial := func(_ context.Context, c ModemConfig) (modem.Port, error) {
		ours, theirs := net.Pipe()
		if r.line != nil {
			theirs = r.line(theirs)
		}
		r.on.Go(func() { r.sims[c.Name].Serve(r.ctx, theirs) })
		return ours, nil
	}
	trace := func(m string, sent bool, line string) {
		fmt.Fprintf(&r.tape, "%s %s %v %s\n", time.Now().Format(time.StampMilli), m, sent, line)
	}
	if r.dial != nil {
		dial = r.dial
	}
	if r.probe != nil || r.trace != nil {
		trace = r.trace
	}
	if r.usb == nil {
		r.usb = noUSBReset{}
	}
	if r.sys == "" {
		r.sys = r.t.TempDir()
	}
	o := Options{
		Dial: dial, Trace: trace, Probe: r.probe, USB: r.usb, Hook: r.hook, Sys: r.sys,
		Log:   zerolog.New(zerolog.MultiLevelWriter(&r.tape, &r.said)),
		Clock: Source{Boot: func() time.Duration { return time.Since(begin) + time.Duration(r.slept.Load()) }, Wall: r.wall},
	}
	if r.bus != nil {
		if r.dial == nil {
			o.Dial = func(_ context.Context, c ModemConfig) (modem.Port, error) { return r.bus.Open(c.Device) }
		}
		o.Sys, o.Dev, o.Run, o.Profiles, o.watch = r.bus.Sys(), r.bus.Dev(), r.run, r.profiles, r.bus.Watch
		if r.watch != nil {
			o.watch = r.watch
		}
	}
	b, err := Open(r.ctx, r.cfg, o)
	if err != nil {
		r.t.Fatal(err)
	}
	run, stop := context.WithCancel(r.ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.Run(run) }()
	r.Bridge = b
	r.stop = func() {
		stop()
		if err := <-ended; err != nil {
			r.t.Errorf("the bridge ended: %v", err)
		}
		r.stop = func() {}
	}
	synctest.Wait()
}

// noUSBReset is a machine without systemd.
type noUSBReset struct{}

func (noUSBReset) Lack() string                        { return "there is no systemd" }
func (noUSBReset) Reset(context.Context, string) error { return errors.New("there is no systemd") }

// accept is SEND.
func (r *rig) accept(q Request) string {
	r.t.Helper()
	if q.To == "" {
		q.To = phone
	}
	if q.Port == 0 {
		q.Port, q.FromPort = 3590, 3590
	}
	if q.TTL == 0 {
		q.TTL = 24 * time.Hour
	}
	a, err := r.Accept(context.Background(), q)
	if err != nil {
		r.t.Fatal(err)
	}
	return a.ID
}

// settle lets time pass until what is under way has come to rest.
func (r *rig) settle(d time.Duration) {
	time.Sleep(d) // the bubble's time
	synctest.Wait()
}

func (r *rig) outbound(id string) (m *spool.Outbound) {
	r.t.Helper()
	r.view(func(tx *spool.Tx) (err error) {
		m, err = tx.Outbound(id)
		return err
	})
	return m
}

func (r *rig) messages() (list []*spool.Message) {
	r.t.Helper()
	r.view(func(tx *spool.Tx) error {
		heads, err := tx.Ready("tcp", nil, 0, 1000)
		if err != nil {
			return err
		}
		for _, h := range heads {
			m, err := tx.Message(h.ID)
			if err != nil {
				return err
			}
			list = append(list, m)
		}
		return nil
	})
	return list
}

// acknowledge is what a consumer's ACK does.
func (r *rig) acknowledge(id string) {
	r.t.Helper()
	err := r.Bridge.spool.Update(context.Background(), func(tx *spool.Tx) error {
		m, err := tx.Message(id)
		if err != nil {
			return err
		}
		m.State, m.AckedAt = spool.MsgAcked, r.Now()
		return tx.PutMessage(m)
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) counters() (all map[string]int64) {
	r.t.Helper()
	r.view(func(tx *spool.Tx) (err error) {
		all, err = tx.Counters()
		return err
	})
	return all
}

func (r *rig) words(id string) (words []string) {
	r.t.Helper()
	r.view(func(tx *spool.Tx) error {
		list, err := tx.EventsOf(id)
		for _, e := range list {
			words = append(words, e.Word)
		}
		return err
	})
	return words
}

func (r *rig) view(f func(*spool.Tx) error) {
	r.t.Helper()
	if err := r.Bridge.spool.View(context.Background(), f); err != nil {
		r.t.Fatal(err)
	}
}

func code(err error) string {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

func datagram(payload string) wdp.Datagram {
	return wdp.Datagram{Dst: 3590, Src: 3590, Data: []byte(payload)}
}

func statusReport(t *testing.T, to string, mr byte, sent time.Time) *pdu.StatusReport {
	t.Helper()
	ra, err := pdu.ParseNumber(to)
	if err != nil {
		t.Fatal(err)
	}
	return &pdu.StatusReport{MR: mr, RA: ra, SCTS: pdu.NewTimestamp(sent), DT: pdu.NewTimestamp(sent)}
}
