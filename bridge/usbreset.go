package bridge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/coreos/go-systemd/v22/unit"
	"github.com/godbus/dbus/v5"

	"wvsms/modem/usb"
)

// A USBReset takes a device off the USB bus and puts it back, by its path ("1-1.4").
type USBReset interface {
	Lack() string // why that cannot be had here; "" it can
	Reset(ctx context.Context, path string) error
}

// systemdReset has systemd do it: a bridge that may not write /sys asks for a unit that
// may, wvsms-usbreset@.service, which does nothing else; polkit says who may ask.
type systemdReset struct {
	booted string // exists where systemd runs: sd_booted(3)
	bus    func(...dbus.ConnOption) (*dbus.Conn, error)
}

const (
	systemdName    = "org.freedesktop.systemd1"
	systemdManager = systemdName + ".Manager"
	systemdPath    = dbus.ObjectPath("/org/freedesktop/systemd1")
)

func newSystemdReset() systemdReset {
	return systemdReset{booted: "/run/systemd/system", bus: dbus.ConnectSystemBus}
}

func (r systemdReset) Lack() string {
	if _, err := os.Stat(r.booted); err != nil {
		return "systemd does not run here"
	}
	return ""
}

// Reset starts the unit and waits for its end.
func (r systemdReset) Reset(ctx context.Context, path string) error {
	name := "wvsms-usbreset@" + unit.UnitNameEscape(path) + ".service"
	if err := r.start(ctx, name); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	return nil
}

func (r systemdReset) start(ctx context.Context, name string) error {
	conn, err := r.bus(dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("reach D-Bus: %w", err)
	}
	defer conn.Close()
	removed := make(chan *dbus.Signal, 64) // jobs of other units end meanwhile too
	conn.Signal(removed)
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(systemdManager), dbus.WithMatchMember("JobRemoved")); err != nil {
		return fmt.Errorf("listen to systemd: %w", err)
	}
	manager := conn.Object(systemdName, systemdPath)
	// systemd tells of jobs only where somebody has asked it to.
	if err := manager.CallWithContext(ctx, systemdManager+".Subscribe", 0).Err; err != nil {
		return fmt.Errorf("listen to systemd: %w", err)
	}
	var job dbus.ObjectPath
	if err := manager.CallWithContext(ctx, systemdManager+".StartUnit", 0, name, "replace").Store(&job); err != nil {
		return err
	}
	for {
		select {
		case s, ok := <-removed:
			switch {
			case !ok:
				return errors.New("D-Bus hung up before systemd told how it went")
			case len(s.Body) < 4 || s.Body[1] != job:
			case s.Body[3] == "done":
				return nil
			default:
				return fmt.Errorf("it ended %q: journalctl -u '%s' tells more", s.Body[3], name)
			}
		case <-ctx.Done():
			return fmt.Errorf("systemd does not tell how it went: %w", context.Cause(ctx))
		}
	}
}

// usbPath is where the device of a terminal is plugged in; "" where that is not known,
// or it is on no USB port.
func usbPath(sys, terminal string) string {
	real, err := filepath.EvalSymlinks(terminal)
	if err != nil {
		return ""
	}
	devices, err := usb.Scan(sys)
	if err != nil {
		return ""
	}
	for _, d := range devices {
		for _, i := range d.Interfaces {
			if i.TTY != "" && i.TTY == filepath.Base(real) {
				return d.Path
			}
		}
	}
	return ""
}
