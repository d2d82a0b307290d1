package bridge

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// A whole bridge on every make of modem and on some that nobody knows: a message of
// three segments goes out once and is delivered, one comes in once, and nothing is
// left behind; then once more after a restart.
func TestPersonalities(t *testing.T) {
	t.Parallel()
	profiles := modemtest.Profiles
	strangers := uint64(20)
	if brief() {
		strangers = 3
	}
	for seed := range strangers {
		profiles = append(profiles, modemtest.Stranger(seed))
	}
	for _, profile := range profiles {
		if profile.NoSMS {
			continue
		}
		t.Run(profile.Name, func(t *testing.T) {
			mo := modemtest.ModemOptions{Profile: profile, NoiseEvery: 20 * time.Second, SubmitTime: 2 * time.Second}
			inRigOf(t, mo, modemtest.AirOptions{Delay: time.Second}, nil, func(r *rig) {
				var mu sync.Mutex
				var seen [][]byte
				h := r.air.NewHandset(phone, func(_ *modemtest.Handset, _ string, d wdp.Datagram) {
					mu.Lock()
					defer mu.Unlock()
					seen = append(seen, d.Data)
				})
				reports := profile.Refuses["+CNMI"] == ""
				for round := range 2 {
					out, in := bytes.Repeat([]byte{byte(round), 'o'}, 150), bytes.Repeat([]byte{byte(round), 'i'}, 150)
					id := r.accept(Request{Payload: out, Report: reports})
					if err := h.Send(ownNumber, datagram(string(in))); err != nil {
						t.Fatal(err)
					}
					r.settle(8 * time.Minute)
					want := map[bool]spool.OutState{true: "delivered", false: "sent"}[reports]
					if s := r.outbound(id).State; s != want {
						t.Errorf("round %d: what was sent is %s, want %s: %v", round, s, want, r.words(id))
					}
					mu.Lock()
					if len(seen) != round+1 || !bytes.Equal(seen[round], out) {
						t.Errorf("round %d: the phone has %d messages", round, len(seen))
					}
					mu.Unlock()
					if got := r.messages(); len(got) != round+1 || !bytes.Equal(got[round].Payload, in) {
						t.Errorf("round %d: %d messages came", round, len(got))
					}
					r.stop()
					r.start()
				}
				r.settle(6 * time.Minute)
				if stored, c := r.sims["m0"].Stored("SM")+r.sims["m0"].Stored("ME"), r.air.Counts(); stored != 0 || c.Pending != 0 || len(r.messages()) != 2 {
					t.Errorf("%d are in the modem's store, %d messages came, the network: %v", stored, len(r.messages()), c)
				}
			})
		})
	}
}
