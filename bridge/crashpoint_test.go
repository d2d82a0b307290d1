package bridge

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// A crash is kill -9 at the n-th time that a point is reached; the zero value is none.
type crash struct {
	point string
	n     int
}

func (c crash) String() string { return fmt.Sprintf("%s#%d", c.point, c.n) }

// A deathbed is a rig whose bridge dies at a crash and is then started again on what
// was on its disk at that moment. The modem keeps its power, the client its state.
type deathbed struct {
	*rig
	line    *tether
	clients []net.Conn // of the living bridge

	mu      sync.Mutex // held at each point: nothing leaves the bridge while it dies
	at      crash
	reached []crash // all points, in order
	times   map[string]int
	disk    string // where the dead one's files are; "" while it lives

	handset *modemtest.Handset
	got     []wdp.Datagram // by the handset
	onAir   map[int]int    // submissions that the SC took of each segment
	before  map[int]int    // those of them before the bridge lived again
	open    int            // the segment that the dead one's disk has as submitting; 0: none
}

// inDeathbed runs f in a bubble of its own time.
func inDeathbed(t *testing.T, at crash, mode modem.ReceiveMode, f func(*deathbed)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := &deathbed{line: newTether(), at: at, times: map[string]int{}, onAir: map[int]int{}, before: map[int]int{}}
		air := modemtest.NewAir(modemtest.AirOptions{Refuse: d.submitted})
		d.rig = &rig{t: t, air: air, cfg: Defaults(), ctx: ctx, probe: d.probe, wall: time.Now}
		d.cfg.Spool.Path = dir + "/spool.db"
		d.cfg.Socket.Listen = nil
		d.cfg.Modems = []ModemConfig{{Name: "m0", Receive: mode}}
		d.sims = map[string]*modemtest.Modem{"m0": air.NewModem(modemtest.ModemOptions{Number: ownNumber})}
		d.handset = air.NewHandset(phone, func(_ *modemtest.Handset, _ string, g wdp.Datagram) { d.got = append(d.got, g) })
		d.dial = func(context.Context, ModemConfig) (modem.Port, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.dead() {
				return nil, errors.New("the dead dial nobody")
			}
			return d.line.attach(), nil
		}
		d.on.Go(func() { air.Run(ctx) })
		d.on.Go(func() { d.sims["m0"].Serve(ctx, d.line) })
		d.start()
		f(d)
		d.stop()
		cancel()
		d.on.Wait()
	})
}

// submitted sees every SMS-SUBMIT that the SC takes.
func (d *deathbed) submitted(_ string, s *pdu.Submit) int {
	seq := 1
	if concat, ok := s.UD.Concat(); ok {
		seq = int(concat.Seq)
	}
	d.onAir[seq]++
	return 0
}

// probe is where the bridge dies: the files as they are now, and from now on nothing
// that it does reaches anybody.
func (d *deathbed) probe(point string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.disk != "" {
		return // it is dead already, or lives again
	}
	d.times[point]++
	here := crash{point, d.times[point]}
	d.reached = append(d.reached, here)
	if here != d.at {
		return
	}
	d.disk = strings.TrimSuffix(d.cfg.Spool.Path, ".db") + "-2.db"
	for _, suffix := range []string{"", "-wal"} { // the -shm is rebuilt, as after a power cut
		b, err := os.ReadFile(d.cfg.Spool.Path + suffix)
		if err == nil {
			err = os.WriteFile(d.disk+suffix, b, 0o600)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			d.t.Error(err)
		}
	}
	d.line.detach()
	for _, c := range d.clients {
		c.Close()
	}
}

// revive starts the bridge again if it has died.
func (d *deathbed) revive() {
	d.mu.Lock()
	dead := d.dead()
	d.mu.Unlock()
	if !dead {
		return
	}
	d.stop()
	d.before = maps.Clone(d.onAir)
	d.cfg.Spool.Path = d.disk
	d.look()
	d.start()
}

// look finds the segment that was being submitted on the dead one's disk.
func (d *deathbed) look() {
	s, err := spool.Open(d.disk, spool.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer s.Close()
	err = s.View(context.Background(), func(tx *spool.Tx) error {
		ids, err := tx.Submitting()
		for _, id := range ids {
			m, err := tx.Outbound(id)
			if err != nil {
				return err
			}
			for _, seg := range m.Segments {
				if seg.State == spool.SegSubmitting {
					d.open = seg.Seq
				}
			}
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// dead tells whether the bridge has died and does not live again. d.mu is held.
func (d *deathbed) dead() bool { return d.disk != "" && d.cfg.Spool.Path != d.disk }

// A pipeClient is a client's connection, over a pipe.
type pipeClient struct {
	net.Conn
	r *bufio.Reader
}

func (d *deathbed) connect() (*pipeClient, error) {
	ours, theirs := net.Pipe()
	d.mu.Lock()
	if d.clients = append(d.clients, ours); d.dead() {
		ours.Close()
	}
	d.mu.Unlock()
	d.server.admit(d.running, theirs)
	c := &pipeClient{ours, bufio.NewReader(ours)}
	_, err := c.line() // the greeting
	return c, err
}

func (c *pipeClient) line() (string, error) {
	line, err := c.r.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

func (c *pipeClient) do(command string) (string, error) {
	if _, err := io.WriteString(c, command); err != nil {
		return "", err
	}
	return c.line()
}

// patiently does f on one connection after the other until it goes well.
func (d *deathbed) patiently(f func(*pipeClient) error) {
	d.t.Helper()
	var err error
	for range 10 {
		var c *pipeClient
		if c, err = d.connect(); err == nil {
			err = f(c)
		}
		c.Close()
		if err == nil {
			return
		}
		synctest.Wait()
		d.revive()
	}
	d.t.Fatalf("no connection holds: %v", err)
}

var everyCrash = flag.Bool("crash.every", false, "kill at every single reaching of a crash point, not only the first, the third and the last of each")

// points are the crashes that f can meet, as a run without any shows.
func points(t *testing.T, mode modem.ReceiveMode, f func(*deathbed)) []crash {
	var all []crash
	inDeathbed(t, crash{}, mode, func(d *deathbed) {
		f(d)
		for _, c := range d.reached {
			switch c.point[strings.LastIndexByte(c.point, ' ')+1:] {
			case "clock", "purge", "expire", "park": // come by the clock alone, on and on
				if c.n > 1 {
					continue
				}
			}
			if *everyCrash || c.n == 1 || c.n == 3 || c.n == d.times[c.point] {
				all = append(all, c)
			}
		}
	})
	if len(all) == 0 {
		t.Fatal("no point is reached")
	}
	return all
}

// The bridge is killed at each point in turn on the way of a message out. What becomes
// of it follows from two things: which segment was on disk as submitting, and whether
// its Ctrl-Z had been written.
func TestCrashOutbound(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 5} {
		for i, policy := range []string{"auto", "hold", "resend", "fail"} {
			if brief() && i > 1 {
				continue
			}
			t.Run(fmt.Sprintf("%d segments, %s", n, policy), func(t *testing.T) {
				t.Parallel()
				var id string
				life := func(d *deathbed) { id = d.sendOut(n, policy) }
				all := points(t, modem.ReceiveStore, life)
				if policy != "auto" { // the start knows of no policy
					all = all[slices.IndexFunc(all, func(c crash) bool { return c.point == "committed accept" }):]
				}
				for _, at := range all {
					inDeathbed(t, at, modem.ReceiveStore, func(d *deathbed) {
						life(d)
						d.judge(id, at, n, policy)
					})
				}
			})
		}
	}
}

// sendOut accepts a message of n segments, again under its key if the answer does not
// come, and lets its time pass.
func (d *deathbed) sendOut(n int, policy string) (id string) {
	payload := strings.Repeat("x", n*127-10)
	d.patiently(func(c *pipeClient) error {
		answer, err := c.do(fmt.Sprintf("SEND %s %d key=k ttl=20m unknown=%s\r\n%s\r\n", phone, len(payload), policy, payload))
		if err != nil {
			return err
		}
		if _, err := fmt.Sscanf(answer, "OK %s", &id); err != nil {
			d.t.Fatalf("SEND: %q", answer)
		}
		return nil
	})
	d.settle(time.Second) // a supervisor starts it again at once
	d.revive()
	d.settle(5 * time.Minute)
	if policy == "hold" {
		d.settle(20 * time.Minute) // its ttl
	}
	return id
}

// judge holds what became of the message against the rules.
func (d *deathbed) judge(id string, at crash, n int, policy string) {
	d.t.Helper()
	m := d.outbound(id)
	d.t.Logf("%-22s %-9s copies %v, the handset got %d; %s", at, m.State, d.onAir, len(d.got), segmentStates(m))

	onAir := d.before[d.open] > 0
	want, again, whole := spool.StateSent, 0, true // again: submissions after the crash of the open segment
	switch {
	case d.open == 0:
	case policy == "fail":
		want, whole = spool.StateFailed, onAir && d.open == n
	case policy == "resend", policy == "auto" && n > 1:
		again = 1
	case policy == "hold" && onAir:
		// The report settles it: as the last of all segments, or before others are sent.
		if want = spool.StateDelivered; m.State == spool.StateSent {
			want = spool.StateSent
		}
	default:
		want, whole = spool.StateUnknown, onAir
	}
	if m.State != want {
		d.t.Errorf("%s: it is %s, want %s: %s", at, m.State, want, m.Why)
	}
	for seq, copies := range d.onAir {
		switch after := copies - d.before[seq]; {
		case seq == d.open && after != again:
			d.t.Errorf("%s: segment %d, which may be on air, is sent %d times more, want %d", at, seq, after, again)
		case seq != d.open && copies > 1:
			d.t.Errorf("%s: segment %d went on air %d times", at, seq, copies)
		}
	}
	wantGot := 0
	if whole {
		wantGot = 1
	}
	if n == 1 && onAir && again == 1 {
		wantGot = 2 // nothing tells the copy of a single segment
	}
	if len(d.got) != wantGot {
		d.t.Errorf("%s: the handset got %d datagrams, want %d", at, len(d.got), wantGot)
	}
	var said []string // of the message, not of its segments
	told := d.open == 0
	d.view(func(tx *spool.Tx) error {
		list, err := tx.EventsOf(id)
		for _, e := range list {
			told = told || e.Word == "note" || e.Word == "unknown" || e.Word == "failed"
			if e.Segment == 0 {
				said = append(said, e.Word)
			}
		}
		return err
	})
	if !told {
		d.t.Errorf("%s: no event tells of the unknown outcome", at)
	}
	if len(said) != 1 || said[0] != string(want) {
		d.t.Errorf("%s: the message's events are %v, want %s", at, said, want)
	}
}

func segmentStates(m *spool.Outbound) string {
	var states []string
	for _, seg := range m.Segments {
		states = append(states, string(seg.State))
	}
	return strings.Join(states, " ")
}

// The bridge is killed at each point in turn on the way of a message in: it is offered
// under one id until that is acknowledged, and not after that.
func TestCrashInbound(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]modem.ReceiveMode{"store": modem.ReceiveStore, "direct": modem.ReceiveDirect} {
		for _, n := range []int{1, 5} {
			t.Run(fmt.Sprintf("%d segments, %s", n, name), func(t *testing.T) {
				t.Parallel()
				life := func(d *deathbed) { d.takeIn(n) }
				all := points(t, mode, life)
				for _, at := range all {
					inDeathbed(t, at, mode, life)
				}
				t.Logf("killed at %d points: %v", len(all), all)
			})
		}
	}
}

func (d *deathbed) takeIn(n int) {
	d.t.Helper()
	payload := strings.Repeat("y", n*120)
	if err := d.handset.Send(ownNumber, datagram(payload)); err != nil {
		d.t.Fatal(err)
	}
	var id string // of the one message there is
	d.patiently(func(c *pipeClient) error {
		answer, err := c.do("RECV\r\n")
		if err != nil {
			return err
		}
		if answer != "OK" {
			d.t.Fatalf("%s: RECV: %q", d.at, answer)
		}
		c.SetReadDeadline(time.Now().Add(5 * time.Minute))
		line, err := c.line()
		switch {
		case err == nil:
			f := strings.Fields(line)
			body := make([]byte, len(payload)+2)
			if _, err := io.ReadFull(c.r, body); err != nil {
				return err
			}
			if len(f) < 4 || f[0] != "MSG" || string(body) != payload+"\r\n" || id != "" && id != f[1] {
				d.t.Fatalf("%s: got %q with %q after %s", d.at, line, body, id)
			}
			id = f[1]
		case !errors.Is(err, os.ErrDeadlineExceeded) || id == "":
			return err
		} // what is offered no more was acknowledged, though the OK never came
		c.SetReadDeadline(time.Time{})
		if answer, err = c.do("ACK " + id + "\r\n"); err == nil && answer != "OK" {
			d.t.Fatalf("%s: ACK: %q", d.at, answer)
		}
		return err
	})
	d.settle(time.Second)
	d.revive()
	d.settle(5 * time.Minute) // the network gives up waiting for an acknowledgement and delivers again
	if list := d.messages(); len(list) != 0 {
		d.t.Errorf("%s: %d messages wait after the acknowledgement", d.at, len(list))
	}
	if stored := d.sims["m0"].Stored("SM") + d.sims["m0"].Stored("ME"); stored != 0 {
		d.t.Errorf("%s: %d messages are left in the modem", d.at, stored)
	}
	var all []*spool.Message
	d.view(func(tx *spool.Tx) (err error) {
		all, err = tx.Messages("", 0, 10)
		return err
	})
	if len(all) != 1 || all[0].ID != id {
		d.t.Errorf("%s: %d messages were made of one", d.at, len(all))
	}
}
