// Package usb tells which USB devices the machine has and which terminals they
// bring, read from sysfs. It opens no device.
package usb

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// A Device is one USB device as it is plugged in now.
type Device struct {
	Path     string // bus and ports, "1-1.4": the same as long as it is in the same socket
	Number   int    // of its enumeration on the bus: another one each time it is plugged in or resets
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

// ComparePaths orders paths as a person counts sockets: 1-1.9 before 1-1.10.
func ComparePaths(a, b string) int {
	split := func(c rune) bool { return c == '-' || c == '.' }
	as, bs := strings.FieldsFunc(a, split), strings.FieldsFunc(b, split)
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if n := cmp.Compare(x, y); n != 0 {
			return n
		}
	}
	return cmp.Or(cmp.Compare(len(as), len(bs)), strings.Compare(a, b))
}
