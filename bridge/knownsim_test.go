package bridge

import (
	"testing"

	"wvsms/modem"
	"wvsms/modem/modemtest"
)

// An IMSI that is told only now and then is remembered by the card, or else by the modem
// that it is in; where neither has a number, nobody gets another's.
func TestKnownSIM(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		for _, step := range []struct {
			id         modem.Identity
			name, want string
		}{
			{modem.Identity{IMSI: "262010000000001", ICCID: "89490200001234567890", IMEI: "350000000000010"}, "m0", "262010000000001"},
			{modem.Identity{ICCID: "89490200001234567890", IMEI: "350000000000020"}, "m1", "262010000000001"},
			{modem.Identity{IMSI: "262010000000002", IMEI: "350000000000030"}, "m2", "262010000000002"},
			{modem.Identity{IMEI: "350000000000030"}, "m2", "262010000000002"},
			{modem.Identity{IMSI: "262010000000003"}, "m3", "262010000000003"},
			{modem.Identity{}, "m4", "m4"},
			{modem.Identity{}, "m3", "m3"},
		} {
			if got := r.knownSIM(step.id, step.name); got != step.want {
				t.Errorf("%+v of %s: %q, want %q", step.id, step.name, got, step.want)
			}
		}
	})
}
