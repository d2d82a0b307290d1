package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"wvsms/bridge"
)

const (
	longestReply = 16 << 20 // octets of a payload or DATA that are believed
)

// A refusedError is an ERR answer of the bridge.
type refusedError struct{ code, text string }

func (e *refusedError) Error() string { return "refused: " + e.code + ": " + e.text }

// A client speaks the bridge's line protocol. One goroutine uses it.
type client struct {
	nc   net.Conn
	in   *bufio.Reader
	stop func() bool
	held []message // that came while an answer was waited for
}

// A reply is one line from the bridge and what belongs to it.
type reply struct {
	word    string
	args    []string          // those without a key; values are unquoted
	keys    map[string]string // those with one
	payload []byte            // of MSG and DATA
	line    string
}

// dial connects to a bridge on this machine that wants no token.
func dial(ctx context.Context, addr string) (*client, error) { return accessFlags{}.dial(ctx, addr) }

// greet reads the bridge's first line. ctx ends the connection as well.
func greet(ctx context.Context, nc net.Conn, addr string) (*client, error) {
	c := &client{nc: nc, in: bufio.NewReader(nc)}
	c.stop = context.AfterFunc(ctx, func() { nc.Close() })
	f, err := c.read()
	var refused *refusedError
	switch {
	case err != nil && !errors.As(err, &refused):
		err = fmt.Errorf("read the bridge's greeting: %w", err)
	case err == nil && (f.word != "WVSMS" || len(f.args) == 0 || f.args[0] != "1"):
		err = fmt.Errorf("%s is not a bridge that this program knows: it says %.80q", addr, f.line)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection.
func (c *client) Close() error {
	c.stop()
	return c.nc.Close()
}

// write sends a command, and after SEND's line its payload.
func (c *client) write(line string, payload []byte) error {
	var b bytes.Buffer
	b.WriteString(line)
	b.WriteByte('\n')
	if strings.HasPrefix(line, "SEND ") {
		b.Write(payload)
		b.WriteByte('\n')
	}
	_, err := c.nc.Write(b.Bytes())
	return err
}

// read returns the next reply. ERR comes as a *refusedError.
func (c *client) read() (reply, error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return reply{}, err
	}
	f, err := parseReply(strings.TrimRight(line, "\r\n"))
	if err != nil {
		return f, err
	}
	size := ""
	switch {
	case f.word == "MSG" && len(f.args) == 3, f.word == "TPDU" && len(f.args) == 3:
		size = f.args[2]
	case f.word == "DATA" && len(f.args) == 1:
		size = f.args[0]
	default:
		return f, nil
	}
	n, err := strconv.ParseUint(size, 10, 32)
	if err != nil || n > longestReply {
		return f, fmt.Errorf("read from the bridge: length %q", size)
	}
	payload := make([]byte, n+2)
	if _, err := io.ReadFull(c.in, payload); err != nil {
		return f, err
	}
	f.payload = payload[:n]
	return f, nil
}

func parseReply(line string) (reply, error) {
	f := reply{line: line, keys: map[string]string{}}
	words := strings.Split(line, " ")
	f.word = words[0]
	if f.word == "ERR" {
		_, rest, _ := strings.Cut(line, " ")
		code, text, _ := strings.Cut(rest, " ")
		return f, &refusedError{code, text}
	}
	for _, word := range words[1:] {
		key, value, keyed := strings.Cut(word, "=")
		if strings.HasPrefix(word, `"`) {
			keyed = false // a quoted address may hold =
		}
		if !keyed {
			value = word
		}
		v, err := bridge.ParseValue(value)
		switch {
		case err != nil:
			return f, fmt.Errorf("read from the bridge: %.80q: %w", line, err)
		case keyed:
			f.keys[key] = v
		default:
			f.args = append(f.args, v)
		}
	}
	return f, nil
}

// answer returns the next reply that answers a command. Others on the way go to aside.
func (c *client) answer(aside func(reply)) (reply, error) {
	for {
		f, err := c.read()
		if err != nil || !asynchronous(f.word) {
			return f, err
		}
		aside(f)
	}
}

// hold keeps a message that comes before an answer. The window of RECV bounds them.
func (c *client) hold(f reply) {
	if m, ok := f.message(); ok {
		c.held = append(c.held, m)
	}
}

// command waits for the answer to a command without a payload.
func (c *client) command(line string) error {
	if err := c.write(line, nil); err != nil {
		return err
	}
	_, err := c.answer(c.hold)
	return err
}

// message waits for the next message, after RECV.
func (c *client) message(ctx context.Context) (message, error) {
	defer context.AfterFunc(ctx, func() { c.nc.Close() })()
	for len(c.held) == 0 {
		f, err := c.read()
		if err != nil {
			return message{}, err
		}
		c.hold(f)
	}
	m := c.held[0]
	c.held = c.held[1:]
	return m, nil
}

// send hands over a message with the protocol's defaults.
func (c *client) send(to string, payload []byte) (id string, segments int, err error) {
	a, err := c.submit(fmt.Sprintf("SEND %s %d", bridge.AppendValue(nil, to), len(payload)), payload)
	return a.ID, a.Segments, err
}

// asynchronous words stand between answers. Those that this program does not know
// are asynchronous too: the protocol may grow some.
func asynchronous(word string) bool {
	switch word {
	case "OK", "DATA", "PONG", "BYE", "ERR":
		return false
	}
	return true
}

// option appends key=value to a command.
func option(line, key, value string) string {
	return string(bridge.AppendValue([]byte(line+" "+key+"="), value))
}

// A message is one MSG.
type message struct {
	id, peer string
	payload  []byte
	keys     map[string]string
}

func (f reply) message() (message, bool) {
	if f.word != "MSG" || len(f.args) != 3 {
		return message{}, false
	}
	return message{f.args[0], f.args[1], f.payload, f.keys}, true
}

// accepted is a SEND's OK.
type accepted struct {
	ID        string `json:"id"`
	Segments  int    `json:"segments"`
	Duplicate bool   `json:"duplicate"`
	Cost      string `json:"cost,omitempty"`
	Dry       bool   `json:"dry,omitempty"`
}

// submit writes a SEND and waits for its OK.
func (c *client) submit(line string, payload []byte) (accepted, error) {
	if err := c.write(line, payload); err != nil {
		return accepted{}, fmt.Errorf("send: %w", err)
	}
	f, err := c.answer(c.hold)
	if err != nil {
		return accepted{}, fmt.Errorf("send: %w", err)
	}
	if len(f.args) == 0 {
		return accepted{}, fmt.Errorf("send: the bridge answers %q", f.line)
	}
	a := accepted{ID: f.args[0], Duplicate: f.keys["duplicate"] == "yes", Cost: f.keys["cost"], Dry: f.keys["dry"] == "yes"}
	a.Segments, err = strconv.Atoi(f.keys["segments"])
	if err != nil {
		return a, fmt.Errorf("send: the bridge answers %q", f.line)
	}
	return a, nil
}
