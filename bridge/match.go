package bridge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"wvsms/modem/usb"
)

// A Match says which modem a [[modem]] means: whatever of it is given has to fit.
type Match struct {
	VID, PID string // four hex digits
	Serial   string // of the USB device; most sticks have none
	USB      string // bus and ports, "1-1.4": the socket that it is in
	IMEI     string
}

var (
	fourHex = regexp.MustCompile(`^[0-9a-f]{4}$`)
	socket  = regexp.MustCompile(`^[0-9]+-[0-9]+(\.[0-9]+)*$`)
	imei    = regexp.MustCompile(`^[0-9]{15}$`)
)

// read is a device = { … }: hex digits in any case, all else as the device and the
// kernel have it.
func (m *Match) read(t *table) {
	for _, k := range []struct {
		key  string
		to   *string
		form *regexp.Regexp
		want string
	}{
		{"vid", &m.VID, fourHex, `four hex digits, as lsusb prints them: "2c7c"`},
		{"pid", &m.PID, fourHex, `four hex digits, as lsusb prints them: "0125"`},
		{"serial", &m.Serial, nil, "the serial number of the USB device"},
		{"usb", &m.USB, socket, `bus and ports of the socket, as in /sys/bus/usb/devices: "1-1.4"`},
		{"imei", &m.IMEI, imei, "15 digits, as AT+CGSN tells them"},
	} {
		if _, given := t.values[k.key]; !given {
			continue
		}
		t.text(k.key, k.to)
		if k.form == fourHex {
			*k.to = strings.ToLower(*k.to)
		}
		if !t.faulty(k.key) && (*k.to == "" || k.form != nil && !k.form.MatchString(*k.to)) {
			t.fault(k.key, fmt.Sprintf("%q: %s", *k.to, k.want))
		}
	}
	switch {
	case t.faulty(""):
	case *m == Match{}:
		t.fault("", `says nothing of the modem: vid, pid, serial, usb or imei, or "auto"`)
	case m.PID != "" && m.VID == "":
		t.fault("pid", "stands without vid: makers number their products each for himself")
	}
}

// fits compares what can be seen of a device without opening it.
func (m Match) fits(d usb.Device) bool {
	id := d.ID()
	return (m.VID == "" || m.VID == id[:4]) && (m.PID == "" || m.PID == id[5:]) &&
		(m.Serial == "" || m.Serial == d.Serial) && (m.USB == "" || m.USB == d.Path)
}

// named tells whether the match points at a device, so that it may be probed
// whatever it is. An IMEI does not: to learn it one has to ask.
func (m Match) named() bool { return m.VID != "" || m.Serial != "" || m.USB != "" }

// single tells whether there can be one such modem only.
func (m Match) single() bool { return m.USB != "" || m.IMEI != "" }

func (m Match) String() string {
	var all []string
	for _, k := range [][2]string{{"vid", m.VID}, {"pid", m.PID}, {"serial", m.Serial}, {"usb", m.USB}, {"imei", m.IMEI}} {
		if k[1] != "" {
			all = append(all, k[0]+"="+k[1])
		}
	}
	return strings.Join(all, " ")
}

// SameIMEI compares without the check digit, which some modems leave out or replace
// by the version of their software (TS 23.003 6.2).
func SameIMEI(a, b string) bool {
	const digits = 14
	return len(a) >= digits && len(b) >= digits && a[:digits] == b[:digits]
}

// sought tells whether the modem has to be looked for, other than by opening a path.
func (c ModemConfig) sought() bool { return c.Device == auto || c.Match != Match{} }

const auto = "auto"

// readDevice is the key device: a path, "auto", or a table that describes the modem.
func (c *ModemConfig) readDevice(t *table) {
	if _, described := t.values["device"].(map[string]any); described {
		t.table("device", c.Match.read)
		return
	}
	if device, ok := take[string](t, "device", "a string or a table"); ok {
		c.Device = device
	}
	switch {
	case t.faulty("device"), c.Device == auto:
	case c.Device == "":
		t.fault("device", `is missing: "auto", the path of the modem's AT port, or { vid, pid, serial, usb, imei }`)
	case !strings.HasPrefix(c.Device, "/"):
		t.fault("device", fmt.Sprintf(`%q is neither "auto" nor an absolute path: "/dev/%s"`, c.Device, c.Device))
	}
}

// checkDevices finds modems that are meant twice.
func (c *Config) checkDevices(t *table) {
	for i, m := range c.Modems {
		first := slices.IndexFunc(c.Modems[:i], func(o ModemConfig) bool {
			return m.Device != "" && m.Device != auto && m.Device == o.Device || m.Match.single() && m.Match == o.Match
		})
		if first >= 0 {
			t.fault(fmt.Sprintf("modem[%d].device", i), fmt.Sprintf("%s is modem[%d]'s already", m.Device+m.Match.String(), first))
		}
	}
}
