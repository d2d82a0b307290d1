package bridge

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// A busRig is a rig whose modems are sticks on a USB bus.
type busRig struct {
	*rig
	peer *modemtest.Handset

	mu   sync.Mutex
	sent []modemtest.Sighting // what the network took from sticks
	at   []time.Time
	got  [][]byte // whole datagrams that the peer got
}

// onBus runs f with a bridge over an empty bus; devices are what [[modem]]s m0, m1 …
// have under device.
func onBus(t *testing.T, devices []string, f func(*busRig)) {
	t.Helper()
	dir := t.TempDir()
	r := &busRig{}
	seen := func(s modemtest.Sighting) {
		if s.Fate == modemtest.Taken && "+"+s.From != phone {
			r.mu.Lock()
			r.sent, r.at = append(r.sent, s), append(r.at, time.Now())
			r.mu.Unlock()
		}
	}
	var text string
	for _, d := range devices {
		text += "[[modem]]\ndevice = " + d + "\n"
	}
	cfg, err := ParseConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	inRig(t, modemtest.AirOptions{Seen: seen}, nil, func(inner *rig) {
		r.rig = inner
		r.rig.stop()
		r.cfg.Modems = cfg.Modems
		var err error
		if r.bus, err = modemtest.NewSoftBus(dir); err != nil {
			t.Fatal(err)
		}
		r.run = filepath.Join(dir, "run")
		if err := os.Mkdir(r.run, 0o755); err != nil {
			t.Fatal(err)
		}
		r.peer = r.air.NewHandset(phone, func(_ *modemtest.Handset, _ string, d wdp.Datagram) {
			r.mu.Lock()
			r.got = append(r.got, d.Data)
			r.mu.Unlock()
		})
		r.start()
		f(r)
		r.rig.stop()
		r.bus.Close()
		if v := r.bus.Violations(); v != nil {
			r.t.Errorf("written to ports that are no modem's: %q", v)
		}
	})
}

// stick makes a modem with a SIM of its own, number n.
func (r *busRig) stick(n int, profile modemtest.Profile) *modemtest.Modem {
	return r.air.NewModem(modemtest.ModemOptions{
		Number: ownNumber[:len(ownNumber)-2] + "9" + string(rune('0'+n)), IMEI: "3500000000000" + string(rune('0'+n)) + "0",
		Profile: profile, BootTime: 8 * time.Second, SubmitTime: 2 * time.Second,
	})
}

func (r *busRig) plug(socket string, m *modemtest.Modem) {
	r.t.Helper()
	if err := r.bus.Plug(socket, m); err != nil {
		r.t.Fatal(err)
	}
}

// holds waits until the [[modem]] has the SIM that is told by its number; "" none.
func (r *busRig) holds(name string, m *modemtest.Modem) {
	r.t.Helper()
	r.settle(30 * time.Second)
	want := ""
	if m != nil {
		want = m.Number()
	}
	if got := r.modemInfo(name); got.Number != want {
		r.t.Errorf("%s has %q, want %q: %s", name, got.Number, want, got.Verdict)
	}
}

func (r *busRig) verdict(name string, want ...string) {
	r.t.Helper()
	synctest.Wait()
	got := r.modemInfo(name).Verdict
	for _, w := range want {
		if !strings.Contains(got, w) {
			r.t.Errorf("verdict %q lacks %q", got, w)
		}
	}
}

// From the plug to a datagram each way, with no more than device = "auto": each make
// that is on USB, and strangers.
func TestFindAuto(t *testing.T) {
	profiles := slices.DeleteFunc(slices.Clone(modemtest.Profiles), func(p modemtest.Profile) bool { return p.USB.Interfaces == nil })
	for seed := range uint64(6) {
		profiles = append(profiles, modemtest.Stranger(seed))
	}
	for _, profile := range profiles {
		t.Run(profile.Name, func(t *testing.T) {
			onBus(t, []string{`"auto"`}, func(r *busRig) {
				r.settle(time.Minute)
				r.verdict("m0", "no modem on USB yet")
				m := r.stick(1, profile)
				r.plug("1-1.4", m)
				r.settle(time.Minute)
				if got := r.modemInfo("m0"); !got.Ready {
					t.Fatal(got.Verdict)
				}

				long := bytes.Repeat([]byte("out "), 100)
				id := r.accept(Request{Payload: long})
				r.peer.Send(m.Number(), datagram(strings.Repeat("in ", 100)))
				r.settle(time.Minute)
				if got := r.outbound(id).State; got != spool.StateSent {
					t.Errorf("the message out is %s", got)
				}
				if len(r.got) != 1 || !bytes.Equal(r.got[0], long) {
					t.Errorf("the peer got %q", r.got)
				}
				if in := r.messages(); len(in) != 1 || string(in[0].Payload) != strings.Repeat("in ", 100) {
					t.Errorf("there came %d messages", len(in))
				}
				if profile.Refuses["+CGSN"] != "" {
					return
				}
				tty, _ := r.bus.Terminals("1-1.4")
				if to, err := os.Readlink(filepath.Join(r.run, "350000000000010")); !slices.Contains(tty, filepath.Base(to)) {
					t.Errorf("the link by IMEI leads to %s, %v", to, err)
				}
				r.bus.Unplug("1-1.4")
				r.settle(time.Minute)
				if _, err := os.Readlink(filepath.Join(r.run, "350000000000010")); err == nil {
					t.Error("the link by IMEI is still there")
				}
			})
		})
	}
}

// The row of the profiles tells when a modem may be asked, and where; the probe has
// the last word.
func TestFindByProfile(t *testing.T) {
	rows := filepath.Join(t.TempDir(), "profiles.toml")
	err := os.WriteFile(rows, []byte(`
[[profile]]
name = "late"
source = "this test"
usb = ["2c7c:0125"]
settle = "20s"
ports = { at = [5, 1, 2], ppp = [3], other = [0] }
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	onBus(t, []string{`"auto"`}, func(r *busRig) {
		r.rig.stop()
		r.profiles = rows
		r.start()
		odd := modemtest.Quectel
		odd.USB.Interfaces = slices.Clone(odd.USB.Interfaces)
		odd.USB.Interfaces[1].Role = modemtest.ATToo // where the row has AT first
		m := r.stick(1, odd)
		r.plug("1-1", m)
		r.settle(20 * time.Second) // 8 of them it boots
		r.verdict("m0", "2c7c:0125 in 1-1 is starting, it is asked 20s after it came")
		r.settle(10 * time.Second)
		if d := r.modemInfo("m0").Device; filepath.Base(d) != "ttyUSB1" {
			t.Errorf("m0 is at %q: %s", d, r.modemInfo("m0").Verdict)
		}
	})
}

// A modem that does not answer is asked again, and what is heard of it is said.
func TestFindSilent(t *testing.T) {
	onBus(t, []string{`"auto"`}, func(r *busRig) {
		m := r.stick(1, modemtest.Huawei)
		m.Fault(modemtest.Fault{Kind: modemtest.Deaf, Times: -1})
		r.plug("1-1", m)
		r.settle(time.Minute)
		r.verdict("m0", "12d1:1001 in 1-1 does not answer (ttyUSB0: no answer to AT but its echo: no modem behind this line, ttyUSB2: no answer to AT but its echo")
		m.ClearFaults()
		r.holds("m0", m)
	})
}

// A modem whose first port is busy is waited for: the second one answers, and never
// tells of a message. Where the first stays silent the second has to do.
func TestFindFirstPort(t *testing.T) {
	for name, test := range map[string]struct {
		busy time.Duration
		want string
	}{"busy": {8 * time.Second, "ttyUSB2"}, "broken": {10 * time.Minute, "ttyUSB3"}} {
		t.Run(name, func(t *testing.T) {
			onBus(t, []string{`"auto"`}, func(r *busRig) {
				m := r.stick(1, modemtest.Quectel)
				r.plug("1-1", m)
				r.settle(8 * time.Second)
				first, err := r.bus.Open(filepath.Join(r.bus.Dev(), "ttyUSB2"))
				if err != nil {
					t.Fatal(err)
				}
				m.Fault(modemtest.Fault{On: "+CSQ", Kind: modemtest.Hang, After: test.busy})
				if _, err := first.Write([]byte("AT+CSQ\r")); err != nil {
					t.Error(err)
				}
				r.settle(100 * time.Millisecond)
				first.Close()
				r.settle(time.Minute)
				if got := r.modemInfo("m0"); filepath.Base(got.Device) != test.want {
					t.Errorf("m0 is at %q: %s", got.Device, got.Verdict)
				}
			})
		})
	}
}

// A modem that does not tell its IMEI is known by where it is.
func TestFindWithoutIMEI(t *testing.T) {
	onBus(t, []string{`"auto"`, `"auto"`}, func(r *busRig) {
		a, b := r.stick(1, modemtest.Huawei), r.stick(2, modemtest.Huawei)
		for _, m := range []*modemtest.Modem{a, b} {
			m.Fault(modemtest.Fault{On: "+CGSN", Kind: modemtest.Refuse, Text: "ERROR", Times: -1})
		}
		r.plug("1-1", a)
		r.plug("1-2", b)
		r.holds("m0", a)
		r.holds("m1", b)
		r.bus.Unplug("1-1")
		r.bus.Unplug("1-2")
		r.plug("1-2", b)
		r.holds("m0", nil)
		r.plug("1-1", a)
		r.holds("m0", a)
		r.holds("m1", b)
	})
}

// Whoever answers at the moment of dialling has to be who answered when it was asked.
func TestFindSomebodyElse(t *testing.T) {
	onBus(t, []string{`{ imei = "350000000000010" }`}, func(r *busRig) {
		right, wrong := r.stick(1, modemtest.Quectel), r.stick(2, modemtest.Quectel)
		r.plug("1-1", right)
		r.plug("1-2", wrong)
		r.settle(10 * time.Second)
		names, _ := r.bus.Terminals("1-2")
		var sessions int
		r.rig.stop()
		r.rig.dial = func(_ context.Context, c ModemConfig) (modem.Port, error) {
			if c.Name != "" {
				if sessions++; sessions == 1 {
					c.Device = filepath.Join(r.bus.Dev(), names[2])
				}
			}
			return r.bus.Open(c.Device)
		}
		r.start()
		r.accept(Request{Payload: []byte("hello")})
		r.holds("m0", right)
		r.settle(time.Minute)
		if sessions != 2 || wrong.Submits() != 0 || right.Submits() != 1 {
			t.Errorf("%d sessions; the wrong one sent %d, the right one %d", sessions, wrong.Submits(), right.Submits())
		}
	})
}

// Without word from the kernel the bus is looked at every second; without a bus
// that is said.
func TestFindSweep(t *testing.T) {
	onBus(t, []string{`"auto"`}, func(r *busRig) {
		r.rig.stop()
		r.watch = func(context.Context, func()) error { return os.ErrPermission }
		r.start()
		m := r.stick(1, modemtest.Quectel)
		r.plug("1-1", m)
		r.settle(8*time.Second + soon)
		if got := r.modemInfo("m0"); !got.Ready {
			t.Errorf("3 s after it came: %s", got.Verdict)
		}
		r.rig.stop()
		if err := os.RemoveAll(r.bus.Sys()); err != nil {
			t.Error(err)
		}
		r.start()
		r.settle(time.Minute)
		r.verdict("m0", "no modem on USB: this machine shows no USB at all (look for USB devices: ")
	})
}

// Cheap sticks have one IMEI for a whole batch: each [[modem]] has one of them. Which one
// it was before a restart nothing tells.
func TestFindTwins(t *testing.T) {
	onBus(t, []string{`"auto"`, `"auto"`}, func(r *busRig) {
		twin := func(n string) *modemtest.Modem {
			return r.air.NewModem(modemtest.ModemOptions{Number: ownNumber[:len(ownNumber)-2] + n, IMEI: "350000000000990", Profile: modemtest.Quectel})
		}
		a, b := twin("91"), twin("92")
		r.plug("1-1", a)
		r.holds("m0", a)
		r.plug("1-2", b)
		r.holds("m0", a)
		r.holds("m1", b)
		r.rig.stop()
		r.start()
		r.settle(30 * time.Second)
		if one, other := r.modemInfo("m0").Number, r.modemInfo("m1").Number; one == other || one == "" || other == "" {
			t.Errorf("m0 has %q, m1 has %q", one, other)
		}
	})
}
