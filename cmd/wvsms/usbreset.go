package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"wvsms/modem"
	"wvsms/modem/usb"
)

// usbresetCmd is what wvsms-usbreset@.service runs as root. It does one thing to one
// kind of device, because everybody who may start the unit has it done.
type usbresetCmd struct {
	Path  string `arg:"" help:"Bus and ports of the device, as below /sys/bus/usb/devices: 1-1.4."`
	Force bool   `help:"Also a device that is not known for a modem."`
	Sys   string `hidden:"" default:"/sys"`
}

// authorizedPause is how long a device stays unauthorised: its drivers have to let go.
const authorizedPause = time.Second

// usbPathForm is bus, dash, ports: no hub of the machine itself (usb1), no interface
// (1-1.4:1.2), no way out of the folder.
var usbPathForm = regexp.MustCompile(`^[0-9]+-[0-9]+(\.[0-9]+)*$`)

// Run writes 0 and then 1 to the device's authorized (Linux: usb/authorization.rst): it
// loses its drivers and gets them, configured anew, as if it had been plugged in.
func (c *usbresetCmd) Run(ctx context.Context, std *stdio) error {
	if !usbPathForm.MatchString(c.Path) {
		return usageError{fmt.Errorf("%q is no path of a USB device: 1-1.4 is the form, see /sys/bus/usb/devices", c.Path)}
	}
	device, err := c.find()
	if err != nil {
		return err
	}
	if !c.Force && !knownModem(device) {
		return fmt.Errorf("reset USB device %s: %s (%s %s) is not known for a modem: --force does it all the same",
			c.Path, device.ID(), device.Manufacturer, device.Product)
	}
	authorized := filepath.Join(c.Sys, "bus/usb/devices", c.Path, "authorized")
	if err := setAuthorized(authorized, "0"); err != nil {
		return fmt.Errorf("reset USB device %s: %w", c.Path, err)
	}
	select {
	case <-time.After(authorizedPause):
	case <-ctx.Done(): // it must not stay without
	}
	if err := setAuthorized(authorized, "1"); err != nil {
		return fmt.Errorf("reset USB device %s, it is off the bus until it is plugged in again: %w", c.Path, err)
	}
	fmt.Fprintf(std.Out, "%s (%s) was re-authorised\n", c.Path, device.ID())
	return nil
}

func (c *usbresetCmd) find() (usb.Device, error) {
	devices, err := usb.Scan(c.Sys)
	if err != nil {
		return usb.Device{}, err
	}
	for _, d := range devices {
		if d.Path == c.Path {
			return d, nil
		}
	}
	return usb.Device{}, fmt.Errorf("reset USB device %s: there is none, or it is a hub", c.Path)
}

// setAuthorized never makes a file: where there is none, sysfs has no such device.
func setAuthorized(path, value string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// modemDrivers bind to the terminals and networks of modems and to nothing else.
var modemDrivers = map[string]bool{
	"option": true, "qcserial": true, "sierra": true, "qmi_wwan": true, "cdc_mbim": true, "huawei_cdc_ncm": true, "hso": true,
}

// knownModem: it is in the table of profiles and not as something else, a driver for
// modems serves it, or it is an abstract control model that takes AT commands (USB
// class definitions for communications devices 1.2, table 5).
func knownModem(d usb.Device) bool {
	if row, ok := modem.BuiltinProfiles().USB(d.ID()); ok {
		return row.Explain == ""
	}
	for _, i := range d.Interfaces {
		if modemDrivers[i.Driver] || i.Class == 2 && i.Subclass == 2 && 1 <= i.Protocol && i.Protocol <= 6 {
			return true
		}
	}
	return false
}
