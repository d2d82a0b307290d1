package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wvsms/bridge"
	"wvsms/modem"
	"wvsms/modem/modemtest"
)

// Every make of stick is found on USB with no more than device = "auto", or with no
// configuration at all, at the terminal that speaks AT; no other terminal is written to
// that must not be.
func TestFindsSticks(t *testing.T) {
	for _, p := range makes() {
		if len(p.USB.Interfaces) == 0 {
			continue
		}
		for name, config := range map[string]string{"auto": strings.Replace(wardConfig, "/dev/ttyS7", "auto", 1), "no configuration": ""} {
			t.Run(p.Name+"/"+name, func(t *testing.T) {
				inWard(t, modemtest.ModemOptions{Profile: p}, modemtest.AirOptions{}, func(w *ward) {
					if err := os.WriteFile("wvsms.toml", []byte(config), 0o600); err != nil {
						t.Fatal(err)
					}
					if config == "" {
						w.o.Config = "none"
					}
					bus, err := modemtest.NewSoftBus(".")
					if err != nil {
						t.Fatal(err)
					}
					defer bus.Close()
					if err := bus.Plug("1-1.4", w.sim); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Minute)
					w.o.Sys, w.o.Dev = bus.Sys(), bus.Dev()
					w.o.Dial = func(_ context.Context, c bridge.ModemConfig) (modem.Port, error) { return bus.Open(c.Device) }
					report, text := w.examine(t)
					if p.USB.VID != 0 && !strings.Contains(text, "USB: 1-1.4 ") {
						t.Errorf("the stick is not seen:\n%s", text)
					}
					if !report.OK || report.check(t, "network", Good).Modem == "" {
						t.Errorf("not found:\n%s", text)
					}
					if v := bus.Violations(); len(v) > 0 {
						t.Errorf("written where nothing may be: %q", v)
					}
				})
			})
		}
	}
}

// A stick that may not be opened, or that does not answer, is told as that, and not as
// one that is missing; a board beside it is no fault.
func TestStickThatIsNotHad(t *testing.T) {
	open := func(bus *modemtest.Bus, path string) (modem.Port, error) { return bus.Open(path) }
	for _, c := range []struct {
		name, match string
		open        func(*modemtest.Bus, string) (modem.Port, error)
		want        string
		ok          bool
	}{
		{"no right", `"auto"`, func(_ *modemtest.Bus, path string) (modem.Port, error) {
			return nil, &modem.PortError{Path: path, Fault: modem.PortForbidden, Group: "dialout"}
		}, "usermod -aG dialout", false},
		{"broken", `"auto"`, func(*modemtest.Bus, string) (modem.Port, error) { return nil, errors.New("input/output error") },
			"input/output error", false},
		{"another one", `{ imei = "351234567890123" }`, open, "no modem on USB with imei=***********0123 answers", false},
		{"without the check digit", `{ imei = "350491700000005" }`, open, "ready, registered", true},
		{"itself", `"auto"`, open, "not a modem", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWard(t, modemtest.ModemOptions{Profile: modemtest.Quectel, IMEI: "35049170000000"}, modemtest.AirOptions{}, func(w *ward) {
				if err := os.WriteFile("wvsms.toml", []byte(strings.Replace(wardConfig, `"/dev/ttyS7"`, c.match, 1)), 0o600); err != nil {
					t.Fatal(err)
				}
				bus, err := modemtest.NewSoftBus(".")
				if err != nil {
					t.Fatal(err)
				}
				defer bus.Close()
				board := modemtest.Generic
				board.USB = modemtest.USB{VID: 0x2341, PID: 0x0042, Interfaces: []modemtest.USBInterface{{Class: 2, Subclass: 2, Protocol: 1, Driver: "cdc_acm"}}}
				printer := w.air.NewModem(modemtest.ModemOptions{Number: "+491700000002", Profile: board})
				if err := errors.Join(bus.Plug("1-1", w.sim), bus.Plug("1-2", printer)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				w.o.Sys, w.o.Dev = bus.Sys(), bus.Dev()
				w.o.Dial = func(_ context.Context, m bridge.ModemConfig) (modem.Port, error) { return c.open(bus, m.Device) }
				report, text := w.examine(t)
				if !strings.Contains(text, c.want) || report.OK != c.ok {
					t.Errorf("%s\nwant %q", text, c.want)
				}
			})
		})
	}
}

// Sticks that are no modem as they are plugged in are told, with what helps.
func TestSticksThatAreNone(t *testing.T) {
	for _, c := range []struct{ name, vid, pid, class, want string }{
		{"HiLink", "12d1", "14dc", "02", "HiLink"},
		{"a known make without a driver", "2c7c", "0125", "ff", "modprobe option"},
		{"a printer", "04b8", "0005", "07", "no modem among 1 devices"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
				for file, text := range map[string]string{
					"1-4/idVendor": c.vid, "1-4/idProduct": c.pid, "1-4/bDeviceClass": "00", "1-4/devnum": "7", "1-4/busnum": "1",
					"1-4:1.0/bInterfaceNumber": "00", "1-4:1.0/bInterfaceClass": c.class, "1-4:1.0/bInterfaceSubClass": "ff", "1-4:1.0/bInterfaceProtocol": "ff",
				} {
					file = filepath.Join("sys/bus/usb/devices", strings.Replace(file, "1-4:", "1-4/1-4:", 1))
					err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text+"\n"), 0o644))
					if err != nil {
						t.Fatal(err)
					}
				}
				w.o.Sys, w.o.Config = "sys", "none"
				report, text := w.examine(t)
				if !strings.Contains(text, c.want) || report.OK {
					t.Errorf("%s\nwant %q", text, c.want)
				}
			})
		})
	}
}
