package bridge

import (
	"maps"
	"strings"
	"time"

	"wvsms/spool"
)

// A halt is which limit keeps a message, and until when; the zero halt is none.
type halt struct {
	until time.Time
	why   string
	pace  time.Duration // how far apart the messages go that it keeps
	whole bool          // the budget of a day or more, not only the pace
}

func (h halt) at(now time.Time) bool { return h.until.After(now) }

// haltMark is how the why of every halt begins: what waits for a limit is found by it
// when limits change.
const haltMark = "limits."

// tightest is the halt of these budgets that lasts longest.
func tightest(tx *spool.Tx, now time.Time, budgets ...budget) (h halt, err error) {
	for _, u := range budgets {
		free, err := u.free(tx, now)
		if err != nil {
			return h, err
		}
		if free.After(now) && free.After(h.until) {
			h = halt{until: free, why: u.usedUp(), pace: time.Second, whole: true}
		}
	}
	return h, nil
}

// modemHalt keeps a modem from sending anything; "" stands for what is so for all.
func (c *Settings) modemHalt(tx *spool.Tx, now time.Time, modem string) (halt, error) {
	budgets := c.overall()
	if modem != "" {
		budgets = append(budgets, c.ofModem(modem)...)
	}
	return tightest(tx, now, budgets...)
}

// peerHalt keeps what goes to one destination.
func (c *Settings) peerHalt(tx *spool.Tx, now time.Time, peer string) (halt, error) {
	h, err := tightest(tx, now, c.toPeer(peer)...)
	k := c.bucket(peer)
	if err != nil || k.every == 0 {
		return h, err
	}
	full, err := tx.Bucket(peer)
	if free := k.free(full, now); free.After(now) && free.After(h.until) {
		h = halt{until: free, why: k.empty(peer), pace: k.every}
	}
	return h, err
}

// kept tells whether a limit keeps a message from the modem now. One of its destination's
// puts it off, so that others go on. Those of the modem and of all do not: claim waits
// for them, and knows at once when there is room again, or another modem.
func (b *Bridge) kept(tx *spool.Tx, o *outbound, set *Settings, modem string) (bool, error) {
	h, err := set.modemHalt(tx, o.now, modem)
	if err != nil {
		return false, err
	}
	if h.at(o.now) {
		o.Why = h.why
		return true, nil
	}
	if h, err = set.peerHalt(tx, o.now, o.Peer); err != nil || !h.at(o.now) {
		return false, err
	}
	o.later(b.turn(o, h).Sub(o.now), h.why)
	return true, set.bucket(o.Peer).mend(tx, o.Peer, o.now)
}

// spend counts a segment that goes to the modem against every limit.
func (c *Settings) spend(tx *spool.Tx, o *outbound, modem, sim string) error {
	if err := tx.Spend(o.now, modem, sim, o.Peer, c.Limits.Price.Micros); err != nil {
		return err
	}
	if c.Limits.LoopSegments > 0 {
		if err := tx.SayTo(o.Peer, o.now); err != nil {
			return err
		}
	}
	return c.bucket(o.Peer).draw(tx, o.Peer, o.now)
}

// turn is when a message that a limit of its destination keeps is looked at again. Those
// that are kept stand in line, so that a place that is free does not wake them all. The
// line is forgotten at a restart: their times are in the spool.
func (b *Bridge) turn(o *outbound, h halt) time.Time {
	waiting := strings.HasPrefix(o.Why, haltMark) && !h.whole // its place came, and it was late for it
	if o.begun() || waiting {
		return h.until
	}
	b.claims.Lock()
	defer b.claims.Unlock()
	maps.DeleteFunc(b.line, func(_ spool.Scope, end time.Time) bool { return end.Before(o.now) })
	peer := spool.ToPeer(o.Peer)
	at := later(h.until, b.line[peer])
	b.line[peer] = at.Add(h.pace * time.Duration(len(o.Segments)))
	return at
}

// heldBack is which limit keeps a message that is due: of all the modems that may carry
// it the one that is free first, or its destination's.
func (b *Bridge) heldBack(tx *spool.Tx, m *spool.Outbound) (h halt, err error) {
	set, now := b.settings(), b.clock.Now()
	if !set.limited() {
		return set.peerHalt(tx, now, m.Peer)
	}
	carriers, err := b.carriers(tx, need{peer: m.Peer, modem: m.WantModem, sim: m.SIM})
	if err != nil {
		return h, err
	}
	for i, modem := range carriers {
		one, err := set.modemHalt(tx, now, modem)
		if err != nil {
			return h, err
		}
		if i == 0 || one.until.Before(h.until) {
			h = one
		}
	}
	peer, err := set.peerHalt(tx, now, m.Peer)
	if peer.until.After(h.until) {
		h = peer
	}
	return h, err
}
