package modem_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
)

// probe is Probe of a line whose far end is f, which returns when the line closes;
// lines counts what was written to it.
func probe(t *testing.T, f func(ctx context.Context, far io.ReadWriteCloser)) (id modem.Identity, lines int, err error) {
	t.Helper()
	near, far := net.Pipe()
	counted := &counter{Conn: far}
	ctx, stop := context.WithCancel(t.Context())
	var end sync.WaitGroup
	end.Go(func() { f(ctx, counted) })
	id, err = modem.Probe(ctx, near)
	stop()
	far.Close()
	end.Wait()
	if _, werr := near.Write([]byte("x")); werr == nil {
		t.Error("the port is still open")
	}
	return id, int(counted.lines.Load()), err
}

// A counter counts the lines that are read.
type counter struct {
	net.Conn
	lines atomic.Int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.lines.Add(int64(strings.Count(string(b[:n]), "\r")))
	return n, err
}

// A modem is found out as it is, as it was left and whatever it says besides.
func TestProbe(t *testing.T) {
	for name, test := range map[string]struct {
		profile modemtest.Profile
		before  string // what a predecessor wrote last
		noise   time.Duration
		faults  []modemtest.Fault
	}{
		"fresh":            {profile: modemtest.Generic},
		"chatter":          {profile: modemtest.Huawei, noise: 30 * time.Millisecond},
		"at a prompt":      {profile: modemtest.Quectel, before: "AT+CMGF=0\rAT+CMGS=20\r0011"},
		"in mid-command":   {profile: modemtest.SIMCom, before: "AT+CG"},
		"numbers":          {profile: modemtest.Generic, before: "ATV0\r"},
		"no echo":          {profile: modemtest.Generic, before: "ATE0\r"},
		"deaf at first":    {profile: modemtest.Generic, faults: []modemtest.Fault{{Kind: modemtest.Deaf}, {Kind: modemtest.Deaf}}},
		"noise in answers": {profile: modemtest.Quectel, faults: []modemtest.Fault{{On: "+CGSN", Kind: modemtest.Split, Text: "^RSSI:12"}, {On: "+CGMI", Kind: modemtest.Interject, Text: `+CMTI: "SM",-1`}}},
		"garbage":          {profile: modemtest.Generic, faults: []modemtest.Fault{{On: "+CGMM", Kind: modemtest.Garbage, Text: "\x00\xfe\xff\r\n$GPGGA,1*77\r\n", At: modemtest.Begun}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := modemtest.NewAir(modemtest.AirOptions{}).NewModem(modemtest.ModemOptions{
					Number: "+491701", IMEI: "351234567890123", Profile: test.profile, NoiseEvery: test.noise,
				})
				id, lines, err := probe(t, func(ctx context.Context, far io.ReadWriteCloser) {
					ours, theirs := net.Pipe()
					go m.Serve(ctx, theirs)
					if _, err := io.WriteString(ours, test.before); err != nil {
						t.Error(err)
					}
					go io.CopyN(io.Discard, ours, int64(len(test.before))) // its echo
					time.Sleep(time.Second)
					m.Fault(test.faults...)
					go io.Copy(ours, far)
					io.Copy(far, ours)
					theirs.Close()
				})
				want := modem.Identity{Manufacturer: test.profile.Manufacturer, Model: test.profile.Model, Revision: test.profile.Revision, IMEI: "351234567890123"}
				if id != want || err != nil {
					t.Errorf("got %+v, %v", id, err)
				}
				if lines > 16 {
					t.Errorf("wrote %d lines", lines)
				}
			})
		})
	}
}

// What is no modem is left alone soon, and named.
func TestProbeNoModem(t *testing.T) {
	every := func(text string) func(context.Context, io.ReadWriteCloser) {
		return func(ctx context.Context, far io.ReadWriteCloser) {
			go io.Copy(io.Discard, far)
			for ctx.Err() == nil {
				if _, err := io.WriteString(far, text); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}
	}
	for name, test := range map[string]struct {
		far   func(context.Context, io.ReadWriteCloser)
		heard modem.Heard
		words string
	}{
		"silence": {func(_ context.Context, far io.ReadWriteCloser) { io.Copy(io.Discard, far) }, modem.HeardNothing, "silence"},
		"GNSS":    {every("$GPGGA,,,,,,0,,,,,,,,*66\r\n$GPRMC,,V,,,,,,,,,,N*53\r\n"), modem.HeardNMEA, "GNSS port"},
		"QCDM":    {every("\x13\x0c\x00\x41\x54\x45\x30\x0d\x81\xf0\x7e\x98\x01\xa4\xff\x7e"), modem.HeardBinary, "diagnostic port"},
		"echo":    {func(_ context.Context, far io.ReadWriteCloser) { io.Copy(far, far) }, modem.HeardEcho, "echo"},
		"printer": {every("echo:busy: processing\n"), modem.HeardText, `("echo:busy: processing")`},
		"prompt":  {every("\r\nraspberrypi login: \r\n"), modem.HeardText, `("raspberrypi login:")`},
		"login":   {every("\x1b[2Jraspberrypi login: \r\n"), modem.HeardText, "raspberrypi login"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				_, lines, err := probe(t, test.far)
				var not *modem.NotModemError
				if !errors.Is(err, modem.ErrNotModem) || !errors.As(err, &not) || not.Heard != test.heard || !strings.Contains(err.Error(), test.words) {
					t.Errorf("got %v", err)
				}
				if lines > 6 {
					t.Errorf("wrote %d lines", lines)
				}
				if d := time.Since(begin); d > 10*time.Second {
					t.Errorf("took %v", d)
				}
			})
		})
	}
}

// Something that says OK whatever it is asked is none either; it is told in words of its
// own, for a modem that hangs may do so.
func TestProbeYesMan(t *testing.T) {
	for _, final := range []string{"OK", "ERROR"} {
		synctest.Test(t, func(t *testing.T) {
			_, _, err := probe(t, func(_ context.Context, far io.ReadWriteCloser) {
				b := make([]byte, 64)
				for {
					if _, err := far.Read(b); err != nil {
						return
					}
					if _, err := io.WriteString(far, "\r\n"+final+"\r\n"); err != nil {
						return
					}
				}
			})
			if want := `it says "` + final + `" and answers no question`; err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "line lost") {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// A line that goes, or a modem that falls silent, is neither a modem nor none.
func TestProbeLost(t *testing.T) {
	hang := modemtest.Fault{On: "+CGMM", Kind: modemtest.Hang}
	for name, test := range map[string]struct {
		fault modemtest.Fault
		want  error
	}{
		"pulled out": {modemtest.Fault{On: "+CGMM", Kind: modemtest.HangUp}, modem.ErrLineLost},
		"silent":     {hang, modem.ErrSilent},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := modemtest.NewAir(modemtest.AirOptions{}).NewModem(modemtest.ModemOptions{Number: "+491701"})
				m.Fault(test.fault)
				begin := time.Now()
				id, _, err := probe(t, func(ctx context.Context, far io.ReadWriteCloser) { m.Serve(ctx, far) })
				if !errors.Is(err, test.want) || errors.Is(err, modem.ErrNotModem) || id != (modem.Identity{}) {
					t.Errorf("got %+v, %v", id, err)
				}
				if d := time.Since(begin); d > 30*time.Second {
					t.Errorf("took %v", d)
				}
			})
		})
	}
}
