package modemtest

import (
	"context"
	"io"
	"sync"
	"time"
)

const (
	// bitsPerOctet on the line: start, eight data, stop.
	bitsPerOctet = 10
	// A UART's buffers; what does not fit is lost, as it is there.
	maxInput  = 64 << 10
	maxOutput = 1 << 20
)

// A wire is the modem's end of the serial line: octets in and out, each taking
// its time at the line's rate.
type wire struct {
	rw   io.ReadWriteCloser
	baud int // 0: no pacing

	reading, writing pace

	mu      sync.Mutex
	in, out []byte
	stalled chan struct{} // non-nil: nothing is read until it is closed
	gagged  bool          // nothing gets out

	inWake, outWake chan struct{} // 1: one wake-up is enough for many octets
}

func newWire(rw io.ReadWriteCloser, baud int) *wire {
	return &wire{rw: rw, baud: baud, inWake: make(chan struct{}, 1), outWake: make(chan struct{}, 1)}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// duration is how long n octets take on the line.
func (w *wire) duration(n int) time.Duration {
	if w.baud == 0 {
		return 0
	}
	return time.Duration(n) * bitsPerOctet * time.Second / time.Duration(w.baud)
}

// reader moves octets from the line into the input buffer.
func (w *wire) reader(ctx context.Context) error {
	buf := make([]byte, 4096)
	if w.baud != 0 {
		buf = buf[:16]
	}
	for {
		w.mu.Lock()
		stalled := w.stalled
		w.mu.Unlock()
		if stalled != nil {
			select {
			case <-stalled:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		asked := time.Now()
		n, err := w.rw.Read(buf)
		if time.Since(asked) < promptly {
			w.reading.catchUp() // the line was not idle in between
		}
		if serr := w.reading.sleep(ctx, w.duration(n)); serr != nil {
			return serr
		}
		w.mu.Lock()
		w.in = append(w.in, buf[:min(n, maxInput-len(w.in))]...)
		w.mu.Unlock()
		wake(w.inWake)
		if err != nil {
			return err
		}
	}
}

// writer moves octets from the output buffer onto the line.
func (w *wire) writer(ctx context.Context) error {
	for {
		w.mu.Lock()
		n := len(w.out)
		if w.baud != 0 {
			n = min(n, 16)
		}
		chunk := w.out[:n:n]
		w.out = w.out[n:]
		w.mu.Unlock()
		if n == 0 {
			select {
			case <-w.outWake:
				continue
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if err := w.writing.sleep(ctx, w.duration(n)); err != nil {
			return err
		}
		if _, err := w.rw.Write(chunk); err != nil {
			return err
		}
	}
}

// octet is the next octet from the TE.
func (w *wire) octet(ctx context.Context) (byte, error) {
	for {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		w.mu.Lock()
		if len(w.in) > 0 {
			b := w.in[0]
			w.in = w.in[1:]
			w.mu.Unlock()
			return b, nil
		}
		w.mu.Unlock()
		select {
		case <-w.inWake:
		case <-ctx.Done():
		}
	}
}

// put queues octets for the TE.
func (w *wire) put(octets string) {
	w.mu.Lock()
	if !w.gagged && len(w.out)+len(octets) <= maxOutput {
		w.out = append(w.out, octets...)
	}
	w.mu.Unlock()
	wake(w.outWake)
}

// gag lets nothing more out, or lets it.
func (w *wire) gag(on bool) {
	w.mu.Lock()
	w.gagged = on
	w.mu.Unlock()
}

// drop empties both buffers: the modem lost power.
func (w *wire) drop() {
	w.mu.Lock()
	w.in, w.out = nil, nil
	w.mu.Unlock()
}

// stall stops reading the line; resume lets it go on.
func (w *wire) stall() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stalled == nil {
		w.stalled = make(chan struct{})
	}
}

func (w *wire) resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stalled != nil {
		close(w.stalled)
		w.stalled = nil
	}
}

// sleep waits for d or the end of ctx, whose cause it returns.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A pace makes many waits take as long in all as they should: timers fire late, by up
// to a millisecond where a thread sleeps in the poller, and what one wait took too long
// the next ones take less.
type pace struct {
	late  time.Duration
	ended time.Time // the last wait
}

const (
	// maxLate is what is made up for: more is a machine that stood still.
	maxLate = 20 * time.Millisecond
	// promptly is how soon octets are read that had come before.
	promptly = 100 * time.Microsecond
)

// catchUp counts what has passed since the last wait as a part of the next one.
func (p *pace) catchUp() {
	if !p.ended.IsZero() {
		p.late = min(p.late+time.Since(p.ended), maxLate)
	}
}

func (p *pace) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	begun := time.Now()
	defer func() { p.ended = time.Now() }()
	if d <= p.late {
		p.late -= d
		return nil
	}
	d -= p.late
	err := sleep(ctx, d)
	p.late = min(max(0, time.Since(begun)-d), maxLate)
	return err
}
