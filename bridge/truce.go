package bridge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/godbus/dbus/v5"
)

// A Truce is made with a daemon that takes every modem it finds.
type Truce interface {
	// Inhibit has it leave one USB device alone, named by its folder in sysfs, until
	// release. errNoRival: there is nobody to make it with.
	Inhibit(ctx context.Context, device string) (release func(), err error)
}

var errNoRival = errors.New("no ModemManager runs")

// Specification: D-Bus names of ModemManager 1.x. InhibitDevice(uid s, inhibit b) is
// there since 1.10; uid is the folder of the device in sysfs, and the inhibition ends
// with the caller's connection at the latest.
const (
	managerName    = "org.freedesktop.ModemManager1"
	managerPath    = "/org/freedesktop/ModemManager1"
	managerInhibit = managerName + ".InhibitDevice"
)

// ModemManager is the one on the system's bus. Nothing here starts it.
type ModemManager struct{}

// Runs tells whether somebody has ModemManager's name on the bus.
func (ModemManager) Runs(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, truceLimit)
	defer cancel()
	conn, err := dialManager(ctx)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// dialManager connects to the bus if ModemManager is on it. ctx bounds that and not the
// connection, with which the truce would end.
func dialManager(ctx context.Context) (*dbus.Conn, error) {
	life, end := context.WithCancel(context.Background())
	greeted := context.AfterFunc(ctx, end) // a bus may take the connection and say no word
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(life))
	if !greeted() || err != nil {
		end()
		return nil, errNoRival // no bus, so nobody on it
	}
	var owned bool
	err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, managerName).Store(&owned)
	if err != nil || !owned {
		_ = conn.Close()
		return nil, errors.Join(errNoRival, err)
	}
	return conn, nil
}

// truceLimit: ModemManager answers when it has closed the ports of the device.
const truceLimit = 10 * time.Second

// Inhibit implements Truce.
func (ModemManager) Inhibit(ctx context.Context, device string) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, truceLimit)
	defer cancel()
	conn, err := dialManager(ctx)
	if err != nil {
		return nil, err
	}
	manager := conn.Object(managerName, managerPath)
	err = manager.CallWithContext(ctx, managerInhibit, dbus.FlagNoAutoStart, device, true).Err
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("ask ModemManager to leave %s alone: %w", device, err)
	}
	return func() {
		manager.Go(managerInhibit, dbus.FlagNoAutoStart|dbus.FlagNoReplyExpected, nil, device, false)
		_ = conn.Close()
	}, nil
}

// usbFolder is the folder in sysfs of the USB device to which a terminal belongs, ""
// where it belongs to none.
func usbFolder(sys, device string) string {
	path, err := filepath.EvalSymlinks(device)
	if err != nil {
		return ""
	}
	dir, err := filepath.EvalSymlinks(filepath.Join(sys, "class/tty", filepath.Base(path), "device"))
	for ; err == nil && len(dir) > len(sys); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "idVendor")); err == nil {
			return dir
		}
	}
	return ""
}
