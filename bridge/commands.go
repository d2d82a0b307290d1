package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"wvsms/spool"
)

// Specification: defaults of SEND and NAK.
const (
	defaultTTL = 24 * time.Hour
	defaultNak = 30 * time.Second
	longestNak = time.Hour
)

func syntax(err error) error { return &Refusal{"syntax", err.Error()} }

// A command appends its answer to c.frame, or returns a *Refusal; c.out is held.
type command func(c *conn, ctx context.Context, args []string) error

var commands = map[string]command{
	"RECV":   (*conn).recv,
	"ACK":    (*conn).ack,
	"NAK":    (*conn).nak,
	"STOP":   (*conn).stop,
	"EVENTS": (*conn).followEvents,
	"SHOW":   (*conn).show,
	"LIST":   (*conn).list,
	"CANCEL": (*conn).cancel,
	"RETRY":  (*conn).retry,
	"RESUME": (*conn).resume,
	"INFO":   (*conn).info,
	"AUTH":   (*conn).auth,
	"PING":   (*conn).ping,
	"QUIT":   (*conn).quit,

	"CAPTURE": (*conn).capture,
}

// prepare reads what belongs to the command of a line, and returns what is left to do
// for its answer. Only SEND has something to read, also where it is refused; an unknown
// command, such as the lines of an HTTP request, ends the connection.
func (c *conn) prepare(ctx context.Context, line string) (run func() error, err error) {
	words := splitLine(line)
	if len(words) == 0 {
		return nil, &outOfStep{Refusal{"syntax", "an empty line is no command"}}
	}
	if words[0] == "SEND" {
		run, err := c.send(ctx, words[1:], c.refuses("SEND"))
		countRefusal(c.srv.b, err)
		if err != nil {
			return nil, err
		}
		return func() error {
			err := run()
			countRefusal(c.srv.b, err)
			return err
		}, nil
	}
	command, ok := commands[words[0]]
	if !ok {
		return nil, &outOfStep{Refusal{"syntax", fmt.Sprintf("unknown command %.40q", words[0])}}
	}
	if err := c.refuses(words[0]); err != nil {
		return nil, err
	}
	return func() error { return command(c, ctx, words[1:]) }, nil
}

// send reads the payload of SEND whatever else is wrong with the line: only its length
// and the line end after it tell where the next command begins.
func (c *conn) send(ctx context.Context, args []string, refused error) (func() error, error) {
	if len(args) < 2 {
		return nil, &outOfStep{Refusal{"syntax", "SEND number length [key=value ...]"}}
	}
	length, err := parseWhole(args[1], math.MaxUint64)
	if err != nil && !digitsOnly(args[1]) {
		return nil, &outOfStep{Refusal{"syntax", "SEND: length: " + err.Error()}}
	}
	if err != nil || length > maxLength {
		return nil, &outOfStep{Refusal{"too-large", fmt.Sprintf("a payload has at most %d octets", maxSend)}}
	}
	payload, err := c.readPayload(int(length), length <= maxSend && refused == nil)
	if err != nil {
		return nil, err
	}
	if refused != nil {
		return nil, refused
	}
	return func() error {
		if length > maxSend {
			return &Refusal{"too-large", fmt.Sprintf("a payload has at most %d octets", maxSend)}
		}
		r, err := parseRequest(args)
		if err != nil {
			return err
		}
		r.Payload = payload
		accepted, err := c.srv.b.Accept(ctx, r)
		if err != nil {
			return refusal(err)
		}
		c.frame = append(c.frame, "OK "...)
		c.frame = append(c.frame, accepted.ID...)
		c.frame = append(c.frame, " segments="...)
		c.frame = strconv.AppendInt(c.frame, int64(accepted.Segments), 10)
		if accepted.Cost != "" {
			c.frame = AppendValue(append(c.frame, " cost="...), accepted.Cost)
		}
		if accepted.Duplicate {
			c.frame = append(c.frame, " duplicate=yes"...)
		}
		if accepted.Dry {
			c.frame = append(c.frame, " dry=yes"...)
		}
		return nil
	}, nil
}

func digitsOnly(s string) bool {
	return s != "" && !slices.ContainsFunc([]byte(s), func(b byte) bool { return b < '0' || b > '9' })
}

// parseRequest reads SEND's number and keys.
func parseRequest(args []string) (Request, error) {
	r := Request{Port: defaultPort, FromPort: defaultPort, TTL: defaultTTL, Origin: tcpRoute}
	var err error
	if r.To, err = ParseValue(args[0]); err != nil {
		return r, &Refusal{"bad-number", err.Error()}
	}
	options, err := parseOptions(args[2:], "port", "from-port", "key", "ttl", "report", "modem", "unknown", "dry")
	if err != nil {
		return r, syntax(err)
	}
	for key, value := range options {
		switch key {
		case "port":
			r.Port, err = parsePort(value)
		case "from-port":
			r.FromPort, err = parseSource(value)
		case "key":
			r.Key = value
		case "ttl":
			r.TTL, err = parseDuration(value)
		case "report":
			r.Report = value == "yes"
			err = oneOf(value, "yes", "no")
		case "modem":
			r.Modem = value
		case "unknown":
			r.Unknown = value
			err = oneOf(value, "auto", "hold", "resend", "fail")
		case "dry":
			r.Dry = value == "yes"
			err = oneOf(value, "yes", "no")
		}
		if err != nil {
			return r, syntax(fmt.Errorf("%s=: %w", key, err))
		}
	}
	if r.TTL == 0 {
		return r, syntax(errors.New("ttl=: 0 is no time to send anything"))
	}
	return r, nil
}

func oneOf(value string, choices ...string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	return fmt.Errorf("%.40q is none of %v", value, choices)
}

func (c *conn) recv(ctx context.Context, args []string) error {
	d := demand{ports: c.srv.cfg.Ports, window: defaultWindow, ackWait: defaultAckWait}
	options, err := parseOptions(args, "port", "max", "ack-wait")
	if err != nil {
		return syntax(err)
	}
	for key, value := range options {
		switch key {
		case "port":
			d.ports, err = parsePorts(value)
		case "max":
			var n uint64
			n, err = parseWhole(value, mostWindow)
			d.window = int(n)
		case "ack-wait":
			d.ackWait, err = parseDuration(value)
		}
		if err != nil {
			return syntax(fmt.Errorf("%s=: %w", key, err))
		}
	}
	if d.window == 0 || d.ackWait == 0 {
		return syntax(errors.New("max= and ack-wait= are at least 1"))
	}
	if c.consumer != nil {
		c.srv.hub.change(c.consumer, d)
	} else {
		consumer := c.srv.hub.join(d)
		c.consumer = consumer
		c.streams.Go(func() { c.pump(ctx, consumer) })
	}
	c.ok()
	return nil
}

func (c *conn) ok() { c.frame = append(c.frame, "OK"...) }

func (c *conn) stop(_ context.Context, args []string) error {
	if err := noArgs(args); err != nil {
		return err
	}
	c.stopConsumer()
	c.ok()
	return nil
}

func (c *conn) stopConsumer() {
	if c.consumer != nil {
		c.srv.hub.leave(c.consumer)
		c.consumer = nil
	}
}

// ack is OK only when the acknowledgement is durable and nobody is being given the message.
func (c *conn) ack(ctx context.Context, args []string) error {
	id, err := oneID(args)
	if err != nil {
		return err
	}
	err = c.srv.b.Spool().Update(ctx, func(tx *spool.Tx) error {
		tx.About("ack")
		m, err := findMessage(tx, id)
		if err != nil || m.State == spool.MsgAcked {
			return err
		}
		m.State = spool.MsgAcked
		m.AckedAt = c.srv.b.Now()
		m.Offers = max(m.Offers, c.srv.hub.offers(id))
		return tx.PutMessage(m)
	})
	if err != nil {
		return refusal(err)
	}
	c.srv.hub.acked(id, c.consumer)
	c.srv.hub.moved()
	c.srv.log.Debug().Str("id", id).Msg("acknowledged")
	c.ok()
	return nil
}

func (c *conn) nak(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return syntax(errors.New("NAK id [delay=30s]"))
	}
	id, err := oneID(args[:1])
	if err != nil {
		return err
	}
	options, err := parseOptions(args[1:], "delay")
	if err != nil {
		return syntax(err)
	}
	delay := defaultNak
	if value, ok := options["delay"]; ok {
		if delay, err = parseDuration(value); err != nil {
			return syntax(fmt.Errorf("delay=: %w", err))
		}
	}
	var notBefore time.Time
	err = c.srv.b.Spool().Update(ctx, func(tx *spool.Tx) error {
		tx.About("nak")
		m, err := findMessage(tx, id)
		if err != nil {
			return err
		}
		if m.State == spool.MsgAcked {
			return &Refusal{"gone", "it is acknowledged already"}
		}
		notBefore = c.srv.b.Now().Add(backoffNak(delay, m.Naks))
		m.NotBefore = notBefore
		m.Naks++
		m.Offers = max(m.Offers, c.srv.hub.offers(id))
		return tx.PutMessage(m)
	})
	if err != nil {
		return refusal(err)
	}
	c.srv.hub.naked(id, notBefore, c.consumer)
	c.srv.hub.moved()
	c.ok()
	return nil
}

// backoffNak doubles the delay for each NAK before, up to an hour.
func backoffNak(delay time.Duration, naks int) time.Duration {
	delay = max(delay, time.Second) // nobody gets a message in a tight loop
	for range naks {
		if delay >= longestNak {
			break
		}
		delay *= 2
	}
	return min(delay, longestNak)
}

// findMessage returns the message of an id that a consumer names: gone when it is out of
// history, no-such-id when it was never given out.
func findMessage(tx *spool.Tx, id string) (*spool.Message, error) {
	never := &Refusal{"no-such-id", "no message was given out under this id"}
	if !validID(id) {
		return nil, never
	}
	m, err := tx.Message(id)
	if !errors.Is(err, spool.ErrNotFound) {
		return m, err
	}
	if _, err := tx.Outbound(id); !errors.Is(err, spool.ErrNotFound) {
		if err == nil {
			err = never
		}
		return nil, err
	}
	known, err := tx.Known(id)
	switch {
	case err != nil:
		return nil, err
	case known:
		return nil, &Refusal{"gone", "it is no longer in history"}
	}
	return nil, never
}

func (c *conn) show(ctx context.Context, args []string) error {
	id, err := oneID(args)
	if err != nil {
		return err
	}
	view, err := c.srv.b.Show(ctx, id)
	if err != nil {
		return refusal(err)
	}
	return c.data(view)
}

func (c *conn) list(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return syntax(errors.New("LIST what [key=value ...]"))
	}
	what, err := ParseValue(args[0])
	if err != nil {
		return syntax(err)
	}
	options, err := parseOptions(args[1:], "state", "after", "before", "limit")
	if err != nil {
		return syntax(err)
	}
	view, err := c.srv.b.List(ctx, what, options)
	if err != nil {
		return refusal(err)
	}
	return c.data(view)
}

func (c *conn) info(_ context.Context, args []string) error {
	if err := noArgs(args); err != nil {
		return err
	}
	return c.data(c.srv.b.Info())
}

func (c *conn) data(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return &Refusal{"internal", err.Error()}
	}
	c.frame = append(c.frame, "DATA "...)
	c.frame = strconv.AppendInt(c.frame, int64(len(text)), 10)
	c.frame = append(c.frame, '\r', '\n')
	c.frame = append(c.frame, text...)
	return nil
}

func (c *conn) cancel(ctx context.Context, args []string) error {
	return c.operate(ctx, args, c.srv.b.Cancel)
}

func (c *conn) retry(ctx context.Context, args []string) error {
	return c.operate(ctx, args, c.srv.b.Retry)
}

// resume ends a loop that was stopped.
func (c *conn) resume(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return syntax(errors.New("RESUME number"))
	}
	number, err := ParseValue(args[0])
	if err != nil {
		return syntax(err)
	}
	if err := c.srv.b.Resume(ctx, number); err != nil {
		return refusal(err)
	}
	c.ok()
	return nil
}

func (c *conn) operate(ctx context.Context, args []string, do func(context.Context, string) error) error {
	id, err := oneID(args)
	if err != nil {
		return err
	}
	if err := do(ctx, id); err != nil {
		return refusal(err)
	}
	c.ok()
	return nil
}

func (c *conn) ping(_ context.Context, args []string) error {
	if err := noArgs(args); err != nil {
		return err
	}
	c.frame = append(c.frame, "PONG"...)
	return nil
}

func (c *conn) quit(_ context.Context, args []string) error {
	if err := noArgs(args); err != nil {
		return err
	}
	c.frame = append(c.frame, "BYE"...)
	return errHangUp
}

func noArgs(args []string) error {
	if len(args) == 0 {
		return nil
	}
	return syntax(fmt.Errorf("%.40q: nothing is expected here", args[0]))
}

func oneID(args []string) (string, error) {
	if len(args) != 1 {
		return "", syntax(errors.New("one id is expected"))
	}
	return args[0], nil
}
