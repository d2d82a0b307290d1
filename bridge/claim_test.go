package bridge

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// endsAtClaim is the context of a session whose line is lost at the moment in which it
// has claimed a message.
type endsAtClaim struct {
	context.Context
	bridge *Bridge
	ended  atomic.Bool
}

func (c *endsAtClaim) Err() error {
	if !c.ended.Load() && c.bridge.claims.TryLock() { // else it is claiming
		c.ended.Store(len(c.bridge.claimed) > 0)
		c.bridge.claims.Unlock()
	}
	if c.ended.Load() {
		return context.Canceled
	}
	return nil
}

// A message that is claimed when the line is lost is given back: else nobody sends it
// until the bridge is started again.
func TestClaimedWhenTheLineIsLost(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.settle(time.Minute)
		r.offline(true)
		id := r.accept(Request{Payload: []byte("waits")})
		r.change(id, func(m *spool.Outbound) { m.WantModem = "m1" }) // which only the session below is
		r.offline(false)
		r.settle(time.Second)
		r.mu.Lock()
		up := r.sessions["m0"]
		r.mu.Unlock()
		lost := &session{
			bridge: r.Bridge, name: "m1", sim: up.sim, modem: up.modem, recovery: up.recovery, log: up.log,
			flight: make(chan struct{}, 1),
		}
		if err := lost.runOutbound(&endsAtClaim{Context: context.Background(), bridge: r.Bridge}); err != nil {
			t.Fatal(err)
		}
		r.claims.Lock()
		defer r.claims.Unlock()
		if r.claimed[id] {
			t.Error("it is held by a session that has ended")
		}
	})
}
