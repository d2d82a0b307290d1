package modem

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// PortFault is what is in the way of a port.
type PortFault string

const (
	PortMissing   PortFault = "missing"
	PortBusy      PortFault = "busy"
	PortForbidden PortFault = "forbidden"
	PortNotSerial PortFault = "not serial"
	PortBroken    PortFault = "broken" // anything else
)

// A PortError says why a port cannot be had, and what helps.
type PortError struct {
	Path   string
	Fault  PortFault
	Holder Holder // of a busy one; the zero one: not to be seen from here
	Group  string // to which a forbidden one is open, "" none

	err error
}

func (e *PortError) Unwrap() error { return e.err }

func (e *PortError) Error() string {
	text := "open " + e.Path + ": "
	switch e.Fault {
	case PortMissing:
		return text + "there is no such device: is the modem plugged in, and is this its name (ls -l /dev/serial/by-id)?"
	case PortBusy:
		return text + e.busy()
	case PortForbidden:
		who, name := "no right to it", "USER"
		if u, err := user.Current(); err == nil {
			who, name = who+" for user "+u.Username, u.Username
		}
		if e.Group == "" || e.Group == "root" {
			return text + who + ": install udev/71-wvsms.rules, which gives modems to group wvsms"
		}
		return text + fmt.Sprintf("%s: add it to group %s (sudo usermod -aG %s %s, then log in anew or restart the service), or install udev/71-wvsms.rules, which gives modems to group wvsms", who, e.Group, e.Group, name)
	case PortNotSerial:
		return text + "not a serial line: name the modem's AT port (ls -l /dev/serial/by-id)"
	}
	return text + e.err.Error()
}

func (e *PortError) busy() string {
	switch {
	case e.Holder.PID == 0 && os.Geteuid() != 0:
		return "in use by another program: as root, wvsms doctor " + e.Path + " says by which"
	case e.Holder.PID == 0:
		return "in use by another program"
	case e.Holder.IsModemManager():
		return fmt.Sprintf("in use by %s, which takes every modem that it finds: %s", e.Holder, KeepOff(e.Path))
	case e.Holder.PID == os.Getpid():
		return fmt.Sprintf("in use by %s, this process: two [[modem]] mean one port", e.Holder)
	case e.Holder.Name == "wvsms":
		return fmt.Sprintf("in use by %s: another bridge has this modem", e.Holder)
	}
	return fmt.Sprintf("in use by %s: stop that program, or give it another port", e.Holder)
}

// KeepOff is how ModemManager is kept off one port and no other.
func KeepOff(path string) string {
	return fmt.Sprintf("keep it off this port (wvsms udev-rule %s | sudo tee -a /etc/udev/rules.d/70-wvsms-local.rules; sudo udevadm control --reload; sudo udevadm trigger; sudo systemctl restart ModemManager)", path)
}

// openError says what is in the way and, where it can be found out, who.
func openError(path string, err error) error {
	e := &PortError{Path: path, Fault: PortBroken, err: err}
	var of *serial.PortError
	var p *os.PathError
	if errors.As(err, &p) {
		e.err = p.Err
	}
	switch {
	case errors.Is(err, unix.EWOULDBLOCK), errors.Is(err, unix.EBUSY),
		errors.As(err, &of) && of.Code() == serial.PortBusy:
		e.Fault, e.err = PortBusy, unix.EBUSY
		e.Holder, _ = FindHolder(path, time.Second)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		e.Fault = PortMissing
	case errors.Is(err, fs.ErrPermission):
		e.Fault, e.Group = PortForbidden, groupOf(path)
	case errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EISDIR), errors.As(err, &of) && of.Code() == serial.InvalidSerialPort:
		e.Fault = PortNotSerial
	}
	return e
}

// groupOf is the group that may read and write the file at path, "" if none may.
func groupOf(path string) string {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o060 != 0o060 {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	id := strconv.FormatUint(uint64(stat.Gid), 10)
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return strings.TrimSpace(id)
}
