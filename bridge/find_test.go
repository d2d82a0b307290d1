package bridge

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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
		if s.Fate == modemtest.Taken && s.From != phone {
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
		Number: ownNumber[:len(ownNumber)-2] + "9" + string(rune('0'+n)), IMEI: "35000000000000" + string(rune('0'+n)),
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

// From the plug to a datagram each way, with no more than device = "auto".
func TestFindAuto(t *testing.T) {
	for _, profile := range modemtest.Profiles {
		if profile.USB.Interfaces == nil {
			continue
		}
		t.Run(profile.Name, func(t *testing.T) {
			onBus(t, []string{`"auto"`}, func(r *busRig) {
				r.settle(time.Minute)
				r.verdict("m0", "no modem on USB yet")
				m := r.stick(1, profile)
				r.plug("1-1.4", m)
				r.holds("m0", m)

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
				tty, _ := r.bus.Terminals("1-1.4")
				if to, err := os.Readlink(filepath.Join(r.run, "350000000000001")); !slices.Contains(tty, filepath.Base(to)) {
					t.Errorf("the link by IMEI leads to %s, %v", to, err)
				}
				r.bus.Unplug("1-1.4")
				r.settle(time.Minute)
				if _, err := os.Readlink(filepath.Join(r.run, "350000000000001")); err == nil {
					t.Error("the link by IMEI is still there")
				}
			})
		})
	}
}
