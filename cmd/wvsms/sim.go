package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

type simCmd struct {
	Number string   `default:"+491700000001" help:"Number of the modem; further ones count up."`
	Count  int      `default:"1" help:"Number of modems."`
	Link   string   `type:"path" placeholder:"PATH" help:"Symbolic link to the terminal; with several modems PATH-1, PATH-2 …"`
	Modem  []string `sep:"none" placeholder:"KEY=VALUE,…" help:"A modem with keys of its own, instead of --number, --count and --link: number, pin, profile, smsc, link, sim (slots), me (slots). May be repeated."`

	Profile string `default:"generic" help:"Habits of a make: ${profiles}."`
	PIN     string `help:"PIN that the SIMs ask for."`

	Latency time.Duration `default:"0s" help:"Time that every command takes."`
	Submit  time.Duration `default:"200ms" help:"Time that the network takes to accept a message."`
	Noise   time.Duration `help:"Mean time between the unsolicited lines of the profile."`
	Baud    int           `help:"Pace the line at that many bits a second."`

	Seed       uint64        `default:"1" help:"Seed of all chance."`
	Delay      time.Duration `default:"100ms" help:"Time that the network takes to deliver a message."`
	Jitter     time.Duration `help:"Time at random on top of it."`
	Retry      time.Duration `default:"30s" help:"Time between attempts to deliver."`
	Loss       float64       `help:"Chance of a message to be lost."`
	Duplicate  float64       `help:"Chance of a message to be delivered twice."`
	Reorder    float64       `help:"Chance of a message to be overtaken."`
	ZeroSource bool          `help:"Set source ports to 0, as some networks do."`

	StripPorts  bool `help:"Take the ports out of messages, as some networks do."`
	Block8Bit   bool `name:"block-8bit" help:"Lose messages of 8-bit data."`
	BlockConcat bool `help:"Lose segments of concatenated messages."`

	EchoHandset string `placeholder:"NUMBER" help:"Add a handset that sends back what it gets."`
	Control     string `type:"path" placeholder:"PATH" help:"Unix socket that takes commands; say help to it."`
	JSON        bool   `name:"json" help:"One JSON object for each modem."`
}

// A simLine is one simulated modem and where its line is.
type simLine struct {
	*modemtest.Modem
	profile, link string
}

// Run serves the modems until ctx ends. It prints the number and the terminal
// of each when software may open them.
func (c *simCmd) Run(ctx context.Context, std *stdio) error {
	air := modemtest.NewAir(modemtest.AirOptions{
		Seed: c.Seed, Delay: c.Delay, Jitter: c.Jitter, Retry: c.Retry,
		Loss: c.Loss, Duplicate: c.Duplicate, Reorder: c.Reorder, ZeroSource: c.ZeroSource,
		StripPorts: c.StripPorts, Block8Bit: c.Block8Bit, BlockConcat: c.BlockConcat,
	})
	modems, err := c.modems(air)
	if err != nil {
		return usageError{err}
	}
	if c.EchoHandset != "" {
		if _, err := pdu.ParseNumber(c.EchoHandset); err != nil {
			return usageError{fmt.Errorf("read --echo-handset: %w", err)}
		}
		newEcho(air, c.EchoHandset)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return air.Run(ctx) })
	if c.Control != "" {
		control := simControl{air: air, modems: modems}
		if err := control.listen(c.Control); err != nil {
			return err
		}
		g.Go(func() error { return control.run(ctx) })
	}
	var printing sync.Mutex
	for _, m := range modems {
		g.Go(func() error {
			return m.run(ctx, func(path string) error {
				printing.Lock()
				defer printing.Unlock()
				return c.print(std, m, path)
			})
		})
	}
	return g.Wait()
}

// replugTime is how long a stick that was pulled out stays out.
const replugTime = time.Second

// run serves m on one terminal after the other: a line that hangs up by a fault
// comes back as a new one.
func (m *simLine) run(ctx context.Context, ready func(path string) error) error {
	for {
		line, err := modemtest.OpenPTY(m.link)
		if err != nil {
			return err
		}
		if err := ready(line.Name()); err != nil {
			return errors.Join(err, line.Close())
		}
		if err := m.Serve(ctx, line); err != nil {
			return fmt.Errorf("serve %s: %w", m.Number(), err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(replugTime):
		}
	}
}

func (c *simCmd) print(std *stdio, m *simLine, path string) error {
	if !c.JSON {
		_, err := fmt.Fprintln(std.Out, m.Number(), path)
		return err
	}
	return json.NewEncoder(std.Out).Encode(struct {
		Number  string `json:"number"`
		Path    string `json:"path"`
		Profile string `json:"profile"`
	}{m.Number(), path, m.profile})
}

// modems makes those that the flags ask for.
func (c *simCmd) modems(air *modemtest.Air) ([]*simLine, error) {
	var modems []*simLine
	seen := map[string]bool{}
	add := func(s simSpec) error {
		m, err := s.make(air, c)
		if err != nil {
			return err
		}
		if seen[m.Number()] {
			return fmt.Errorf("two modems have the number %s", m.Number())
		}
		seen[m.Number()] = true
		modems = append(modems, m)
		return nil
	}
	if c.Count < 1 {
		return nil, fmt.Errorf("--count is %d: there has to be a modem", c.Count)
	}
	for i, text := range c.Modem {
		s, err := parseSimSpec(text, simSpec{number: countUp(c.Number, i), profile: c.Profile, pin: c.PIN})
		if err == nil {
			err = add(s)
		}
		if err != nil {
			return nil, fmt.Errorf("read --modem %s: %w", text, err)
		}
	}
	for i := 0; len(c.Modem) == 0 && i < c.Count; i++ {
		link := c.Link
		if link != "" && c.Count > 1 {
			link = fmt.Sprintf("%s-%d", link, i+1)
		}
		if err := add(simSpec{number: countUp(c.Number, i), profile: c.Profile, pin: c.PIN, link: link}); err != nil {
			return nil, err
		}
	}
	return modems, nil
}

// countUp is the n-th number after number, of the same length.
func countUp(number string, n int) string {
	digits := []byte(number)
	for i := len(digits) - 1; i >= 0 && n > 0 && '0' <= digits[i] && digits[i] <= '9'; i-- {
		n += int(digits[i] - '0')
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return string(digits)
}

// newEcho adds a handset that answers datagrams and texts with themselves.
func newEcho(air *modemtest.Air, number string) {
	h := air.NewHandset(number, func(h *modemtest.Handset, from string, d wdp.Datagram) {
		h.Send(from, wdp.Datagram{Dst: d.Dst, Src: d.Dst, Data: d.Data})
	})
	h.OnMessage(func(h *modemtest.Handset, d *pdu.Deliver) {
		text, ok := d.UD.Text(d.DCS)
		if _, isDatagram := d.UD.Ports(); ok && !isDatagram && strings.TrimSpace(text) != "" {
			h.SendText(d.OA.String(), text)
		}
	})
}
