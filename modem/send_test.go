package modem

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	pduA = "0001000B919471214365F70004038101A2"
	pduB = "0001000B919471214365F70004038202B3"
)

func octets(t testing.TB, h string) []byte {
	t.Helper()
	b, err := hex.DecodeString(h)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// outcome of a Send in words.
func outcome(mr int, err error) string {
	var refused *ResultError
	switch {
	case err == nil && mr < 0:
		return "sent without reference"
	case mr != -1 && err != nil:
		return fmt.Sprintf("reference %d and %v", mr, err)
	case err == nil:
		return "sent " + string(rune('A'+mr%26))
	case errors.Is(err, ErrOutcomeUnknown):
		return "unknown"
	case errors.Is(err, ErrNotSent) && errors.As(err, &refused):
		return "not sent, refused " + refused.Text
	case errors.Is(err, ErrNotSent):
		return "not sent"
	case errors.As(err, &refused):
		return "refused " + refused.Text
	}
	return err.Error()
}

// send starts a Send and returns a channel for its outcome.
func (b *bench) send(ctx context.Context, pdu string, more bool) <-chan string {
	out := make(chan string, 1)
	mode := octets(b.t, pdu)
	go func() {
		mr, err := b.Send(ctx, mode, more)
		out <- outcome(mr, err)
	}()
	synctest.Wait() // queued, in order
	return out
}

func TestSend(t *testing.T) {
	head := "> AT+CMGS=16\nprompt\n> " + pduA + "^Z\n"
	fence := "> AT+CMEE?\n"
	for _, c := range []struct{ name, dialog, want string }{
		{"accepted", head + "< +CMGS: 2\n< OK", "sent C"},
		{"accepted with the acknowledging PDU", head + "< +CMGS: 2,\"07000000\"\n< OK", "sent C"},
		{"reference without OK, then the line is lost", head + "< +CMGS: 2\nclose", "sent C"},
		{"reference, and the OK is lost", head + "< +CMGS: 2\npass 31s\n" + fence + "< +CMEE: 1\n< OK", "sent C"},
		{"accepted without a reference", head + "< OK", "sent without reference"},
		{"accepted with a reference that is none", head + "< +CMGS: 300\n< OK", "sent without reference"},
		{"so, and the OK is lost", head + "< +CMGS: -1\npass 31s\n" + fence + "< +CMEE: 1\n< OK", "sent without reference"},
		{"a late one that is none", head + "silence 179s\n" + fence + "< +CMGS: 65535\n< OK\n< +CMEE: 1\n< OK", "sent without reference"},
		{"the reference is zero", head + "< +CMGS: 0\n< OK", "sent A"},
		{"and the greatest", head + "< +CMGS: 255\n< OK", "sent V"},
		{"refused by the network", head + "< +CMS ERROR: 38", "refused +CMS ERROR: 38"},
		{"refused with blanks", head + "< +CMS ERROR : 38 ", "refused +CMS ERROR : 38"},
		{"refused before the prompt", "> AT+CMGS=16\n< +CMS ERROR: 302", "not sent, refused +CMS ERROR: 302"},
		{"before the prompt, by a code that is unknown after the PDU", "> AT+CMGS=16\n< +CMS ERROR: 500", "not sent, refused +CMS ERROR: 500"},
		{"so, plain", "> AT+CMGS=16\n< ERROR", "not sent, refused ERROR"},
		{"that code after the PDU", head + "< +CMS ERROR: 500", "refused +CMS ERROR: 500"},
		{"prompt without blank", "> AT+CMGS=16\n<raw \\r\\n>\n> " + pduA + "^Z\n< +CMGS: 2\n< OK", "sent C"},
		{"prompt never comes", "> AT+CMGS=16\nsilence 9900ms\npass 200ms\n> ^[\n" + fence + "< +CMEE: 1\n< OK", "not sent"},
		{"refused right after the prompt", "> AT+CMGS=16\n<raw \\r\\n> \\r\\n+CMS ERROR: 302\\r\\n\nsilence 1s", "not sent, refused +CMS ERROR: 302"},
		{"line lost before Ctrl-Z", "> AT+CMGS=16\nclose", "not sent"},
		{"line lost after Ctrl-Z", head + "close", "unknown"},
		{"late reference", head + "silence 179s\n" + fence + "< +CMGS: 3\n< OK\n< +CMEE: 1\n< OK", "sent D"},
		{"two references, of which one is not ours", head + "< +CMGS: 7\n< +CMGS: 2\n< OK", "sent without reference"},
		{"a reference before the PDU is not ours", "> AT+CMGS=16\n< +CMGS: 7\nprompt\n> " + pduA + "^Z\n< +CMGS: 2\n< OK", "sent C"},
		{"late reference, twice", head + "silence 179s\n" + fence + "< +CMGS: 3\n< OK\n< +CMGS: 3\n< OK\n< +CMEE: 1\n< OK", "sent D"},
		{"late reference, then a refusal of something else", head + "silence 179s\n" + fence + "< +CMGS: 3\n< OK\n< +CMS ERROR: 500\n< +CMEE: 1\n< OK", "sent D"},
		{"late reference at the second try", head + "silence 179s\n" + fence + "silence 9s\n" + fence + "< +CMGS: 3\n< OK\n< +CMEE: 1\n< OK\n> AT+CMGF?\n< +CMEE: 1\n< OK\n< +CMGF: 0\n< OK", "sent D"},
		{"late refusal", head + "silence 179s\n" + fence + "< +CMS ERROR: 41\n< +CMEE: 1\n< OK", "refused +CMS ERROR: 41"},
		{"nothing but silence, the modem lives", head + "silence 179s\n" + fence + "< +CMEE: 1\n< OK", "unknown"},
		{"the fence stirs the modem up", head + "silence 179s\n" + fence + "< ERROR\n< +CMEE: 1\n< OK", "unknown"},
		{"dead silence", head + "silence 179s\n" + fence + fence + fence + "silence 9s", "unknown"},
		{"an answer after 100 s", head + "silence 100s\n< +CMGS: 2\n< OK", "sent C"},
		{"restart after Ctrl-Z", head + "< ^SYSSTART", "unknown"},
		{"Quectel restarts after Ctrl-Z", head + "< RDY", "unknown"},
		{"a caller hangs up after Ctrl-Z", head + "< RING\n< NO CARRIER\nsilence 100s\n< +CMGS: 2\n< OK", "sent C"},
		{"aborted after Ctrl-Z", head + "< ABORTED\n" + fence + "< +CMEE: 1\n< OK", "unknown"},
		{"a wrong OK instead of the prompt", "> AT+CMGS=16\n< OK", "not sent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				b.up()
				out := b.send(t.Context(), pduA, false)
				b.play(c.dialog)
				if got := <-out; got != c.want {
					t.Errorf("got %q, want %q\n%s", got, c.want, b.traced())
				}
			})
		})
	}
}

// What comes late between two tries of the fence is as good as what comes in one.
func TestLateBetweenTries(t *testing.T) {
	c := newConditioner(nil, nil)
	broken := &transaction{name: "+CMGS", pdu: pduA, phase: submitted, ended: true}
	c.outOfStep(broken)
	c.begin(&transaction{name: "+CMEE", fence: true, phase: commanded, ended: true})
	c.feed([]byte("\r\n+CMGS: 3\r\n\r\nOK\r\n+CMTI: \"SM\",1\r\n+CMS ERROR: 41\r\n"))
	if got := strings.Join(c.lateTo(broken), "; "); got != "+CMGS: 3; +CMS ERROR: 41" {
		t.Errorf("got %q", got)
	}
}

// After Ctrl-Z nothing may go to the modem but the fence, which has no ESC.
func TestNoEscapeAfterCtrlZ(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		out := b.send(t.Context(), pduA, false)
		b.play("> AT+CMGS=16\nprompt\n> " + pduA + "^Z\npass 10m")
		if got := <-out; got != "unknown" {
			t.Error(got)
		}
		<-b.ended
		if !errors.Is(b.err, ErrSilent) {
			t.Errorf("Run: %v", b.err)
		}
		_, after, _ := strings.Cut(b.traced(), "^Z")
		if after != "\n> AT+CMEE?\n> AT+CMEE?\n> AT+CMEE?" {
			t.Errorf("after Ctrl-Z: %q", after)
		}
	})
}

// The link is kept over the segments of one message and no other command
// comes in between, but what receiving needs at once.
func TestSendSegments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Sweep: 30 * time.Second})
		defer b.close()
		b.up()
		b.play("silence 29500ms") // a sweep is near
		one := b.send(t.Context(), pduA, true)
		b.play("> AT+CMMS=1\n< OK\n> AT+CMGS=16\nprompt\n> " + pduA + "^Z\npass 3s\n< +CMGS: 1\n< OK")
		if got := <-one; got != "sent B" {
			t.Error(got)
		}
		b.play("silence 1s") // the sweep waits
		got := b.receive()
		b.play("< +CMTI: \"SM\",4\n> AT+CMGR=4\n< +CMGR: 0,,16\n< " + pduB + "\n< OK")
		<-got
		two := b.send(t.Context(), pduB, false)
		b.play("> AT+CMGS=16\nprompt\n> " + pduB + "^Z\n< +CMGS: 2\n< OK\n> AT+CMEE?")
		if got := <-two; got != "sent C" {
			t.Error(got)
		}
	})
}

func TestSendWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		ctx, cancel := context.WithCancel(t.Context())
		out := b.send(ctx, pduA, false)
		b.play("> AT+CMGS=16")
		cancel()
		b.play("> ^[\n> AT+CMEE?\n< +CMEE: 1\n< OK") // taken back before the PDU
		if got := <-out; got != "not sent" {
			t.Error(got)
		}
		ctx, cancel = context.WithCancel(t.Context())
		out = b.send(ctx, pduA, false)
		b.play("> AT+CMGS=16\nprompt\n> " + pduA + "^Z")
		waiting := b.send(ctx, pduB, false)
		cancel()
		if got := <-out; got != "unknown" {
			t.Error(got)
		}
		if got := <-waiting; got != "not sent" {
			t.Error(got)
		}
		next := b.send(t.Context(), pduB, false)
		b.play("silence 5s\n< +CMGS: 1\n< OK\n> AT+CMGS=16\nprompt\n> " + pduB + "^Z\n< +CMGS: 2\n< OK")
		if got := <-next; got != "sent C" {
			t.Error(got)
		}
	})
}
