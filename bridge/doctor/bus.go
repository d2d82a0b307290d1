package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
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
		ports := terminals(v, row)
		what := fmt.Sprintf("%s %s %s", v.Path, v.ID(), strings.TrimSpace(v.Manufacturer+" "+v.Product))
		switch {
		case row.Explain != "":
			d.say("USB", Fail, what+": "+row.Explain, "")
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

// terminals are those that may speak AT, the likeliest first: by the row, else by the
// class of USB (communications, abstract control model, AT: 02/02/01).
func terminals(v usb.Device, row modem.Profile) (list []string) {
	for _, n := range slices.Concat(row.Ports.AT, row.Ports.PPP) {
		for _, i := range v.Interfaces {
			if i.Number == n && i.TTY != "" {
				list = append(list, i.TTY)
			}
		}
	}
	for _, i := range v.Interfaces {
		if i.TTY != "" && i.Class == 0x02 && i.Subclass == 0x02 && i.Protocol == 0x01 && !slices.Contains(list, i.TTY) {
			list = append(list, i.TTY)
		}
	}
	return list
}

// find is the AT port of the first modem on USB that answers and is not taken.
func (d *doctor) find(ctx context.Context, taken map[string]bool) string {
	devices, _ := usb.Scan(d.o.Sys)
	for _, v := range devices {
		row, _ := d.profiles.USB(v.ID())
		if taken[v.Path] || row.Explain != "" {
			continue
		}
		for _, tty := range terminals(v, row) {
			device := filepath.Join(d.o.Dev, tty)
			port, err := d.o.Dial(ctx, bridge.ModemConfig{Device: device})
			if err == nil {
				_, err = modem.Probe(ctx, port)
			}
			var held *modem.PortError
			if err == nil || errors.As(err, &held) && held.Fault == modem.PortBusy {
				taken[v.Path] = true
				return device
			}
		}
	}
	d.say("port", Fail, `no modem answers on USB`, "name its AT port: wvsms doctor /dev/…")
	return ""
}
