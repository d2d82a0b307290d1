package usb

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Implementation limits.
const (
	// maxAttribute: sysfs gives no more than a page, and the longest string
	// descriptor of USB is 126 characters (USB 2.0 9.6.7: bLength is an octet).
	maxAttribute = 4096
	// maxEntries of one folder. A bus has 127 addresses, a device 32 interfaces.
	maxEntries = 4096
)

// Scan lists the USB devices below sys, which is /sys but in tests, by their path.
// Hubs are left out, and so is a device that vanishes while it is being read: to the
// one who asks it is not there any more. It is an error where the machine has no USB.
func Scan(sys string) ([]Device, error) {
	dir := filepath.Join(sys, "bus", "usb", "devices")
	names, err := list(dir)
	if err != nil {
		return nil, fmt.Errorf("look for USB devices: %w", err)
	}
	var all []Device
	for _, name := range names {
		// Beside devices, "1-1.4", there are their interfaces, "1-1.4:1.0", and the
		// host controllers, "usb1".
		if !isPath(name) {
			continue
		}
		const hub = 0x09 // USB 2.0 11.23.1
		if d, ok := readDevice(filepath.Join(dir, name)); ok && d.Class != hub {
			d.Path = name
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b Device) int { return ComparePaths(a.Path, b.Path) })
	return all, nil
}

// isPath tells whether a name is bus and ports.
func isPath(name string) bool {
	bus, ports, ok := strings.Cut(name, "-")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return ok && digits(bus) && !slices.ContainsFunc(strings.Split(ports, "."), func(p string) bool { return !digits(p) })
}

// readDevice reads one device; false where it is not all there.
func readDevice(dir string) (d Device, ok bool) {
	vid, ok1 := hexAttribute(dir, "idVendor", 16)
	pid, ok2 := hexAttribute(dir, "idProduct", 16)
	class, ok3 := hexAttribute(dir, "bDeviceClass", 8)
	if !ok1 || !ok2 || !ok3 {
		return Device{}, false
	}
	d = Device{VID: uint16(vid), PID: uint16(pid), Class: uint8(class)}
	number, _ := attribute(dir, "devnum")
	d.Number, _ = strconv.Atoi(number)
	d.Serial, _ = attribute(dir, "serial")
	d.Manufacturer, _ = attribute(dir, "manufacturer")
	d.Product, _ = attribute(dir, "product")
	names, err := list(dir)
	if err != nil {
		return Device{}, false
	}
	for _, name := range names {
		if !strings.HasPrefix(name, filepath.Base(dir)+":") {
			continue
		}
		if i, ok := readInterface(filepath.Join(dir, name)); ok {
			d.Interfaces = append(d.Interfaces, i)
		}
	}
	slices.SortFunc(d.Interfaces, func(a, b Interface) int { return cmp.Compare(a.Number, b.Number) })
	// One that was pulled out meanwhile has lost some of that.
	again, _ := attribute(dir, "devnum")
	return d, again == number
}

func readInterface(dir string) (i Interface, ok bool) {
	for _, a := range []struct {
		name string
		to   *uint8
	}{
		{"bInterfaceNumber", &i.Number}, {"bInterfaceClass", &i.Class},
		{"bInterfaceSubClass", &i.Subclass}, {"bInterfaceProtocol", &i.Protocol},
	} {
		n, ok := hexAttribute(dir, a.name, 8)
		if !ok {
			return Interface{}, false
		}
		*a.to = uint8(n)
	}
	if driver, err := os.Readlink(filepath.Join(dir, "driver")); err == nil {
		i.Driver = filepath.Base(driver)
	}
	i.TTY = terminal(dir)
	return i, true
}

// terminal finds the tty of an interface. The USB serial drivers put a port between
// the two, ttyUSB2/tty/ttyUSB2; cdc_acm has the terminal at once, tty/ttyACM0.
func terminal(dir string) string {
	folders := []string{filepath.Join(dir, "tty")}
	names, _ := list(dir)
	for _, name := range names {
		if strings.HasPrefix(name, "tty") && name != "tty" {
			folders = append(folders, filepath.Join(dir, name, "tty"))
		}
	}
	for _, folder := range folders {
		names, _ := list(folder)
		for _, name := range names {
			if strings.HasPrefix(name, "tty") {
				return name
			}
		}
	}
	return ""
}

// attribute reads one value of sysfs. Texts come from the device, which is free to
// put anything into them: what is not fit for a log line is left out.
func attribute(dir, name string) (string, bool) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return "", false
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxAttribute))
	return clean(string(b)), err == nil
}

func clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "")))
}

// hexAttribute reads a number as the kernel writes those of descriptors, in hex
// without 0x.
func hexAttribute(dir, name string, bits int) (uint64, bool) {
	text, ok := attribute(dir, name)
	n, err := strconv.ParseUint(text, 16, bits)
	return n, ok && err == nil
}

// list gives the names in a folder, sorted.
func list(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(maxEntries)
	if err != nil && err != io.EOF {
		return nil, err
	}
	slices.Sort(names)
	return names, nil
}
