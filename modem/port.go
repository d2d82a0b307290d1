package modem

import (
	"fmt"
	"os"
	"syscall"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

const defaultBaud = 115200

// tty is a serial line. All octets go through the os.File, which the runtime
// polls: Close ends a blocked Read and Write, a Write has a deadline, and the
// descriptor is not inherited. go.bug.st/serial sets the line up and does no
// more: its Write has no deadline, is not ended by Close, and goes to another
// file when the number of a closed descriptor is in use again.
type tty struct{ *os.File }

// A Line is how a tty is set. The zero value is usual.
type Line struct {
	Baud           int  // 0: 115200
	DTROff, RTSOff bool // boards differ in what they make of these lines: some power the modem with one
}

// OpenLine opens the tty at path for this process alone, raw, set as line says (baud 0:
// 115200), with DTR and RTS where the line has them. It works on pseudo-terminals too.
func OpenLine(path string, line Line) (Port, error) {
	if line.Baud == 0 {
		line.Baud = defaultBaud
	}
	// First, because TIOCEXCL refuses any open that comes later.
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, openError(path, err)
	}
	if err := setUp(f, path, line); err != nil {
		_ = f.Close()
		return nil, openError(path, err)
	}
	return tty{f}, nil
}

func setUp(f *os.File, path string, line Line) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var lines bool // there are modem lines: no pseudo-terminal
	if err := control(raw, func(fd int) error {
		// TIOCEXCL does not hold root off, so there is a lock besides.
		if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
			return err
		}
		_, err := unix.IoctlGetInt(fd, unix.TIOCMGET)
		lines = err == nil
		return nil
	}); err != nil {
		return err
	}
	mode := &serial.Mode{BaudRate: line.Baud}
	if lines {
		mode.InitialStatusBits = &serial.ModemOutputBits{DTR: !line.DTROff, RTS: !line.RTSOff}
	}
	if err := configure(path, mode); err != nil {
		return err
	}
	return control(raw, func(fd int) error {
		if err := unix.IoctlSetInt(fd, unix.TIOCEXCL, 0); err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		return keepDTR(fd)
	})
}

// configure has serial set mode, which stays as long as the tty is open
// anywhere. Its own descriptor is closed before a child could inherit it.
func configure(path string, mode *serial.Mode) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	p, err := serial.Open(path, mode)
	if err != nil {
		return err
	}
	return p.Close()
}

// keepDTR: with HUPCL the last close drops DTR, on which some modems reset.
func keepDTR(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("read line settings: %w", err)
	}
	t.Cflag &^= unix.HUPCL
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
		return fmt.Errorf("write line settings: %w", err)
	}
	return nil
}

func control(raw syscall.RawConn, f func(fd int) error) error {
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}
