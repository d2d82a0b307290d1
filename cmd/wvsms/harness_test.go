package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"wvsms/modem/modemtest"
)

// The test binary is the program too, under its own name in PATH: scripts and the
// tests that kill it run it as a process.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wvsms": func() {
		instrument = instrumentFromEnv
		main()
	}})
}

// patience bounds every wait of a test for something that must come.
const patience = 60 * time.Second

// A testNet is a simulated network that lives as long as the test: it outlives the
// bridges that are killed.
type testNet struct {
	t   *testing.T
	ctx context.Context
	air *modemtest.Air
}

func newTestNet(t *testing.T, o modemtest.AirOptions) *testNet {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	n := &testNet{t: t, ctx: ctx, air: modemtest.NewAir(o)}
	var running sync.WaitGroup
	running.Go(func() { n.air.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return n
}

// modem puts a modem on the network and on a pty, whose path it returns.
func (n *testNet) modem(o modemtest.ModemOptions) (*modemtest.Modem, string) {
	n.t.Helper()
	m := n.air.NewModem(o)
	line, err := modemtest.OpenPTY("")
	if err != nil {
		n.t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() { m.Serve(n.ctx, line) })
	n.t.Cleanup(func() { line.Close(); served.Wait() })
	return m, line.Name()
}

// A testBridge is `wvsms run` as a process.
type testBridge struct {
	t      *testing.T
	dir    string
	config string
	socket string
	env    []string // added to the environment of the process
	args   []string // and to its command line
	cmd    *exec.Cmd
	log    *logBuffer
}

// newTestBridge writes a configuration; extra is TOML put behind it.
func newTestBridge(t *testing.T, device, receive, extra string) *testBridge {
	t.Helper()
	dir := t.TempDir()
	b := &testBridge{t: t, dir: dir, config: filepath.Join(dir, "wvsms.toml"), log: &logBuffer{}}
	// A Unix socket's path may be no longer than 107 octets.
	short, err := os.MkdirTemp("", "wv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(short) })
	b.socket = filepath.Join(short, "s")
	text := fmt.Sprintf(`
[spool]
path = %q
[socket]
listen = []
unix = %q
[limits]
segments_per_day = 0
[[modem]]
name = "m0"
device = %q
receive = %q
[log]
format = "json"
%s`, filepath.Join(dir, "spool.db"), b.socket, device, receive, extra)
	if err := os.WriteFile(b.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.kill()
		if t.Failed() {
			t.Logf("log of the bridge:\n%s", b.log)
		}
	})
	return b
}

// start starts the process and waits until its socket answers.
func (b *testBridge) start() {
	b.t.Helper()
	b.cmd = exec.Command("wvsms", append([]string{"run", "--config", b.config}, b.args...)...)
	b.cmd.Stderr = b.log
	b.cmd.Env = append(os.Environ(), b.env...)
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.connect().close()
}

// kill is kill -9.
func (b *testBridge) kill() {
	if b.cmd == nil {
		return
	}
	b.cmd.Process.Kill()
	b.cmd.Wait()
	b.cmd = nil
}

// connect dials the socket, again and again while the process starts.
func (b *testBridge) connect() *testClient {
	b.t.Helper()
	var last error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		c, err := dialTest(b.socket)
		if err == nil {
			c.t = b.t
			return c
		}
		last = err
	}
	b.t.Fatalf("the bridge does not answer: %v\n%s", last, b.log)
	return nil
}

// A testClient speaks the socket protocol of product.md, independently of the
// program's own client.
type testClient struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
	msgs []testMessage // MSGs that came between answers
	evts []string
}

type testMessage struct {
	id, peer string
	keys     map[string]string
	payload  []byte
}

func dialTest(socket string) (*testClient, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(patience))
	c := &testClient{conn: conn, r: bufio.NewReader(conn)}
	greeting, err := c.line()
	if err != nil || !strings.HasPrefix(greeting, "WVSMS 1 ready") {
		conn.Close()
		return nil, fmt.Errorf("greeting %q: %w", greeting, err)
	}
	return c, nil
}

func (c *testClient) close() { c.conn.Close() }

func (c *testClient) line() (string, error) {
	line, err := c.r.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

// try sends a command and returns its answer; messages and events that come before
// it are put aside. An error means that the connection is gone.
func (c *testClient) try(command string) (string, error) {
	if _, err := io.WriteString(c.conn, command+"\r\n"); err != nil {
		return "", err
	}
	for {
		async, line, err := c.next()
		if err != nil || !async {
			return line, err
		}
	}
}

// next reads one line and what belongs to it; async: it was a MSG or EVT.
func (c *testClient) next() (async bool, line string, err error) {
	line, err = c.line()
	if err != nil {
		return false, "", err
	}
	fields := strings.Fields(line)
	switch {
	case len(fields) >= 4 && fields[0] == "MSG":
		n, err := strconv.Atoi(fields[3])
		if err != nil {
			return true, line, err
		}
		m := testMessage{id: fields[1], peer: fields[2], keys: map[string]string{}, payload: make([]byte, n)}
		if _, err := io.ReadFull(c.r, m.payload); err != nil {
			return true, line, err
		}
		if end, err := c.line(); err != nil || end != "" {
			return true, line, errors.Join(fmt.Errorf("payload is followed by %q", end), err)
		}
		for _, field := range fields[4:] {
			key, value, _ := strings.Cut(field, "=")
			m.keys[key] = value
		}
		c.msgs = append(c.msgs, m)
		return true, line, nil
	case len(fields) >= 4 && fields[0] == "EVT":
		c.evts = append(c.evts, line)
		return true, line, nil
	}
	return false, line, nil
}

// do is try where the connection must hold; want is the beginning of the answer.
func (c *testClient) do(command, want string) string {
	c.t.Helper()
	answer, err := c.try(command)
	if err != nil || !strings.HasPrefix(answer, want) {
		first, _, _ := strings.Cut(command, "\n")
		c.t.Fatalf("%s: %q, %v; want %s", first, answer, err, want)
	}
	return answer
}

// data is do for a command that answers DATA; it returns the JSON.
func (c *testClient) data(command string) string {
	c.t.Helper()
	var n int
	if _, err := fmt.Sscanf(c.do(command, "DATA "), "DATA %d", &n); err != nil {
		c.t.Fatal(err)
	}
	text := make([]byte, n+2)
	if _, err := io.ReadFull(c.r, text); err != nil {
		c.t.Fatal(err)
	}
	return string(text[:n])
}

// send accepts a message and returns its id and number of segments.
func (c *testClient) send(to string, payload []byte, keys string) (id string, segments int) {
	c.t.Helper()
	answer := c.do(fmt.Sprintf("SEND %s %d %s\r\n%s", to, len(payload), keys, payload), "OK ")
	if _, err := fmt.Sscanf(answer, "OK %s segments=%d", &id, &segments); err != nil {
		c.t.Fatalf("%q: %v", answer, err)
	}
	return id, segments
}

// message waits for the next MSG.
func (c *testClient) message() testMessage {
	c.t.Helper()
	for len(c.msgs) == 0 {
		if _, line, err := c.next(); err != nil {
			c.t.Fatalf("wait for a MSG: %v (%s)", err, line)
		}
	}
	m := c.msgs[0]
	c.msgs = c.msgs[1:]
	return m
}

// event waits for an event of the message: a word, with segment= where it is about one.
func (c *testClient) event(id, what string) string {
	c.t.Helper()
	for {
		for _, line := range c.evts {
			if _, told, ok := strings.Cut(line, " "+id+" "); ok && (told == what || strings.HasPrefix(told, what+" why=")) {
				return line
			}
		}
		if _, line, err := c.next(); err != nil {
			c.t.Fatalf("wait for event %s of %s: %v (%s)", what, id, err, line)
		}
	}
}

// A logBuffer takes a process's output while others look at it.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// unique is a payload of n octets that no other call gives, as long as n allows.
func unique(i, n int) []byte {
	b := bytes.Repeat([]byte{byte(i), byte(i >> 8), 0x00, 0x1A, 0x1B, 0x0D, 0x0A, 0xFF}, n/8+1)[:n]
	return append(b[:0:0], b...)
}
