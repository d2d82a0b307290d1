package bridge

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"wvsms/spool"
)

// The client in examples/ loses its connection a thousand times, in the middle of
// lines, payloads and answers, while it sends and receives. Nothing is lost, nothing is
// sent or printed twice, and nothing is offered after its ACK was answered.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("python3 is not installed")
		}
		t.Skip("python3 is not installed: the client in examples/ stays untested")
	}
	cuts := 1000
	if brief() {
		cuts = 50
	}
	desk := newDesk(t)
	hub := newHub(desk)
	server := newServer(serverConfig{Listen: []string{"127.0.0.1:0"}, Ports: []uint16{3590}}, desk, hub, zerolog.Nop())
	if err := server.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { hub.Run(ctx) })
	running.Go(func() { server.Run(ctx) })
	proxy := newCutter(t, server.listeners[0].Addr().String())
	defer proxy.close()

	client := exec.CommandContext(ctx, python, "../examples/wvsms_client.py", proxy.addr(), "+491712345678")
	stdin, err := client.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	printed := &lines{}
	client.Stdout = printed
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	defer client.Wait()
	defer client.Process.Kill()

	// A few at a time, until the connection was lost often enough and all is through.
	const ahead = 4
	var arrived, sent int
	deadline := time.Now().Add(5 * time.Minute)
	for {
		done := proxy.cuts() >= cuts
		if done && printed.count() >= arrived && desk.took() >= sent {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d cuts; %d of %d printed, %d of %d accepted", proxy.cuts(), printed.count(), arrived, desk.took(), sent)
		}
		switch {
		case !done && arrived-printed.count() < ahead:
			arrived++
			desk.arrive(spool.Message{Peer: fmt.Sprintf("+49%d", arrived%7), Payload: fmt.Appendf(nil, "in-%d", arrived)})
			hub.messageReady()
		case !done && sent-desk.took() < ahead:
			sent++
			fmt.Fprintf(stdin, "out-%d\n", sent)
		default:
			time.Sleep(time.Millisecond)
		}
	}
	t.Logf("%d connections lost, %d messages received, %d sent", proxy.cuts(), arrived, sent)

	seen := map[string]int{}
	for _, line := range printed.all() {
		words := strings.Fields(line)
		seen[words[len(words)-1]]++
	}
	for _, r := range desk.requests() {
		seen[string(r.Payload)]++
	}
	for i := range arrived {
		expectOnce(t, seen, fmt.Sprintf("in-%d", i+1))
	}
	for i := range sent {
		expectOnce(t, seen, fmt.Sprintf("out-%d", i+1))
	}
	for _, id := range proxy.offeredAfterACK() {
		t.Errorf("%s was offered after its ACK was answered", id)
	}
}

func expectOnce(t *testing.T, seen map[string]int, what string) {
	t.Helper()
	if seen[what] != 1 {
		t.Errorf("%s came %d times", what, seen[what])
	}
}

func (d *desk) took() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.accepted)
}

func (d *desk) requests() []Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accepted
}

// lines collects what a program prints.
type lines struct{ journal }

func (l *lines) all() []string {
	return strings.Split(strings.TrimSuffix(l.String(), "\n"), "\n")
}

func (l *lines) count() int { return strings.Count(l.String(), "\n") }

// A cutter is a TCP proxy whose connections break after a random number of octets.
// It reads along: which ACK was answered with OK, which message is offered after that.
type cutter struct {
	l       net.Listener
	to      string
	running sync.WaitGroup

	mu    sync.Mutex
	n     int
	acked map[string]bool
	late  []string
}

func newCutter(t *testing.T, to string) *cutter {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{l: l, to: to, acked: map[string]bool{}}
	c.running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			c.pass(client)
		}
	})
	return c
}

func (c *cutter) addr() string { return c.l.Addr().String() }

func (c *cutter) close() {
	c.l.Close()
	c.running.Wait()
}

func (c *cutter) cuts() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *cutter) offeredAfterACK() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.late
}

// pass carries one connection until it is cut. The next one begins after that, as the
// client has one at a time.
func (c *cutter) pass(client net.Conn) {
	server, err := net.Dial("tcp", c.to)
	if err != nil {
		client.Close()
		return
	}
	cut := func() { client.Close(); server.Close() }
	asked := make(chan string, 10_000) // ids of ACKs, "" of other commands, in order
	var both sync.WaitGroup
	both.Go(func() {
		defer cut()
		defer close(asked)
		in := bufio.NewReader(io.TeeReader(io.LimitReader(client, 50+rand.Int64N(1000)), server))
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			words := strings.Fields(line)
			id := ""
			switch words[0] {
			case "ACK":
				id = words[1]
			case "SEND":
				var n int
				fmt.Sscan(words[2], &n)
				if _, err := in.Discard(n + 1); err != nil {
					return
				}
			}
			asked <- id
		}
	})
	both.Go(func() {
		defer cut()
		in := bufio.NewReader(io.TeeReader(io.LimitReader(server, 50+rand.Int64N(2000)), client))
		c.follow(in, asked)
	})
	both.Wait()
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
}

func (c *cutter) follow(in *bufio.Reader, asked <-chan string) {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		switch words[0] {
		case "MSG":
			c.mu.Lock()
			if c.acked[words[1]] {
				c.late = append(c.late, words[1])
			}
			c.mu.Unlock()
			var n int
			fmt.Sscan(words[3], &n)
			if _, err := in.Discard(n + 2); err != nil {
				return
			}
		case "OK", "ERR":
			if id := <-asked; id != "" && words[0] == "OK" {
				c.mu.Lock()
				c.acked[id] = true
				c.mu.Unlock()
			}
		}
	}
}
