package modemtest

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// open makes the terminal of a stick. b.mu is held.
func (b *Bus) open(name string) (io.ReadWriteCloser, error) {
	path := filepath.Join(b.fs.dev(), name)
	if !b.soft {
		return OpenPTY(path)
	}
	t := &softTTY{}
	t.change.L = &t.mu
	b.lines[path] = t
	return t, put(path, "")
}

// close takes the node of a terminal away. b.mu is held.
func (b *Bus) close(name string) {
	path := filepath.Join(b.fs.dev(), name)
	delete(b.lines, path)
	os.Remove(path)
}

// Open opens a terminal of a soft bus.
func (b *Bus) Open(path string) (io.ReadWriteCloser, error) {
	b.mu.Lock()
	t := b.lines[path]
	b.mu.Unlock()
	if t == nil {
		return nil, fmt.Errorf("open %s: %w", path, unix.ENOENT)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.gone:
		return nil, fmt.Errorf("open %s: %w", path, unix.EIO)
	case t.te != nil:
		return nil, fmt.Errorf("open %s: %w", path, unix.EBUSY)
	}
	t.te = &softEnd{tty: t}
	return t.te, nil
}

// A softTTY is a terminal in memory. What the stick says while nobody has it open is
// lost, as it is on a tty of USB.
type softTTY struct {
	mu     sync.Mutex
	change sync.Cond
	gone   bool     // pulled out
	te     *softEnd // who has it open
	in     []byte   // written by the TE
}

// A softEnd is the side of who has it open.
type softEnd struct {
	tty    *softTTY
	out    []byte // written by the stick
	closed bool
}

func (t *softTTY) Read(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.in) == 0 {
		if t.gone {
			return 0, io.EOF
		}
		t.change.Wait()
	}
	n := copy(b, t.in)
	t.in = t.in[n:]
	return n, nil
}

func (t *softTTY) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone {
		return 0, io.ErrClosedPipe
	}
	if t.te != nil {
		t.te.out = append(t.te.out, b...)
		t.change.Broadcast()
	}
	return len(b), nil
}

func (t *softTTY) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = true
	t.change.Broadcast()
	return nil
}

func (e *softEnd) Read(b []byte) (int, error) {
	e.tty.mu.Lock()
	defer e.tty.mu.Unlock()
	for len(e.out) == 0 {
		switch {
		case e.closed:
			return 0, io.ErrClosedPipe
		case e.tty.gone:
			return 0, unix.EIO
		}
		e.tty.change.Wait()
	}
	n := copy(b, e.out)
	e.out = e.out[n:]
	return n, nil
}

func (e *softEnd) Write(b []byte) (int, error) {
	e.tty.mu.Lock()
	defer e.tty.mu.Unlock()
	switch {
	case e.closed:
		return 0, io.ErrClosedPipe
	case e.tty.gone:
		return 0, unix.EIO
	}
	e.tty.in = append(e.tty.in, b...)
	e.tty.change.Broadcast()
	return len(b), nil
}

func (e *softEnd) Close() error {
	e.tty.mu.Lock()
	defer e.tty.mu.Unlock()
	e.closed = true
	if e.tty.te == e {
		e.tty.te = nil
	}
	e.tty.change.Broadcast()
	return nil
}
