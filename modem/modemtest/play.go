package modemtest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// Play is a modem that knows one dialogue by heart: it reads from the TE at
// the other end of rw and answers, line after line of script:
//
//	# a comment
//	> AT+CSQ            the TE has to write this, ended by CR
//	> 0011000B91…^Z     or by Ctrl-Z, or ^[ for ESC
//	>~ AT\+CPIN=.*      … something that matches
//	< +CSQ: 20,99       is written as CR LF +CSQ: 20,99 CR LF
//	<< "\r\n> "         is written as it stands between the quotes
//	~ 5s                nothing is written for so long
//	!                   the line is closed
//
// Echo is off: LF and what the script does not expect are no part of a line.
// A difference fails t and closes rw, so that the TE gives up. Play does not
// close rw otherwise.
func Play(t testing.TB, rw io.ReadWriteCloser, script string) {
	t.Helper()
	p := player{rw: rw, ends: "\r\x1a\x1b"}
	if err := p.play(script, fromTE); err != nil {
		t.Errorf("play: %v", err)
		rw.Close()
	}
}

// Talk is the TE of a written dialogue, in the notation of Play: it writes what
// stands after ">" and expects from the modem what stands after "<", in order.
// "<<" expects octets, "~" lets time pass. Lines with echo have to be expected
// like any other; blank ones are skipped.
func Talk(t testing.TB, rw io.ReadWriteCloser, script string) {
	t.Helper()
	p := player{rw: rw, ends: "\n"}
	if err := p.play(script, toTE); err != nil {
		t.Errorf("talk: %v", err)
		rw.Close()
	}
}

// patience is how long the other side may be silent: longer than any timeout of
// a TE. In a bubble it costs nothing and turns a deadlock into a difference.
const patience = 10 * time.Minute

// A player is one side of a dialogue.
type player struct {
	rw   io.ReadWriteCloser
	ends string // octets that end a line from the other side
}

func (p *player) play(script string, expected verb) error {
	steps, err := parseScript(script)
	if err != nil {
		return err
	}
	for _, st := range steps {
		if err := p.step(st, expected); err != nil {
			return fmt.Errorf("line %d: %w", st.line, err)
		}
	}
	return nil
}

func (p *player) step(st step, expected verb) error {
	switch st.verb {
	case pause:
		time.Sleep(st.pause)
		return nil
	case hangUp:
		return p.rw.Close()
	case raw:
		if expected == toTE {
			return p.expectOctets(st.text)
		}
		return p.write(st.text)
	case expected:
		return p.expect(st)
	}
	if st.match != nil {
		return errors.New("only what is expected can be a pattern")
	}
	if expected == fromTE {
		return p.write("\r\n" + st.text + "\r\n")
	}
	if strings.HasSuffix(st.text, "\x1a") || strings.HasSuffix(st.text, "\x1b") {
		return p.write(st.text)
	}
	return p.write(st.text + "\r")
}

func (p *player) write(octets string) error {
	if _, err := io.WriteString(p.rw, octets); err != nil {
		return fmt.Errorf("write %q: %w", octets, err)
	}
	return nil
}

func (p *player) expect(st step) error {
	line, err := p.line()
	if err != nil {
		return fmt.Errorf("want %q, got %q and then: %w", st.text, line, err)
	}
	if st.match != nil && !st.match.MatchString(line) || st.match == nil && line != st.text {
		return fmt.Errorf("want %q, got %q", st.text, line)
	}
	return nil
}

// line is the next that is not blank; Ctrl-Z and ESC are part of theirs.
func (p *player) line() (string, error) {
	var line []byte
	for {
		b, err := p.octet()
		if err != nil {
			return string(line), err
		}
		if strings.IndexByte(p.ends, b) < 0 {
			if b != '\r' && b != '\n' {
				line = append(line, b)
			}
			continue
		}
		if b == ctrlZ || b == esc {
			line = append(line, b)
		}
		if len(line) > 0 {
			return string(line), nil
		}
	}
}

func (p *player) expectOctets(want string) error {
	var got []byte
	for len(got) < len(want) {
		b, err := p.octet()
		if err != nil {
			return fmt.Errorf("want octets %q, got %q and then: %w", want, got, err)
		}
		got = append(got, b)
		if !strings.HasPrefix(want, string(got)) {
			return fmt.Errorf("want octets %q, got %q", want, got)
		}
	}
	return nil
}

// octet reads one and no more: what follows may be for the next dialogue.
func (p *player) octet() (byte, error) {
	if d, ok := p.rw.(interface{ SetReadDeadline(time.Time) error }); ok {
		d.SetReadDeadline(time.Now().Add(patience))
	}
	var b [1]byte
	_, err := io.ReadFull(p.rw, b[:])
	return b[0], err
}
