package bridge

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/rs/zerolog"

	"wvsms/modem"
)

// fakeTTY is a sysfs with one USB device and its terminal, and that terminal's path.
func fakeTTY(t *testing.T) (sys, device, folder string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sys = filepath.Join(root, "sys")
	folder = filepath.Join(sys, "devices/pci0000:00/usb1/1-4")
	port := filepath.Join(folder, "1-4:1.2/ttyUSB2")
	device = filepath.Join(root, "ttyUSB2")
	err = errors.Join(
		os.MkdirAll(port, 0o755), os.MkdirAll(filepath.Join(sys, "class/tty/ttyUSB2"), 0o755),
		os.WriteFile(filepath.Join(folder, "idVendor"), []byte("2c7c\n"), 0o644),
		os.Symlink(port, filepath.Join(sys, "class/tty/ttyUSB2/device")),
		os.WriteFile(device, nil, 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	return sys, device, folder
}

// A fakeRival has a port until it is told to leave the device alone, and for some time
// after.
type fakeRival struct {
	mu      sync.Mutex
	refuses error
	told    []string
	freed   time.Time // zero: never
}

func (f *fakeRival) Inhibit(_ context.Context, device string) (func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuses != nil {
		return nil, f.refuses
	}
	f.told = append(f.told, "inhibit "+device)
	f.freed = time.Now().Add(time.Second)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.told = append(f.told, "release "+device)
	}, nil
}

func (f *fakeRival) open(c ModemConfig) (modem.Port, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.freed.IsZero() || time.Now().Before(f.freed) {
		return nil, &modem.PortError{Path: c.Device, Fault: modem.PortBusy, Holder: modem.Holder{Name: "ModemManager", PID: 7}}
	}
	return nopPort{}, nil
}

type nopPort struct{}

func (nopPort) Read([]byte) (int, error)    { return 0, os.ErrClosed }
func (nopPort) Write(b []byte) (int, error) { return len(b), nil }
func (nopPort) Close() error                { return nil }

// ModemManager is asked to leave the device alone, is given the time to do so, and is
// told when it may have it again. Where it refuses, the log says what helps, once.
func TestTruce(t *testing.T) {
	sys, device, folder := fakeTTY(t)
	for _, c := range []struct {
		name    string
		refuses error
		told    string
		err     string
		logged  int
	}{
		{"it agrees", nil, "inhibit " + folder + "\nrelease " + folder, "", 0},
		{"it refuses", errors.New("Access denied"), "", "in use by ModemManager (pid 7)", 1},
		{"it is not there", errNoRival, "", "in use by ModemManager (pid 7)", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log strings.Builder
				rival := &fakeRival{refuses: c.refuses}
				d := newDialer(sys, modem.BuiltinProfiles(), zerolog.New(&log))
				d.truce, d.open = rival, rival.open
				for range 2 {
					port, err := d.dial(context.Background(), ModemConfig{Name: "m0", Device: device})
					if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
						t.Fatalf("%v, want %q", err, c.err)
					}
					if err == nil {
						_ = port.Close()
						_ = port.Close()
						break
					}
				}
				if got := strings.Join(rival.told, "\n"); got != c.told {
					t.Errorf("it was told\n%s\nwant\n%s", got, c.told)
				}
				if n := strings.Count(log.String(), "wvsms udev-rule "+device); n != c.logged {
					t.Errorf("said %d times: %s", n, &log)
				}
			})
		})
	}
}

// A UART, and a path that leads nowhere, have no USB device.
func TestUSBFolder(t *testing.T) {
	sys, device, folder := fakeTTY(t)
	if got := usbFolder(sys, device); got != folder {
		t.Errorf("%q, want %q", got, folder)
	}
	uart := filepath.Join(filepath.Dir(device), "ttyAMA0")
	err := errors.Join(os.WriteFile(uart, nil, 0o600), os.MkdirAll(filepath.Join(sys, "class/tty/ttyAMA0/device"), 0o755))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{uart, device + "-not"} {
		if got := usbFolder(sys, path); got != "" {
			t.Errorf("%s: %q", path, got)
		}
	}
}

// The real calls on a bus of our own, with somebody who has ModemManager's name.
func TestTruceOverDBus(t *testing.T) {
	address := privateBus(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if (ModemManager{}).Runs(ctx) {
		t.Fatal("it runs before anybody has its name")
	}
	if _, err := (ModemManager{}).Inhibit(ctx, "/sys/devices/x"); !errors.Is(err, errNoRival) {
		t.Fatal(err)
	}
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	manager := busManager{calls: make(chan string, 8)}
	if err := conn.Export(manager, managerPath, managerName); err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.RequestName(managerName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	if !(ModemManager{}).Runs(ctx) {
		t.Error("it is not seen to run")
	}
	release, err := (ModemManager{}).Inhibit(ctx, "/sys/devices/x")
	if err != nil {
		t.Fatal(err)
	}
	release()
	for _, want := range []string{"/sys/devices/x true", "/sys/devices/x false"} {
		if got := <-manager.calls; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if _, err := (ModemManager{}).Inhibit(ctx, "/sys/devices/forbidden"); err == nil || !strings.Contains(err.Error(), "not for you") {
		t.Error(err)
	}
}

type busManager struct{ calls chan string }

func (m busManager) InhibitDevice(uid string, inhibit bool) *dbus.Error {
	if strings.HasSuffix(uid, "forbidden") {
		return dbus.MakeFailedError(errors.New("not for you"))
	}
	m.calls <- uid + map[bool]string{true: " true", false: " false"}[inhibit]
	return nil
}

// A bus that takes the connection and never says a word keeps nobody from the modem for
// long.
func TestTruceWithADeadBus(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+path)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	ended := make(chan error, 2)
	go func() {
		_, err := ModemManager{}.Inhibit(ctx, "/sys/devices/x")
		ended <- err
	}()
	go func() {
		if (ModemManager{}).Runs(ctx) {
			ended <- errors.New("it is said to run")
			return
		}
		ended <- errNoRival
	}()
	for range 2 {
		select {
		case err := <-ended:
			if !errors.Is(err, errNoRival) {
				t.Error(err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("still waiting for a bus that is dead")
		}
	}
}
