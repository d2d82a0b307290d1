package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"wvsms/bridge"
	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

type demoCmd struct {
	Direct  bool `help:"Direct mode: the modem hands messages on (+CMT) instead of storing them (+CMTI)."`
	Payload bool `help:"Show what the messages hold, passwords too; by default user data is masked."`
}

const demoLimit = 60 * time.Second

// login is a Login-Request in plain text syntax, too long for one short message.
const login = `WV12LR1 CI=+491712345678 TL=7200 SC=4711 PW="se cr""et" UI=wv:alice@example.com ` +
	`NI="the login of a simulated handset: long enough to need several segments, as a client with many capabilities sends it" ` +
	`DE="the bridge puts the segments together again, in whatever order they come, before the program sees the message"`

// answer is the Login-Response.
const answer = `WV12RL1 SI=S42 KA=7200 CR=T ST=(200,"Successfully logged in. This answer is long enough to need two segments, ` +
	`so that the handset has to put them together as well.")`

// Run shows the main job: a handset logs in by SMS, a program on the socket
// answers. It fails if a single octet differs.
func (c *demoCmd) Run(ctx context.Context, std *stdio) error {
	ctx, stop := context.WithTimeout(ctx, demoLimit)
	defer stop()
	dir, err := os.MkdirTemp("", "wvsms-demo-")
	if err != nil {
		return fmt.Errorf("make a place for the demo's spool: %w", err)
	}
	defer os.RemoveAll(dir)
	lab, err := newLab(filepath.Join(dir, "modem"))
	if err != nil {
		return err
	}
	cfg := bridge.Defaults()
	cfg.Spool.Path = filepath.Join(dir, "spool.db")
	cfg.Socket.Listen, cfg.Socket.Unix = nil, filepath.Join(dir, "socket")
	cfg.Modems = []bridge.ModemConfig{lab.modem}
	if c.Direct {
		cfg.Modems[0].Receive = modem.ReceiveDirect
	}
	show := newStage(std.Out, c.Payload)
	received := make(chan []byte, 1)
	handset := lab.handset(simNumber, func(d wdp.Datagram) []byte {
		received <- d.Data
		return nil
	})
	show.say("a simulated modem %s on %s, a handset %s, and the real bridge between them", simModem, lab.modem.Device, simNumber)
	return lab.run(ctx, func(ctx context.Context) error {
		b, err := bridge.Open(ctx, cfg, bridge.Options{Log: zerolog.Nop(), Trace: show.at})
		if err != nil {
			return err
		}
		ctx, stop := context.WithCancel(ctx)
		ran := make(chan error, 1)
		go func() { ran <- b.Run(ctx) }()
		failed := play(ctx, cfg.Socket.Unix, show, lab.air, handset, received)
		stop()
		return errors.Join(failed, <-ran)
	})
}

// play is the program on the socket: it takes the login, answers it, and looks
// whether the handset got the answer.
func play(ctx context.Context, socket string, show *stage, air *modemtest.Air, handset sender, received <-chan []byte) error {
	c, err := dial(ctx, socket)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := waitForModem(ctx, c); err != nil {
		return err
	}
	show.say("a program connects to the socket and asks for messages: RECV")
	if err := c.command("RECV"); err != nil {
		return err
	}
	show.say("the handset logs in with a CSP message of %d octets", len(login))
	if err := handset.Send(simModem, wdp.Datagram{Dst: 3590, Data: []byte(login)}); err != nil {
		return err
	}
	m, err := c.message(ctx)
	if err != nil {
		return fmt.Errorf("wait for the login: %w", err)
	}
	show.say("the program gets it whole, %d octets from %s", len(m.payload), m.peer)
	show.message(m.payload)
	if !bytes.Equal(m.payload, []byte(login)) {
		return errors.New("the login arrived changed")
	}
	if err := c.command("ACK " + m.id); err != nil {
		return err
	}
	id, segments, err := c.send(m.peer, []byte(answer))
	if err != nil {
		return err
	}
	show.say("it acknowledges the login and answers with %d octets: accepted as %s, %d segments", len(answer), id, segments)
	select {
	case got := <-received:
		if !bytes.Equal(got, []byte(answer)) {
			return errors.New("the answer arrived changed")
		}
		show.say("the handset has the answer whole")
		show.message(got)
	case <-ctx.Done():
		return errors.New("the answer did not arrive")
	}
	if err := waitForSent(c, id); err != nil {
		return err
	}
	show.say("another handset, %s, plays a whole session with a scripted service on the socket", simClient)
	show.quiet.Store(true)
	if err := show.wholeSession(ctx, air, c); err != nil {
		return err
	}
	show.say("both ways, every octet the same")
	return nil
}

// waitForSent waits until the modem has answered for the last segment.
func waitForSent(c *client, id string) error {
	if err := c.write("EVENTS after=0", nil); err != nil {
		return err
	}
	for {
		e, err := c.read()
		if err != nil {
			return fmt.Errorf("wait for the event sent: %w", err)
		}
		if e.word == "EVT" && len(e.args) == 3 && e.args[1] == id && e.args[2] == "sent" && e.keys["segment"] == "" {
			return nil
		}
	}
}

// waitForModem asks until the modem is registered, so that what follows is seen to
// arrive and not found in its store.
func waitForModem(ctx context.Context, c *client) error {
	for {
		if err := c.write("INFO", nil); err != nil {
			return err
		}
		data, err := c.answer(c.hold)
		if err != nil {
			return err
		}
		var info struct {
			Modems []struct{ Registered bool }
		}
		if err := json.Unmarshal(data.payload, &info); err != nil {
			return fmt.Errorf("read INFO: %w", err)
		}
		if len(info.Modems) > 0 && info.Modems[0].Registered {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("the modem did not come up")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

type sender interface {
	Send(to string, d wdp.Datagram) error
}

// A stage prints what happens, from several goroutines.
type stage struct {
	mu      sync.Mutex
	out     io.Writer
	payload bool        // secrets too
	quiet   atomic.Bool // no AT lines
	mask    func(modem string, sent bool, line string)
	masked  string // what the mask made of a line
}

func newStage(out io.Writer, payload bool) *stage {
	s := &stage{out: out, payload: payload}
	s.mask = bridge.Masked(func(_ string, _ bool, line string) { s.masked = line })
	return s
}

func (s *stage) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "\n==       "+format+"\n", args...)
}

// message prints what a message is and what it says.
func (s *stage) message(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "CSP      %s\n", strings.Join(pretty(b, s.payload), "\n         "))
}

// at prints an AT line, and of a PDU what is in it.
func (s *stage) at(modem string, sent bool, line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mask(modem, sent, line); s.quiet.Load() {
		return
	}
	shown := s.masked
	if s.payload {
		shown = line
	}
	fmt.Fprintf(s.out, "AT  %s  %s\n%s", strings.TrimSpace(arrow(sent)), shown, describe(sent, line))
}

// describe says in words what an AT line that is a PDU carries; "" if it is none.
func describe(sent bool, line string) string {
	const shortest = 20 // hex digits; shorter lines are no short message
	o := (&pduDecodeCmd{MO: sent}).decode(strings.TrimSuffix(line, "^Z"))
	if len(line) < shortest || o.Error != nil || o.Address == nil || o.Data == nil {
		return ""
	}
	direction := "from"
	if sent {
		direction = "to"
	}
	text := fmt.Sprintf("PDU      %s %s %s", *o.Type, direction, *o.Address)
	if o.Ports != nil {
		text += fmt.Sprintf(", port %d", o.Ports.Dst)
	}
	if c := o.Concat; c != nil {
		text += fmt.Sprintf(", segment %d of %d (%d-bit reference %d)", c.Seq, c.Total, c.Bits, c.Ref)
	}
	text += fmt.Sprintf(", %d octets\n", len(*o.Data)/2)
	if o.CSP != nil {
		text += fmt.Sprintf("CSP      %s\n", visible(o.CSP.String()))
	}
	return text
}
