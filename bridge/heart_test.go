package bridge

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
)

// However dead a modem is, the loops go round: it is not there, it cannot be opened, it
// hangs in the opening, it says nothing, it takes no message.
func TestHeartBeatsWithoutAModem(t *testing.T) {
	for name, dial := range map[string]Dial{
		"not there": func(context.Context, ModemConfig) (modem.Port, error) { return nil, errors.New("no such file") },
		"hangs":     func(ctx context.Context, _ ModemConfig) (modem.Port, error) { <-ctx.Done(); return nil, ctx.Err() },
		"mute":      nil, "useless": nil,
	} {
		t.Run(name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				r.stop()
				r.dial, r.probe = dial, func(string) {}
				r.start()
				switch name {
				case "mute":
					r.sims["m0"].Stick(modemtest.Mute, modemtest.PowerCycled)
				case "useless":
					r.sims["m0"].Stick(modemtest.Refusing, modemtest.PowerCycled)
				}
				r.accept(Request{Payload: []byte("waits")})
				for range 50 {
					r.settle(3 * time.Minute)
					if stuck := r.Stuck(); stuck != "" {
						t.Fatalf("stuck: %s", stuck)
					}
				}
			})
		})
	}
}

// A loop that does not go on is found out, and which one it is.
func TestHeartStops(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.stop()
		hold := make(chan struct{})
		var held atomic.Bool
		r.probe = func(point string) {
			if point == "commit clock" && held.Load() {
				<-hold
			}
		}
		r.start()
		r.settle(5 * time.Minute)
		held.Store(true)
		r.accept(Request{Payload: []byte("after its commit the clock is written down")})
		r.settle(heartLimit)
		if stuck := r.Stuck(); stuck != "" {
			t.Errorf("stuck too soon: %s", stuck)
		}
		r.settle(2 * time.Minute)
		if stuck := r.Stuck(); stuck != "timers" {
			t.Errorf("stuck: %q, want timers", stuck)
		}
		close(hold)
		r.settle(time.Minute)
		if stuck := r.Stuck(); stuck != "" {
			t.Errorf("it goes on, and yet: %s", stuck)
		}
	})
}

// What systemd is told changes with the verdicts, and whoever waits for that is woken.
func TestSummary(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Modems = append(c.Modems, ModemConfig{Name: "m1"}) }, func(r *rig) {
		r.settle(time.Minute)
		text, changed := r.Summary()
		if text != "m0: ready, registered on Test Net, signal -73 dBm; m1: ready, registered on Test Net, signal -73 dBm" {
			t.Errorf("%q", text)
		}
		r.sims["m1"].SetRegistration(3, 3)
		synctest.Wait()
		select {
		case <-changed:
		default:
			t.Error("nobody is told")
		}
		if text, _ = r.Summary(); !strings.HasPrefix(text, "m0: ready, registered on Test Net, signal -73 dBm; m1: the network refuses this SIM") {
			t.Errorf("%q", text)
		}
	})
}
