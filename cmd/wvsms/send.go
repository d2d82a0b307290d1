package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"wvsms/bridge"
)

const longestPayload = 32640 // octets; 255 segments with their headers

type sendCmd struct {
	File     string `arg:"" optional:"" default:"-" help:"Payload, as it is; - is the standard input."`
	To       string `required:"" placeholder:"NUMBER" help:"Whom to send to: +49… or a short code."`
	Port     uint16 `default:"3590" help:"Destination WDP port, 1 to 49151."`
	FromPort uint16 `default:"3590" help:"Source WDP port."`
	Key      string `help:"Idempotency key: the same message under the same key is sent once."`
	TTL      string `name:"ttl" placeholder:"24h" help:"Give up after this: a whole number and s, m, h or d."`
	Report   bool   `help:"Ask the network for a delivery report."`
	Modem    string `help:"Send through this modem only."`
	Unknown  string `enum:"auto,hold,resend,fail,default" default:"default" placeholder:"POLICY" help:"What to do when nobody knows whether it went on air: auto, hold, resend or fail."`
	DryRun   bool   `name:"dry-run" xor:"wait" help:"Only say what the bridge would do with it, and what it would cost: nothing is sent."`
	Wait     bool   `xor:"wait" help:"Wait for the end: 0 if sent (with --report: delivered), 1 otherwise."`
	Socket   string `default:"127.0.0.1:3590" help:"The bridge: host:port or the path of a Unix socket."`
	JSON     bool   `name:"json" help:"Print JSON."`
	accessFlags
}

// Run hands one message to a running bridge.
func (c *sendCmd) Run(ctx context.Context, std *stdio) error {
	err := c.run(ctx, std)
	var refused *refusedError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted: %w", err)
	case !errors.As(err, &refused):
		return err
	}
	if c.JSON { // a program branches on the code
		json.NewEncoder(std.Out).Encode(map[string]any{"error": map[string]string{"code": refused.code, "text": refused.text}})
	}
	if refused.code == "syntax" || refused.code == "bad-number" {
		return usageError{err}
	}
	return err
}

func (c *sendCmd) run(ctx context.Context, std *stdio) error {
	payload, err := c.payload(ctx, std.In)
	if err != nil {
		return err
	}
	conn, err := c.dial(ctx, c.Socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if c.Wait { // before SEND, so that no event is missed
		if err := conn.command("EVENTS"); err != nil {
			return fmt.Errorf("ask for the events: %w", err)
		}
	}
	a, err := conn.submit(c.line(len(payload)), payload)
	if err != nil {
		return err
	}
	if err := c.print(std.Out, a); err != nil || !c.Wait {
		return err
	}
	return c.await(conn, a, std.Out)
}

func (c *sendCmd) payload(ctx context.Context, in io.Reader) ([]byte, error) {
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return nil, fmt.Errorf("read the payload: %w", err)
		}
		defer file.Close()
		in = file
	}
	var payload []byte
	var err error
	read := make(chan struct{})
	go func() { // a terminal does not stop reading because of a signal
		payload, err = io.ReadAll(io.LimitReader(in, longestPayload+1))
		close(read)
	}()
	select {
	case <-read:
	case <-ctx.Done():
		return nil, errors.New("nothing was sent")
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the payload: %w", err)
	case len(payload) > longestPayload:
		return nil, &refusedError{"too-large", fmt.Sprintf("a payload has at most %d octets", longestPayload)}
	}
	return payload, nil
}

func (c *sendCmd) line(length int) string {
	line := fmt.Sprintf("SEND %s %d port=%d from-port=%d", bridge.AppendValue(nil, c.To), length, c.Port, c.FromPort)
	for _, o := range []struct{ key, value string }{{"key", c.Key}, {"ttl", c.TTL}, {"modem", c.Modem}} {
		if o.value != "" {
			line = option(line, o.key, o.value)
		}
	}
	if c.Report {
		line += " report=yes"
	}
	if c.DryRun {
		line += " dry=yes"
	}
	if c.Unknown != "default" && c.Unknown != "" {
		line = option(line, "unknown", c.Unknown)
	}
	return line
}

func (a accepted) String() string {
	s := a.ID + " accepted, "
	if a.Dry {
		s = "it would be accepted: "
	}
	s += strconv.Itoa(a.Segments) + " segment"
	if a.Segments != 1 {
		s += "s"
	}
	if a.Cost != "" {
		s += " for " + visible(a.Cost)
	}
	if a.Duplicate {
		s += " (this key stood for it already)"
		if a.Dry {
			s += ": " + a.ID
		}
	}
	return s
}

// ending is what `send --wait --json` prints last.
type ending struct {
	ID    string `json:"id"`
	Event string `json:"event"`
	Why   string `json:"why,omitempty"`
}

func (e ending) String() string {
	s := e.ID + " " + e.Event
	if e.Why != "" {
		s += ": " + visible(e.Why)
	}
	return s
}

func (c *sendCmd) print(w io.Writer, what fmt.Stringer) error {
	var err error
	if c.JSON {
		err = json.NewEncoder(w).Encode(what)
	} else {
		_, err = fmt.Fprintln(w, what)
	}
	return err
}

// await reads events until the message has come to its end.
func (c *sendCmd) await(conn *client, a accepted, out io.Writer) error {
	end := ending{ID: a.ID}
	if a.Duplicate { // its end may lie before our EVENTS
		if err := conn.write("SHOW "+a.ID, nil); err != nil {
			return fmt.Errorf("ask for %s: %w", a.ID, err)
		}
		f, err := conn.answer(func(f reply) { c.note(&end, f) })
		if err != nil {
			return fmt.Errorf("ask for %s: %w", a.ID, err)
		}
		var now struct{ State, Why string }
		if err := json.Unmarshal(f.payload, &now); err != nil {
			return fmt.Errorf("ask for %s: %w", a.ID, err)
		}
		if end.Event == "" && c.final(now.State) {
			end.Event, end.Why = now.State, now.Why
		}
	}
	for end.Event == "" {
		f, err := conn.read()
		if err != nil {
			return fmt.Errorf("wait for the end of %s, which the bridge has accepted: %w", a.ID, err)
		}
		c.note(&end, f)
	}
	if err := c.print(out, end); err != nil {
		return err
	}
	if end.Event != "sent" && end.Event != "delivered" {
		return fmt.Errorf("%s is not sent: %s", a.ID, end.Event)
	}
	return nil
}

// note takes an event that ends the message.
func (c *sendCmd) note(end *ending, f reply) {
	if f.word != "EVT" || len(f.args) < 3 || f.args[1] != end.ID || f.keys["segment"] != "" || !c.final(f.args[2]) {
		return
	}
	end.Event, end.Why = f.args[2], f.keys["why"]
}

func (c *sendCmd) final(word string) bool {
	switch word {
	case "sent":
		return !c.Report
	case "delivered", "failed", "expired", "unknown", "cancelled":
		return true
	}
	return false
}
