package bridge

import (
	"strings"
	"testing"

	"wvsms/modem"
	"wvsms/modem/usb"
)

// The order in which the terminals of a device are asked, and which are not.
func TestPortsOfSticks(t *testing.T) {
	serial := func(n, sub, proto uint8, driver string) usb.Interface {
		return usb.Interface{Number: n, Class: 0xff, Subclass: sub, Protocol: proto, Driver: driver, TTY: "tty" + string('0'+rune(n))}
	}
	option := func(list ...uint8) (all []usb.Interface) {
		for _, n := range list {
			all = append(all, serial(n, 0, 0, "option"))
		}
		return all
	}
	acm := []usb.Interface{{Number: 0, Class: 2, Subclass: 2, Protocol: 1, Driver: "cdc_acm", TTY: "tty0"}, {Number: 1, Class: 10, Driver: "cdc_acm"}}
	for _, c := range []struct {
		name       string
		vid, pid   uint16
		interfaces []usb.Interface
		auto, own  string // named: by the user
	}{
		{"by number, the best first", 0x2c7c, 0x0125, option(0, 1, 2, 3), "tty2 tty3", "tty2 tty3"},
		{"not in the order of the numbers", 0x19d2, 0x0031, option(0, 1, 2, 3), "tty3 tty1 tty0 tty2", "tty3 tty1 tty0 tty2"},
		{"PPP after AT", 0x1e0e, 0x9205, option(0, 1, 2, 3), "tty2 tty3", "tty2 tty3"},
		{"by class, whatever the number", 0x12d1, 0x1506, []usb.Interface{serial(0, 2, 1, "option"), serial(1, 1, 3, "option"), serial(2, 2, 2, "option"), serial(3, 0, 0, "option")},
			"tty2 tty0 tty3", "tty2 tty0 tty3"},
		{"a maker that is known, a product that is not", 0x2c7c, 0x4242, option(0, 1), "tty0 tty1", "tty0 tty1"},
		{"a modem's class", 0xdead, 0xbeef, acm, "tty0", "tty0"},
		{"a chip that makes a UART", 0x1a86, 0x7523, []usb.Interface{serial(0, 1, 2, "ch341")}, "", "tty0"},
		{"nobody's vendor class", 0xdead, 0xbeef, option(0), "", "tty0"},
	} {
		d := usb.Device{VID: c.vid, PID: c.pid, Interfaces: c.interfaces}
		f := &finder{profiles: modem.BuiltinProfiles()}
		s := &stick{Device: d}
		s.profile, _ = f.profiles.USB(d.ID())
		if got := strings.Join(f.ports(s, false), " "); got != c.auto {
			t.Errorf("%s: %q are asked, want %q", c.name, got, c.auto)
		}
		if got := strings.Join(f.ports(s, true), " "); got != c.own {
			t.Errorf("%s: named by the user, %q are asked, want %q", c.name, got, c.own)
		}
	}
	for _, id := range []uint16{0x14dc, 0x1446} { // HiLink, storage
		f := &finder{profiles: modem.BuiltinProfiles()}
		s := &stick{Device: usb.Device{VID: 0x12d1, PID: id, Interfaces: acm}}
		s.profile, _ = f.profiles.USB(s.ID())
		if f.may(ModemConfig{}, s) {
			t.Errorf("%s may be a modem", s.ID())
		}
	}
}
