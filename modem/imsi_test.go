package modem

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	cimi    = "> AT+CIMI\n< 262011234567890\n< OK\n"
	noCIMI  = "> AT+CIMI\n< +CME ERROR: 13\n"
	refresh = "< ^SMMEMFULL: \"SM\"\npass 2s\n> AT+CMEE?\n< +CMEE: 1\n< OK\n"       // a sweep begins
	goesOn  = "> AT+CNMI?\n< +CNMI: 2,1,0,1,0\n< OK\n> AT+CMGL=4\n< OK\n" + storeSM // and goes on
)

// A SIM that is ready but not quite is asked again: without its IMSI messages
// would be put together under the modem's name.
func TestIMSIComesLate(t *testing.T) {
	for name, refusals := range map[string]string{
		"failure":       "> AT+CIMI\n< +CME ERROR: 13\npass 1s\n",
		"busy":          "> AT+CIMI\n< +CME ERROR: 14\npass 1s\n",
		"no cause":      "> AT+CIMI\n< ERROR\npass 1s\n",
		"no number":     "> AT+CIMI\n< OK\npass 1s\n",
		"one by one":    "> AT+CIMI\n< ERROR\npass 1s\n> AT+CIMI\n< +CME ERROR: 13\npass 2s\n> AT+CIMI\n< +CME ERROR: 100\npass 4s\n",
		"for 27 s":      strings.Repeat(noCIMI, 7),
		"busy for 59 s": strings.Repeat("> AT+CIMI\n< +CME ERROR: 14\n", 14),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				b.play(replaced(t, cimi, refusals+cimi))
				synctest.Wait()
				if id := b.Identity(); id.IMSI != "262011234567890" {
					t.Errorf("%+v", id)
				}
				if v := b.Status().Verdict; !strings.HasPrefix(v, "ready") {
					t.Error(v)
				}
			})
		})
	}
}

// When even that is in vain the modem works without; the check that is made
// with each sweep asks again, and a number told twice alike ends the session.
func TestIMSIComesMuchLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		begin := time.Now()
		b.play(replaced(t, cimi, strings.Repeat(noCIMI, 8), home, ""))
		<-b.Ready()
		if id, took := b.Identity(), time.Since(begin); id.IMSI != "" || id.ICCID == "" || took > imsiPatience {
			t.Errorf("%+v after %v", id, took)
		}
		b.play(refresh + noCIMI + goesOn)
		b.play(refresh + "> AT+CIMI\n< 262011234567890\n< OK\n> AT+CIMI\n< 262011234567891\n< OK\n" + goesOn) // noise
		out := b.send(t.Context(), pduA, false)
		b.play("> AT+CMGS=16\nprompt\n> " + pduA + "^Z\n< +CMGS: 2\n< OK") // meanwhile it works
		if got := <-out; got != "sent C" {
			t.Error(got)
		}
		b.play(refresh + cimi + cimi)
		<-b.ended
		var sim *SIMError
		if !errors.As(b.err, &sim) || sim.State != "known" || !strings.Contains(b.Status().Verdict, "tells its number") {
			t.Errorf("%v; %s", b.err, b.Status().Verdict)
		}
	})
}

// In direct or store mode, acknowledged or not: it is asked soon.
func TestUnknownIMSIIsAskedSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.play(replaced(t, cimi, strings.Repeat(noCIMI, 8), home, "", csms1, "> AT+CSMS=1\n< ERROR\n> AT+CSMS?\n< +CSMS: 0,1,1,1\n< OK\n"))
		b.play("silence 29s\n> AT+CMEE?\n< +CMEE: 1\n< OK\n" + cimi + cimi)
		<-b.ended
	})
}

// The waiting ends with the line.
func TestLineLostWhileWaitingForIMSI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		begin, _, _ := strings.Cut(replaced(t), "> AT+CIMI")
		b.play(begin + noCIMI + noCIMI + "pass 500ms\nclose")
		<-b.ended
		if !errors.Is(b.err, ErrLineLost) {
			t.Error(b.err)
		}
	})
}
