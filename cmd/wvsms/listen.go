package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"wvsms/csp"
)

const (
	firstPause   = 250 * time.Millisecond // before a reconnect; doubles …
	longestPause = 15 * time.Second
)

type listenCmd struct {
	Ports  string `placeholder:"PORT,…" help:"Only messages to these WDP ports; the bridge's own by default."`
	Max    int    `default:"64" help:"Messages taken at a time."`
	Count  int    `help:"End after so many messages; 0 is never."`
	Socket string `default:"127.0.0.1:3590" help:"The bridge: host:port or the path of a Unix socket."`
	JSON   bool   `name:"json" xor:"form" help:"Print an object a line, the payload in base64."`
	Pretty bool   `xor:"form" help:"Print what a message says as CSP means it, without secrets."`

	accessFlags

	Payload bool `help:"With --pretty: print secrets and the texts of messages, too."`
}

// Run writes messages as they come. Each is acknowledged after it is written, so that
// one that is not written comes again.
func (c *listenCmd) Run(ctx context.Context, std *stdio) error {
	if c.Max < 1 || c.Count < 0 {
		return usageError{errors.New("--max is at least 1, --count at least 0")}
	}
	l := listener{listenCmd: c, out: std.Out, written: map[string]bool{}}
	pause := firstPause
	for {
		heard := l.acked
		err := l.session(ctx)
		var final finalError
		switch {
		case ctx.Err() != nil, err == nil:
			return nil
		case errors.As(err, &final):
			return final.error
		case denied(err):
			return err
		}
		if l.acked > heard {
			pause = firstPause
		}
		fmt.Fprintf(std.Err, "wvsms: %v; trying again in %v\n", err, pause)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// denied: the token is missing or wrong, or may not. To repeat it counts as guessing.
func denied(err error) bool {
	var refused *refusedError
	return errors.As(err, &refused) && (refused.code == "auth" || refused.code == "rights")
}

// A finalError is one that a new connection would meet again.
type finalError struct{ error }

type listener struct {
	*listenCmd
	out     io.Writer
	written map[string]bool // and not known to be acknowledged
	acked   int
}

func (l *listener) enough() bool { return l.Count > 0 && l.acked >= l.Count }

// session takes messages until the connection is lost (an error) or there are enough.
func (l *listener) session(ctx context.Context) error {
	conn, err := l.dial(ctx, l.Socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := l.settle(conn); err != nil {
		return err
	}
	line := "RECV max=" + strconv.Itoa(l.Max)
	if l.Ports != "" {
		line = option(line, "port", l.Ports)
	}
	if err := conn.command(line); err != nil {
		var refused *refusedError
		if errors.As(err, &refused) && refused.code == "syntax" {
			return finalError{usageError{err}}
		}
		return fmt.Errorf("ask for messages: %w", err)
	}
	var asked []string // acknowledgements without an answer yet
	for !l.enough() {
		f, err := conn.read()
		var refused *refusedError
		if err != nil && !errors.As(err, &refused) {
			return fmt.Errorf("connection to the bridge lost: %w", err)
		}
		m, isMessage := f.message()
		switch {
		case (f.word == "OK" || refused != nil) && len(asked) > 0:
			if refused != nil && !settled(refused) {
				return fmt.Errorf("acknowledge %s: %w", asked[0], err)
			}
			delete(l.written, asked[0])
			asked = asked[1:]
			l.acked++
		case isMessage:
			if l.Count > 0 && l.acked+len(asked) >= l.Count {
				continue // not ours: it goes to whoever listens next
			}
			if !l.written[m.id] {
				if err := l.print(m); err != nil {
					return finalError{fmt.Errorf("write message %s: %w", m.id, err)}
				}
				l.written[m.id] = true
			}
			if err := conn.write("ACK "+m.id, nil); err != nil {
				return fmt.Errorf("acknowledge %s: %w", m.id, err)
			}
			asked = append(asked, m.id)
		}
	}
	return nil
}

// settle acknowledges what was written before the connection was lost. Repeating an
// acknowledgement is no fault.
func (l *listener) settle(conn *client) error {
	for id := range l.written {
		var refused *refusedError
		if err := conn.command("ACK " + id); err != nil && !(errors.As(err, &refused) && settled(refused)) {
			return fmt.Errorf("acknowledge %s: %w", id, err)
		}
		delete(l.written, id)
		l.acked++
	}
	return nil
}

// settled: a message that is acknowledged, whatever else is the matter.
func settled(refused *refusedError) bool {
	return refused.code == "gone" || refused.code == "no-such-id"
}

// received is what `listen --json` prints of a message.
type received struct {
	ID          string `json:"id"`
	From        string `json:"from"`
	To          string `json:"to"`
	Port        int    `json:"port"`
	FromPort    int    `json:"from_port"`
	Alphabet    string `json:"alphabet"`
	Modem       string `json:"modem"`
	Time        string `json:"time,omitempty"`
	Received    string `json:"received"`
	Redelivered bool   `json:"redelivered"`
	Octets      int    `json:"octets"`
	Payload     []byte `json:"payload"`

	CSP *cspObject `json:"csp,omitempty"`
}

func (l *listener) print(msg message) error {
	m := received{
		ID: msg.id, From: msg.peer, To: msg.keys["to"], Alphabet: msg.keys["alphabet"], Modem: msg.keys["modem"],
		Time: msg.keys["time"], Received: msg.keys["received"], Redelivered: msg.keys["redelivered"] == "yes",
		Octets: len(msg.payload), Payload: msg.payload,
	}
	m.Port, _ = strconv.Atoi(msg.keys["port"])
	m.FromPort, _ = strconv.Atoi(msg.keys["from-port"])
	if l.JSON {
		if what := csp.Inspect(m.Payload); what.Syntax != csp.Opaque {
			m.CSP = newCSPObject(what)
		}
		return json.NewEncoder(l.out).Encode(m)
	}
	again := ""
	if m.Redelivered {
		again = ", redelivered"
	}
	payload := visible(string(m.Payload))
	if l.Pretty {
		payload = "  " + strings.Join(pretty(m.Payload, l.Payload), "\n  ")
	}
	_, err := fmt.Fprintf(l.out, "%s from %s, port %d, %d octets, %s, %s%s\n%s\n",
		m.ID, visible(m.From), m.Port, m.Octets, m.Alphabet, m.Received, again, payload)
	return err
}

// visible shows text from afar to people, on one line: what a terminal might obey, or
// what might pass for a line of ours, is escaped. Programs use --json.
func visible(s string) string {
	var b []byte
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 || r < 0x80 && !strconv.IsPrint(r) {
			b = fmt.Appendf(b, `\x%02x`, s[0])
		} else if !strconv.IsPrint(r) {
			b = fmt.Appendf(b, `\u%04x`, r)
		} else {
			b = append(b, s[:n]...)
		}
		s = s[n:]
	}
	return string(b)
}
