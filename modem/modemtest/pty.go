package modemtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A PTY is a serial line that any program can open by name. Octets pass as
// they are: no echo, no line discipline, until the opener sets one.
//
// The PTY holds the far end open itself, so that a program which closes and
// opens it again finds the same modem; see HangUpOnClose.
type PTY struct {
	master *os.File
	name   string
	link   string

	mu    sync.Mutex
	slave *os.File
}

// OpenPTY makes a pseudo terminal. link, if not "", becomes a symbolic link to
// it, in place of any link of that name; Close takes it away.
func OpenPTY(link string) (*PTY, error) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open pty: %w", err)
	}
	p := &PTY{master: master}
	if err := p.open(link); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *PTY) open(link string) error {
	n := 0
	err := control(p.master, func(fd int) (err error) {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return fmt.Errorf("unlock pty: %w", err)
		}
		n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return err
	})
	if err != nil {
		return err
	}
	p.name = fmt.Sprintf("/dev/pts/%d", n)
	p.slave, err = os.OpenFile(p.name, os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open pty: %w", err)
	}
	if err := control(p.slave, setRaw); err != nil {
		return fmt.Errorf("set %s to raw mode: %w", p.name, err)
	}
	if link == "" {
		return nil
	}
	// Rename puts the link there in one step; a link of that name gives way,
	// anything else does not.
	if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink == 0 {
		return fmt.Errorf("link %s to %s: %s is there and is no link", link, p.name, link)
	}
	next := fmt.Sprintf("%s.%d", link, os.Getpid())
	if err := os.Symlink(p.name, next); err != nil {
		return fmt.Errorf("link %s to %s: %w", link, p.name, err)
	}
	if err := os.Rename(next, link); err != nil {
		os.Remove(next)
		return fmt.Errorf("link %s to %s: %w", link, p.name, err)
	}
	p.link = link
	return nil
}

// Name is the path that software opens: the link, if there is one.
func (p *PTY) Name() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link != "" {
		return p.link
	}
	return p.name
}

// HangUpOnClose lets go of the far end: from now on Read ends when the last
// program that has it open closes it. Somebody has to have it open.
func (p *PTY) HangUpOnClose() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slave == nil {
		return nil
	}
	err := p.slave.Close()
	p.slave = nil
	return err
}

// Read reads what the far end wrote; io.EOF when it hung up.
func (p *PTY) Read(b []byte) (int, error) {
	n, err := p.master.Read(b)
	// Linux says EIO where no one has the far end open.
	if errors.Is(err, unix.EIO) || errors.Is(err, os.ErrClosed) {
		err = io.EOF
	}
	return n, err
}

// Write writes to the far end. With nobody reading there it blocks once the
// kernel's buffer is full, until Close.
func (p *PTY) Write(b []byte) (int, error) {
	n, err := p.master.Write(b)
	if errors.Is(err, os.ErrClosed) {
		err = io.ErrClosedPipe
	}
	return n, err
}

// Close ends the line and takes the link away, if it is still this PTY's.
func (p *PTY) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.link != "" {
		if to, err := os.Readlink(p.link); err == nil && to == p.name {
			os.Remove(p.link)
		}
		p.link = ""
	}
	if p.slave != nil {
		p.slave.Close()
		p.slave = nil
	}
	if err := p.master.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close pty: %w", err)
	}
	return nil
}

// control calls f with the descriptor while the file stays in the poller, so
// that Close ends a Read.
func control(file *os.File, f func(fd int) error) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := conn.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// setRaw is cfmakeraw(3).
func setRaw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag &^= unix.CSIZE | unix.PARENB
	t.Cflag |= unix.CS8 | unix.CREAD | unix.CLOCAL
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
