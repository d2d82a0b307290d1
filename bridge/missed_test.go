package bridge

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/modem/usb"
)

// A modem that is looked for and whose port another program has, or that must not be
// opened, is not mute: no reset gives the port back, and it would take the modem from who
// has it.
func TestPortHeldWhileLookedFor(t *testing.T) {
	for _, fault := range []modem.PortFault{modem.PortBusy, modem.PortForbidden} {
		t.Run(string(fault), func(t *testing.T) {
			onBus(t, []string{`"auto"`}, func(r *busRig) {
				m := r.stick(1, modemtest.Quectel)
				reset := &busReset{r: r, m: m}
				r.rig.stop()
				r.usb, r.probe = reset, func(string) {}
				r.cfg.Modems[0].Recovery, r.cfg.Modems[0].PowerHook = []string{"radio", "restart", "usb"}, []string{"/usr/sbin/uhubctl"}
				r.hook = func(context.Context, []string, []string) error { return nil }
				r.dial = func(_ context.Context, c ModemConfig) (modem.Port, error) {
					return nil, &modem.PortError{Path: c.Device, Fault: fault, Holder: modem.Holder{Name: "smsd", PID: 812}}
				}
				r.plug("1-1.4", m)
				r.start()
				held := 2 * time.Hour // the longest pause between rungs is a few minutes
				if brief() {
					held /= 4
				}
				r.settle(held)
				if got := r.steps(); len(got) > 0 || len(reset.paths) > 0 {
					t.Errorf("taken: %v, re-authorised: %v", got, reset.paths)
				}
			})
		})
	}
}

// What is in the socket of a missing modem may be somebody else's: that is neither the
// modem nor its to be reset.
func TestPresence(t *testing.T) {
	const socket = "1-1.4"
	option := []usb.Interface{{Number: 2, Class: 0xff, Driver: "option", TTY: "ttyUSB2"}}
	acm := []usb.Interface{{Number: 0, Class: 2, Subclass: 2, Protocol: 1, Driver: "cdc_acm", TTY: "ttyACM0"}}
	quectel := usb.Device{Path: socket, VID: 0x2c7c, PID: 0x0125, Interfaces: option}
	storage := usb.Device{Path: socket, VID: 0x2c7c, PID: 0x0700, Interfaces: []usb.Interface{{Class: 8}}}
	huawei := usb.Device{Path: socket, VID: 0x12d1, PID: 0x1001, Interfaces: option}
	printer := usb.Device{Path: socket, VID: 0xdead, PID: 0xbeef, Interfaces: acm}
	silence := map[string]error{"ttyUSB2": errors.New("silence")}
	busy := map[string]error{"ttyUSB2": fmt.Errorf("dial: %w", &modem.PortError{Fault: modem.PortBusy})}
	for _, c := range []struct {
		name  string
		match Match
		path  string // where it was last
		there *stick
		taken bool // by another [[modem]]
		where string
		want  presence
	}{
		{"nothing", Match{}, socket, nil, false, socket, absent},
		{"not asked yet", Match{}, socket, &stick{Device: quectel}, false, socket, starting},
		{"it answers", Match{}, socket, &stick{Device: quectel, probes: 1, port: "ttyUSB2"}, false, socket, present},
		{"silent", Match{}, socket, &stick{Device: quectel, probes: 1, heard: silence}, false, socket, silent},
		{"silent where it was never seen", Match{}, "", &stick{Device: quectel, probes: 1, heard: silence}, false, socket, silent},
		{"in use", Match{}, socket, &stick{Device: quectel, probes: 1, heard: busy}, false, socket, barred},
		{"another modem's", Match{}, socket, &stick{Device: quectel, probes: 1, heard: silence}, true, "", absent},
		{"not the one that is meant", Match{VID: "2c7c"}, socket, &stick{Device: huawei, probes: 1, heard: silence}, false, socket, absent},
		{"without its terminals", Match{}, socket, &stick{Device: storage}, false, socket, absent},
		{"a stranger in its socket", Match{VID: "2c7c"}, socket, &stick{Device: printer, probes: 1, heard: silence}, false, "", absent},
		{"a stranger", Match{}, "", &stick{Device: printer, probes: 1, heard: silence}, false, "", absent},
		{"a stranger that is meant", Match{VID: "dead"}, "", &stick{Device: printer, probes: 1, heard: silence}, false, socket, silent},
	} {
		f := &finder{profiles: modem.BuiltinProfiles(), seats: map[string]*seat{"m0": {}, "m1": {}}}
		if c.there != nil {
			c.there.profile, _ = f.profiles.USB(c.there.ID())
			f.sticks = []*stick{c.there}
		}
		if c.taken {
			f.seats["m1"].stick = c.there
		}
		where, got := f.presence(ModemConfig{Name: "m0", Device: auto, Match: c.match}, c.path)
		if got != c.want || where != c.where {
			t.Errorf("%s: %d in %q, want %d in %q", c.name, got, where, c.want, c.where)
		}
	}
}
