package usb

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plant makes a folder like /sys of a description in testdata.
func plant(t testing.TB, file string) (sys string) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sys = t.TempDir()
	folder := sys
	for in := bufio.NewScanner(f); in.Scan(); {
		line := strings.TrimSpace(in.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "[") {
			folder = filepath.Join(sys, strings.Trim(line, "[]"))
			continue
		}
		name, target, isLink := strings.Cut(line, " -> ")
		if !isLink {
			name, target, _ = strings.Cut(line, " = ")
		}
		name = filepath.Join(folder, name)
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		if err == nil && isLink {
			err = os.Symlink(target, name)
		} else if err == nil {
			err = os.WriteFile(name, []byte(target+"\n"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return sys
}

// A whole machine: in the order of sockets, without hubs and controllers.
func TestScan(t *testing.T) {
	got, err := Scan(plant(t, "pi4.sys"))
	if err != nil {
		t.Fatal(err)
	}
	acm := func(n uint8, tty string) []Interface {
		return []Interface{{n, 2, 2, 1, "cdc_acm", tty}, {n + 1, 10, 0, 0, "cdc_acm", ""}}
	}
	want := []Device{
		{Path: "1-1.1", Number: 8, VID: 0x1546, PID: 0x1102, Class: 2, Manufacturer: "u-blox", Product: "LISA-U2",
			Interfaces: append(append(acm(0, "ttyACM1"), acm(2, "ttyACM2")...), acm(10, "ttyACM3")...)},
		{Path: "1-1.2", Number: 4, VID: 0x2c7c, PID: 0x0125, Class: 0xef, Manufacturer: "Quectel", Product: "EG25-G",
			Interfaces: []Interface{
				{0, 0xff, 0xff, 0xff, "option", "ttyUSB0"}, {1, 0xff, 0, 0, "option", "ttyUSB1"},
				{2, 0xff, 0, 0, "option", "ttyUSB2"}, {3, 0xff, 0, 0, "option", "ttyUSB3"}, {4, 0xff, 0xff, 0xff, "qmi_wwan", ""},
			}},
		{Path: "1-1.3", Number: 7, VID: 0x12d1, PID: 0x14dc, Manufacturer: "HUAWEI_MOBILE", Product: "HUAWEI_MOBILE",
			Interfaces: []Interface{{0, 2, 6, 0, "cdc_ether", ""}, {1, 10, 0, 0, "cdc_ether", ""}, {2, 8, 6, 0x50, "usb-storage", ""}}},
		{Path: "1-1.4", Number: 5, VID: 0x1d50, PID: 0x6029, Class: 2, Serial: "0600A8C0AF2A1E62",
			Manufacturer: "marlinfw.org", Product: "Marlin USB Device", Interfaces: acm(0, "ttyACM0")},
		{Path: "1-1.10", Number: 6, VID: 0x10c4, PID: 0xea60, Serial: "0001", Manufacturer: "Silicon Labs",
			Product: "CP2102 USB to UART Bridge Controller", Interfaces: []Interface{{0, 0xff, 0, 0, "cp210x", "ttyUSB4"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Where there is no USB that is said; where nothing is plugged in there is nothing.
func TestScanNothing(t *testing.T) {
	if _, err := Scan(t.TempDir()); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("got %v", err)
	}
	sys := t.TempDir()
	if err := os.MkdirAll(filepath.Join(sys, "bus/usb/devices"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := Scan(sys); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

func unwrapAll(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = inner.Unwrap()
	}
}

// What is half there is not there, and takes nothing else with it.
func TestScanHalf(t *testing.T) {
	const modem = "devices/platform/scb/fd500000.pcie/pci0000:00/0000:00:00.0/0000:01:00.0/usb1/1-1/1-1.2"
	for name, test := range map[string]struct {
		spoil            func(dir string) error
		device, terminal bool // whether the modem, and its AT port, are still seen
	}{
		"link to nowhere":        {os.RemoveAll, false, false},
		"no VID":                 {func(dir string) error { return os.Remove(filepath.Join(dir, "idVendor")) }, false, false},
		"VID is no number":       {func(dir string) error { return os.WriteFile(filepath.Join(dir, "idVendor"), []byte("2c7g\n"), 0o600) }, false, false},
		"VID is a folder":        {func(dir string) error { return swap(filepath.Join(dir, "idVendor")) }, false, false},
		"interface is gone":      {func(dir string) error { return os.RemoveAll(filepath.Join(dir, "1-1.2:1.2")) }, true, false},
		"interface has no class": {func(dir string) error { return os.Remove(filepath.Join(dir, "1-1.2:1.2/bInterfaceClass")) }, true, false},
		"terminal is gone":       {func(dir string) error { return os.RemoveAll(filepath.Join(dir, "1-1.2:1.2/ttyUSB2")) }, true, false},
		"no driver":              {func(dir string) error { return os.Remove(filepath.Join(dir, "1-1.2:1.2/driver")) }, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			sys := plant(t, "pi4.sys")
			if err := test.spoil(filepath.Join(sys, modem)); err != nil {
				t.Fatal(err)
			}
			got, err := Scan(sys)
			if err != nil {
				t.Fatal(err)
			}
			var device, terminal bool
			for _, d := range got {
				device = device || d.Path == "1-1.2"
				for _, i := range d.Interfaces {
					terminal = terminal || i.TTY == "ttyUSB2"
				}
			}
			if others := 4; len(got) < others || device != test.device || terminal != test.terminal {
				t.Errorf("of %d devices the modem is there: %v, its terminal: %v", len(got), device, terminal)
			}
		})
	}
}

func swap(file string) error {
	if err := os.Remove(file); err != nil {
		return err
	}
	return os.Mkdir(file, 0o700)
}

// A stick that is pulled and put back all the time is seen whole or not at all.
func TestScanRace(t *testing.T) {
	sys := plant(t, "pi4.sys")
	dir := filepath.Join(sys, "devices/platform/scb/fd500000.pcie/pci0000:00/0000:00:00.0/0000:01:00.0/usb1/1-1/1-1.2")
	away := filepath.Join(sys, "away")
	stop := make(chan struct{})
	var puller sync.WaitGroup
	puller.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Microsecond):
			}
			if err := os.Rename(dir, away); err != nil {
				t.Error(err)
			}
			if err := os.Rename(away, dir); err != nil {
				t.Error(err)
			}
		}
	})
	defer puller.Wait()
	defer close(stop)
	for range 200 {
		got, err := Scan(sys)
		if err != nil || len(got) < 4 {
			t.Fatalf("%d devices, %v", len(got), err)
		}
	}
}

func TestComparePaths(t *testing.T) {
	order := []string{"1-1", "1-1.1", "1-1.2", "1-1.2.3", "1-1.10", "1-2", "2-1", "10-1"}
	for i, a := range order {
		for j, b := range order {
			if got, want := ComparePaths(a, b), compare(i, j); got != want {
				t.Errorf("%s, %s: got %d, want %d", a, b, got, want)
			}
		}
	}
}

func compare(i, j int) int {
	switch {
	case i < j:
		return -1
	case i > j:
		return 1
	}
	return 0
}

// Whatever a device says of itself, a line of a log stays one, and a number is one.
func FuzzAttribute(f *testing.F) {
	for _, text := range []string{"2c7c\n", "EG25-G", "ff", "-1", "0x10", "1_0", "", "\x00\xff\n", "a\nb", "١٢", strings.Repeat("f", 2*maxAttribute)} {
		f.Add([]byte(text))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, "x"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		text, ok := attribute(dir, "x")
		if !ok || len(text) > maxAttribute || strings.ContainsAny(text, "\n\r\x00\x1b") || text != strings.TrimSpace(text) {
			t.Errorf("%q is read as %q, %v", b, text, ok)
		}
		if n, ok := hexAttribute(dir, "x", 16); ok && (n > 0xffff || strings.Trim(text, "0123456789abcdefABCDEF") != "") {
			t.Errorf("%q is read as %x", b, n)
		}
	})
}
