package usb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// maxEvent is the kernel's own limit of an event with its variables
// (UEVENT_BUFFER_SIZE, 2048) and of its heading, a path.
const maxEvent = 8192

// Watch calls changed whenever the kernel says that a USB device or a terminal has
// come or gone, until ctx ends. It is a hint only: events get lost when many come at
// once, and some places (containers, sandboxes) give none; so look now and then
// besides. An error says that there will be no hints.
func Watch(ctx context.Context, changed func()) error {
	f, err := listen()
	if err != nil {
		return fmt.Errorf("listen to the kernel for USB devices: %w", err)
	}
	defer context.AfterFunc(ctx, func() { f.Close() })()
	defer f.Close()
	buf := make([]byte, maxEvent)
	for {
		n, err := f.Read(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, unix.ENOBUFS): // too many at once: some are lost
			changed()
		case err != nil:
			return fmt.Errorf("listen to the kernel for USB devices: %w", err)
		case concerns(buf[:n]):
			changed()
		}
	}
}

// listen opens the kernel's broadcast of events. Anybody may listen to it.
func listen() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	const kernel = 1 // the group of the kernel; udev repeats to group 2
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: kernel}); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("bind", err)
	}
	return os.NewFile(uintptr(fd), "uevents"), nil
}

// concerns tells whether an event, "add@/devices/…" and variables with a NUL after
// each, is about USB or a terminal. Anybody on the machine with the right to may forge
// one, which does no harm: it is only looked at what is there.
func concerns(event []byte) bool {
	for _, variable := range bytes.Split(event, []byte{0}) {
		switch string(variable) {
		case "SUBSYSTEM=usb", "SUBSYSTEM=tty", "SUBSYSTEM=usb-serial":
			return true
		}
	}
	return false
}
