package bridge

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// Whatever is missing when the bridge starts: it accepts messages, says why they wait, in
// the log and as the modem's verdict, and sends them when the cause has gone.
func TestBootOrder(t *testing.T) {
	for _, c := range []struct {
		name    string
		options modemtest.ModemOptions
		missing func(*rig)
		verdict string // also in the log
		comes   func(*rig)
	}{
		{"no modem", modemtest.ModemOptions{}, func(r *rig) {
			r.dial = func(context.Context, ModemConfig) (modem.Port, error) {
				return nil, fmt.Errorf("open /dev/ttyUSB2: %w", fs.ErrNotExist)
			}
		}, "open the line to modem m0: open /dev/ttyUSB2: file does not exist", func(r *rig) { r.dial = nil }},
		{"no SIM", modemtest.ModemOptions{}, func(r *rig) {
			r.sims["m0"].Fault(modemtest.Fault{On: "+CPIN?", Kind: modemtest.Refuse, Text: "+CME ERROR: 10", Times: -1})
		}, "no SIM in the modem, or none that it can read", func(r *rig) { r.sims["m0"].ClearFaults() }},
		{"a locked SIM, no PIN", modemtest.ModemOptions{PIN: "1234"}, func(r *rig) {},
			"configure pin_file, or turn the PIN off in a phone", func(r *rig) {
				r.stop()
				r.cfg.Modems[0].PINFile = filepath.Join(t.TempDir(), "pin")
				writeFile(t, r.cfg.Modems[0].PINFile, "1234")
				r.start()
			}},
		{"a PIN file that is not there yet", modemtest.ModemOptions{PIN: "1234"}, func(r *rig) {
			r.cfg.Modems[0].PINFile = filepath.Join(filepath.Dir(r.cfg.Spool.Path), "pin")
		}, "write the PIN there", func(r *rig) {
			writeFile(t, r.cfg.Modems[0].PINFile, "1234")
		}},
		{"no network", modemtest.ModemOptions{}, func(r *rig) { r.sims["m0"].SetRegistration(2, 2) },
			"searching for a network", func(r *rig) { r.sims["m0"].SetRegistration(5, 5) }},
		{"no antenna", modemtest.ModemOptions{}, func(r *rig) { r.sims["m0"].SetRegistration(2, 2); r.sims["m0"].SetSignal(99) },
			"searching for a network and hearing none: check the antenna", func(r *rig) { r.sims["m0"].SetSignal(20); r.sims["m0"].SetRegistration(1, 1) }},
		{"a clock at 1970", modemtest.ModemOptions{}, func(r *rig) {
			begin := time.Now()
			r.wall = func() time.Time { return time.Unix(0, 0).Add(time.Since(begin)) }
		}, "", func(r *rig) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.options.Profile.Name == "" {
				c.options.Profile = modemtest.Generic
			}
			inRigOf(t, c.options, modemtest.AirOptions{}, nil, func(r *rig) {
				r.stop()
				r.said.Reset()
				r.probe = func(string) {}
				c.missing(r)
				r.start()
				r.air.NewHandset(phone, nil)
				id := r.accept(Request{Payload: []byte("waits")})
				r.settle(3 * time.Hour)
				if v := r.modemInfo("m0").Verdict; !strings.Contains(v, c.verdict) || v == "" {
					t.Errorf("the verdict is %q, want %q", v, c.verdict)
				}
				if !strings.Contains(r.said.String(), c.verdict) {
					t.Errorf("the log does not tell %q:\n%s", c.verdict, r.said.String())
				}
				if o := r.outbound(id); (o.State == spool.StateSent) != (c.verdict == "") {
					t.Errorf("before the cause has gone the message is %s", o.State)
				}
				again := r.dial != nil
				c.comes(r)
				if again { // a dial is taken at the start
					r.stop()
					r.start()
				}
				r.settle(10 * time.Minute)
				if o := r.outbound(id); o.State != spool.StateSent {
					t.Errorf("afterwards the message is %s: %s", o.State, r.modemInfo("m0").Verdict)
				}
			})
		})
	}
}

// A clock that was never set is told in the log and in INFO.
func TestClockNeverSet(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		if v := r.Info().(info); v.Clock != "never set: times are shown wrong" { // a bubble begins in 2000
			t.Errorf("INFO tells of the clock: %q", v.Clock)
		}
		if !strings.Contains(r.said.String(), "the machine's clock was never set") {
			t.Errorf("the log does not tell it:\n%s", r.said.String())
		}
		r.stop()
		r.wall = func() time.Time { return builtAfter.Add(time.Hour) }
		r.start()
		if v := r.Info().(info); v.Clock != "" {
			t.Errorf("INFO tells of a good clock: %q", v.Clock)
		}
	})
}

// What may pass is waited for; what wants a decision is not.
func TestPasses(t *testing.T) {
	for err, want := range map[error]bool{
		spool.ErrFull: true, spool.ErrReadOnly: true, spool.ErrIO: true, spool.ErrBusy: true,
		spool.ErrCorrupt: false, spool.ErrHeld: false, spool.ErrNewer: false, spool.ErrNotSpool: false, os.ErrPermission: false,
	} {
		if got := Passes(fmt.Errorf("open spool: %w", err)); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

// While a modem that failed is tried again, which takes a while, its verdict still says why.
func TestWhyAgain(t *testing.T) {
	inRigOf(t, modemtest.ModemOptions{Profile: modemtest.Generic}, modemtest.AirOptions{}, nil, func(r *rig) {
		r.sims["m0"].Fault(modemtest.Fault{Kind: modemtest.Deaf, Times: -1})
		r.settle(5 * time.Minute)
		for range 120 {
			r.settle(time.Second)
			if v := r.modemInfo("m0").Verdict; !strings.Contains(v, "does not answer") {
				t.Fatal(v)
			}
		}
	})
}
