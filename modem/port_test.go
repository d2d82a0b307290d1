package modem

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// openPTY returns a port and the modem's end of its line.
func openPTY(t *testing.T, baud int) (Port, *os.File, string) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	// Under the poller, so that Close hangs up though a Read is waiting.
	fd, err := unix.Dup(int(master.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	_ = master.Close()
	_ = unix.SetNonblock(fd, true)
	modem := os.NewFile(uintptr(fd), master.Name())
	t.Cleanup(func() { _ = modem.Close() })
	p, err := OpenLine(slave.Name(), Line{Baud: baud})
	if err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	t.Cleanup(func() { _ = p.Close() })
	return p, modem, slave.Name()
}

// soon fails the test when f does not end within 10 s.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal(what, "hangs")
	}
}

// A pseudo-terminal has no modem lines and any speed; what cannot be opened is
// told apart.
func TestP01OpensPTYs(t *testing.T) {
	for _, baud := range []int{0, 9600, 115200, 460800, 12345} {
		openPTY(t, baud)
	}
	_, err := OpenLine("/dev/wvsms-does-not-exist", Line{})
	if !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLine(plain, Line{}); err == nil || !strings.Contains(err.Error(), "not a serial line") {
		t.Error(err)
	}
}

func TestLineIsRaw(t *testing.T) {
	p, modem, _ := openPTY(t, 0)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	got := make([]byte, len(all))
	for _, way := range []struct {
		name     string
		from, to io.ReadWriter
	}{{"to the modem", p, modem}, {"from the modem", modem, p}} {
		if _, err := way.from.Write(all); err != nil {
			t.Fatal(err)
		}
		soon(t, way.name, func() {
			if _, err := io.ReadFull(way.to, got); err != nil || !bytes.Equal(got, all) {
				t.Errorf("%s: %x, %v", way.name, got, err)
			}
		})
	}
}

func TestP04HangUp(t *testing.T) {
	p, modem, _ := openPTY(t, 0)
	read := make(chan error)
	go func() {
		_, err := p.Read(make([]byte, 1))
		read <- err
	}()
	_ = modem.Close()
	soon(t, "Read", func() {
		if err := <-read; err == nil {
			t.Error("Read of a line hung up: no error")
		}
	})
	if _, err := p.Write([]byte("AT\r")); err == nil {
		t.Error("Write to a line hung up: no error")
	}
	_ = p.Close()
	_ = p.Close()
}

func TestP05CloseEndsRead(t *testing.T) {
	p, _, _ := openPTY(t, 0)
	soon(t, "Read", func() {
		time.AfterFunc(10*time.Millisecond, func() { _ = p.Close() })
		_, _ = p.Read(make([]byte, 1))
	})
}

// A modem that takes no more octets: a Write ends by its deadline and by Close.
func TestP06WriteEnds(t *testing.T) {
	p, _, _ := openPTY(t, 0)
	big := make([]byte, 1<<20)
	if err := p.(interface{ SetWriteDeadline(time.Time) error }).SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	soon(t, "Write with a deadline", func() {
		if _, err := p.Write(big); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	})
	_ = p.(tty).SetWriteDeadline(time.Time{})
	soon(t, "Write", func() {
		time.AfterFunc(10*time.Millisecond, func() { _ = p.Close() })
		if _, err := p.Write(big); err == nil {
			t.Error("wrote a megabyte to nobody")
		}
	})
}

func TestP07WriteAfterClose(t *testing.T) {
	p, _, _ := openPTY(t, 0)
	_ = p.Close()
	precious := filepath.Join(t.TempDir(), "spool.db")
	f, err := os.Create(precious) // is given the number of the closed descriptor
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := p.Write([]byte("AT+CMGS=10\r")); err == nil {
		t.Error("Write after Close: no error")
	}
	if b, _ := os.ReadFile(precious); len(b) > 0 {
		t.Errorf("another file was written: %q", b)
	}
}

// Root passes TIOCEXCL by; the lock stops it too. The error says who is there.
func TestP08Exclusive(t *testing.T) {
	p, _, name := openPTY(t, 0)
	_, err := OpenLine(name, Line{})
	if !errors.Is(err, unix.EBUSY) || !strings.Contains(err.Error(), "this process: two [[modem]]") || !strings.Contains(err.Error(), fmt.Sprintf("(pid %d)", os.Getpid())) {
		t.Error(err)
	}
	raw, err := p.(tty).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := control(raw, func(fd int) error {
		if on, err := unix.IoctlGetInt(fd, unix.TIOCGEXCL); err != nil || on == 0 {
			t.Errorf("TIOCEXCL %d, %v", on, err)
		}
		if mode, err := unix.IoctlGetTermios(fd, unix.TCGETS); err != nil || mode.Cflag&unix.HUPCL != 0 {
			t.Errorf("the last close would drop DTR: %v", err)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	_ = p.Close()
	again, err := OpenLine(name, Line{})
	if err != nil {
		t.Fatal("after Close:", err)
	}
	_ = again.Close()
}

func TestP09NotInherited(t *testing.T) {
	_, _, name := openPTY(t, 0)
	out, err := exec.Command("ls", "-l", "/proc/self/fd").Output()
	if err != nil {
		t.Skip(err)
	}
	if strings.Contains(string(out), name) {
		t.Errorf("a child has the port open:\n%s", out)
	}
}

// The scheduler's own signals cut writes through serial short.
func TestP10LongWrites(t *testing.T) {
	p, modem, _ := openPTY(t, 0)
	var stop atomic.Bool
	defer stop.Store(true)
	go func() { // keep the scheduler preempting
		for !stop.Load() {
		}
	}()
	const size, times = 16 << 10, 20
	read := make(chan int64)
	go func() {
		n, _ := io.CopyN(io.Discard, modem, size*times)
		read <- n
	}()
	c := newConditioner(p, nil)
	for range times {
		if err := c.send(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	soon(t, "reading", func() {
		if n := <-read; n != size*times {
			t.Errorf("%d of %d octets", n, size*times)
		}
	})
}

// select() cannot have descriptors from 1024 on; the runtime's poller can.
func TestP11ManyDescriptors(t *testing.T) {
	var held []*os.File
	defer func() {
		for _, f := range held {
			_ = f.Close()
		}
	}()
	for range 1030 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Skip("too few descriptors allowed:", err)
		}
		held = append(held, f)
	}
	p, modem, _ := openPTY(t, 0)
	if _, err := modem.Write([]byte("OK")); err != nil {
		t.Fatal(err)
	}
	soon(t, "Read", func() {
		b := make([]byte, 2)
		if _, err := io.ReadFull(p, b); err != nil || string(b) != "OK" {
			t.Errorf("%q, %v", b, err)
		}
	})
}

// The whole modem on a real line: unplugging ends Run with the cause.
func TestP04UnplugEndsRun(t *testing.T) {
	p, line, _ := openPTY(t, 0)
	b := newBenchOn(t, Options{}, p, line)
	b.play("include up.at")
	<-b.Ready()
	_ = line.Close()
	soon(t, "Run", func() { <-b.ended })
	if !errors.Is(b.err, ErrLineLost) {
		t.Error(b.err)
	}
}
