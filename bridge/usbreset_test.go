package bridge

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// A fakeSystemd is a manager on a bus of its own.
type fakeSystemd struct {
	conn   *dbus.Conn
	result string // of each job
	refuse *dbus.Error

	mu         sync.Mutex
	subscribed bool
	started    []string
}

func (s *fakeSystemd) Subscribe() *dbus.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscribed = true
	return nil
}

func (s *fakeSystemd) StartUnit(name, mode string) (dbus.ObjectPath, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return "", s.refuse
	}
	s.started = append(s.started, name+" "+mode)
	job := dbus.ObjectPath("/org/freedesktop/systemd1/job/7")
	if s.subscribed && s.result != "" {
		s.conn.Emit(systemdPath, systemdManager+".JobRemoved", uint32(6), dbus.ObjectPath("/org/freedesktop/systemd1/job/6"), "other.service", "failed")
		s.conn.Emit(systemdPath, systemdManager+".JobRemoved", uint32(7), job, name, s.result)
	}
	return job, nil
}

// withSystemd gives f a reset on a bus with that manager.
func withSystemd(t *testing.T, s *fakeSystemd) systemdReset {
	t.Helper()
	address := privateBus(t)
	bus := func(o ...dbus.ConnOption) (*dbus.Conn, error) { return dbus.Connect(address, o...) }
	conn, err := bus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s.conn = conn
	if err := conn.Export(s, systemdPath, systemdManager); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(systemdName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return systemdReset{booted: t.TempDir(), bus: bus}
}

// privateBus runs a D-Bus daemon for the test and returns its address.
func privateBus(t *testing.T) string {
	t.Helper()
	daemon, err := exec.LookPath("dbus-daemon")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("dbus-daemon is not here")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "bus.conf")
	writeFile(t, config, `<busconfig><type>session</type><listen>unix:path=`+dir+`/bus</listen>
		<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`)
	cmd := exec.Command(daemon, "--config-file="+config, "--nofork", "--print-address")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}

func TestSystemdReset(t *testing.T) {
	for _, c := range []struct {
		name, result string
		refuse       *dbus.Error
		want         string
	}{
		{"done", "done", nil, ""},
		{"failed", "failed", nil, `it ended "failed"`},
		{"not allowed", "", dbus.NewError("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", []any{"Interactive authentication required."}), "authentication required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &fakeSystemd{result: c.result, refuse: c.refuse}
			r := withSystemd(t, s)
			if why := r.Lack(); why != "" {
				t.Error(why)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			err := r.Reset(ctx, "1-1.4")
			switch {
			case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if c.refuse == nil && !slices.Equal(s.started, []string{`wvsms-usbreset@1\x2d1.4.service replace`}) {
				t.Errorf("started: %q", s.started)
			}
		})
	}
}

// Nobody waits for ever: not for a manager that does not tell, and not without a bus.
func TestSystemdResetDoesNotHang(t *testing.T) {
	r := withSystemd(t, &fakeSystemd{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := r.Reset(ctx, "1-1"); err == nil || !strings.Contains(err.Error(), "does not tell how it went") {
		t.Error(err)
	}
	r.bus = func(o ...dbus.ConnOption) (*dbus.Conn, error) {
		return dbus.Connect("unix:path="+filepath.Join(t.TempDir(), "none"), o...)
	}
	if err := r.Reset(t.Context(), "1-1"); err == nil || !strings.Contains(err.Error(), "reach D-Bus") {
		t.Error(err)
	}
	r.booted = filepath.Join(t.TempDir(), "none")
	if why := r.Lack(); why != "systemd does not run here" {
		t.Errorf("%q", why)
	}
}

func TestUSBPath(t *testing.T) {
	terminal := filepath.Join(t.TempDir(), "ttyUSB2")
	sys := plugged(t, terminal)
	link := filepath.Join(t.TempDir(), "usb-HUAWEI-if02-port0")
	if err := os.Symlink(terminal, link); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "ttyS0")
	writeFile(t, other, "")
	for path, want := range map[string]string{terminal: "1-1.4", link: "1-1.4", other: "", terminal + "9": ""} {
		if got := usbPath(sys, path); got != want {
			t.Errorf("%s is on %q, want %q", path, got, want)
		}
	}
}
