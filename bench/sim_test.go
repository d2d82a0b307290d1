package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
)

// handset is a number in the simulated network.
const handset = "+491712345678"

// A sim is a simulated modem on a pseudo terminal, whose far end is read and written by
// whatever is measured. What passes there is looked at as it passes.
type sim struct {
	*modemtest.Modem
	air  *modemtest.Air
	line *watched
	keys string // more of its [[modem]]
}

// newSim starts a network with one modem, until the benchmark ends.
func newSim(b *testing.B, o modemtest.ModemOptions, air modemtest.AirOptions) *sim {
	a := modemtest.NewAir(air)
	s := addSim(b, a, "+491700000001", o)
	live(b, a.Run)
	return s
}

// addSim adds a modem to a network.
func addSim(b *testing.B, a *modemtest.Air, number string, o modemtest.ModemOptions) *sim {
	pty, err := modemtest.OpenPTY("")
	if err != nil {
		b.Fatal(err)
	}
	o.Number = number
	s := &sim{Modem: a.NewModem(o), air: a, line: &watched{PTY: pty}}
	live(b, func(ctx context.Context) error { return s.Serve(ctx, s.line) })
	return s
}

// live has f run until the benchmark ends.
func live(b *testing.B, f func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := f(ctx); err != nil {
			b.Error(err)
		}
	})
	b.Cleanup(func() { stop(); wg.Wait() })
}

// watched is a pseudo terminal that remembers what passed.
type watched struct {
	*modemtest.PTY

	mu    sync.Mutex
	line  []byte        // unfinished, to the modem
	lines []said        // to the modem
	from  []said        // by the modem, as it was written
	in    int64         // octets to the modem that came before the end of a command
	turn  time.Time     // since when it is the modem's turn to say something; zero: it is not
	reply string        // that it has said in it
	busy  time.Duration // its turns took so long
}

type said struct {
	at   time.Time
	text string
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.PTY.Read(p)
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if bytes.ContainsAny(p[:n], "\r\x1a") {
		w.turn, w.reply = now, ""
	} else {
		w.in += int64(n)
	}
	for _, c := range p[:n] {
		if c != '\r' && c != 0x1a {
			w.line = append(w.line, c)
			continue
		}
		if c == 0x1a {
			w.line = append(w.line, "^Z"...)
		}
		w.lines = append(w.lines, said{now, string(w.line)})
		w.line = w.line[:0]
	}
	return n, err
}

func (w *watched) Write(p []byte) (int, error) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from = append(w.from, said{now, string(p)})
	if w.reply += string(p); !w.turn.IsZero() && (strings.HasSuffix(w.reply, "OK\r\n") || strings.HasSuffix(w.reply, "> ")) {
		w.busy += now.Sub(w.turn)
		w.turn = time.Time{}
	}
	return w.PTY.Write(p)
}

// used is how long the modem and its line were at work since forget: what the modem took for
// its answers and the octets of these, as it really took, and the octets to it at so many
// bauds. What a program makes the modem wait is not in it.
func (w *watched) used(baud int) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.busy + time.Duration(w.in)*10*time.Second/time.Duration(baud)
}

// forget begins anew.
func (w *watched) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines, w.from, w.in, w.busy = nil, nil, 0, 0
}

// commands to the modem since forget that begin with prefix.
func (w *watched) commands(prefix string) (all []said) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.lines {
		if len(s.text) >= len(prefix) && s.text[:len(prefix)] == prefix {
			all = append(all, s)
		}
	}
	return all
}

// first waits for the first command since forget that has word in it.
func (w *watched) first(b *testing.B, word string) time.Time {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond / 4) {
		for _, c := range w.commands("AT") {
			if strings.Contains(c.text, word) {
				return c.at
			}
		}
	}
	b.Fatalf("no %s within a minute", word)
	return time.Time{}
}

// gaps are the times from each answer to an AT+CMGS to the next one.
func (w *watched) gaps() (all []time.Duration) {
	next := w.commands("AT+CMGS")
	for _, done := range w.answers("+CMGS:") {
		for len(next) > 0 && next[0].at.Before(done.at) {
			next = next[1:]
		}
		if len(next) > 0 {
			all = append(all, next[0].at.Sub(done.at))
		}
	}
	return all
}

// answers of the modem since forget that have word in them.
func (w *watched) answers(word string) (all []said) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.from {
		if bytes.Contains([]byte(s.text), []byte(word)) {
			all = append(all, s)
		}
	}
	return all
}

// A taker counts the SUBMITs that the network takes.
type taker struct {
	mu   sync.Mutex
	n    int
	at   time.Time // of the last
	want int
	done chan struct{}
}

func (t *taker) take(string, *pdu.Submit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	t.at = time.Now()
	if t.n == t.want {
		close(t.done)
	}
}

// expect n more from now on.
func (t *taker) expect(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n, t.want, t.done = 0, n, make(chan struct{})
}

// wait until they are there; false: not in time.
func (t *taker) wait(d time.Duration) bool {
	select {
	case <-t.done:
		return true
	case <-time.After(d):
		return false
	}
}

func (t *taker) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n
}

// settled waits for the end of the modem's turn.
func (w *watched) settled() {
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		w.mu.Lock()
		over := w.turn.IsZero()
		w.mu.Unlock()
		if over {
			return
		}
	}
}

// last is when the modem said something last.
func (w *watched) last() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.from) == 0 {
		return time.Time{}
	}
	return w.from[len(w.from)-1].at
}
