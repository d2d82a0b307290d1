package modem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

const (
	ctrlZ  = "\x1a" // ends a PDU and submits it
	escape = "\x1b" // takes a prompt back
)

// Implementation limits.
const (
	// writeTimeout: a kilobyte at 9600 baud takes one second.
	writeTimeout = 10 * time.Second
	// softURCs unsolicited codes wait before reading pauses: what a modem may
	// hand on in one go after a night without coverage. While a command waits
	// for its answer, reading goes on up to hardURCs, since that answer (of the
	// acknowledgement that the reader of the codes is waiting for) stands
	// behind them. 1024 of them take half a megabyte.
	softURCs = 64
	hardURCs = 1024
	// maxAnswer lines of one answer: +CMGL of the largest store, twice.
	maxAnswer = 8192
	// startTail is how long after the opening of the port the last words of a
	// modem's start may come.
	startTail = 2 * time.Minute
)

var errTimeout = errors.New("no answer in time")

// conditioner stands between a port and at.AT. It reads the port and gives
// each line exactly one destination: the answer of the command in progress,
// its final result code, the queue of unsolicited codes, or nothing. What at
// reads from it is therefore free of surprises: a prompt once a command, info
// lines behind a mark so that none can be taken for something else, and
// exactly one final, OK or ERROR, in the standard's spelling.
type conditioner struct {
	port  Port
	trace func(sent bool, line string)

	mu     sync.Mutex
	change sync.Cond // of anything below
	split  splitter
	toAT   bytes.Buffer
	t      *transaction // in progress, or ended and not yet collected
	last   string       // the command before
	half   *urc         // header of a two-line code, its PDU line still to come
	urcs   []urc
	poke   chan struct{} // capacity 1: there is something in urcs
	missed bool          // hints were dropped: a sweep is due
	err    error         // why the line is dead, the first cause
	dead   chan struct{}
	opened time.Time
	awake  bool            // restarts count from now on
	late   map[string]bool // words of a late start heard in this session
	secret string          // not to be traced
	dirty  *transaction    // ended without a final: the line is out of step
}

// mark stands before each info line on its way through at.
const mark = "\x02"

func newConditioner(p Port, trace func(sent bool, line string)) *conditioner {
	c := &conditioner{
		port: p, trace: trace,
		poke: make(chan struct{}, 1), dead: make(chan struct{}),
		opened: time.Now(), late: make(map[string]bool),
	}
	c.change.L = &c.mu
	return c
}

// run reads the port until it fails.
func (c *conditioner) run() {
	buf := make([]byte, 1024)
	for idle := 0; c.room(); {
		n, err := c.port.Read(buf)
		c.feed(buf[:n])
		switch {
		case err != nil:
			c.fail(fmt.Errorf("%w: read: %w", ErrLineLost, err))
			return
		case n > 0:
			idle = 0
		default:
			// A port with a read timeout returns nothing: that is no end, but
			// must not become a busy loop either.
			if idle++; idle > 10 {
				time.Sleep(10 * time.Millisecond)
			}
		}
	}
}

// room waits until there is room for what may be read; false: the line is dead.
func (c *conditioner) room() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && (len(c.urcs) >= hardURCs || len(c.urcs) >= softURCs && (c.t == nil || c.t.ended)) {
		c.change.Wait()
	}
	return c.err == nil
}

func (c *conditioner) feed(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range b {
		if line, ok := c.split.add(o); ok {
			c.take(line)
		} else if t := c.t; t != nil && !t.ended && t.pdu != "" && t.phase == commanded && c.split.prompt() {
			c.say(false, ">")
			t.phase = prompted
			c.push(">")
		}
	}
}

// take gives a line its destination.
func (c *conditioner) take(line string) {
	c.say(false, line)
	t := c.t
	if t != nil && t.ended {
		t = nil
	}
	if t != nil && !t.free && line[0] == '>' {
		// A second prompt, or one before the answer without a line end.
		if line = strings.TrimLeft(line, "> "); line == "" {
			return
		}
	}
	if c.half != nil && c.completes(t, line) {
		return
	}
	if isStart(line) && c.awake {
		c.failLocked(fmt.Errorf("%w: it said %q", ErrRestarted, line))
		return
	}
	if t != nil && t.echoes(line) || c.last != "" && line == "AT"+c.last {
		return
	}
	if t != nil {
		if word := t.ends(line); word != notFinal && (!t.fence || t.fenced) {
			c.end(t, line, word)
			return
		}
		if t.owns(line) {
			c.answer(t, line)
			return
		}
	}
	c.unsolicited(line)
}

func (c *conditioner) answer(t *transaction, line string) {
	switch {
	case t.fence && codeName(line) == t.name:
		t.fenced = true
	case t.fence:
		t.late = append(t.late, line)
		return
	case t.lines >= maxAnswer:
		return
	}
	t.takes(line)
	c.push(mark + line + "\n")
}

// unsolicited queues a line which is a code that means something, and drops
// any other.
func (c *conditioner) unsolicited(line string) {
	if isLateStart(line) {
		if c.awake && (c.late[line] || time.Since(c.opened) > startTail) {
			c.failLocked(fmt.Errorf("%w: it said %q", ErrRestarted, line))
			return
		}
		c.late[line] = true
		c.queue(urc{kind: urcReady})
		return
	}
	u := urc{kind: urcNames[codeName(line)], args: codeArgs(line)}
	switch {
	case u.kind.twoLines():
		c.half = &u
	case u.kind != urcNone:
		c.queue(u)
	}
}

// completes offers a line to the two-line code begun before: is it the PDU?
// If it is not, that line was lost, and the code goes on without.
func (c *conditioner) completes(t *transaction, line string) bool {
	u, length := c.half, pduLength(c.half.args)
	c.half = nil
	switch {
	case fits(line, length):
	case t != nil && t.headed && fits(line, t.length):
		c.half = u // the answer's own PDU came first
		return false
	case t != nil && t.free: // +CIMI answers in digits too
		c.queue(*u)
		return false
	case isHex(line) && len(line) >= 4, codeName(line) == "" && nearHex(line):
	default:
		c.queue(*u)
		return false
	}
	u.text = line
	c.queue(*u)
	return true
}

func (c *conditioner) queue(u urc) {
	switch {
	case u.kind == urcSkip:
		return
	case len(c.urcs) >= softURCs && !u.kind.precious():
		c.missed = true
	default:
		c.urcs = append(c.urcs, u)
	}
	select {
	case c.poke <- struct{}{}:
	default:
	}
}

// urc returns the next unsolicited code; missed: hints before it were dropped.
func (c *conditioner) urc(ctx context.Context) (u urc, missed bool, err error) {
	for {
		c.mu.Lock()
		missed, c.missed = c.missed, false
		if len(c.urcs) > 0 || missed {
			if len(c.urcs) > 0 {
				u, c.urcs = c.urcs[0], c.urcs[1:]
			}
			c.change.Broadcast()
			c.mu.Unlock()
			return u, missed, nil
		}
		c.mu.Unlock()
		select {
		case <-c.poke:
		case <-c.dead:
			return urc{}, false, c.cause()
		case <-ctx.Done():
			return urc{}, false, ctx.Err()
		}
	}
}

// begin makes t the transaction in progress.
func (c *conditioner) begin(t *transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
	c.change.Broadcast()
}

// end ends t by a line of the modem's.
func (c *conditioner) end(t *transaction, line string, word finalWord) {
	t.ended, t.final, t.word = true, line, word
	if word == finalMaybe {
		c.dirty = t
	}
	if word == finalOK {
		c.push("OK\n")
	} else {
		c.push("ERROR\n")
	}
}

// abort ends t for cause, unless it has ended or its PDU is on the way: then
// the write's own deadline decides first.
func (c *conditioner) abort(t *transaction, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.phase != handing {
		c.stop(t, cause)
	}
}

// withhold ends t for cause if its PDU has not begun to go out.
func (c *conditioner) withhold(t *transaction, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.phase < handing {
		c.stop(t, cause)
	}
}

func (c *conditioner) stop(t *transaction, cause error) {
	if c.t != t || t.ended {
		return
	}
	t.ended, t.cause = true, cause
	c.dirty = t
	c.push("ERROR\n")
}

// collect takes the ended transaction out.
func (c *conditioner) collect(t *transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t, c.last = nil, t.cmd
	t.ended = true
	c.change.Broadcast()
}

// step returns the transaction after which the line is out of step, or nil.
func (c *conditioner) step() *transaction {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dirty
}

func (c *conditioner) outOfStep(t *transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dirty = t
}

// push hands octets to at.
func (c *conditioner) push(s string) {
	c.toAT.WriteString(s)
	c.change.Broadcast()
}

// fail declares the line dead. The first cause stays.
func (c *conditioner) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failLocked(err)
}

func (c *conditioner) failLocked(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	close(c.dead)
	c.change.Broadcast()
}

func (c *conditioner) cause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *conditioner) say(sent bool, line string) {
	if line = maskPIN(line); c.secret != "" {
		line = strings.ReplaceAll(line, c.secret, strings.Repeat("*", len(c.secret)))
	}
	if c.trace != nil {
		c.trace(sent, line)
	}
}

// Read is at's.
func (c *conditioner) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.toAT.Len() == 0 {
		if c.err != nil {
			return 0, io.EOF
		}
		c.change.Wait()
	}
	return c.toAT.Read(p)
}

// watch makes a modem's start words count: from here on they tell of a restart.
func (c *conditioner) watch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awake = true
}

// hide keeps a secret out of the trace, "" ends that.
func (c *conditioner) hide(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secret = secret
}
