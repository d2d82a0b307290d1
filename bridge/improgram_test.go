package bridge

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// An imProgram is a program on a bridge's socket that an actor of the scripts runs: it
// takes messages by RECV, acknowledges each, and says by SEND what the actor wants said.
// What it has no OK for it says again, under the same key, when it is connected anew.
type imProgram struct {
	t     *testing.T
	actor modemtest.IMActor

	mu    sync.Mutex
	line  *imLine // nil: not connected
	timer *time.Timer
	owed  []string // SENDs without an answer
	keys  int
	sent  []string // payloads that the bridge was given
	got   []string // and gave
}

type imLine struct {
	nc  net.Conn
	out chan string // 100: the bridge may wait for a reader before it takes the next command
}

// program connects an actor to the bridge's socket.
func (r *rig) program(actor modemtest.IMActor) *imProgram {
	p := &imProgram{t: r.t, actor: actor}
	p.connect(r)
	return p
}

func (p *imProgram) connect(r *rig) {
	near, far := newDuplex()
	r.server.admit(r.ctx, far)
	l := &imLine{nc: near, out: make(chan string, 100)}
	r.on.Go(func() { p.read(l) })
	r.on.Go(func() {
		for text := range l.out {
			io.WriteString(l.nc, text) // where that fails the line is closed, or soon is
		}
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = l
	l.out <- "RECV port=3590\n"
	for _, send := range p.owed {
		l.out <- send
	}
}

// act has the actor do something, and arms the clock for what it waits for.
func (p *imProgram) act(do func(now time.Time) []modemtest.IMDatagram) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.actLocked(do)
}

func (p *imProgram) actLocked(do func(now time.Time) []modemtest.IMDatagram) {
	for _, d := range do(time.Now()) {
		p.sent = append(p.sent, string(d.Data))
		p.keys++
		send := fmt.Sprintf("SEND %s %d ttl=10m key=im-%d\n%s\n", d.To, len(d.Data), p.keys, d.Data)
		p.owed = append(p.owed, send)
		if p.line != nil {
			p.line.out <- send
		}
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	if due, some := p.actor.Deadline(); some {
		p.timer = time.AfterFunc(time.Until(due), func() { p.act(p.actor.Expire) })
	}
}

func (p *imProgram) read(l *imLine) {
	in := bufio.NewReader(l.nc)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		var payload []byte
		if words[0] == "MSG" {
			size, err := strconv.Atoi(words[3])
			if err != nil {
				p.t.Errorf("no length in %s", line)
				return
			}
			payload = make([]byte, size+len("\r\n"))
			if _, err := io.ReadFull(in, payload); err != nil {
				return
			}
			payload = payload[:size]
		}
		p.hear(l, words, payload)
	}
}

// hear takes a line of the bridge's, if that is still the one to it.
func (p *imProgram) hear(l *imLine, words []string, payload []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.line != l {
		return
	}
	switch {
	case words[0] == "ERR":
		p.t.Errorf("the bridge says %q", words)
	case words[0] == "OK" && len(words) > 1: // the answer to SEND has an id
		p.owed = p.owed[1:]
	case words[0] == "MSG":
		p.got = append(p.got, string(payload))
		l.out <- "ACK " + words[1] + "\n"
		p.actLocked(func(now time.Time) []modemtest.IMDatagram { return p.actor.Push(now, words[2], payload) })
	}
}

// leave ends the connection; the actor's clock goes on.
func (p *imProgram) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.line.out)
	p.line.nc.Close()
	p.line = nil
}

// close ends the program.
func (p *imProgram) close() {
	p.leave()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
}

// spoken gives what the program got and what it said.
func (p *imProgram) spoken() (got, sent []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got), slices.Clone(p.sent)
}
