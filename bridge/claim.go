package bridge

import (
	"context"
	"maps"
	"time"

	"wvsms/spool"
)

// Implementation.
const (
	idleCheck = 5 * time.Minute  // timers stand still in suspend, bridge time does not
	shunFor   = time.Minute      // a message that a SIM leaves to others
	asideFor  = 10 * time.Minute // one that cannot be read, or written
)

// claim takes the oldest due message that this modem may carry into this
// session's hands, or says when the next one is due, zero: none is. read, if not nil, may
// look at it.
func (b *Bridge) claim(ctx context.Context, s *session, read func(*spool.Tx, string) error) (id string, next time.Time, err error) {
	b.claims.Lock()
	defer b.claims.Unlock()
	err = b.spool.View(ctx, func(tx *spool.Tx) (err error) {
		if id, next, err = b.pick(tx, s); id != "" && read != nil {
			err = read(tx, id)
		}
		return err
	})
	b.take(id)
	return id, next, err
}

// claimIn is claim inside a commit, which waits for nobody: while another modem looks,
// there is nothing to claim.
func (b *Bridge) claimIn(tx *spool.Tx, s *session) (id string, err error) {
	if !b.claims.TryLock() {
		return "", nil
	}
	defer b.claims.Unlock()
	id, _, err = b.pick(tx, s)
	b.take(id)
	return id, err
}

// take marks a message as claimed. b.claims is held, here and in pick.
func (b *Bridge) take(id string) {
	if id != "" {
		b.claimed[id] = true
		delete(b.shunned, id)
	}
}

func (b *Bridge) pick(tx *spool.Tx, s *session) (id string, next time.Time, err error) {
	now := b.clock.Now()
	if !s.sends(s.modem.Status()) {
		return "", next, nil
	}
	held := func(id string) bool { return b.claimed[id] || b.shunned[id].by(s, now) }
	ids, err := tx.Due(now, s.name, s.sim, held, 1)
	if err != nil {
		return "", next, err
	}
	if len(ids) > 0 {
		// What this modem has no budget for may be for another one; and nothing that
		// only it may carry waits longer than for that.
		h, err := b.settings().modemHalt(tx, now, s.name)
		switch {
		case err != nil:
			return "", next, err
		case !h.at(now):
			return ids[0], next, nil
		}
		next = h.until
	} else if next, _, err = tx.NextDueAfter(now, s.name, s.sim); err != nil {
		return "", time.Time{}, err
	}
	for _, x := range b.shunned {
		if x.by(s, now) && (next.IsZero() || x.until.Before(next)) {
			next = x.until // nobody has taken it
		}
	}
	return "", next, nil
}

// A shunning is one SIM's leaving a message to the others, for so long that a ready one
// has taken it. It need not survive a restart: the SIM would be refused once more.
type shunning struct {
	sim   string
	all   bool // nobody takes it
	until time.Time
}

func (x shunning) by(s *session, now time.Time) bool {
	return (x.all || x.sim == s.sim) && now.Before(x.until)
}

func (b *Bridge) shun(id string, s *session) {
	b.keepOff(id, shunning{sim: s.sim, until: b.clock.Now().Add(shunFor)})
}

// setAside lets the others go on where one message cannot be read, or written.
func (b *Bridge) setAside(id string) {
	b.keepOff(id, shunning{all: true, until: b.clock.Now().Add(asideFor)})
}

func (b *Bridge) keepOff(id string, x shunning) {
	now := b.clock.Now()
	b.claims.Lock()
	defer b.claims.Unlock()
	maps.DeleteFunc(b.shunned, func(_ string, x shunning) bool { return !now.Before(x.until) })
	b.shunned[id] = x
}

// another tells whether a modem with another SIM could send now.
func (b *Bridge) another(s *session) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, other := range b.sessions {
		if other.sim != s.sim && other.sends(other.modem.Status()) {
			return true
		}
	}
	return false
}

// release gives a message back. Where something is left of it to send, every modem looks
// again.
func (b *Bridge) release(id string, open bool) {
	if id == "" {
		return
	}
	b.claims.Lock()
	delete(b.claimed, id)
	b.claims.Unlock()
	if open {
		b.queued.notify()
	}
}
