package modemtest

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/modem/usb"
)

// inBus runs f in a bubble, on a soft bus.
func inBus(t *testing.T, f func(t *testing.T, b *Bus, air *Air)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b, err := NewSoftBus(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		f(t, b, NewAir(AirOptions{}))
	})
}

func (b *Bus) mustPlug(t *testing.T, socket string, m *Modem) []string {
	t.Helper()
	if err := b.Plug(socket, m); err != nil {
		t.Fatal(err)
	}
	time.Sleep(m.o.BootTime)
	synctest.Wait()
	names, _ := b.Terminals(socket)
	return names
}

func (b *Bus) talk(t *testing.T, tty, script string) {
	t.Helper()
	te, err := b.Open(filepath.Join(b.Dev(), tty))
	if err != nil {
		t.Error(err)
		return
	}
	defer te.Close()
	Talk(t, te, script)
}

// What the bus shows is what the real walk through /sys reads.
func TestBusShows(t *testing.T) {
	inBus(t, func(t *testing.T, b *Bus, air *Air) {
		profile := Quectel
		profile.USB.Serial = true
		b.mustPlug(t, "1-1.4", air.NewModem(ModemOptions{Number: "+491701", IMEI: "351234567890123", Profile: profile}))
		b.mustPlug(t, "2-1", air.NewModem(ModemOptions{Number: "+491702", Profile: Huawei}))
		got, err := usb.Scan(b.Sys())
		if err != nil || len(got) != 2 {
			t.Fatalf("%v, %v", got, err)
		}
		want := usb.Device{Path: "1-1.4", Number: 1, VID: 0x2c7c, PID: 0x0125, Serial: "351234567890123", Manufacturer: "Quectel", Product: "EG25-G",
			Interfaces: []usb.Interface{
				{Number: 0, Class: 0xff, Subclass: 0xff, Protocol: 0xff, Driver: "option", TTY: "ttyUSB0"},
				{Number: 1, Class: 0xff, Driver: "option", TTY: "ttyUSB1"},
				{Number: 2, Class: 0xff, Driver: "option", TTY: "ttyUSB2"},
				{Number: 3, Class: 0xff, Driver: "option", TTY: "ttyUSB3"},
				{Number: 4, Class: 0xff, Subclass: 0xff, Protocol: 0xff, Driver: "qmi_wwan"},
			}}
		if d := got[0]; d.ID() != want.ID() || d.Path != want.Path || d.Number != 1 || d.Serial != want.Serial || !slices.Equal(d.Interfaces, want.Interfaces) {
			t.Errorf("got %+v", d)
		}
		if d := got[1]; d.Path != "2-1" || d.Interfaces[2].TTY != "ttyUSB6" {
			t.Errorf("got %+v", d)
		}
		b.Unplug("1-1.4")
		if got, err = usb.Scan(b.Sys()); err != nil || len(got) != 1 || got[0].Path != "2-1" {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// A stick that resets is gone with all its terminals, and comes back under new numbers.
func TestBusReset(t *testing.T) {
	for _, command := range []string{"ttyUSB2", "ttyUSB3"} {
		inBus(t, func(t *testing.T, b *Bus, air *Air) {
			m := air.NewModem(ModemOptions{Number: "+491701", Profile: Quectel, BootTime: 10 * time.Second})
			if names := b.mustPlug(t, "1-1", m); !slices.Equal(names, []string{"ttyUSB0", "ttyUSB1", "ttyUSB2", "ttyUSB3"}) {
				t.Fatal(names)
			}
			te, err := b.Open(filepath.Join(b.Dev(), command))
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(te, "AT+CFUN=1,1\r")
			if said, err := io.ReadAll(te); err == nil {
				t.Errorf("the line is still there, and said %q", said)
			}
			te.Close()
			synctest.Wait()
			if names, _ := b.Terminals("1-1"); names != nil {
				t.Errorf("it boots and shows %v", names)
			}
			time.Sleep(10 * time.Second)
			synctest.Wait()
			names, since := b.Terminals("1-1")
			if !slices.Equal(names, []string{"ttyUSB4", "ttyUSB5", "ttyUSB6", "ttyUSB7"}) || time.Since(since) != 0 {
				t.Errorf("it came back as %v since %v", names, since)
			}
			b.talk(t, "ttyUSB6", quietly+"> AT+CPIN?\n< +CPIN: READY\n< OK")
		})
	}
}

// Each terminal speaks what is its own, and what must not be written to remembers.
func TestBusTerminals(t *testing.T) {
	inBus(t, func(t *testing.T, b *Bus, air *Air) {
		m := air.NewModem(ModemOptions{Number: "+491701", Profile: Quectel})
		b.mustPlug(t, "1-1", m)
		if v := b.Violations(); v != nil {
			t.Error(v)
		}
		// Two terminals, one modem; the codes come on the first alone.
		b.talk(t, "ttyUSB3", quietly+"> AT+CGMM\n< EC25\n< OK\n> AT+CMEE=2\n< OK")
		second, err := b.Open(filepath.Join(b.Dev(), "ttyUSB3"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Open(filepath.Join(b.Dev(), "ttyUSB3")); err == nil {
			t.Error("opened twice")
		}
		first, err := b.Open(filepath.Join(b.Dev(), "ttyUSB2"))
		if err != nil {
			t.Fatal(err)
		}
		m.URC("RING")
		if line, err := bufio.NewReader(io.LimitReader(first, 6)).ReadString('G'); strings.TrimSpace(line) != "RING" {
			t.Errorf("%q, %v", line, err)
		}
		first.Close()
		Talk(t, second, "> AT+CGMM\n< EC25\n< OK")
		second.Close()

		gnss, err := b.Open(filepath.Join(b.Dev(), "ttyUSB1"))
		if err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(gnss).ReadString(','); line != "$GPGGA," {
			t.Errorf("%q, %v", line, err)
		}
		if v := b.Violations(); v != nil {
			t.Errorf("reading is no harm: %v", v)
		}
		io.WriteString(gnss, "AT\r")
		synctest.Wait()
		if v := b.Violations(); !slices.Equal(v, []string{`ttyUSB1: "AT\r"`}) {
			t.Error(v)
		}
	})
}

// The same on pseudo terminals, which any program opens by name.
func TestBusPTY(t *testing.T) {
	b, err := NewBus(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	air := NewAir(AirOptions{})
	if err := b.Plug("1-1", air.NewModem(ModemOptions{Number: "+491701", Profile: Quectel})); err != nil {
		t.Fatal(err)
	}
	if err := b.Plug("1-1", air.NewModem(ModemOptions{Number: "+491702", Profile: Quectel})); err == nil {
		t.Error("two sticks in one socket")
	}
	if err := b.Plug("1-2", air.NewModem(ModemOptions{Number: "+491703", Profile: SIMCom})); err == nil {
		t.Error("a UART module in a USB socket")
	}
	changed, ctx := make(chan struct{}, 100), t.Context()
	watch, stop := context.WithCancel(ctx)
	defer stop()
	go b.Watch(watch, func() { changed <- struct{}{} })
	for names, _ := b.Terminals("1-1"); names == nil; names, _ = b.Terminals("1-1") {
		time.Sleep(time.Millisecond)
	}
	te, err := os.OpenFile(filepath.Join(b.Dev(), "ttyUSB2"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	Talk(t, te, quietly+"> AT+CGMM\n< EC25\n< OK")
	b.Unplug("1-1")
	<-changed
	if _, err := te.Read(make([]byte, 100)); err == nil {
		t.Error("the line is still there")
	}
	te.Close()
	if left, err := os.ReadDir(b.Dev()); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
