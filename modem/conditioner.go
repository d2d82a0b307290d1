package modem

import (
	"bytes"
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
	// okTimeout: an OK follows its answer at once, unless the line lost it.
	okTimeout = 30 * time.Second
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
	probe func(point string)

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
	echoed bool            // a command came back since listen
	quiet  bool            // echo is off: one that comes back tells of a restart
	late   map[string]bool // words of a late start heard in this session
	secret string          // not to be traced
	noise  map[string]bool // names of lines that mean nothing
	dirty  *transaction    // ended without a final: the line is out of step
}

// mark stands before each info line on its way through at.
const mark = "\x02"

func newConditioner(p Port, trace func(sent bool, line string)) *conditioner {
	c := &conditioner{
		port: p, trace: trace, probe: func(string) {},
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
		if c.err != nil {
			return // what a modem that has restarted says answers nothing
		}
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
	if t != nil && (t.ended || t.phase == begun) {
		t = nil // what comes before a command is no answer to it, and at would drop it
	}
	if t != nil && !t.free && line[0] == '>' {
		// A second prompt, or one before the answer without a line end.
		if line = strings.TrimLeft(line, "> "); line == "" {
			return
		}
	}
	if c.isNoise(t, line) {
		return
	}
	if c.half != nil && c.completes(t, line) {
		return
	}
	if isStart(line) && c.awake {
		c.failLocked(fmt.Errorf("%w: it said %q", ErrRestarted, startWord(line)))
		return
	}
	if t != nil && line == "AT"+t.cmd || c.last != "" && line == "AT"+c.last {
		if c.echoed = true; c.quiet {
			c.failLocked(fmt.Errorf("%w: it echoes again", ErrRestarted))
		}
		return
	}
	if t != nil && t.echoesPDU(line) {
		return // no sign of a restart: the command before it did not come back
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
	} else if d := c.dirty; d != nil && d.phase == submitted && (codeName(line) == d.name || final(line) == finalFail) {
		d.late = append(d.late, line) // between two tries of the fence
		return
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
	if t.pdu != "" && t.phase == submitted && codeName(line) == t.name {
		t.timer.Reset(okTimeout) // accepted: only the OK is missing
	}
	c.push(mark + line + "\n")
}

// step returns the transaction after which the line is out of step, or nil.
func (c *conditioner) step() *transaction {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dirty
}

// lateTo are the lines that came late to t, outside a fence.
func (c *conditioner) lateTo(t *transaction) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.late
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

// listen begins to listen for echo; hush says that it has been turned off, if none
// was heard.
func (c *conditioner) listen() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.echoed = false
}

func (c *conditioner) hush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quiet = !c.echoed
}

// hide keeps a secret out of the trace, "" ends that.
func (c *conditioner) hide(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secret = secret
}

// ignore makes lines of these names mean nothing, wherever they stand.
func (c *conditioner) ignore(names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noise = make(map[string]bool)
	for _, name := range names {
		c.noise[name] = true
	}
}

// isNoise: a line without a sign before it would be taken for an answer in plain text,
// or for the PDU of a list. What is being asked for is no noise.
func (c *conditioner) isNoise(t *transaction, line string) bool {
	name, _, _ := strings.Cut(line, ":")
	name = strings.TrimRight(name, " ")
	return c.noise[name] && !isLateStart(line) && (t == nil || t.name != name)
}
