package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wvsms/bridge"
	"wvsms/modem"
	"wvsms/modem/modemtest"
)

// check is the first one of that name and state; the test fails without it.
func (r Report) check(t *testing.T, name string, state State) Check {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name && c.State == state {
			return c
		}
	}
	t.Errorf("no check %s with state %s in %+v", name, state, r.Checks)
	return Check{}
}

// What is in the way of a port is told in a sentence with its remedy.
func TestPortInTheWay(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"held", &modem.PortError{Path: "/dev/ttyS7", Fault: modem.PortBusy, Holder: modem.Holder{Name: "smsd", PID: 812}},
			"open /dev/ttyS7: in use by smsd (pid 812): stop that program"},
		{"held by ModemManager", &modem.PortError{Path: "/dev/ttyS7", Fault: modem.PortBusy, Holder: modem.Holder{Name: "ModemManager", PID: 7}},
			"keep it off this port (wvsms udev-rule /dev/ttyS7"},
		{"no right", &modem.PortError{Path: "/dev/ttyS7", Fault: modem.PortForbidden, Group: "dialout"}, "add it to group dialout"},
		{"not there", &modem.PortError{Path: "/dev/ttyS7", Fault: modem.PortMissing}, "is the modem plugged in"},
		{"no serial line", &modem.PortError{Path: "/dev/ttyS7", Fault: modem.PortNotSerial}, "name the modem's AT port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
				w.o.Dial = func(context.Context, bridge.ModemConfig) (modem.Port, error) { return nil, c.err }
				report, _ := w.examine(t)
				if got := report.check(t, "port", Fail); !strings.Contains(got.Text, c.want) || report.OK {
					t.Errorf("%q, want %q", got.Text, c.want)
				}
			})
		})
	}
}

// What is at the other end and is no modem, or one at another speed.
func TestNoModemThere(t *testing.T) {
	garbage := func(n net.Conn) { // what a UART hears of another speed
		b := make([]byte, 64)
		for {
			k, err := n.Read(b)
			if err != nil {
				return
			}
			for i := range b[:k] {
				b[i] = b[i]<<3 | 0x80
			}
			if _, err := n.Write(append(b[:k:k], 0xff, 0xe0, 0x86, 0xf8, 0xfe, 0x80)); err != nil {
				return
			}
		}
	}
	nmea := func(n net.Conn) {
		go func() { _, _ = io.Copy(io.Discard, n) }()
		for ; ; time.Sleep(time.Second) {
			if _, err := io.WriteString(n, "$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76\r\n"); err != nil {
				return
			}
		}
	}
	silent := func(n net.Conn) { _, _ = io.Copy(io.Discard, n) }
	for _, c := range []struct {
		name         string
		far          func(net.Conn)
		rightAt      int // speed at which the modem is there after all
		text, remedy string
	}{
		{"another speed", garbage, 9600, "/dev/ttyS7 does not answer at 115200 baud, but at 9600", "baud = 9600"},
		{"silent at another speed", silent, 38400, "but at 38400", "baud = 38400"},
		{"GNSS", nmea, 0, "this is a GNSS port", "name the AT port"},
		{"binary at every speed", garbage, 0, "binary data: a diagnostic port, or another speed than this (baud), at none of the usual speeds", "name another port of the modem"},
		{"silence", silent, 0, "silence, at none of the usual speeds", "are RX and TX of a UART crossed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
				var far sync.WaitGroup
				defer far.Wait()
				there := w.o.Dial
				w.o.Dial = func(ctx context.Context, m bridge.ModemConfig) (modem.Port, error) {
					if m.Baud == c.rightAt {
						return there(ctx, m)
					}
					ours, theirs := net.Pipe()
					far.Go(func() { c.far(theirs) })
					return ours, nil
				}
				report, _ := w.examine(t)
				if got := report.check(t, "AT", Fail); !strings.Contains(got.Text, c.text) || !strings.Contains(got.Remedy, c.remedy) {
					t.Errorf("%+v, want %q and %q", got, c.text, c.remedy)
				}
				if c.rightAt != 0 {
					report.check(t, "network", Good) // the rest is examined at that speed
				}
			})
		})
	}
}

// Another program that shares the port, without a lock.
func TestSharedPort(t *testing.T) {
	inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
		w.o.Holder = func(string) (modem.Holder, bool) { return modem.Holder{Name: "minicom", PID: 42}, true }
		report, _ := w.examine(t)
		if got := report.check(t, "port", Warn); !strings.Contains(got.Text, "minicom (pid 42) has it open too") || !report.OK {
			t.Errorf("%+v", got)
		}
	})
}

// A port that a bridge has is not fought for: the bridge says how its modem is.
func TestHeldByBridge(t *testing.T) {
	for _, c := range []struct {
		info  string
		state State
		text  string
	}{
		{`{"modems":[{"name":"m0","ready":true,"sends":true,"verdict":"ready, registered on Test Net"}]}`, Good, "the bridge says of m0: ready, registered on Test Net"},
		{`{"modems":[{"name":"m0","verdict":"use SIM: it is absent"}]}`, Fail, "use SIM: it is absent"},
		{`{"modems":[{"name":"m0","verdict":"1e0e:9001 in 1-4 has IMEI 354917000000019"}]}`, Fail, "has IMEI ***********0019"},
	} {
		inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
			w.o.Dial = func(context.Context, bridge.ModemConfig) (modem.Port, error) {
				return nil, &modem.PortError{Path: "/dev/ttyS7", Fault: modem.PortBusy, Holder: modem.Holder{Name: "wvsms", PID: 9}}
			}
			w.o.Info = func(context.Context, string) (json.RawMessage, error) { return json.RawMessage(c.info), nil }
			report, _ := w.examine(t)
			report.check(t, "port", Good)
			if got := report.check(t, "network", c.state); !strings.Contains(got.Text, c.text) {
				t.Errorf("%q, want %q", got.Text, c.text)
			}
		})
	}
}

// ModemManager in the way is told, but for ports that udev says it is to ignore.
func TestModemManagerInTheWay(t *testing.T) {
	dir := t.TempDir()
	device := filepath.Join(dir, "ttyUSB2")
	err := errors.Join(
		os.WriteFile(device, nil, 0o600),
		os.MkdirAll(filepath.Join(dir, "sys/class/tty/ttyUSB2"), 0o755),
		os.WriteFile(filepath.Join(dir, "sys/class/tty/ttyUSB2/dev"), []byte("188:2\n"), 0o644),
		os.Mkdir(filepath.Join(dir, "udev"), 0o755),
	)
	if err != nil {
		t.Fatal(err)
	}
	examine := func(state State, text string) {
		t.Helper()
		inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
			w.o.Device, w.o.Sys, w.o.Udev = device, filepath.Join(dir, "sys"), filepath.Join(dir, "udev")
			w.o.ModemManager = func(context.Context) bool { return true }
			report, _ := w.examine(t)
			if got := report.check(t, "ModemManager", state); !strings.Contains(got.Text+got.Remedy, discreet(text)) {
				t.Errorf("%+v, want %q", got, text)
			}
		})
	}
	examine(Warn, "it runs and may take "+device+"keep it off this port (wvsms udev-rule "+device)
	if err := os.WriteFile(filepath.Join(dir, "udev/c188:2"), []byte("S:wvsms/x\nE:ID_MM_PORT_IGNORE=1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	examine(Good, "kept off")
}

// The machine's own troubles.
func TestMachine(t *testing.T) {
	inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
		w.o.User = func() (string, []string) { return "bob", []string{"bob"} }
		monitor := "sys/class/hwmon/hwmon1"
		err := errors.Join(os.MkdirAll(monitor, 0o755), os.WriteFile(monitor+"/name", []byte("rpi_volt\n"), 0o644),
			os.WriteFile(monitor+"/in0_lcrit_alarm", []byte("1\n"), 0o644),
			os.WriteFile("wvsms.toml", []byte(strings.ReplaceAll(wardConfig, "spool.db", "nowhere/spool.db")+"baud = 1\n"), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		w.o.Sys = "sys"
		report, _ := w.examine(t)
		for name, want := range map[string]string{"user": "usermod -aG wvsms bob", "power": "a stronger supply or a powered hub", "config": "modem[0].baud: 1"} {
			state := Fail
			if name == "user" {
				state = Warn
			}
			if got := report.check(t, name, state); !strings.Contains(got.Text+got.Remedy, want) {
				t.Errorf("%+v, want %q", got, want)
			}
		}
		// A configuration that cannot be read says nothing of the spool; its default is looked at.
		if err := os.WriteFile("wvsms.toml", []byte(strings.ReplaceAll(wardConfig, "spool.db", "nowhere/spool.db")), 0o600); err != nil {
			t.Fatal(err)
		}
		report, _ = w.examine(t)
		if got := report.check(t, "spool", Fail); !strings.Contains(got.Remedy, "install -d -o wvsms") {
			t.Errorf("%+v", got)
		}
	})
}

// A full disk holds the bridge up: nothing else that is well outweighs it.
func TestFullDisk(t *testing.T) {
	inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
		w.o.Room = func(string) uint64 { return 100_000 }
		report, _ := w.examine(t)
		if got := report.check(t, "spool", Fail); !strings.Contains(got.Text, "is full") || !strings.Contains(got.Remedy, "make room") {
			t.Errorf("%+v", got)
		}
	})
}

// A hook that is no program is told before a modem needs it.
func TestHookThatIsNone(t *testing.T) {
	inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
		if err := os.WriteFile("wvsms.toml", []byte(wardConfig+"power_hook = [\"/no/such/hook\"]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		report, _ := w.examine(t)
		if got := report.check(t, "power_hook", Fail); !strings.Contains(got.Text, "/no/such/hook") {
			t.Errorf("%+v", got)
		}
	})
}

// A file of a PIN that cannot be read is told before the SIM asks.
func TestNoPINInTheFile(t *testing.T) {
	for text, want := range map[string]string{"": "there is no PIN in pin", "none": "there is no pin"} {
		inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
			var err error
			if text == "" {
				err = os.WriteFile("pin", nil, 0o600)
			}
			if err := errors.Join(err, os.WriteFile("wvsms.toml", []byte(wardConfig+"pin_file = \"pin\"\n"), 0o600)); err != nil {
				t.Fatal(err)
			}
			report, _ := w.examine(t)
			if got := report.check(t, "PIN", Fail); !strings.Contains(got.Text, want) {
				t.Errorf("%+v, want %q", got, want)
			}
		})
	}
}

// A SIM that wants its PIN is told with the attempts that are left, and gets none.
func TestDoctorTypesNoPIN(t *testing.T) {
	inWard(t, modemtest.ModemOptions{PIN: "1357"}, modemtest.AirOptions{}, func(w *ward) {
		w.o.Trace = func(sent bool, line string) {
			if sent && strings.Contains(line, "CPIN=") {
				t.Error(line)
			}
		}
		if err := os.WriteFile("pin", []byte("1357"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("wvsms.toml", []byte(wardConfig+"pin_file = \"pin\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		report, _ := w.examine(t)
		if got := report.check(t, "SIM", Fail); !strings.Contains(got.Text, "attempts left: 3): the bridge types that of pin_file") {
			t.Errorf("%+v", got)
		}
		if w.sim.PINTries() != 3 {
			t.Errorf("%d attempts left", w.sim.PINTries())
		}
	})
}

// Nothing that lies in the modem's stores is read away.
func TestDoctorDeletesNothing(t *testing.T) {
	inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
		h := w.air.NewHandset("+491712345678", nil)
		w.examine(t) // attaches, so that the message is stored
		port, _ := w.o.Dial(context.Background(), bridge.ModemConfig{})
		if err := h.SendText(w.sim.Number(), "keep me"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		port.Close()
		before := w.sim.Stored("SM") + w.sim.Stored("ME")
		report, text := w.examine(t)
		if after := w.sim.Stored("SM") + w.sim.Stored("ME"); before != 1 || after != 1 || !report.OK {
			t.Errorf("%d messages before, %d after\n%s", before, after, text)
		}
	})
}

// A real line that is locked by another one, and what is no line at all.
func TestRealPorts(t *testing.T) {
	line, err := modemtest.OpenPTY("")
	if err != nil {
		t.Skip(err)
	}
	defer line.Close()
	f, err := os.OpenFile(line.Name(), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	for device, want := range map[string]string{line.Name(): "in use by ", "/dev/null": "not a serial line", "/dev/none": "no such device"} {
		report, err := Examine(t.Context(), Options{Config: "none", Device: device, Machine: Machine{Sys: "none"}})
		if got := report.check(t, "port", Fail); err != nil || !strings.Contains(got.Text, want) {
			t.Errorf("%s: %+v, %v", device, got, err)
		}
	}
}
