package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wvsms/bridge"
	"wvsms/modem"
)

// Implementation.
const (
	upLimit    = 4 * time.Minute // of bringing up: a SIM that is absent takes half a minute, a busy one two
	queryLimit = 30 * time.Second
)

// speeds of UARTs, the usual ones first.
var speeds = []int{115200, 9600, 460800, 921600, 57600, 19200, 38400}

// examine looks at one modem.
func (d *doctor) examine(ctx context.Context, c bridge.ModemConfig) {
	d.pin(c)
	d.hook(c)
	if !d.port(ctx, c) {
		return
	}
	silent, ok := d.answers(ctx, &c)
	if !ok {
		return
	}
	port, err := d.o.Dial(ctx, c)
	if err != nil {
		d.say("port", Fail, err.Error(), "")
		return
	}
	d.inspect(ctx, c, port, silent)
}

// pin tells where no PIN can be read. What systemd passes to the bridge is not here.
func (d *doctor) pin(c bridge.ModemConfig) {
	if err := c.CheckPIN(); err != nil && !c.PINByCredential() {
		d.say("PIN", Fail, err.Error(), "")
	}
}

// hook tells where the power hook is no program: it would show on the day it is needed.
func (d *doctor) hook(c bridge.ModemConfig) {
	if len(c.PowerHook) == 0 {
		return
	}
	if err := unix.Access(c.PowerHook[0], unix.X_OK); err != nil {
		err = &os.PathError{Op: "run", Path: c.PowerHook[0], Err: err}
		d.say("power_hook", Fail, "it cannot be run: "+err.Error(), "name a program by its whole path, or take power_hook out of [[modem]]")
	}
}

// port tells whether the terminal can be had.
func (d *doctor) port(ctx context.Context, c bridge.ModemConfig) bool {
	port, err := d.o.Dial(ctx, c)
	var p *modem.PortError
	if faulty(err, modem.PortBusy) && errors.As(err, &p) && d.heldByBridge(ctx, c, p) {
		return false
	}
	if err != nil {
		d.say("port", Fail, err.Error(), "")
		return false
	}
	_ = port.Close()
	if h, found := d.o.Holder(c.Device); found && !isPseudo(c.Device) {
		d.say("port", Warn, fmt.Sprintf("%s opens, and %s has it open too: two programs on one port take each other's answers", c.Device, h), "stop the other one")
		return true
	}
	d.good("port", "%s opens", c.Device)
	return true
}

// isPseudo: behind a pseudo terminal there is a program, and that may have both ends.
func isPseudo(device string) bool {
	path, err := filepath.EvalSymlinks(device)
	return err == nil && strings.HasPrefix(path, "/dev/pts/")
}

// answers tells whether it speaks AT, and at which speed if it is a UART. One that is
// silent may be starting, which takes up to half a minute: silent is what to say if
// that does not help either.
func (d *doctor) answers(ctx context.Context, c *bridge.ModemConfig) (silent error, ok bool) {
	err := d.probe(ctx, *c)
	if err == nil {
		d.good("AT", "%s answers", c.Device)
		return nil, true
	}
	var not *modem.NotModemError
	if !errors.As(err, &not) || not.Heard == modem.HeardNMEA || not.Heard == modem.HeardText {
		d.say("AT", Fail, err.Error(), "name the AT port of the modem; wvsms doctor without a device looks for it")
		return nil, false
	}
	if !d.isUART(c.Device) {
		return err, true
	}
	at := c.Baud
	if at == 0 {
		at = speeds[0]
	}
	for _, baud := range speeds {
		if baud == at || ctx.Err() != nil {
			continue
		}
		c.Baud = baud
		if d.probe(ctx, *c) == nil {
			d.say("AT", Fail, fmt.Sprintf("%s does not answer at %d baud, but at %d", c.Device, at, baud), fmt.Sprintf("baud = %d in [[modem]]", baud))
			return nil, true
		}
	}
	c.Baud = at
	return fmt.Errorf("%w, at none of the usual speeds", err), true
}

func (d *doctor) probe(ctx context.Context, c bridge.ModemConfig) error {
	port, err := d.o.Dial(ctx, c)
	if err != nil {
		return err
	}
	_, err = modem.Probe(ctx, port)
	return err
}

// isUART: USB has no speed but behind an adapter, whose interface is a maker's own.
func (d *doctor) isUART(device string) bool {
	path, err := filepath.EvalSymlinks(device)
	if err != nil {
		path = device
	}
	driver, err := filepath.EvalSymlinks(filepath.Join(d.o.Sys, "class/tty", filepath.Base(path), "device/driver"))
	if err != nil {
		return true
	}
	switch filepath.Base(driver) {
	case "option", "option1", "cdc_acm", "qcserial", "sierra", "hso":
		return false
	}
	return true
}

// inspect brings a modem up as the bridge does and tells what is there. It owns port.
// silent is what was heard of it before, nil if it answered.
func (d *doctor) inspect(ctx context.Context, c bridge.ModemConfig, port modem.Port, silent error) {
	trace := d.o.Trace
	if d.o.Record != nil {
		r := newRecorder()
		trace = r.line
		defer d.record(r)
	}
	m := modem.New(port, modem.Options{Name: c.Name, Receive: modem.ReceiveStore, Profiles: d.profiles, USB: d.usbID(c.Device), Boot: c.Boot, Trace: trace})
	down, err := bringUp(ctx, m)
	defer down()
	switch {
	case silent != nil && errors.Is(err, modem.ErrSilent):
		d.say("AT", Fail, silent.Error(), whyNone(silent))
		return
	case silent != nil:
		d.good("AT", "%s answers, not at once: the modem was starting", c.Device)
	}
	d.identity(m)
	if err != nil {
		d.setback(c, err)
		return
	}
	d.sim(m)
	d.registration(m)
	d.settings(ctx, m)
	if d.o.Loopback != nil {
		d.loopback(ctx, m)
	} else {
		d.known(ctx, m.Status())
	}
}

// bringUp runs a modem until down is called. An error says why it is not ready.
func bringUp(ctx context.Context, m *modem.Modem) (down func(), err error) {
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- m.Run(run) }()
	select {
	case <-m.Ready():
		return func() { stop(); <-ended }, nil
	case err = <-ended:
		stop()
		if err == nil {
			err = context.Cause(ctx)
		}
	case <-time.After(upLimit):
		err = fmt.Errorf("it was not up within %v: %s", upLimit, m.Status().Verdict)
		stop()
		<-ended
	}
	return func() {}, err
}

// whyNone is what to look after where nothing spoke AT.
func whyNone(heard error) string {
	var not *modem.NotModemError
	if errors.As(heard, &not) && not.Heard == modem.HeardBinary {
		return "name another port of the modem, its AT port; if this is a UART, give its speed (baud in [[modem]])"
	}
	return "is the modem powered and switched on (PWRKEY), is this its AT port, and are RX and TX of a UART crossed?"
}

// record writes the dialogue down. Where the modem was told to it stands in the report.
func (d *doctor) record(r *recorder) {
	var make string
	for _, c := range d.report.Checks {
		if c.Name == "modem" && c.State == Good {
			make = c.Text
		}
	}
	if err := r.write(d.o.Record, strings.ReplaceAll(make, "\n", " ")); err != nil {
		d.say("record", Fail, "the dialogue cannot be written: "+err.Error(), "")
	}
}

// setback is why a modem did not come up.
func (d *doctor) setback(c bridge.ModemConfig, err error) {
	var sim *modem.SIMError
	switch {
	case errors.As(err, &sim) && sim.State == "pin" && c.PINFile != "":
		text, _ := strings.CutSuffix(sim.Text, ": "+modem.HowPIN)
		d.say("SIM", Fail, text+": the bridge types that of pin_file, this examination types none", "to see the rest, start the bridge and ask it: wvsms status")
		return
	case sim != nil:
		d.say("SIM", Fail, sim.Text, "")
		return
	}
	d.say("modem", Fail, err.Error(), "")
}

func (d *doctor) identity(m *modem.Modem) {
	id, row := m.Identity(), m.Profile()
	d.good("modem", "%s, firmware %s, IMEI %s", strings.TrimSpace(id.Manufacturer+" "+id.Model), orNone(id.Revision), masked(id.IMEI))
	switch {
	case row.Explain != "":
		d.say("profile", Fail, row.Name+": "+row.Explain, "")
	case row.Name != "":
		d.good("profile", "%s", row.Name)
	default:
		d.good("profile", "no row is of this make: what the modem offers decides")
	}
}

func (d *doctor) sim(m *modem.Modem) {
	id, st := m.Identity(), m.Status()
	text := fmt.Sprintf("ready, ICCID %s, IMSI %s, own number %s", masked(id.ICCID), masked(id.IMSI), masked(id.Number))
	if st.Home != "" {
		text += ", of network " + st.Home
	}
	if id.IMSI == "" {
		d.say("SIM", Warn, text, "without its IMSI a SIM is known by the modem's name: its messages mix with those of the next SIM")
	} else {
		d.good("SIM", "%s", text)
	}
	if st.NoCentre {
		d.say("SMSC", Fail, "the SIM has none", "smsc = \"+…\" in [[modem]], as the operator gives it")
	} else {
		d.good("SMSC", "%s", masked(id.SMSC))
	}
}

func (d *doctor) registration(m *modem.Modem) {
	st := m.Status()
	stats := fmt.Sprintf(" (+CREG %s, +CGREG %s, +CEREG %s, network %s)", told(st.Reg), told(st.PSReg), told(st.EPSReg), orNone(st.Serving))
	switch {
	case !st.Registered || st.NoCentre:
		d.say("network", Fail, st.Verdict+stats, "")
	case !strings.HasPrefix(st.Verdict, "ready") || strings.Contains(st.Verdict, "very weak"):
		d.say("network", Warn, st.Verdict+stats, "")
	default:
		d.good("network", "%s%s", st.Verdict, stats)
	}
}

func told(stat int) string {
	if stat < 0 {
		return "–"
	}
	return fmt.Sprint(stat)
}

func orNone(s string) string {
	if s == "" {
		return "not told"
	}
	return s
}
