// Package usb tells which USB devices the machine has and which terminals they
// bring, read from sysfs. It opens no device.
package usb

import "fmt"

// A Device is one USB device as it is plugged in now.
type Device struct {
	Path     string // bus and ports, "1-1.4": the same as long as it is in the same socket
	VID, PID uint16
	Class    uint8  // bDeviceClass
	Serial   string // "" where it has none: most sticks

	Manufacturer, Product string

	Interfaces []Interface // by Number
}

// An Interface is one function of a device: a modem has several, of which one or
// two speak AT.
type Interface struct {
	Number                    uint8
	Class, Subclass, Protocol uint8
	Driver                    string // of the kernel, "option", "cdc_acm"; "" none
	TTY                       string // name below /dev, "ttyUSB2"; "" none
}

// ID is the device's vendor and product as every tool writes them: "2c7c:0125".
func (d Device) ID() string { return fmt.Sprintf("%04x:%04x", d.VID, d.PID) }
