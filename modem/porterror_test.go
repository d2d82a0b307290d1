package modem

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// What keeps a port from being opened is told with its remedy.
func TestPortErrors(t *testing.T) {
	_, err := OpenLine("/dev/wvsms-does-not-exist", Line{})
	wantPortError(t, err, PortMissing, "is the modem plugged in")
	_, err = OpenLine(t.TempDir(), Line{})
	wantPortError(t, err, PortNotSerial, "name the modem's AT port")
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = OpenLine(plain, Line{})
	wantPortError(t, err, PortNotSerial, "name the modem's AT port")
}

func wantPortError(t *testing.T, err error, fault PortFault, text string) {
	t.Helper()
	var p *PortError
	if !errors.As(err, &p) || p.Fault != fault || !strings.Contains(err.Error(), text) {
		t.Errorf("%v, want fault %q and %q", err, fault, text)
	}
}

// A port without the right to it: the group that has it is named. Root has every
// right, so a copy of the test without it asks.
func TestPortForbidden(t *testing.T) {
	if os.Geteuid() == 0 {
		bin, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		open := filepath.Join(dir, "test")
		text, err := os.ReadFile(bin)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(open, text, 0o755), os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(open, "-test.run=^TestPortForbidden$", "-test.v")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Dir = "/"
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	const secret = "/dev/port" // of root and group kmem wherever it is there
	if info, err := os.Stat(secret); err == nil && info.Mode().Perm()&0o060 == 0o040 {
		_, err := OpenLine(secret, Line{})
		wantPortError(t, err, PortForbidden, "install udev/71-wvsms.rules")
	}
	e := &PortError{Path: "/dev/ttyUSB2", Fault: PortForbidden, Group: "dialout", err: unix.EACCES}
	if !strings.Contains(e.Error(), "usermod -aG dialout") || !errors.Is(e, os.ErrPermission) {
		t.Error(e)
	}
	_, err := OpenLine("/etc/shadow", Line{})
	wantPortError(t, err, PortForbidden, "no right to it for user ")
}

// Who has a busy port, and what to do, by what the holder is.
func TestBusyPort(t *testing.T) {
	for _, c := range []struct {
		holder Holder
		want   string
	}{
		{Holder{"smsd", 812}, "in use by smsd (pid 812): stop that program"},
		{Holder{"ModemManager", 7}, "in use by ModemManager (pid 7), which takes every modem that it finds: keep it off this port (wvsms udev-rule /dev/ttyUSB2"},
		{Holder{"wvsms", 99}, "in use by wvsms (pid 99): another bridge"},
		{Holder{}, "in use by another program"},
	} {
		e := &PortError{Path: "/dev/ttyUSB2", Fault: PortBusy, Holder: c.holder, err: unix.EBUSY}
		if !strings.HasPrefix(e.Error(), "open /dev/ttyUSB2: "+c.want) || !errors.Is(e, unix.EBUSY) {
			t.Errorf("%v, want %q", e, c.want)
		}
	}
}

// Another process is named that has the port locked.
func TestHeldByAnotherProcess(t *testing.T) {
	p, _, name := openPTY(t, 0)
	_ = p.Close()
	holder := exec.Command("sleep", "60")
	f, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil { // the child has the same open file
		t.Fatal(err)
	}
	holder.ExtraFiles = []*os.File{f}
	if err := holder.Start(); err != nil {
		t.Skip("no sleep here:", err)
	}
	_ = f.Close()
	defer func() { _ = holder.Process.Kill(); _ = holder.Wait() }()
	_, err = OpenLine(name, Line{})
	wantPortError(t, err, PortBusy, "in use by sleep (pid ")
}

// A session with what is no modem ends and says what it heard.
func TestNotAModem(t *testing.T) {
	for _, c := range []struct {
		name string
		far  func(net.Conn)
		want string
	}{
		{"GNSS", func(n net.Conn) {
			go func() { _, _ = io.Copy(io.Discard, n) }()
			for ; ; time.Sleep(time.Second) {
				if _, err := io.WriteString(n, "$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76\r\n"); err != nil {
					return
				}
			}
		}, "this is a GNSS port"},
		{"another speed", func(n net.Conn) {
			b := make([]byte, 64)
			for {
				k, err := n.Read(b)
				if err != nil {
					return
				}
				for i := range b[:k] {
					b[i] = b[i]<<3 | 0x80 // as framing errors leave it
				}
				if _, err := n.Write(append(b[:k:k], 0xff, 0xe0, 0x86, 0xf8, 0xfe, 0x80)); err != nil {
					return
				}
			}
		}, "or another speed than this (baud)"},
		{"silence", func(n net.Conn) { _, _ = io.Copy(io.Discard, n) }, "wvsms doctor asks at every usual speed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				quit := make(chan struct{})
				go func() {
					defer close(quit)
					c.far(theirs)
				}()
				m := New(ours, Options{})
				err := m.Run(context.Background())
				_ = theirs.Close()
				<-quit
				if !errors.Is(err, ErrSilent) || !strings.Contains(err.Error(), c.want) || !strings.Contains(m.Status().Verdict, c.want) {
					t.Errorf("%v; %s", err, m.Status().Verdict)
				}
			})
		})
	}
}
