package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Clients of each bridge. Several senders and consumers share the work, so that
// answers, messages and acknowledgements overlap.
const (
	senders   = 3
	consumers = 2
)

// A chaosConn is a connection that records what it is told.
type chaosConn struct {
	*testClient
	b  *chaosBridge
	id int64
	// fence is when the last command that was answered set out: whatever stands behind
	// its answer was written later than that.
	fence int64
	inbox []offer // recorded, not yet dealt with
}

func newChaosConn(b *chaosBridge, c *testClient, at int64) *chaosConn {
	return &chaosConn{testClient: c, b: b, id: b.w.history.stamp(), fence: at}
}

// command is try, recorded. An answer may take half a minute; the disk is full at times.
func (c *chaosConn) command(line string) (string, error) {
	at := c.b.w.history.stamp()
	c.conn.SetDeadline(time.Now().Add(30 * time.Second))
	answer, err := c.try(line)
	c.record()
	if err == nil {
		c.fence = at
	}
	return answer, err
}

// record takes over the messages and events that came, in the order of coming.
func (c *chaosConn) record() {
	h := c.b.w.history
	for _, m := range c.msgs {
		c.inbox = append(c.inbox, h.offered(offer{
			conn: c.id, fence: c.fence, bridge: c.b.index,
			id: m.id, peer: m.peer, payload: string(m.payload), redelivered: m.keys["redelivered"] == "yes",
		}))
	}
	c.msgs = nil
}

// wait takes what comes within d.
func (c *chaosConn) wait(d time.Duration) error {
	c.conn.SetReadDeadline(time.Now().Add(d))
	if _, err := c.r.Peek(1); err != nil {
		if timeout, ok := err.(interface{ Timeout() bool }); ok && timeout.Timeout() {
			return nil
		}
		return err
	}
	c.conn.SetDeadline(time.Now().Add(30 * time.Second))
	async, line, err := c.next()
	if err == nil && !async && line != "" {
		err = fmt.Errorf("%q answers nothing", line)
	}
	c.record()
	return err
}

// runSender sends orders as they are released, each until it is answered.
func (b *chaosBridge) runSender(n int) {
	for {
		select {
		case <-b.w.ctx.Done():
			return
		case o := <-b.orders:
			b.send(o)
			b.open.Add(-1)
		}
	}
}

// send sends one message under its key, again and again over lost connections and full
// disks, until the bridge has said what it thinks of it.
func (b *chaosBridge) send(o *order) {
	h := b.w.history
	var c *chaosConn
	defer func() {
		if c != nil {
			c.close()
		}
	}()
	answers, wanted := 0, 1
	if o.repeat {
		wanted = 2
	}
	for answers < wanted {
		if c == nil {
			var err error
			if c, err = b.dial(b.w.ctx); err != nil {
				return
			}
		}
		if o.desert {
			o.desert = false
			fmt.Fprintf(c.conn, "%s\r\n", o.command())
			c.close()
			c = nil
			continue
		}
		answer, err := c.command(o.command())
		switch code := word(answer, 1); {
		case err != nil:
			c.close()
			c = nil
		case word(answer, 0) == "OK":
			answers++
			h.accepted(o, answer)
		case code == "disk" || code == "busy" || code == "queue-full":
			b.w.tally.count("answer", "ERR "+code)
			if !pause(b.w.ctx, 100*time.Millisecond) {
				return
			}
		default:
			h.wrong("bridge %d: SEND of message %d is answered %q", b.index, o.n, answer)
			return
		}
	}
	if o.cancel && c != nil {
		h.cancelling(o)
		if answer, err := c.command("CANCEL " + h.idOf(o)); err == nil {
			b.w.tally.count("answer", "CANCEL "+word(answer, 0))
		}
	}
}

func word(line string, n int) string {
	if fields := strings.Fields(line); n < len(fields) {
		return fields[n]
	}
	return ""
}

// runConsumer takes messages, not always as it should.
func (b *chaosBridge) runConsumer(n int) {
	r := stream(b.w.o.seed, fmt.Sprint("consumer", b.index, n))
	for b.w.ctx.Err() == nil {
		c, err := b.dial(b.w.ctx)
		if err != nil {
			return
		}
		c.consume(r)
		c.close()
	}
}

// consume serves one connection until it is lost or the consumer leaves.
func (c *chaosConn) consume(r *rand.Rand) {
	recv := fmt.Sprintf("RECV max=%d ack-wait=%ds", 1+r.IntN(16), 2+r.IntN(20))
	if answer, err := c.command(recv); err != nil || answer != "OK" {
		return
	}
	var late []offer // to be acknowledged after others
	for c.b.w.ctx.Err() == nil {
		for len(c.inbox) > 0 {
			o := c.inbox[0]
			c.inbox = c.inbox[1:]
			roll := r.IntN(100)
			if c.b.w.calm.Load() {
				roll = 99
			}
			var err error
			switch {
			case roll < 5:
				c.b.w.tally.count("consumer", "left without ACK")
				return
			case roll < 9:
				c.b.w.tally.count("consumer", "silent")
			case roll < 16:
				c.b.w.tally.count("consumer", "NAK")
				_, err = c.command("NAK " + o.id + " delay=1s")
			case roll < 28:
				late = append(late, o)
			default:
				err = c.ack(o)
			}
			if err != nil {
				return
			}
		}
		if err := c.wait(200 * time.Millisecond); err != nil {
			return
		}
		if len(c.inbox) > 0 {
			continue
		}
		for _, o := range late {
			if c.ack(o) != nil {
				return
			}
		}
		late = nil
		// Nothing that was acknowledged before may come behind the answer.
		if _, err := c.command("PING"); err != nil {
			return
		}
	}
}

func (c *chaosConn) ack(o offer) error {
	answer, err := c.command("ACK " + o.id)
	if err != nil {
		return err
	}
	c.b.w.history.acked(c.b.index, c.id, o.id, answer)
	return nil
}

// runFollower follows the events over all lives, and forgets none that it saw.
func (b *chaosBridge) runFollower() {
	last := int64(0)
	for b.w.ctx.Err() == nil {
		c, err := b.dial(b.w.ctx)
		if err != nil {
			return
		}
		answer, err := c.command(fmt.Sprintf("EVENTS after=%d", last))
		if err == nil && answer != "OK" {
			b.w.history.wrong("bridge %d: EVENTS after=%d is answered %q", b.index, last, answer)
		}
		for err == nil && answer == "OK" {
			for _, line := range c.evts {
				e := parseEvent(b.index, line)
				if e.n <= last {
					b.w.history.wrong("bridge %d: event %d comes after event %d", b.index, e.n, last)
				}
				last = e.n
				b.w.history.told(e)
			}
			c.evts = nil
			err = c.wait(time.Second)
		}
		c.close()
	}
}

// replay reads all events once more.
func (c *chaosConn) replay() error {
	if answer, err := c.command("EVENTS after=0"); err != nil || answer != "OK" {
		return fmt.Errorf("answered %q: %w", answer, err)
	}
	// The follower has seen the last one, or will: replay up to there.
	last := c.b.w.history.lastEvent(c.b.index)
	for {
		for _, line := range c.evts {
			e := parseEvent(c.b.index, line)
			c.b.w.history.retold(e)
			if e.n >= last {
				return nil
			}
		}
		c.evts = nil
		if last == 0 {
			return nil
		}
		if _, _, err := c.next(); err != nil {
			return err
		}
	}
}

// offerAll asks for whatever there is, and records it.
func (c *chaosConn) offerAll() error {
	for _, line := range []string{"RECV", "PING", "STOP"} {
		if _, err := c.command(line); err != nil {
			return err
		}
	}
	return nil
}

// parseEvent reads "EVT <n> <id> <word> [segment=1/3] [why="…"]".
func parseEvent(bridge int, line string) evt {
	e := evt{bridge: bridge, id: word(line, 2), word: word(line, 3), line: line}
	fmt.Sscan(word(line, 1), &e.n)
	for _, field := range strings.Fields(line) {
		if segment, ok := strings.CutPrefix(field, "segment="); ok {
			fmt.Sscanf(segment, "%d/%d", &e.segment, &e.total)
		}
	}
	return e
}
