package udev

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// A device is a USB device of the fixture, with one terminal for each interface.
type device struct {
	at       string // "1-1.4", bus and ports
	id       string // "2c7c0125"
	maker    string
	product  string
	serial   string // "" none
	driver   string // "option", "cdc_acm"
	class    string // of the interfaces, "ff" or "02"
	ttys     []string
	ifNumber func(i int) int // nil: the i-th terminal is interface i
}

// A sysfs is what the kernel would show of these devices, below dir. All of them hang
// on one controller, as on a Raspberry Pi 4.
type sysfs struct {
	t   *testing.T
	dir string
}

const controller = "devices/platform/scb/fd500000.pcie/pci0000:00/0000:00:00.0/0000:01:00.0"

func (s sysfs) write(path, text string) {
	s.t.Helper()
	path = filepath.Join(s.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// link makes the symlink at point to what is below dir too.
func (s sysfs) link(at, to string) {
	s.t.Helper()
	at, to = filepath.Join(s.dir, at), filepath.Join(s.dir, to)
	for _, dir := range []string{filepath.Dir(at), to} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
	relative, err := filepath.Rel(filepath.Dir(at), to)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.Symlink(relative, at); err != nil {
		s.t.Fatal(err)
	}
}

// node is one directory of devices/ with what every one has.
func (s sysfs) node(path, subsystem, uevent string) {
	s.write(path+"/uevent", uevent)
	s.link(path+"/subsystem", subsystem)
}

func (s sysfs) host() {
	s.node("devices/platform/scb", "bus/platform", "DRIVER=simple-bus\n")
	s.node("devices/platform/scb/fd500000.pcie", "bus/platform", "DRIVER=brcm-pcie\n")
	s.node("devices/platform/scb/fd500000.pcie/pci0000:00/0000:00:00.0", "bus/pci", "DRIVER=pcieport\n")
	s.node(controller, "bus/pci", "DRIVER=xhci_hcd\n")
	for name, value := range map[string]string{"vendor": "0x1106", "device": "0x3483"} {
		s.write(controller+"/"+name, value+"\n")
	}
	s.usb(controller+"/usb1", map[string]string{"idVendor": "1d6b", "idProduct": "0002", "bcdDevice": "0601"})
	s.uart("ttyAMA0", "devices/platform/soc/fe201000.serial", 204, 64)
}

func (s sysfs) usb(path string, attributes map[string]string) {
	s.node(path, "bus/usb", "MAJOR=189\nMINOR=0\nDEVTYPE=usb_device\n")
	for name, value := range attributes {
		if value != "" {
			s.write(path+"/"+name, value+"\n")
		}
	}
}

func (s sysfs) uart(name, path string, major, minor int) {
	s.node(path, "bus/platform", "DRIVER=uart-pl011\n")
	s.tty(path+"/tty/"+name, name, major, minor)
}

func (s sysfs) tty(path, name string, major, minor int) {
	s.node(path, "class/tty", fmt.Sprintf("MAJOR=%d\nMINOR=%d\nDEVNAME=%s\n", major, minor, name))
	s.write(path+"/dev", fmt.Sprintf("%d:%d\n", major, minor))
	s.link("class/tty/"+name, path)
}

// plug adds d, below its hub if it has one.
func (s sysfs) plug(d device) {
	s.t.Helper()
	path := controller + "/usb1"
	for i, c := range d.at {
		if c == '.' {
			path += "/" + d.at[:i]
			if _, err := os.Lstat(filepath.Join(s.dir, path)); err != nil {
				s.usb(path, map[string]string{"idVendor": "2109", "idProduct": "3431", "bcdDevice": "0421"})
			}
		}
	}
	path += "/" + d.at
	s.usb(path, map[string]string{
		"idVendor": d.id[:4], "idProduct": d.id[4:], "bcdDevice": "0318",
		"manufacturer": d.maker, "product": d.product, "serial": d.serial,
	})
	for i, tty := range d.ttys {
		number := i
		if d.ifNumber != nil {
			number = d.ifNumber(i)
		}
		ifPath := fmt.Sprintf("%s/%s:1.%d", path, d.at, number)
		s.node(ifPath, "bus/usb", "DEVTYPE=usb_interface\nDRIVER="+d.driver+"\n")
		s.write(ifPath+"/bInterfaceNumber", fmt.Sprintf("%02x\n", number))
		s.write(ifPath+"/bInterfaceClass", d.class+"\n")
		s.link(ifPath+"/driver", "bus/usb/drivers/"+d.driver)
		minor, err := strconv.Atoi(tty[len("ttyUSB"):])
		if err != nil {
			s.t.Fatal(err)
		}
		if d.driver == "cdc_acm" {
			s.tty(ifPath+"/tty/"+tty, tty, 166, minor)
			continue
		}
		s.node(ifPath+"/"+tty, "bus/usb-serial", "DRIVER="+d.driver+"1\n")
		s.write(ifPath+"/"+tty+"/port_number", "0\n")
		s.tty(ifPath+"/"+tty+"/tty/"+tty, tty, 188, minor)
	}
}
