package modemtest

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// recorder is a testing.TB that remembers its errors instead of failing.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(f string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(f, args...))
}

func TestPlay(t *testing.T) {
	const script = `
		# a comment
		> AT+CSQ
		< +CSQ: 20,99
		< OK
		>~ AT\+CMGS=\d+
		<< "\r\n> "
		~ 3s
		> 0011^Z
		< OK
		> ^[
		!`
	for name, test := range map[string]struct{ written, answer, failure string }{
		"as written":      {"AT+CSQ\rAT+CMGS=17\r0011\x1a\x1b", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\n> \r\nOK\r\n", ""},
		"LF after CR":     {"AT+CSQ\r\nAT+CMGS=17\r\n0011\x1a\x1b", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\n> \r\nOK\r\n", ""},
		"another command": {"AT+CREG?\r", "", `line 3: want "AT+CSQ", got "AT+CREG?"`},
		"no match":        {"AT+CSQ\rAT+CMGW=17\r", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n", `line 6: want "AT\\+CMGS=\\d+", got "AT+CMGW=17"`},
		"CR for Ctrl-Z":   {"AT+CSQ\rAT+CMGS=17\r0011\r", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\n> ", `line 9: want "0011\x1a", got "0011"`},
		"silence":         {"AT+C", "", `line 3: want "AT+CSQ", got "AT+C" and then: read pipe: i/o timeout`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				te, line := net.Pipe()
				go io.WriteString(te, test.written)
				r := &recorder{TB: t}
				done := make(chan struct{})
				go func() {
					defer close(done)
					Play(r, line, script)
				}()
				answer, _ := io.ReadAll(te)
				<-done
				te.Close()
				if string(answer) != test.answer {
					t.Errorf("Play answered %q, want %q", answer, test.answer)
				}
				if got := strings.Join(r.errors, "\n"); got != test.failure && got != "play: "+test.failure {
					t.Errorf("Play said %q, want %q", got, test.failure)
				}
			})
		})
	}
}

func TestScriptErrors(t *testing.T) {
	for _, script := range []string{"AT", ">~ (", "~ soon", "<< no quotes", `> \xq`, "? what"} {
		if steps, err := parseScript(script); err == nil {
			t.Errorf("parseScript(%q) = %v, want an error", script, steps)
		}
	}
	// A pattern cannot be written.
	te, line := net.Pipe()
	defer te.Close()
	r := &recorder{TB: t}
	Play(r, line, "<~ .*")
	if len(r.errors) != 1 {
		t.Errorf("Play said %q, want one error", r.errors)
	}
}
