package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"wvsms/bridge"
	"wvsms/pdu"
)

type captureCmd struct {
	Write  string `short:"w" placeholder:"FILE" help:"Write pcapng for Wireshark and tshark to FILE; - is the standard output."`
	Redact bool   `help:"Put zeros in the place of what messages hold."`
	operatorFlags
}

// Run shows each TPDU that passes between the modems and the network, until it is
// interrupted.
func (c *captureCmd) Run(ctx context.Context, std *stdio) (err error) {
	if c.Write != "" && c.JSON {
		return usageError{errors.New("--json prints objects, --write a capture: one of them")}
	}
	if c.Write == "-" && isTerminal(std.Out) {
		return usageError{errors.New("a capture is nothing for a terminal: wvsms capture -w - | wireshark -k -i -")}
	}
	conn, err := c.dial(ctx, c.Socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	modems, err := conn.modems()
	if err != nil {
		return err
	}
	out := std.Out
	if c.Write != "" && c.Write != "-" {
		f, err := os.OpenFile(c.Write, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("write the capture: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	to, err := c.sink(out, modems)
	if err != nil {
		return fmt.Errorf("write the capture: %w", err)
	}
	if err := conn.command("CAPTURE"); err != nil {
		return fmt.Errorf("ask for what passes: %w", err)
	}
	if c.Write != "" {
		fmt.Fprintf(std.Err, "wvsms: capturing what passes %s; interrupt to end it\n", c.Socket)
	}
	seen, dropped, err := c.follow(ctx, conn, to)
	if c.Write != "" {
		fmt.Fprintf(std.Err, "wvsms: %d TPDUs captured, %d dropped\n", seen, dropped)
	}
	return err
}

// A sink is where passages go.
type sink interface {
	put(p bridge.Passage) error
	tick(now time.Time) error // once a second while nothing comes
	end() error
}

func (c *captureCmd) sink(out io.Writer, modems []string) (sink, error) {
	switch {
	case c.Write != "":
		return newPacketSink(out, modems)
	case c.JSON:
		return lineSink{out, jsonPassage}, nil
	}
	return lineSink{out, tellPassage}, nil
}

// modems are the names that INFO has.
func (c *client) modems() (names []string, err error) {
	text, err := c.object("INFO")
	if err != nil {
		return nil, fmt.Errorf("ask for the modems: %w", err)
	}
	var info struct{ Modems []struct{ Name string } }
	if err := json.Unmarshal(text, &info); err != nil {
		return nil, fmt.Errorf("ask for the modems: %w", err)
	}
	for _, m := range info.Modems {
		names = append(names, m.Name)
	}
	return names, nil
}

// follow hands what comes to the sink. Who interrupts it has seen enough: that is no error.
func (c *captureCmd) follow(ctx context.Context, conn *client, to sink) (seen, dropped int64, err error) {
	type read struct {
		reply
		err error
	}
	reads, left := make(chan read), make(chan struct{})
	defer close(left)
	go func() { // ends with the connection
		for {
			f, err := conn.read()
			select {
			case reads <- read{f, err}:
			case <-left:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case now := <-second.C:
			err = to.tick(now)
		case r := <-reads:
			if ctx.Err() != nil {
				return seen, dropped, to.end()
			}
			if r.err != nil {
				return seen, dropped, errors.Join(fmt.Errorf("connection to the bridge lost: %w", r.err), to.end())
			}
			p, ok := r.passage()
			if !ok {
				continue
			}
			if len(p.TPDU) > 0 {
				seen++
			}
			dropped += p.Dropped
			if c.Redact {
				p.TPDU = bridge.RedactTPDU(p.TPDU, directionOf(p))
			}
			err = to.put(p)
		}
		if err != nil {
			return seen, dropped, fmt.Errorf("write the capture: %w", err)
		}
	}
}

// passage reads a TPDU or DROPPED.
func (f reply) passage() (p bridge.Passage, ok bool) {
	p.At, _ = time.Parse(time.RFC3339Nano, f.keys["time"])
	switch {
	case f.word == "DROPPED" && len(f.args) == 1:
		p.Kind = "dropped"
		p.Dropped, _ = strconv.ParseInt(f.args[0], 10, 64)
		return p, true
	case f.word != "TPDU" || len(f.args) != 3:
		return p, false
	}
	p.Modem, p.In, p.TPDU = f.args[0], f.args[1] == "in", f.payload
	p.Kind, p.ID, p.Outcome, p.Why, p.MR = f.keys["kind"], f.keys["id"], f.keys["outcome"], f.keys["why"], -1
	if mr, err := strconv.Atoi(f.keys["mr"]); err == nil {
		p.MR = mr
	}
	return p, true
}

// directionOf is how a TPDU is to be read.
func directionOf(p bridge.Passage) pdu.Direction {
	if p.In {
		return pdu.MT
	}
	return pdu.MO
}
