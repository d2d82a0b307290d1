package modem

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// script plays the modem's side of a dialogue. Its verbs, one a line:
//
//	> LINE      expects LINE from us (ends with CR; ^Z and ^[ stand for themselves)
//	< LINE      says LINE as a modem does, between CRLFs
//	<raw OCTETS says exactly these, escapes as in Go
//	prompt      says CR LF > blank
//	silence D   expects nothing for so long
//	pass D      lets time pass
//	close       hangs up
//	include F   plays the lines of another file
//	# …         says why, and where the dialogue was seen
type script struct {
	t    *testing.T
	line io.ReadWriteCloser
	from chan string // what we said to the modem
	seen []string
}

func newScript(t *testing.T, line io.ReadWriteCloser) *script {
	s := &script{t: t, line: line, from: make(chan string, 4096)}
	go s.listen()
	return s
}

// listen cuts what the modem is told: a line at CR, a PDU at Ctrl-Z, ESC by itself.
func (s *script) listen() {
	defer close(s.from)
	r := bufio.NewReader(s.line)
	var text strings.Builder
	for {
		o, err := r.ReadByte()
		if err != nil {
			return
		}
		switch o {
		case '\r', '\n':
			if text.Len() > 0 {
				s.from <- text.String()
			}
			text.Reset()
		case 0x1a:
			s.from <- text.String() + "^Z"
			text.Reset()
		case 0x1b:
			if text.Len() > 0 {
				s.from <- text.String()
			}
			text.Reset()
			s.from <- "^["
		default:
			text.WriteByte(o)
		}
	}
}

func (s *script) play(text string) error {
	for n, line := range strings.Split(text, "\n") {
		verb, arg, _ := strings.Cut(strings.TrimRight(line, "\r"), " ")
		if err := s.step(verb, arg); err != nil {
			return fmt.Errorf("line %d: %s: %w", n+1, line, err)
		}
	}
	return nil
}

func (s *script) step(verb, arg string) error {
	switch verb {
	case "", "#":
	case ">":
		select {
		case got, ok := <-s.from:
			if !ok {
				return errors.New("line closed instead")
			}
			s.seen = append(s.seen, got)
			if got != arg {
				return fmt.Errorf("got %q", got)
			}
		case <-time.After(10 * time.Minute):
			return errors.New("nothing came")
		}
	case "<":
		return s.say("\r\n" + arg + "\r\n")
	case "<raw":
		octets, err := strconv.Unquote(`"` + strings.ReplaceAll(arg, `"`, `\"`) + `"`)
		if err != nil {
			return err
		}
		return s.say(octets)
	case "prompt":
		return s.say("\r\n> ")
	case "silence", "pass":
		d, err := time.ParseDuration(arg)
		if err != nil {
			return err
		}
		if verb == "pass" {
			time.Sleep(d)
			return nil
		}
		select {
		case got, ok := <-s.from:
			return fmt.Errorf("got %q (line open: %v)", got, ok)
		case <-time.After(d):
		}
	case "close":
		return s.line.Close()
	case "include":
		return s.play(dialog(s.t, arg))
	default:
		return errors.New("unknown verb")
	}
	return nil
}

func (s *script) say(octets string) error {
	_, err := io.WriteString(s.line, octets)
	return err
}

func dialog(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "dialog", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// bench is a Modem whose Run talks to a script.
type bench struct {
	*Modem
	t     *testing.T
	s     *script
	stop  context.CancelFunc
	mu    sync.Mutex
	trace []string
	ended chan struct{}
	err   error
}

// newBench starts Run. Call it in a synctest bubble.
func newBench(t *testing.T, o Options) *bench {
	t.Helper()
	ours, theirs := net.Pipe()
	return newBenchOn(t, o, ours, theirs)
}

func newBenchOn(t *testing.T, o Options, ours Port, theirs io.ReadWriteCloser) *bench {
	t.Helper()
	b := &bench{t: t, s: newScript(t, theirs), ended: make(chan struct{})}
	o.Trace = func(sent bool, line string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.trace = append(b.trace, map[bool]string{true: "> ", false: "< "}[sent]+line)
	}
	b.Modem = New(ours, o)
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	go func() {
		defer close(b.ended)
		b.err = b.Run(ctx)
	}()
	return b
}

// play plays a part of the dialogue and fails the test where it goes astray.
func (b *bench) play(text string) {
	b.t.Helper()
	if err := b.s.play(text); err != nil {
		b.mu.Lock()
		b.t.Errorf("%v\n%s", err, strings.Join(b.trace, "\n"))
		b.mu.Unlock()
		b.close()
		b.t.FailNow()
	}
}

// up brings the modem up by the usual dialogue.
func (b *bench) up() {
	b.t.Helper()
	b.play("include up.at")
	synctest.Wait()
	select {
	case <-b.Ready():
	default:
		b.t.Errorf("not up: %+v", b.Status())
	}
}

func (b *bench) close() {
	b.stop()
	<-b.ended
	_ = b.s.line.Close()
}

// tracedAll is the trace as text.
func (b *bench) traced() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.trace, "\n")
}
