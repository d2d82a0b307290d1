package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fakeUSB is a /sys with devices on it: a modem of the table, one by its driver, one by its
// class, a printer and a hub.
func fakeUSB(t *testing.T) (sys string) {
	t.Helper()
	sys = t.TempDir()
	for path, device := range map[string]struct{ id, class, i, driver string }{
		"1-1.4": {"2c7c 0125", "00", "ff ff ff", "usbserial"},
		"1-2":   {"ffff 0001", "00", "ff ff ff", "option"},
		"3-1.2": {"ffff 0002", "02", "02 02 01", "cdc_acm"},
		"1-3":   {"2341 0043", "02", "02 02 01", "cdc_acm"},   // a board with a modem's class
		"1-5":   {"12d1 14db", "00", "02 0d 00", "cdc_ether"}, // a router
		"1-4":   {"04b8 0202", "00", "07 01 02", "usblp"},
		"1-1":   {"0424 9514", "09", "09 00 02", "hub"},
	} {
		vid, pid, _ := strings.Cut(device.id, " ")
		i := strings.Fields(device.i)
		dir := filepath.Join(sys, "bus/usb/devices", path)
		for name, text := range map[string]string{
			"idVendor": vid, "idProduct": pid, "bDeviceClass": device.class, "devnum": "5", "authorized": "1",
			path + ":1.0/bInterfaceNumber": "00", path + ":1.0/bInterfaceClass": i[0],
			path + ":1.0/bInterfaceSubClass": i[1], path + ":1.0/bInterfaceProtocol": i[2],
		} {
			file := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink("/drivers/"+device.driver, filepath.Join(dir, path+":1.0", "driver")); err != nil {
			t.Fatal(err)
		}
	}
	return sys
}

func TestUSBReset(t *testing.T) {
	for _, c := range []struct {
		path  string
		force bool
		want  string // of the error; "" none
	}{
		{"1-1.4", false, ""},
		{"1-2", false, ""},
		{"3-1.2", false, ""},
		{"1-3", false, "is not known for a modem"},
		{"1-5", false, "is not known for a modem"},
		{"1-4", false, "is not known for a modem"},
		{"1-4", true, ""},
		{"1-1", true, "there is none, or it is a hub"},
		{"1-9", true, "there is none, or it is a hub"},
		{"usb1", true, "no path of a USB device"},
		{"1-1.4:1.0", true, "no path of a USB device"},
		{"../1-1", true, "no path of a USB device"},
		{"1-1\n", true, "no path of a USB device"},
		{"", true, "no path of a USB device"},
	} {
		sys := fakeUSB(t)
		authorized := filepath.Join(sys, "bus/usb/devices", c.path, "authorized")
		var out bytes.Buffer
		err := (&usbresetCmd{Path: c.path, Force: c.force, Sys: sys}).Run(t.Context(), &stdio{Out: &out})
		text, _ := os.ReadFile(authorized)
		switch {
		case c.want == "" && (err != nil || string(text) != "1" || out.Len() == 0):
			t.Errorf("%s: %v, authorized is %q", c.path, err, text)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || string(text) == "1"):
			t.Errorf("%q: %v, want %q; authorized is %q", c.path, err, c.want, text)
		}
	}
}

// The device is taken off the bus and put back, also when the command is ended in between;
// where there is nothing to write to, nothing is made.
func TestUSBResetWrites(t *testing.T) {
	sys := fakeUSB(t)
	authorized := filepath.Join(sys, "bus/usb/devices/1-1.4/authorized")
	if err := os.Remove(authorized); err != nil {
		t.Fatal(err)
	}
	reset := &usbresetCmd{Path: "1-1.4", Sys: sys}
	if err := reset.Run(t.Context(), &stdio{Out: &bytes.Buffer{}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file to write: %v", err)
	}
	if _, err := os.Stat(authorized); err == nil {
		t.Error("the file was made")
	}
	if err := syscall.Mkfifo(authorized, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	written := make(chan string)
	go func() {
		for range 2 {
			text, _ := os.ReadFile(authorized)
			cancel()
			written <- string(text)
		}
	}()
	ended := make(chan error, 1)
	go func() { ended <- reset.Run(ctx, &stdio{Out: &bytes.Buffer{}}) }()
	if off, on := <-written, <-written; off != "0" || on != "1" {
		t.Errorf("written: %q, %q", off, on)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
