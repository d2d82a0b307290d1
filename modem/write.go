package modem

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Write is at's: first the command line, then, if the modem has prompted, the
// PDU. Nothing else goes out: at's own ESC in particular is swallowed, for it
// would come after Ctrl-Z too.
func (c *conditioner) Write(p []byte) (int, error) {
	c.mu.Lock()
	t := c.t
	if t == nil || t.ended {
		if t != nil && t.phase == begun {
			t.phase = commanded
			c.push("ERROR\n")
		}
		c.mu.Unlock()
		return len(p), nil
	}
	switch t.phase {
	case begun:
		t.phase = commanded
		c.say(true, strings.TrimRight(string(p), "\r\n"))
		c.mu.Unlock()
		// V.250 5.2.1: a command line ends with CR alone.
		return len(p), c.send([]byte(strings.TrimRight(string(p), "\r\n") + "\r"))
	case prompted:
		t.phase = composed
		t.timer.Reset(promptTimeout)
		c.mu.Unlock()
		rest, err := c.compose(t, p)
		if err != nil {
			return 0, err
		}
		c.mu.Lock()
		if err := t.ctx.Err(); err != nil {
			c.stop(t, err)
		}
		if t.ended {
			c.mu.Unlock()
			return len(p), nil
		}
		t.phase = handing
		t.submission.tell()
		c.say(true, strings.TrimSuffix(string(p), ctrlZ)+"^Z")
		c.mu.Unlock()
		c.probe("submit")
		if err := c.send(rest); err != nil {
			return 0, err
		}
		c.probe("submitted")
		c.mu.Lock()
		t.phase = submitted
		t.timer.Reset(t.after)
		c.mu.Unlock()
	default:
		c.mu.Unlock()
	}
	return len(p), nil
}

// holdTimeout is how long a prompt may stand open for want of Ctrl-Z: no code comes and
// nothing is acknowledged meanwhile (TS 24.011 10.1: TR2M, 12 s at least).
const holdTimeout = 5 * time.Second

var errHeld = errors.New("the prompt stood open too long")

// compose writes what may go out before the gate of its submission is open, waits for that, and
// returns what is still to be written. It has an error when the line is dead; t has
// ended when Ctrl-Z must not follow.
func (c *conditioner) compose(t *transaction, p []byte) (rest []byte, err error) {
	select {
	case <-t.submission.gate:
		return p, nil
	default:
	}
	body, found := bytes.CutSuffix(p, []byte(ctrlZ))
	if !found {
		return nil, fmt.Errorf("write a PDU of %d octets: no Ctrl-Z ends it", len(p))
	}
	if err := c.send(body); err != nil {
		return nil, err
	}
	t.submission.begin()
	hold := time.NewTimer(holdTimeout)
	defer hold.Stop()
	select {
	case <-t.submission.gate:
		return p[len(body):], nil
	case <-t.over:
	case <-c.dead:
	case <-hold.C:
		c.withhold(t, errHeld)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.say(true, string(body))
	return nil, c.err
}

// withdraw takes the prompt of a command back, or one that may still come.
func (c *conditioner) withdraw() error {
	c.mu.Lock()
	c.say(true, "^[")
	c.mu.Unlock()
	return c.send([]byte(escape + "\r"))
}

// send writes all of b, in time, or declares the line dead.
func (c *conditioner) send(b []byte) (err error) {
	if d, ok := c.port.(interface{ SetWriteDeadline(time.Time) error }); !ok || d.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil {
		stuck := time.AfterFunc(writeTimeout, func() { _ = c.port.Close() })
		defer stuck.Stop()
	}
	for len(b) > 0 && err == nil {
		var n int
		n, err = c.port.Write(b)
		if n == 0 && err == nil {
			err = io.ErrNoProgress
		}
		b = b[n:]
	}
	if err != nil {
		err = fmt.Errorf("%w: write: %w", ErrLineLost, err)
		c.fail(err)
	}
	return err
}
