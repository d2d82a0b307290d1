package bridge

import (
	"context"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// What was found out of a network is told with the modems that are on it.
func TestInfoTellsCarrier(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		carries := func() string { return r.Info().(info).Modems[0].Carries }
		keep := func(home, serving string) {
			err := r.Bridge.spool.Update(context.Background(), func(tx *spool.Tx) error {
				return KeepCarrier(tx, home, serving, Carrier{Verdict: "strips ports", At: time.Now()})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		r.settle(time.Minute)
		m := r.modemInfo("m0")
		keep(m.Home, "00101")
		if got := carries(); got != "" {
			t.Errorf("of another network: %q", got)
		}
		keep(m.Home, m.Serving)
		if got := carries(); got != "strips ports" || m.Home != "26249" || m.Serving != "26299" {
			t.Errorf("%q of SIM %s on %s", got, m.Home, m.Serving)
		}
	})
}
