package bridge

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
)

// A running bridge says of each modem what is wrong with its port, and what helps; when
// that is over, it goes on by itself.
func TestPortVerdicts(t *testing.T) {
	silent := func(n net.Conn) { _, _ = io.Copy(io.Discard, n) }
	says := func(what string) func(net.Conn) {
		return func(n net.Conn) {
			go silent(n)
			for ; ; time.Sleep(time.Second) {
				if _, err := io.WriteString(n, what); err != nil {
					return
				}
			}
		}
	}
	for _, c := range []struct {
		name string
		err  error
		far  func(net.Conn)
		want string
	}{
		{"held", &modem.PortError{Path: "/dev/ttyS7", Fault: modem.PortBusy, Holder: modem.Holder{Name: "smsd", PID: 812}}, nil, "in use by smsd (pid 812): stop that program"},
		{"held by ModemManager", &modem.PortError{Path: "/dev/ttyS7", Fault: modem.PortBusy, Holder: modem.Holder{Name: "ModemManager", PID: 7}}, nil, "keep it off this port (wvsms udev-rule /dev/ttyS7"},
		{"no right", &modem.PortError{Path: "/dev/ttyS7", Fault: modem.PortForbidden, Group: "dialout"}, nil, "usermod -aG dialout"},
		{"not there", &modem.PortError{Path: "/dev/ttyS7", Fault: modem.PortMissing}, nil, "is the modem plugged in"},
		{"GNSS", nil, says("$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76\r\n"), "this is a GNSS port"},
		{"another speed", nil, says("\x80\xe0\xf8\x86\xfe\xff\x98\xe6\x80\xe0"), "or another speed than this (baud)"},
		{"silence", nil, silent, "wvsms doctor asks at every usual speed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				var mended atomic.Bool
				r.stop()
				r.dial = func(context.Context, ModemConfig) (modem.Port, error) {
					ours, theirs := net.Pipe()
					switch {
					case mended.Load():
						r.on.Go(func() { r.sims["m0"].Serve(r.ctx, theirs) })
					case c.err != nil:
						return nil, c.err
					default:
						r.on.Go(func() { c.far(theirs) })
					}
					return ours, nil
				}
				r.start()
				told := map[string]bool{}
				for range 180 {
					r.settle(time.Second)
					told[r.modemInfo("m0").Verdict] = true
				}
				var all bytes.Buffer
				for verdict := range told {
					all.WriteString(verdict + "\n")
				}
				if !strings.Contains(all.String(), c.want) {
					t.Errorf("%s\nwant %q", &all, c.want)
				}
				mended.Store(true)
				r.settle(3 * time.Minute)
				if info := r.modemInfo("m0"); !info.Sends {
					t.Errorf("mended, and %+v", info)
				}
			})
		})
	}
}
