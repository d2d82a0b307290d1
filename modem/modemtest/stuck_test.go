package modemtest

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
)

// A stuck modem stays so until it gets its cure: what is less does not help it, what is
// more does.
func TestStick(t *testing.T) {
	cures := []struct {
		cure Cure
		do   func(l *lab)
	}{
		{Reopened, func(l *lab) { l.te.Close(); l.te = l.plug(l.m) }},
		{RadioCycled, func(l *lab) { l.talk("> AT+CFUN=4\n< OK\n> AT+CFUN=1\n< OK\n") }},
		{Restarted, func(l *lab) { l.talk("> AT+CFUN=1,1\n< OK\n") }},
		{Reauthorised, func(l *lab) { l.m.Reauthorise(); l.te = l.plug(l.m) }},
		{PowerCycled, func(l *lab) { l.m.PowerCycle(); l.te = l.plug(l.m) }},
	}
	for _, how := range []Stuck{Refusing, Searching, Mute} {
		for _, needed := range cures {
			for _, given := range cures {
				if how == Mute && (given.cure == RadioCycled || given.cure == Restarted) {
					continue // it does not hear the command
				}
				t.Run(fmt.Sprint(how, needed.cure, given.cure), func(t *testing.T) {
					inLab(t, AirOptions{}, ModemOptions{}, func(l *lab) {
						l.talk("> ATE0\n<< \"ATE0\\r\\r\\nOK\\r\\n\"")
						l.m.Stick(how, needed.cure)
						given.do(l)
						synctest.Wait()
						if got := l.m.Cures(); !slices.Contains(got, given.cure) {
							t.Errorf("cures %v, want %v among them", got, given.cure)
						}
						if well := l.m.stuck == 0; well != (given.cure >= needed.cure) {
							t.Errorf("mended: %v", well)
						}
					})
				})
			}
		}
	}
}

// What a stuck modem does until then.
func TestStuck(t *testing.T) {
	const submit = "> AT+CMGS=16\n<< \"\\r\\n> \"\n> " + helloTo491702 + "^Z\n"
	for how, script := range map[Stuck]string{
		Refusing:  submit + "< +CMS ERROR: 41\n> AT+CFUN=4\n< OK\n> AT+CFUN=1\n< OK\n" + submit + "< +CMGS: 1\n< OK\n",
		Searching: "> AT+CREG?\n< +CREG: 0,2\n< OK\n> AT+CFUN=4\n< OK\n> AT+CFUN=1\n< OK\n> AT+CREG?\n< +CREG: 0,1\n< OK\n",
		Mute:      "> AT\n~ 1m\n",
	} {
		inLab(t, AirOptions{}, ModemOptions{}, func(l *lab) {
			l.talk("> ATE0\n<< \"ATE0\\r\\r\\nOK\\r\\n\"")
			l.m.Stick(how, RadioCycled)
			l.talk(script)
		})
	}
}
