package modemtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// busFiles is the bus in the file system, as Linux shows it: /sys/bus/usb/devices has
// links to folders that stand below the controller, hub within hub.
type busFiles struct{ dir string }

func (f busFiles) sys() string   { return filepath.Join(f.dir, "sys") }
func (f busFiles) dev() string   { return filepath.Join(f.dir, "dev") }
func (f busFiles) links() string { return filepath.Join(f.sys(), "bus/usb/devices") }

func (f busFiles) create() error {
	return errors.Join(os.MkdirAll(f.links(), 0o755), os.MkdirAll(f.dev(), 0o755))
}

// spot is the folder of a socket below sys: "1-1.4" is in usb1/1-1/1-1.4.
func spot(socket string) string {
	bus, ports, _ := strings.Cut(socket, "-")
	path := "devices/pci0000:00/0000:00:14.0/usb" + bus
	for at := 0; at < len(ports); {
		n := strings.IndexByte(ports[at:], '.')
		if n < 0 {
			n = len(ports) - at
		}
		path = filepath.Join(path, bus+"-"+ports[:at+n])
		at += n + 1
	}
	return path
}

// plant makes the entries of a device. They are moved into place whole, so that who
// looks meanwhile sees all or nothing.
func (f busFiles) plant(socket string, number int, look USB, serial string, ttys []string) error {
	dir := filepath.Join(f.sys(), spot(socket))
	next := filepath.Join(f.dir, "next")
	class := "00"
	if len(look.Interfaces) > 0 && look.Interfaces[0].Driver == "cdc_acm" {
		class = "02"
	}
	all := map[string]string{
		"idVendor": fmt.Sprintf("%04x", look.VID), "idProduct": fmt.Sprintf("%04x", look.PID), "bDeviceClass": class,
		"devnum": fmt.Sprint(number), "manufacturer": look.Manufacturer, "product": look.Product,
	}
	if look.Serial {
		all["serial"] = serial
	}
	links := map[string]string{}
	for i, function := range look.Interfaces {
		name := fmt.Sprintf("%s:1.%d", socket, i)
		all[name+"/bInterfaceNumber"] = fmt.Sprintf("%02x", i)
		all[name+"/bInterfaceClass"] = fmt.Sprintf("%02x", function.Class)
		all[name+"/bInterfaceSubClass"] = fmt.Sprintf("%02x", function.Subclass)
		all[name+"/bInterfaceProtocol"] = fmt.Sprintf("%02x", function.Protocol)
		if function.Driver != "" {
			up := strings.Count(spot(socket), "/") + 2
			links[name+"/driver"] = strings.Repeat("../", up) + "bus/usb/drivers/" + function.Driver
		}
		switch {
		case ttys[i] == "":
		case function.Driver == "cdc_acm":
			all[name+"/tty/"+ttys[i]+"/uevent"] = "DEVNAME=" + ttys[i]
		default:
			all[name+"/"+ttys[i]+"/tty/"+ttys[i]+"/uevent"] = "DEVNAME=" + ttys[i]
		}
	}
	err := os.RemoveAll(next)
	for name, value := range all {
		err = errors.Join(err, put(filepath.Join(next, name), value))
	}
	for name, target := range links {
		err = errors.Join(err, os.Symlink(target, filepath.Join(next, name)))
	}
	err = errors.Join(err, os.MkdirAll(filepath.Dir(dir), 0o755), os.Rename(next, dir))
	err = errors.Join(err, f.link(socket, spot(socket)))
	for i := range look.Interfaces {
		name := fmt.Sprintf("%s:1.%d", socket, i)
		err = errors.Join(err, f.link(name, filepath.Join(spot(socket), name)))
	}
	return err
}

// uproot takes a device away.
func (f busFiles) uproot(socket string, interfaces int) {
	for i := range interfaces {
		os.Remove(filepath.Join(f.links(), fmt.Sprintf("%s:1.%d", socket, i)))
	}
	os.Remove(filepath.Join(f.links(), socket))
	os.RemoveAll(filepath.Join(f.sys(), spot(socket)))
}

func (f busFiles) link(name, path string) error {
	return os.Symlink(filepath.Join("../../..", path), filepath.Join(f.links(), name))
}

func put(file, value string) error {
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.WriteFile(file, []byte(value+"\n"), 0o644))
}
