package modem

import (
	"testing"
	"testing/synctest"
	"time"
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

// Without +CPMS there is one memory, whatever +CMTI calls it; what it is called in a
// listing and what in an URC is the same message.
func TestWithoutCPMS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.play(replaced(t, someCPMS, "> AT+CPMS=?\n< ERROR\n> AT+CPMS?\n< ERROR\n> AT+CMGR=?\n< OK\n> AT+CMGD=?\n< OK\n",
			listSM, "> AT+CMGL=4\n< +CMGL: 3,0,,22\n< "+mtA+"\n< OK\n"))
		synctest.Wait()
		b.play("< +CMTI: \"SM\",3")
		b.accepted(b.get(" 3 "+mtA, ""), "> AT+CMGD=3\n< OK")
		b.accepted(b.get(" 3 "+mtB, "< +CMTI: \"XY\",3\n> AT+CMGR=3\n< +CMGR: 0,,22\n< "+mtB+"\n< OK"), "> AT+CMGD=3\n< OK")
		b.none("")
	})
}

// A store that is not listed and holds something is looked through.
func TestWithoutCMGL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Sweep: time.Hour})
		defer b.close()
		b.play(replaced(t, listSM, "> AT+CMGL=4\n< +CMS ERROR: 302\n> AT+CPMS?\n< +CPMS: \"SM\",1,3,\"SM\",1,3,\"SM\",1,3\n< OK\n"))
		r := b.get("SM 2 "+mtA, "> AT+CMGR=0\n< +CMS ERROR: 321\n> AT+CMGR=1\n< OK\n> AT+CMGR=2\n< +CMGR: 0,,22\n< "+mtA+"\n< OK")
		b.accepted(r, "> AT+CMGD=2\n< OK")
		b.none("> AT+CMGR=3\n< +CMS ERROR: 321")
	})
}
