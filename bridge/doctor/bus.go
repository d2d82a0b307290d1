package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"wvsms/bridge"
	"wvsms/modem"
	"wvsms/modem/usb"
)

// bus tells which modems USB shows.
func (d *doctor) bus() {
	devices, err := usb.Scan(d.o.Sys)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.good("USB", "this machine has none")
		return
	case err != nil:
		d.say("USB", Warn, err.Error(), "")
		return
	}
	known := 0
	for _, v := range devices {
		row, ok := d.profiles.USB(v.ID())
		ports := bridge.ModemConfig{Device: "auto"}.Candidates(d.profiles, v)
		what := fmt.Sprintf("%s %s %s", v.Path, v.ID(), strings.TrimSpace(v.Manufacturer+" "+v.Product))
		switch {
		case row.Explain != "":
			d.say("USB", Warn, what+": "+row.Explain, "") // no harm where another one serves
		case !ok && len(ports) == 0:
			continue
		case len(ports) == 0:
			d.say("USB", Fail, what+" ("+row.Name+") brings no terminal", "is the kernel's driver there (sudo modprobe option), and the stick switched to modem mode (usb_modeswitch)?")
		default:
			d.good("USB", "%s (%s), may speak AT: %s", what, rowName(row), strings.Join(ports, ", "))
		}
		known++
	}
	if known == 0 {
		d.say("USB", Warn, fmt.Sprintf("no modem among %d devices", len(devices)), "plug one in; one on a UART is named by its path")
	}
}

func rowName(row modem.Profile) string {
	if row.Name == "" {
		return "no row of profiles.toml"
	}
	return row.Name
}

// find is the AT port of the first modem on USB that the [[modem]] may mean, that answers
// and is not another one's.
func (d *doctor) find(ctx context.Context, c bridge.ModemConfig, taken map[string]bool) string {
	devices, _ := usb.Scan(d.o.Sys)
	var heard []string
	for _, v := range devices {
		if taken[v.Path] {
			continue
		}
		for _, tty := range c.Candidates(d.profiles, v) {
			device := filepath.Join(d.o.Dev, tty)
			port, err := d.o.Dial(ctx, bridge.ModemConfig{Device: device})
			var id modem.Identity
			if err == nil {
				id, err = modem.Probe(ctx, port)
			}
			if err == nil && c.Match.IMEI != "" && !bridge.SameIMEI(c.Match.IMEI, id.IMEI) {
				heard = append(heard, tty+": IMEI "+id.IMEI)
				break
			}
			// One that the bridge has, it may be, or that is not for us: that is looked at later.
			if err == nil || faulty(err, modem.PortBusy) || faulty(err, modem.PortForbidden) {
				taken[v.Path] = true
				return device
			}
			heard = append(heard, tty+": "+err.Error())
		}
	}
	what := "no modem on USB"
	if is := c.Match.String(); is != "" {
		what += " with " + is
	}
	if len(heard) > 0 {
		d.say("port", Fail, what+" answers ("+strings.Join(heard, "; ")+")", "plug it out and in, and give it half a minute; or name its AT port: wvsms doctor /dev/…")
		return ""
	}
	d.say("port", Fail, what, "plug it in; one on a UART has to be named: wvsms doctor /dev/…")
	return ""
}

func faulty(err error, fault modem.PortFault) bool {
	var p *modem.PortError
	return errors.As(err, &p) && p.Fault == fault
}

// usbID is the vendor and product of the device to which a terminal belongs, "" none.
func (d *doctor) usbID(device string) string {
	path, err := filepath.EvalSymlinks(device)
	if err != nil {
		return ""
	}
	devices, _ := usb.Scan(d.o.Sys)
	for _, v := range devices {
		for _, i := range v.Interfaces {
			if i.TTY != "" && i.TTY == filepath.Base(path) {
				return v.ID()
			}
		}
	}
	return ""
}
