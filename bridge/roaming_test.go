package bridge

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// With roaming = "receive" a modem sends nothing on a foreign network, not even the
// rest of a message, says so, and goes on at home. It receives all the time.
func TestRoaming(t *testing.T) {
	const home, abroad = 1, 5
	change := func(c *Config) { c.Modems[0].Roaming = RoamingReceive }
	m := modemtest.ModemOptions{Profile: modemtest.Generic, SubmitTime: 10 * time.Second}
	inRigOf(t, m, modemtest.AirOptions{}, change, func(r *rig) {
		sim, h := r.sims["m0"], r.air.NewHandset(phone, nil)
		id := r.accept(Request{Payload: make([]byte, 300)})
		r.settle(15 * time.Second) // the second of three segments is being submitted
		sim.SetRegistration(abroad, abroad)
		r.settle(time.Hour)
		if n := sim.Submits(); n != 2 {
			t.Errorf("%d segments submitted abroad and before", n)
		}
		second := r.accept(Request{Payload: []byte("from abroad")})
		if err := h.Send(sim.Number(), datagram("hello")); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Minute)
		info := r.modemInfo("m0")
		if !info.Registered || info.Sends || !strings.HasPrefix(info.Verdict, "not sending while roaming") || len(r.messages()) != 1 {
			t.Errorf("%+v, %d messages", info, len(r.messages()))
		}
		v, err := r.Show(context.Background(), second)
		if text, _ := json.Marshal(v); err != nil || !strings.Contains(string(text), "Modem m0 now: not sending while roaming") {
			t.Errorf("%s, %v", text, err)
		}
		sim.SetRegistration(home, home)
		r.settle(2 * time.Minute)
		for _, id := range []string{id, second} {
			if m := r.outbound(id); m.State != spool.StateSent {
				t.Errorf("%s: %s", id, m.State)
			}
		}
		if info := r.modemInfo("m0"); !info.Sends || !strings.HasPrefix(info.Verdict, "ready, registered") {
			t.Errorf("%+v", info)
		}
	})
}

// By default it makes no difference but for the verdict.
func TestRoamingAllowed(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.sims["m0"].SetRegistration(5, 5)
		id := r.accept(Request{Payload: []byte("from abroad")})
		r.settle(time.Minute)
		if info := r.modemInfo("m0"); r.outbound(id).State != spool.StateSent || !info.Roaming || !strings.Contains(info.Verdict, "(roaming)") {
			t.Errorf("%s, %+v", r.outbound(id).State, info)
		}
	})
}
