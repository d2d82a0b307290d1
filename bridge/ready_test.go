package bridge

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool/spooltest"
)

// Whether a message could be sent now hangs on a modem, the disk and the budget.
func TestReady(t *testing.T) {
	var disk *spooltest.Disk
	change := func(c *Config) {
		disk = spooltest.Under(t, filepath.Dir(c.Spool.Path))
		c.Limits.SegmentsPerDay = 2
	}
	inRig(t, modemtest.AirOptions{}, change, func(r *rig) {
		is := func(when, want string) {
			t.Helper()
			got := r.Ready(context.Background())
			if want == "" && got != "" || !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
		}
		r.settle(time.Minute)
		is("with a modem", "")
		disk.Before(func(spooltest.Kind, string) error { return spooltest.ErrFull })
		if _, err := r.Accept(context.Background(), Request{To: phone, Port: 3590, TTL: time.Hour}); code(err) != "disk" {
			t.Errorf("SEND on a full disk: %v", err)
		}
		r.settle(time.Second) // else the clock that is written down is the one that stands there
		is("on a full disk", "nothing can be accepted: ")
		disk.Before(nil)
		r.settle(time.Second)
		is("with room again", "")
		r.accept(Request{Payload: []byte("1")})
		r.accept(Request{Payload: []byte("2")})
		is("with the budget used up", "a message would be refused: budget: ")
		r.sims["m0"].SetRegistration(2, 2)
		r.settle(time.Minute)
		is("without a network", "no modem sends: m0: ")
	})
}
