package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A bridge is `wvsms run` in a process of its own.
type bridge struct {
	*process
	addr, spool string
	args        []string // the command line
	env         []string
	modems      int
}

// newBridge starts a bridge on the modems; more is for its configuration.
func newBridge(b *testing.B, more string, sims ...*sim) *bridge {
	b.Helper()
	br := setUp(b, more, sims...)
	br.run(b)
	br.ready(b, len(sims))
	return br
}

// run starts the process, which has ended where it ran before.
func (br *bridge) run(b *testing.B) { br.process = start(b, br.env, br.args[0], br.args[1:]...) }

// setUp is newBridge without the start.
func setUp(b *testing.B, more string, sims ...*sim) *bridge {
	b.Helper()
	exe, err := program()
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	br := &bridge{addr: freePort(b), spool: filepath.Join(dir, "spool.db"), modems: len(sims)}
	var conf strings.Builder
	fmt.Fprintf(&conf, "[spool]\npath = %q\nmax_queued = 2_000_000\n[socket]\nlisten = [%q]\n[log]\nlevel = \"warn\"\n[limits]\nsegments_per_day = 0\nloop_segments = 0\n%s\n", br.spool, br.addr, more)
	for i, s := range sims {
		fmt.Fprintf(&conf, "[[modem]]\nname = \"m%d\"\ndevice = %q\n%s\n", i, s.line.Name(), s.keys)
	}
	file := filepath.Join(dir, "wvsms.toml")
	if err := os.WriteFile(file, []byte(conf.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	br.args = []string{exe, "run", "--config", file}
	return br
}

func freePort(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// greets waits for the greeting of the socket.
func (br *bridge) greets(b *testing.B) time.Time {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if c, err := br.try(); err == nil {
			c.Close()
			return time.Now()
		}
	}
	b.Fatalf("the bridge does not greet: %s", br.said)
	return time.Time{}
}

// ready waits until so many modems can send.
func (br *bridge) ready(b *testing.B, modems int) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); ; { // a slow disk
		if c, err := br.try(); err == nil {
			c.line("INFO")
			info := c.data()
			c.Close()
			if strings.Count(info, `"sends":true`)+strings.Count(info, `"sends": true`) >= modems {
				return
			}
		}
		if time.Now().After(deadline) {
			b.Fatalf("the bridge is not ready: %s", br.said)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// A client speaks the protocol of the socket.
type client struct {
	net.Conn
	r *bufio.Reader
}

func (br *bridge) try() (*client, error) {
	conn, err := net.Dial("tcp", br.addr)
	if err != nil {
		return nil, err
	}
	c := &client{conn, bufio.NewReader(conn)}
	_, err = c.answer()
	return c, err
}

func (br *bridge) dial(b *testing.B) *client {
	c, err := br.try()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

func (c *client) line(s string) { fmt.Fprintf(c, "%s\r\n", s) }

func (c *client) answer() (string, error) {
	s, err := c.r.ReadString('\n')
	return strings.TrimRight(s, "\r\n"), err
}

// data is the JSON of an answer.
func (c *client) data() string {
	head, err := c.answer()
	if err != nil {
		return ""
	}
	n, _ := strconv.Atoi(strings.TrimPrefix(head, "DATA "))
	p := make([]byte, n+2)
	for i := range p {
		if p[i], err = c.r.ReadByte(); err != nil {
			return ""
		}
	}
	return string(p[:n])
}

// send has a message accepted.
func (c *client) send(to string, payload []byte, keys string) error {
	if keys != "" {
		keys = " " + keys
	}
	if _, err := fmt.Fprintf(c, "SEND %s %d%s\r\n%s\r\n", to, len(payload), keys, payload); err != nil {
		return err
	}
	said, err := c.answer()
	if err == nil && !strings.HasPrefix(said, "OK ") {
		err = fmt.Errorf("SEND: %s", said)
	}
	return err
}
