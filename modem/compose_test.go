package modem

import (
	"strings"
	"testing"
	"testing/synctest"
)

// What the modem hears of a message up to Submit, and after it. "submit" and "withdraw"
// in a dialogue are the caller's; what is before the first follows Compose.
func TestCompose(t *testing.T) {
	const head = "> AT+CMGS=16\nprompt\n"
	const taken = "< +CMGS: 2\n< OK\n"
	const back = "> " + pduA + "\n> ^[\n> AT+CMEE?\n< +CMEE: 1\n< OK\n"
	const next = "> AT+CMGS=16\nprompt\n> " + pduB + "^Z\n< +CMGS: 3\n< OK\n"
	for _, c := range []struct{ name, dialog, want string }{
		{"the PDU waits for Submit", head + "silence 4s\nsubmit\n> " + pduA + "^Z\n" + taken, "sent C"},
		{"Submit before the prompt", "submit\n" + head + "> " + pduA + "^Z\n" + taken, "sent C"},
		{"a prompt that comes late", "> AT+CMGS=16\npass 9s\nprompt\npass 4s\nsubmit\n> " + pduA + "^Z\n" + taken, "sent C"},
		{"withdrawn at the prompt", head + "silence 1s\nwithdraw\n" + next + back, "not sent"},
		{"withdrawn before it", "> AT+CMGS=16\nwithdraw\n" + next + "> ^[\n> AT+CMEE?\n< +CMEE: 1\n< OK\n", "not sent"},
		{"the prompt stands open too long", head + "silence 4900ms\npass 200ms\n" + back + "silence 20s\nsubmit\n" + head + "> " + pduA + "^Z\n" + taken, "sent C"},
		{"refused instead of the prompt", "> AT+CMGS=16\n< +CMS ERROR: 302\nsubmit\n", "not sent, refused +CMS ERROR: 302"},
		{"the modem takes its prompt back", head + "pass 1s\n< +CMS ERROR: 500\nsubmit\n", "not sent, refused +CMS ERROR: 500"},
		{"line lost at the prompt", head + "pass 1s\nclose\nsubmit\n", "not sent"},
		{"line lost after Submit", head + "submit\n> " + pduA + "^Z\nclose\n", "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				b.up()
				s := b.Compose(t.Context(), octets(t, pduA), false)
				synctest.Wait()
				said, rest, withdrawn := strings.Cut(c.dialog, "withdraw\n")
				var out <-chan string
				if withdrawn {
					b.play(said)
					s.Withdraw()
					out = b.send(t.Context(), pduB, false) // which brings the line in step before
					next, back := rest[:len(next)], rest[len(next):]
					b.play(back + next)
					if got := <-out; got != "sent D" {
						t.Errorf("the next message: %s", got)
					}
				} else {
					said, rest, _ = strings.Cut(c.dialog, "submit\n")
					b.play(said)
					synctest.Wait()
				}
				done := make(chan string, 1)
				s.Submit()
				go func() { mr, err := s.Outcome(); done <- outcome(mr, err) }()
				if !withdrawn {
					b.play(rest)
				}
				if got := <-done; got != c.want {
					t.Errorf("got %q, want %q\n%s", got, c.want, b.traced())
				}
			})
		})
	}
}

// What waits for a caller holds up nobody else for long: a message that came meanwhile is
// acknowledged in time (TS 24.011 10.1: TR2M).
func TestComposeHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		s := b.Compose(t.Context(), octets(t, pduA), false)
		b.play("> AT+CMGS=16\nprompt")
		other := b.send(t.Context(), pduB, false)
		b.play("pass 5s\n> " + pduA + "\n> ^[\n> AT+CMEE?\n< +CMEE: 1\n< OK\n> AT+CMGS=16\nprompt\n> " + pduB + "^Z\n< +CMGS: 3\n< OK\nsilence 10s")
		if got := <-other; got != "sent D" {
			t.Error(got)
		}
		s.Withdraw()
		b.play("silence 10s")
	})
}

// What follows another message is begun when that one was sent, and only then.
func TestComposeThen(t *testing.T) {
	const one = "> AT+CMGS=16\nprompt\n> " + pduA + "^Z\n"
	const two = "> AT+CMGS=16\nprompt\nsilence 1s\n"
	for _, c := range []struct{ name, dialog, rest, want string }{
		{"sent", one + "< +CMGS: 2\n< OK\n" + two, "> " + pduB + "^Z\n< +CMGS: 3\n< OK", "sent D"},
		{"refused", one + "< +CMS ERROR: 38\nsilence 10s", "silence 1s", "not sent"},
		{"unknown", one + "pass 180s\n> AT+CMEE?\n< +CMEE: 1\n< OK\ninclude sweep.at", "", "not sent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				b.up()
				first := b.Compose(t.Context(), octets(t, pduA), false)
				second := first.Then(t.Context(), octets(t, pduB), false)
				first.Submit()
				b.play(c.dialog)
				first.Outcome()
				second.Submit()
				b.play(c.rest)
				if got := outcome(second.Outcome()); got != c.want {
					t.Errorf("got %q, want %q\n%s", got, c.want, b.traced())
				}
			})
		})
	}
}

// A message whose prompt stood open too long goes after what should follow it has had its
// turn: that is void then.
func TestComposeThenHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		first := b.Compose(t.Context(), octets(t, pduA), false)
		b.play("> AT+CMGS=16\nprompt\npass 6s\n> " + pduA + "\n> ^[\n> AT+CMEE?\n< +CMEE: 1\n< OK")
		synctest.Wait()
		first.Submit()
		second := first.Then(t.Context(), octets(t, pduB), false)
		done := make(chan string, 1)
		go func() { done <- outcome(first.Outcome()) }()
		b.play("> AT+CMGS=16\nprompt\n> " + pduA + "^Z\n< +CMGS: 2\n< OK\nsilence 1s")
		if got := <-done; got != "sent C" || first.Void() || !second.Void() {
			t.Errorf("%s; void: %v, then %v", got, first.Void(), second.Void())
		}
	})
}
