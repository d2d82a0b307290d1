package modem

import (
	"testing"
	"testing/synctest"
)

// +CMEE is what a command that got no answer is followed by; where there is none,
// +CMGF takes its place: once it is known at once, before that after a try.
func TestWithoutCMEE(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		cmee := "> AT+CMEE=1\n< ERROR\n> AT+CMEE?\n< ERROR\n"
		b.play("> ^[\n> ATE0\n< OK\n> AT+CMEE?\n< ERROR\npass 10s\n> AT+CMGF?\n< +CMGF: 0\n< OK\n" + cmee + cmee + cmee +
			"> AT+CGMI\npass 10s\n> AT+CMGF?\n< Late Ltd\n< OK\n< +CMGF: 1\n< OK\n> AT+CGMI\n< Late Ltd\n< OK\n> AT+CGMM")
	})
}
