package modem

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Implementation limits of a probe: it may be looking at something that is no modem.
const (
	probeTries   = 3 // to wake it
	probeTimeout = 5 * time.Second
	probeLimit   = 30 * time.Second // in all
	maxHeard     = 4096             // octets that the verdict is made of
	minBinary    = 8                // of them: fewer are the noise of a start
)

// ErrNotModem: what is at the other end of the line speaks no AT. The error is a
// *NotModemError, which says what was heard instead.
var ErrNotModem = errors.New("not a modem")

// Heard is what a line says that is no modem's.
type Heard int

const (
	HeardNothing Heard = iota
	HeardNMEA          // position sentences (NMEA 0183)
	HeardBinary        // a diagnostic protocol, or the wrong speed of a UART
	HeardEcho          // what was written, and no more
	HeardText          // something else that can be read
)

// NotModemError is an ErrNotModem.
type NotModemError struct {
	Heard  Heard
	Sample string // of HeardText
}

func (e *NotModemError) Is(target error) bool { return target == ErrNotModem }

func (e *NotModemError) Error() string {
	switch e.Heard {
	case HeardNMEA:
		return "no answer to AT but NMEA sentences: this is a GNSS port"
	case HeardBinary:
		return "no answer to AT but binary data: a diagnostic port, or another speed than this (baud)"
	case HeardEcho:
		return "no answer to AT but its echo: no modem behind this line"
	case HeardText:
		return fmt.Sprintf("no answer to AT but other text (%s): not a modem, or another program talks to it", strconv.Quote(e.Sample))
	}
	return "no answer to AT: silence"
}

// Probe finds out whether a modem is at the other end of p, and which one: Identity
// without what its SIM would tell. It writes a handful of AT lines at most, none of
// which changes more than the echo, and closes p. Unsolicited codes, an echo and
// another program's leavings do not mislead it.
func Probe(ctx context.Context, p Port) (Identity, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, probeLimit, fmt.Errorf("%w any more: it did to the first AT", ErrSilent))
	defer cancel()
	e := &ear{Port: p}
	x := newExecutor(e, nil)
	var reader sync.WaitGroup
	reader.Go(x.run)
	defer reader.Wait()
	defer x.hangUp(context.Canceled)
	defer context.AfterFunc(ctx, func() { x.hangUp(context.Cause(ctx)) })()

	if err := e.greet(ctx, x); err != nil {
		return Identity{}, err
	}
	var id Identity
	for _, q := range identityQueries(&id) {
		err := q.ask(func(cmd string) ([]string, error) { return x.repeat(ctx, cmd, probeTimeout) })
		if cause := context.Cause(ctx); err != nil && cause != nil {
			err = cause
		}
		if err != nil {
			return Identity{}, fmt.Errorf("ask the modem who it is: %w", err)
		}
	}
	return id, nil
}

// greet wakes the modem, or says what is there instead.
func (e *ear) greet(ctx context.Context, x *executor) error {
	for range probeTries {
		err := x.wake(ctx, 1)
		if err == nil {
			return nil
		}
		if dead := x.line.cause(); dead != nil {
			if v := e.verdict(); v.Heard == HeardText && errors.Is(dead, ErrSilent) {
				return fmt.Errorf("it says %s and answers no question: not a modem, or one that hangs", strconv.Quote(v.Sample))
			}
			return dead
		}
		// Who has shown what it is need not be bothered again.
		if h := e.verdict().Heard; h == HeardNMEA || h == HeardBinary {
			break
		}
	}
	return e.verdict()
}

// An ear remembers how the other end began to speak.
type ear struct {
	Port
	mu    sync.Mutex
	heard []byte
	said  []byte
}

func (e *ear) Read(b []byte) (int, error) {
	n, err := e.Port.Read(b)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, b[:min(n, maxHeard-len(e.heard))]...)
	return n, err
}

func (e *ear) Write(b []byte) (int, error) {
	e.mu.Lock()
	e.said = append(e.said, b[:min(len(b), maxHeard-len(e.said))]...)
	e.mu.Unlock()
	return e.Port.Write(b)
}

// SetWriteDeadline is the port's, if it has one.
func (e *ear) SetWriteDeadline(t time.Time) error {
	if d, ok := e.Port.(interface{ SetWriteDeadline(time.Time) error }); ok {
		return d.SetWriteDeadline(t)
	}
	return errors.ErrUnsupported
}

// sentence is one of NMEA 0183, with its checksum.
var sentence = regexp.MustCompile(`\$[A-Z]{2}[A-Z0-9]{3},[ -~]*\*[0-9A-F]{2}`)

// verdict says what is heard of somebody who does not answer.
func (e *ear) verdict() *NotModemError {
	e.mu.Lock()
	defer e.mu.Unlock()
	if sentence.Match(e.heard) {
		return &NotModemError{Heard: HeardNMEA}
	}
	letters := func(b []byte) string {
		return strings.Map(func(r rune) rune {
			if r <= ' ' || r > '~' {
				return -1
			}
			return r
		}, string(b))
	}
	var strange int
	for _, o := range e.heard {
		if unprintable(rune(o)) && !strings.ContainsRune("\x00\t\r\n\x1b", rune(o)) {
			strange++
		}
	}
	switch text := letters(e.heard); {
	case strange*4 > len(e.heard) && len(e.heard) >= minBinary:
		return &NotModemError{Heard: HeardBinary}
	case text == "":
		return &NotModemError{Heard: HeardNothing}
	case strings.HasPrefix(letters(e.said), text):
		return &NotModemError{Heard: HeardEcho}
	}
	sample, _, _ := strings.Cut(strings.TrimSpace(string(e.heard)), "\n")
	return &NotModemError{Heard: HeardText, Sample: withoutPDU(strings.TrimSpace(sample[:min(len(sample), 40)]))}
}
