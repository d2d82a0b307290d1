package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/spool"
	"wvsms/spool/spooltest"
)

// A benchReset stands for systemd: it re-authorises the rig's modem.
type benchReset struct {
	m     *modemtest.Modem
	paths []string
	err   error
}

func (b *benchReset) Lack() string { return "" }

func (b *benchReset) Reset(_ context.Context, path string) error {
	b.paths = append(b.paths, path)
	if b.err == nil {
		b.m.Reauthorise()
	}
	return b.err
}

// recoverable gives the rig's modem all that a ladder can use, on USB port 1-1.4.
func (r *rig) recoverable() {
	r.t.Helper()
	r.stop()
	r.cfg.Limits.SegmentsPerDay = 0
	r.probe = func(string) {} // hours of AT lines are no help
	c := &r.cfg.Modems[0]
	c.Recovery = []string{"radio", "restart", "usb"}
	c.PowerHook = []string{"/usr/sbin/uhubctl", "-a", "cycle"}
	c.Device = filepath.Join(r.t.TempDir(), "ttyUSB2")
	r.sys = plugged(r.t, c.Device)
	r.usb = &benchReset{m: r.sims["m0"]}
	r.hook = func(_ context.Context, argv, env []string) error {
		if want := fmt.Sprint(c.PowerHook); fmt.Sprint(argv) != want || !slices.Contains(env, "WVSMS_MODEM=m0") {
			r.t.Errorf("the hook is run as %v in %v", argv, env)
		}
		r.sims["m0"].PowerCycle()
		return nil
	}
	r.start()
}

// plugged is a /sys with a stick on port 1-1.4 whose third interface has the terminal.
func plugged(t *testing.T, terminal string) (sys string) {
	t.Helper()
	sys = t.TempDir()
	dir := filepath.Join(sys, "bus/usb/devices/1-1.4")
	for name, text := range map[string]string{
		"idVendor": "12d1", "idProduct": "1001", "bDeviceClass": "00", "devnum": "7",
		"1-1.4:1.2/bInterfaceNumber": "02", "1-1.4:1.2/bInterfaceClass": "ff",
		"1-1.4:1.2/bInterfaceSubClass": "ff", "1-1.4:1.2/bInterfaceProtocol": "ff",
		"1-1.4:1.2/ttyUSB2/tty/ttyUSB2/dev": "188:2",
	} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	writeFile(t, terminal, "")
	return sys
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// steps are the lines of the log that tell of a rung, without what is the same in all.
func (r *rig) steps() (lines []string) {
	r.t.Helper()
	for line := range strings.Lines(r.said.String()) {
		fields := map[string]any{}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			r.t.Fatal(err)
		}
		if _, ok := fields["rung"]; !ok {
			continue
		}
		text := fmt.Sprint(fields["rung"])
		if left, ok := fields["left_today"]; ok {
			text += fmt.Sprintf(", %v left", left)
		}
		text += fmt.Sprintf(", then %v: %v", fields["next"], fields["why"])
		for _, g := range []string{"radio", "restart", "usb", "hook"} {
			if why, ok := fields["not_"+g]; ok {
				text += fmt.Sprintf("; no %s: %v", g, why)
			}
		}
		if err, ok := fields["error"]; ok {
			text += fmt.Sprintf("; failed: %v", err)
		}
		lines = append(lines, text)
	}
	return lines
}

// What hangs until a certain rung is taken is mended by that rung, and no higher one is
// taken; each rung is one line of the log.
func TestHangAtEachRung(t *testing.T) {
	t.Parallel()
	const silent = "modem does not answer: ATE0 12 times in 24s: silence: is it powered, and is this its AT port, at its speed? wvsms doctor asks at every usual speed"
	for _, c := range []struct {
		name  string
		stuck modemtest.Stuck
		until modemtest.Cure
		log   []string
	}{
		{"radio stuck, sending", modemtest.Refusing, modemtest.RadioCycled, []string{
			"radio, 3 left, then restart: +CMS ERROR: 41",
		}},
		{"radio stuck, searching", modemtest.Searching, modemtest.RadioCycled, []string{
			"radio, 3 left, then restart: searching for a network, signal -73 dBm",
		}},
		{"firmware stuck, sending", modemtest.Refusing, modemtest.Restarted, []string{
			"radio, 3 left, then restart: +CMS ERROR: 41",
			"restart, 2 left, then usb: +CMS ERROR: 41",
		}},
		{"firmware stuck, searching", modemtest.Searching, modemtest.Restarted, []string{
			"radio, 3 left, then restart: searching for a network, signal -73 dBm",
			"restart, 2 left, then usb: searching for a network, signal -73 dBm",
		}},
		{"useless until it is re-authorised", modemtest.Refusing, modemtest.Reauthorised, []string{
			"radio, 3 left, then restart: +CMS ERROR: 41",
			"restart, 2 left, then usb: +CMS ERROR: 41",
			"usb, 2 left, then hook: +CMS ERROR: 41",
		}},
		{"useless until its power is cycled", modemtest.Refusing, modemtest.PowerCycled, []string{
			"radio, 3 left, then restart: +CMS ERROR: 41",
			"restart, 2 left, then usb: +CMS ERROR: 41",
			"usb, 2 left, then hook: +CMS ERROR: 41",
			"hook, 1 left, then alarm: +CMS ERROR: 41",
		}},
		{"mute until its line is opened again", modemtest.Mute, modemtest.Reopened, []string{
			"reopen, then reopen: modem does not answer: AT+CMGS=35 and then AT+CMEE? 3 times: silence",
		}},
		{"mute until it is re-authorised", modemtest.Mute, modemtest.Reauthorised, []string{
			"reopen, then reopen: modem does not answer: AT+CMGS=35 and then AT+CMEE? 3 times: silence",
			"reopen, then reopen: " + silent,
			"reopen, then usb: " + silent,
			"usb, 2 left, then hook: " + silent,
		}},
		{"mute until its power is cycled", modemtest.Mute, modemtest.PowerCycled, []string{
			"reopen, then reopen: modem does not answer: AT+CMGS=35 and then AT+CMEE? 3 times: silence",
			"reopen, then reopen: " + silent,
			"reopen, then usb: " + silent,
			"usb, 2 left, then hook: " + silent,
			"hook, 1 left, then alarm: " + silent,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				r.recoverable()
				r.air.NewHandset(phone, nil)
				m := r.sims["m0"]
				r.settle(time.Minute)
				m.Stick(c.stuck, c.until)
				id := r.accept(Request{Payload: []byte("out in the end")})
				r.settle(3 * time.Hour)
				if o := r.outbound(id); o.State != spool.StateSent {
					t.Errorf("the message is %s", o.State)
				}
				if got := m.Cures(); slices.Max(got) != c.until {
					t.Errorf("cures %v, want none above %v", got, c.until)
				}
				if got := r.steps(); !slices.Equal(got, c.log) {
					t.Errorf("the log:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.log, "\n"))
				}
				if v := r.modemInfo("m0"); v.Recovery != "" {
					t.Errorf("INFO still tells %q", v.Recovery)
				}
			})
		})
	}
}

// A final result code that is lost is found by the modem's own fence: no rung is taken.
func TestResyncIsNoRung(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.recoverable()
		r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CSQ", Kind: modemtest.LoseFinal, Times: 5})
		r.settle(time.Hour)
		id := r.accept(Request{Payload: []byte("out")})
		r.settle(time.Minute)
		if o, got := r.outbound(id), r.steps(); o.State != spool.StateSent || len(got) > 0 {
			t.Errorf("message %s; %v", o.State, got)
		}
	})
}

// A modem that nothing mends gets no more of a rung in a day than its budget, also when
// the bridge starts anew now and then; then somebody has to look.
func TestBudgetsHold(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.recoverable()
		m := r.sims["m0"]
		r.settle(time.Minute)
		m.Stick(modemtest.Refusing, modemtest.PowerCycled+1)
		each := time.Hour
		if brief() {
			each = 6 * time.Hour
		}
		for n := range int(budgetDay / each) {
			r.accept(Request{Payload: []byte{byte(n)}, TTL: 48 * time.Hour})
			r.settle(each)
			r.stop()
			r.start()
		}
		count := map[modemtest.Cure]int{}
		for _, c := range m.Cures() {
			count[c]++
		}
		// Each restart and re-authorising opens the line anew; that costs nothing.
		if count[modemtest.RadioCycled] != 4 || count[modemtest.Restarted] != 3 || count[modemtest.Reauthorised] != 3 || count[modemtest.PowerCycled] != 2 {
			t.Errorf("in a day: %v", count)
		}
		said := r.steps()
		if last := said[len(said)-1]; !strings.HasPrefix(last, "alarm") || !strings.Contains(last, "no hook: it was taken 2 times within 24 h") {
			t.Errorf("the last word is %q", last)
		}
	})
}

// What no reset can mend: the network denies the SIM, offers emergency calls only, or the
// SIM is locked. The verdict tells it, and nothing is done.
func TestNoRungForWhatIsNotTheModems(t *testing.T) {
	for name, trouble := range map[string]func(*rig){
		"denied":         func(r *rig) { r.sims["m0"].SetRegistration(3, 3) },
		"emergency only": func(r *rig) { r.sims["m0"].SetRegistration(8, 8) },
		"packet only":    func(r *rig) { r.sims["m0"].SetRegistration(3, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				r.recoverable()
				r.settle(time.Minute)
				trouble(r)
				r.accept(Request{Payload: []byte("waits")})
				r.settle(2 * time.Hour)
				if got := r.steps(); len(got) > 0 {
					t.Errorf("%v", got)
				}
			})
		})
	}
	for name, file := range map[string]string{"PIN": "", "a PIN that is not there": "/nonexistent/pin", "a credential that is not there": "credential:none"} {
		t.Run(name, func(t *testing.T) {
			inRigOf(t, modemtest.ModemOptions{Profile: modemtest.Generic, PIN: "1234"}, modemtest.AirOptions{}, nil, func(r *rig) {
				r.cfg.Modems[0].PINFile = file
				r.recoverable()
				r.settle(2 * time.Hour)
				if got := r.steps(); len(got) > 0 {
					t.Errorf("%v", got)
				}
				if v := r.modemInfo("m0").Verdict; file != "" && !strings.Contains(v, "it cannot be had") {
					t.Error(v)
				}
			})
		})
	}
}

// What the configuration does not allow or nobody provides is passed over in one word.
func TestRungsThatAreNotThere(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.recoverable()
		r.stop()
		r.cfg.Modems[0].Recovery, r.cfg.Modems[0].PowerHook, r.usb = []string{"radio", "usb"}, nil, nil
		r.start()
		r.settle(time.Minute)
		r.sims["m0"].Stick(modemtest.Refusing, modemtest.Restarted)
		r.accept(Request{Payload: []byte("waits")})
		r.settle(3 * time.Hour)
		want := []string{
			"radio, 3 left, then alarm: +CMS ERROR: 41",
			"alarm, then from the beginning in 6h0m0s: +CMS ERROR: 41; no restart: the configuration does not allow it; no usb: there is no systemd; no hook: no power_hook is configured",
		}
		if got := r.steps(); !slices.Equal(got, want) {
			t.Errorf("the log:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// A message that the modem does not delete is found again with every sweep: that it was
// found shows nothing.
func TestAnOldMessageIsNoProgress(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.recoverable()
		m := r.sims["m0"]
		r.settle(time.Minute)
		m.Fault(modemtest.Fault{On: "+CMGD", Kind: modemtest.Refuse, Text: "+CMS ERROR: 500", Times: -1})
		if err := r.air.NewHandset(phone, nil).Send(m.Number(), datagram("stays there")); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Minute)
		m.Stick(modemtest.Searching, modemtest.RadioCycled)
		r.settle(2 * time.Hour)
		if v := r.modemInfo("m0"); !v.Registered {
			t.Errorf("%s; taken: %v", v.Verdict, r.steps())
		}
		if n := r.counters()["duplicate"]; n == 0 || m.Stored("ME")+m.Stored("SM") == 0 {
			t.Errorf("found again %d times", n)
		}
	})
}

// While sending is of no use messages come in as ever.
func TestReceivesWhileSendingBacksOff(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.recoverable()
		h := r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		r.sims["m0"].Stick(modemtest.Refusing, modemtest.PowerCycled+1)
		r.accept(Request{Payload: []byte("waits")})
		for hour := range 5 {
			if err := h.Send(ownNumber, datagram(fmt.Sprint("hour ", hour))); err != nil {
				t.Fatal(err)
			}
			r.settle(time.Hour)
			if n := len(r.messages()); n != hour+1 {
				t.Errorf("in hour %d there are %d messages", hour, n)
			}
		}
		if got := r.steps(); len(got) < 5 {
			t.Errorf("received messages end the trouble with sending: %v", got)
		}
	})
}

// Rungs are counted before they are taken: where that cannot be written down nothing dear
// is done.
func TestNoRungOnAFullDisk(t *testing.T) {
	onDisk(t, modem.ReceiveStore, func(r *rig, disk *spooltest.Disk) {
		r.recoverable()
		r.settle(time.Minute)
		r.sims["m0"].Stick(modemtest.Searching, modemtest.PowerCycled+1)
		disk.Before(func(spooltest.Kind, string) error { return spooltest.ErrFull })
		r.settle(2 * time.Hour)
		if got := r.sims["m0"].Cures(); slices.Max(append(got, 0)) > modemtest.Reopened || len(got) > 30 {
			t.Errorf("on a full disk: %v", got)
		}
		disk.Before(nil)
		r.settle(2 * time.Hour)
		if got := r.sims["m0"].Cures(); slices.Max(append(got, 0)) == modemtest.Reopened {
			t.Errorf("with room again: %v", got)
		}
	})
}

// A busReset re-authorises what is plugged in at a socket of the rig's bus.
type busReset struct {
	r     *busRig
	paths []string
	m     *modemtest.Modem
}

func (b *busReset) Lack() string { return "" }

func (b *busReset) Reset(_ context.Context, path string) error {
	b.paths = append(b.paths, path)
	b.m.Reauthorise()
	b.r.bus.Unplug(path)
	return b.r.bus.Plug(path, b.m)
}

// A modem that is looked for, device = "auto", and does not answer is not found; the
// ladder is climbed all the same. One that only starts is left alone.
func TestMuteWhileLookedFor(t *testing.T) {
	for _, before := range []bool{true, false} { // it was in use before
		t.Run(fmt.Sprintf("used before: %v", before), func(t *testing.T) {
			onBus(t, []string{`"auto"`}, func(r *busRig) {
				m := r.stick(1, modemtest.Quectel)
				reset := &busReset{r: r, m: m}
				r.rig.stop()
				r.usb, r.probe = reset, func(string) {}
				r.start()
				if before {
					r.plug("1-1.4", m)
					r.holds("m0", m)
					if got := r.steps(); len(got) > 0 {
						t.Errorf("a start: %v", got)
					}
					m.Stick(modemtest.Mute, modemtest.Reauthorised)
				} else {
					m.Stick(modemtest.Mute, modemtest.Reauthorised)
					r.plug("1-1.4", m)
				}
				id := r.accept(Request{Payload: []byte("out in the end")})
				r.settle(20 * time.Minute)
				if o := r.outbound(id); o.State != spool.StateSent {
					t.Errorf("the message is %s: %s", o.State, r.modemInfo("m0").Verdict)
				}
				if !slices.Equal(reset.paths, []string{"1-1.4"}) {
					t.Errorf("re-authorised: %v", reset.paths)
				}
				for _, step := range r.steps() {
					if !strings.HasPrefix(step, "reopen") && !strings.HasPrefix(step, "usb") {
						t.Errorf("taken: %s", step)
					}
				}
			})
		})
	}
}

// A modem whose terminal is gone for long has its power cycled, where there is a hook for
// that, and it is not called for in vain for ever.
func TestGone(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.recoverable()
		r.stop()
		there, runs := false, 0
		r.dial = func(_ context.Context, c ModemConfig) (modem.Port, error) {
			if !there {
				return nil, fmt.Errorf("open %s: %w", c.Device, fs.ErrNotExist)
			}
			ours, theirs := net.Pipe()
			r.on.Go(func() { r.sims["m0"].Serve(r.ctx, theirs) })
			return ours, nil
		}
		r.hook = func(context.Context, []string, []string) error { runs++; there = runs == 2; return nil }
		r.start()
		r.settle(5 * time.Hour)
		if runs != 1 {
			t.Errorf("the hook was run %d times, want once in one trouble", runs)
		}
		r.stop()
		r.start()
		r.settle(30 * time.Minute)
		if v := r.modemInfo("m0"); runs != 2 || !v.Ready {
			t.Errorf("after %d runs: %s", runs, v.Verdict)
		}
	})
}

// A modem that answers and cannot be brought up is restarted; a SIM that is not seen has
// the radio cycled, and no more.
func TestBringUpFails(t *testing.T) {
	for _, c := range []struct {
		on, text string
		want     []string
	}{
		{"+CMGF=0", "+CMS ERROR: 302", []string{"radio", "restart", "usb", "hook", "alarm"}},
		{"+CPIN?", "+CME ERROR: 10", []string{"radio"}},
		{"+CPIN?", "+CME ERROR: 12", nil},
	} {
		t.Run(c.on+" "+c.text, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				r.recoverable()
				r.stop()
				r.sims["m0"].Fault(modemtest.Fault{On: c.on, Kind: modemtest.Refuse, Text: c.text, Times: -1})
				r.start()
				r.settle(3 * time.Hour)
				var got []string
				for _, step := range r.steps() {
					name, _, _ := strings.Cut(step, ",")
					got = append(got, name)
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("taken: %v, want %v", got, c.want)
				}
				r.sims["m0"].ClearFaults()
				r.settle(10 * time.Minute)
				if v := r.modemInfo("m0"); !v.Ready {
					t.Error(v.Verdict)
				}
			})
		})
	}
}

// Which failures of a message may be the modem's own fault.
func TestOwnFault(t *testing.T) {
	refused := func(kind modem.ResultKind, code int) error {
		return &modem.ResultError{Kind: kind, Code: code, Text: "ERROR"}
	}
	for err, want := range map[error]bool{
		refused(modem.CMS, 41): true, refused(modem.CMS, 500): true, refused(modem.CMS, 38): true,
		refused(modem.CMS, 28): false, refused(modem.CMS, 331): false, refused(modem.CME, 41): false, refused(modem.Plain, -1): false,
		fmt.Errorf("%w: %w", modem.ErrNotSent, refused(modem.CMS, 302)):   true,
		fmt.Errorf("%w: silence", modem.ErrOutcomeUnknown):                true,
		fmt.Errorf("%w: %w", modem.ErrOutcomeUnknown, modem.ErrSilent):    false, // mute, if it stays so
		fmt.Errorf("%w: %w", modem.ErrOutcomeUnknown, modem.ErrLineLost):  false,
		fmt.Errorf("%w: %w", modem.ErrOutcomeUnknown, modem.ErrRestarted): false,
		fmt.Errorf("%w: taken back", modem.ErrNotSent):                    false,
	} {
		if got := ownFault(err); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

// A model that does not come back from a rung does not get it.
func TestForbiddenRungs(t *testing.T) {
	r := &recovery{c: ModemConfig{Recovery: []string{"radio", "restart"}}, forbids: map[rung]bool{radio: true}}
	if why := r.can(radio); why != "this model does not come back from it" {
		t.Errorf("radio: %q", why)
	}
	if why := r.can(restart); why != "" {
		t.Errorf("restart: %q", why)
	}
}
