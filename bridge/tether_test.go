package bridge

import (
	"io"
	"sync"
)

// A tether is a serial line whose modem does not notice that the program at the other
// end dies: as on a UART, or a pty that the simulator holds open. What the modem says
// meanwhile waits, as far as a tty's buffer goes, for the next program.
type tether struct {
	mu       sync.Mutex
	change   sync.Cond
	in, out  []byte // to the modem, from it
	attached *teEnd
	closed   bool
}

const ttyBuffer = 4096

func newTether() *tether {
	t := &tether{}
	t.change.L = &t.mu
	return t
}

// A teEnd is the line as one program has it open.
type teEnd struct{ *tether }

func (t *tether) attach() *teEnd {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.attached = &teEnd{t}
	t.change.Broadcast()
	return t.attached
}

// detach is the death of the program.
func (t *tether) detach() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.attached = nil
	t.change.Broadcast()
}

// Read is the modem's.
func (t *tether) Read(b []byte) (n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.in) == 0 {
		if t.closed {
			return 0, io.EOF
		}
		t.change.Wait()
	}
	n = copy(b, t.in)
	t.in = t.in[n:]
	return n, nil
}

// Write is the modem's.
func (t *tether) Write(b []byte) (n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return 0, io.ErrClosedPipe
	}
	if room := ttyBuffer - len(t.out); t.attached == nil && len(b) > room {
		t.out = append(t.out, b[:max(room, 0)]...)
	} else {
		t.out = append(t.out, b...)
	}
	t.change.Broadcast()
	return len(b), nil
}

func (t *tether) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.change.Broadcast()
	return nil
}

func (e *teEnd) Read(b []byte) (n int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.attached == e && !e.closed && len(e.out) == 0 {
		e.change.Wait()
	}
	if e.attached != e || e.closed {
		return 0, io.EOF
	}
	n = copy(b, e.out)
	e.out = e.out[n:]
	return n, nil
}

func (e *teEnd) Write(b []byte) (n int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.attached != e || e.closed {
		return 0, io.ErrClosedPipe
	}
	e.in = append(e.in, b...)
	e.change.Broadcast()
	return len(b), nil
}

// Close lets go of the line; the modem stays where it is.
func (e *teEnd) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.attached == e {
		e.attached = nil
	}
	e.change.Broadcast()
	return nil
}
