package bridge

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing/synctest"
)

// A rigClient is a program on the socket of a rig, over a pipe.
type rigClient struct {
	*rig
	nc net.Conn

	mu    sync.Mutex
	lines []string // what came, payloads left out
}

// client connects to the bridge's socket.
func (r *rig) client() *rigClient {
	r.t.Helper()
	near, far := newDuplex()
	r.server.admit(r.ctx, far)
	c := &rigClient{rig: r, nc: near}
	r.on.Go(c.read)
	c.settle("WVSMS 1 ready")
	return c
}

func (c *rigClient) read() {
	in := bufio.NewReader(c.nc)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		size := -1
		switch words[0] {
		case "MSG":
			size, _ = strconv.Atoi(words[3])
		case "DATA":
			size, _ = strconv.Atoi(words[1])
		case "TPDU":
			size, _ = strconv.Atoi(words[3])
		}
		if size >= 0 {
			if _, err := in.Discard(size + 2); err != nil {
				return
			}
		}
		c.mu.Lock()
		c.lines = append(c.lines, strings.TrimSpace(line))
		c.mu.Unlock()
	}
}

// say sends a line.
func (c *rigClient) say(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.nc, line+"\n"); err != nil {
		c.t.Fatalf("say %s: %v", line, err)
	}
}

// settle waits until nothing moves: then lines with these beginnings, and no others,
// have come since the last time.
func (c *rigClient) settle(want ...string) {
	c.t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	ok := len(c.lines) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = strings.HasPrefix(c.lines[i], want[i])
	}
	if !ok {
		c.t.Errorf("there came %q, want %q", c.lines, want)
	}
	c.lines = nil
}

func (c *rigClient) close() { c.nc.Close() }
