// Package doctor finds out what stands between a machine and a working modem, and says
// of each thing what helps. Nothing it does changes a modem, a SIM or a message: it
// brings a modem up as the bridge does, but types no PIN and acknowledges nothing.
package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/user"
	"path/filepath"
	"time"

	"wvsms/bridge"
	"wvsms/modem"
)

// Options are what the doctor looks at. The zero value is this machine.
type Options struct {
	Version string
	Config  string // path of the configuration
	Device  string // AT port to examine; "": those of the configuration

	// Info asks the bridge that listens at an address for INFO; nil: nobody is asked.
	Info func(ctx context.Context, addr string) (json.RawMessage, error)
	// Trace is told every AT line of the examination. May be nil.
	Trace func(sent bool, line string)
	// Record, if not nil, is given the dialogue of the examination as a script.
	Record io.Writer
	// Loopback, if not nil, has the network tried: that costs messages.
	Loopback *Loopback

	Machine
}

// A Machine is what surrounds the modem.
type Machine struct {
	Sys, Dev, Udev string // /sys, /dev, /run/udev/data
	Profiles       string // /etc/wvsms/profiles.toml
	Dial           bridge.Dial
	ModemManager   func(context.Context) bool // runs
	Holder         func(path string) (modem.Holder, bool)
	User           func() (name string, groups []string)
	Room           func(folder string) (octets uint64) // that its disk has left
}

func (m *Machine) setDefaults() {
	for _, d := range []struct {
		to    *string
		usual string
	}{{&m.Sys, "/sys"}, {&m.Dev, "/dev"}, {&m.Udev, "/run/udev/data"}, {&m.Profiles, "/etc/wvsms/profiles.toml"}} {
		if *d.to == "" {
			*d.to = d.usual
		}
	}
	if m.ModemManager == nil {
		m.ModemManager = bridge.ModemManager{}.Runs
	}
	if m.Holder == nil {
		m.Holder = func(path string) (modem.Holder, bool) { return modem.FindHolder(path, time.Second) }
	}
	if m.User == nil {
		m.User = whoami
	}
	if m.Room == nil {
		m.Room = room
	}
}

// whoami is the user that runs this, and its groups by name.
func whoami() (name string, groups []string) {
	u, err := user.Current()
	if err != nil {
		return "?", nil
	}
	ids, _ := u.GroupIds()
	for _, id := range ids {
		if g, err := user.LookupGroupId(id); err == nil {
			groups = append(groups, g.Name)
		}
	}
	return u.Username, groups
}

// State of one check.
type State string

const (
	Good State = "ok"
	Warn State = "warn" // it works, and may not
	Fail State = "fail"
)

// A Check is one thing looked at.
type Check struct {
	Modem  string `json:"modem,omitempty"`
	Name   string `json:"check"`
	State  State  `json:"state"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

// A Report is all of it. It holds no number, identity or PIN in clear.
type Report struct {
	Version string  `json:"version"`
	OK      bool    `json:"ok"`
	Checks  []Check `json:"checks"`
}

// doctor is one examination.
type doctor struct {
	o        Options
	profiles modem.Profiles
	cfg      bridge.Config
	report   Report
	modem    string // that the checks are about now
}

// Examine looks at everything. The error is ctx's.
func Examine(ctx context.Context, o Options) (Report, error) {
	o.setDefaults()
	d := &doctor{o: o, report: Report{Version: o.Version, OK: true, Checks: []Check{}}}
	if d.o.Dial == nil {
		d.o.Dial = func(_ context.Context, c bridge.ModemConfig) (modem.Port, error) { return c.Open(d.profiles) }
	}
	d.machine(ctx)
	patients := d.patients(ctx)
	if o.Record != nil && len(patients) > 1 {
		return d.report, errors.New("record a dialogue: there are several modems, name the device of one")
	}
	for _, c := range patients {
		d.modem = c.Name
		d.examine(ctx, c)
	}
	return d.report, ctx.Err()
}

func (d *doctor) say(name string, state State, text, remedy string) {
	d.report.Checks = append(d.report.Checks, Check{d.modem, name, state, discreet(text), discreet(remedy)})
	if state == Fail {
		d.report.OK = false
	}
}

func (d *doctor) good(name, format string, args ...any) {
	d.say(name, Good, fmt.Sprintf(format, args...), "")
}

// patients are the modems to examine: the one named, else those of the configuration,
// else what is found on USB.
func (d *doctor) patients(ctx context.Context) []bridge.ModemConfig {
	list := d.cfg.Modems
	if d.o.Device != "" {
		one := bridge.ModemConfig{Name: filepath.Base(d.o.Device), Device: d.o.Device}
		for _, c := range list {
			if c.Device == d.o.Device {
				one = c
			}
		}
		return []bridge.ModemConfig{one}
	}
	if len(list) == 0 {
		list = []bridge.ModemConfig{{Name: "USB", Device: "auto"}}
	}
	var found []bridge.ModemConfig
	taken := map[string]bool{}
	for _, c := range list {
		if filepath.IsAbs(c.Device) {
			found = append(found, c)
			continue
		}
		d.modem = c.Name
		if c.Device = d.find(ctx, c, taken); c.Device != "" {
			found = append(found, c)
		}
	}
	return found
}
