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
type imProgram struct {
	t     *testing.T
	actor modemtest.IMActor
	nc    net.Conn
	out   chan []byte // 100: the bridge may wait for a reader before it takes the next command

	mu    sync.Mutex
	timer *time.Timer
	sent  []string // payloads that the bridge was given
	got   []string // and gave
	ended bool
}

// program connects an actor to the bridge's socket.
func (r *rig) program(actor modemtest.IMActor) *imProgram {
	r.t.Helper()
	near, far := newDuplex()
	r.server.admit(r.ctx, far)
	p := &imProgram{t: r.t, actor: actor, nc: near, out: make(chan []byte, 100)}
	r.on.Go(p.read)
	r.on.Go(p.write)
	p.out <- []byte("RECV port=3590\n")
	return p
}

// act has the actor do something, and arms the clock for what it waits for.
func (p *imProgram) act(do func(now time.Time) []modemtest.IMDatagram) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	for _, d := range do(time.Now()) {
		p.sent = append(p.sent, string(d.Data))
		p.out <- fmt.Appendf(nil, "SEND %s %d ttl=10m\n%s\n", d.To, len(d.Data), d.Data)
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	if due, some := p.actor.Deadline(); some {
		p.timer = time.AfterFunc(time.Until(due), func() { p.act(p.actor.Expire) })
	}
}

func (p *imProgram) write() {
	for b := range p.out {
		if _, err := p.nc.Write(b); err != nil {
			return
		}
	}
}

func (p *imProgram) read() {
	in := bufio.NewReader(p.nc)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		switch words[0] {
		case "ERR":
			p.t.Errorf("the bridge says %s", line)
		case "MSG":
			size, err := strconv.Atoi(words[3])
			if err != nil {
				p.t.Errorf("no length in %s", line)
				return
			}
			payload := make([]byte, size+len("\r\n"))
			if _, err := io.ReadFull(in, payload); err != nil {
				return
			}
			p.act(func(now time.Time) []modemtest.IMDatagram {
				p.got = append(p.got, string(payload[:size]))
				p.out <- fmt.Appendf(nil, "ACK %s\n", words[1])
				return p.actor.Push(now, words[2], payload[:size])
			})
		}
	}
}

// close ends the program.
func (p *imProgram) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.timer != nil {
		p.timer.Stop()
	}
	close(p.out)
	p.nc.Close()
}

// spoken gives what the program got and what it said.
func (p *imProgram) spoken() (got, sent []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got), slices.Clone(p.sent)
}
