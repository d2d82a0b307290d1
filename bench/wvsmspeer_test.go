package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var wvsmsPeer = peer{name: "wvsms", many: 1000, open: openWVSMS}

// wvsms is ours, as a peer among peers.
type wvsms struct {
	*bridge
	conf string

	mu      sync.Mutex
	senders []*client // that are not busy
}

func openWVSMS(b *testing.B, s seat) gateway {
	w := &wvsms{bridge: &bridge{addr: freePort(b)}}
	receive := "store"
	if s.direct {
		receive = "direct"
	}
	w.conf = configure(b, "wvsms.toml", s.dir, map[string]any{"Device": s.device, "Dir": s.dir, "Listen": w.addr, "Receive": receive})
	done := make(chan struct{})
	b.Cleanup(func() { close(done) })
	go w.consume(done, s.arrived)
	return w
}

func (w *wvsms) start(b *testing.B) {
	exe, err := program()
	if err != nil {
		b.Fatal(err)
	}
	w.process = start(b, nil, exe, "run", "--config", w.conf)
	w.senders = nil
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if c, err := w.try(); err == nil {
			c.Close()
			return
		}
		if time.Since(begun) > 20*time.Second {
			b.Fatal("wvsms does not listen")
		}
	}
}

func (w *wvsms) processes() []*process { return []*process{w.process} }

// submit keeps its connections, as programs do.
func (w *wvsms) submit(to string, payload []byte) (err error) {
	w.mu.Lock()
	var c *client
	if n := len(w.senders); n > 0 {
		c, w.senders = w.senders[n-1], w.senders[:n-1]
	}
	w.mu.Unlock()
	if c == nil {
		if c, err = w.try(); err != nil {
			return err
		}
	}
	if err := c.send(to, payload, ""); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.senders = append(w.senders, c)
	return nil
}

// consume takes messages and acknowledges each, over kills of the bridge.
func (w *wvsms) consume(done chan struct{}, arrived func([]byte)) {
	for {
		if c, err := w.try(); err == nil {
			go func() { <-done; c.Close() }()
			c.line("RECV")
			c.receive(arrived)
			c.Close()
		}
		select {
		case <-done:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// receive until the line ends.
func (c *client) receive(arrived func([]byte)) {
	for {
		said, err := c.answer()
		if err != nil {
			return
		}
		f := strings.Fields(said)
		if len(f) < 4 || f[0] != "MSG" {
			continue
		}
		n, _ := strconv.Atoi(f[3])
		p := make([]byte, n+2)
		if _, err := io.ReadFull(c.r, p); err != nil {
			return
		}
		arrived(p[:n])
		fmt.Fprintf(c, "ACK %s\r\n", f[1])
	}
}
