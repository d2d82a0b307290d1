package spool

import (
	"math"
	"testing"
)

// What came last stands first, also where rows in between are gone, and no more than was asked for.
func TestNewest(t *testing.T) {
	s := newSpool(t)
	outs, ins := []string{s.NewID(), s.NewID(), s.NewID()}, []string{s.NewID(), s.NewID(), s.NewID()}
	update(t, s, func(tx *Tx) error {
		for i, id := range outs {
			m := queued(id, "+491", t0)
			if i > 0 {
				m.State, m.Settled = StateFailed, t0
			}
			if err := tx.PutOutbound(m); err != nil {
				return err
			}
			if err := tx.PutMessage(arrived(ins[i], 3590, "tcp")); err != nil {
				return err
			}
			if err := tx.Quarantine(&Quarantined{Reason: id, At: t0, AtWall: t0}, 2); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx *Tx) error {
		var got []string
		for _, m := range must[[]*Outbound](t, "outbound")(tx.OutboundsBefore("", math.MaxInt64, 2)) {
			got = append(got, m.ID)
			if len(m.Segments) == 0 || m.Payload != nil {
				t.Errorf("%s has %d segments and a payload of %d octets", m.ID, len(m.Segments), len(m.Payload))
			}
		}
		for _, m := range must[[]*Message](t, "inbound")(tx.MessagesBefore("", math.MaxInt64, 2)) {
			got = append(got, m.ID)
		}
		for _, q := range must[[]Quarantined](t, "quarantine")(tx.QuarantinesBefore(math.MaxInt64, 9)) {
			got = append(got, q.Reason)
		}
		equal(t, "newest", []string{outs[2], outs[1], ins[2], ins[1], outs[2], outs[1]}, got)
		last := must[[]*Outbound](t, "outbound")(tx.OutboundsBefore("", math.MaxInt64, 1))[0].N
		got = nil
		for _, m := range must[[]*Outbound](t, "failed")(tx.OutboundsBefore(StateFailed, last, 9)) {
			got = append(got, m.ID)
		}
		equal(t, "failed before the last", []string{outs[1]}, got)
		got = nil
		for _, m := range must[[]*Message](t, "ready")(tx.MessagesBefore(MsgReady, math.MaxInt64, 2)) {
			got = append(got, m.ID)
		}
		equal(t, "ready", []string{ins[2], ins[1]}, got)
		equal(t, "acked", 0, len(must[[]*Message](t, "acked")(tx.MessagesBefore(MsgAcked, math.MaxInt64, 9))))
		equal(t, "states", map[OutState]int{
			StateQueued: 1, StateFailed: 2, StateSent: 0, StateDelivered: 0, StateExpired: 0, StateUnknown: 0, StateCancelled: 0,
		}, must[map[OutState]int](t, "states")(tx.OutStates()))
		return nil
	})
}
