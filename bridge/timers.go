package bridge

import (
	"context"
	"errors"
	"time"

	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// Implementation.
const (
	clockSave       = time.Minute
	fingerprintSpan = 7 * day   // how long copies of a received segment are recognised
	peerRest        = 365 * day // how long a peer's home SIM and reference counter outlive the history
	eventsEach      = 4         // kept for each message of history_rows
	batch           = 500       // rows a commit, so that nobody waits long behind it
)

// runTimers does what is due by time alone: messages whose ttl ends, datagrams
// that stay incomplete, history that is old, the clock itself.
func (b *Bridge) runTimers(ctx context.Context) error {
	var saved, purged time.Time
	beat := b.heart.loop("timers")
	for {
		beat()
		woken := b.queued.wait()
		now := b.clock.Now()
		next := now.Add(idleCheck)
		if due, err := b.expire(ctx, now); err != nil {
			b.log.Error().Err(err).Msg("cannot end messages whose time is over; trying again")
		} else if !due.IsZero() && due.Before(next) {
			next = later(due, now.Add(time.Second)) // one that is being sent is past its time until its outcome is known
		}
		b.endTransactions(now)
		if now.Sub(saved) >= clockSave {
			if err := b.countTransactions(ctx); err != nil {
				b.log.Error().Err(err).Msg("cannot count CSP transactions")
			}
			if err := b.clock.save(ctx, b.spool); err != nil {
				b.log.Error().Err(err).Msg("trying again")
			}
			saved = now
			b.lookAtPower()
		}
		if now.Sub(purged) >= time.Hour {
			if err := b.purge(ctx, now); err != nil {
				b.log.Error().Err(err).Msg("cannot clear old history; trying again in an hour")
			}
			purged = now
		}
		if !pause(ctx, next.Sub(now), woken) {
			return nil
		}
	}
}

// expire ends what is over, and returns when the next message's time is.
func (b *Bridge) expire(ctx context.Context, now time.Time) (next time.Time, err error) {
	for more := true; more; {
		err := b.change(ctx, b.log, "expire", func(tx *spool.Tx, story *events) error {
			ids, err := tx.Expired(now, batch)
			if err != nil {
				return err
			}
			waiting, err := tx.Unreported(now, batch)
			if err != nil {
				return err
			}
			more = len(ids) == batch || len(waiting) == batch
			for _, id := range append(ids, waiting...) {
				if err := b.expireOne(tx, id, now, story); err != nil {
					return err
				}
			}
			if next, err = tx.NextExpiry(); errors.Is(err, spool.ErrNotFound) {
				return nil
			}
			return err
		})
		if err != nil {
			return next, err
		}
	}
	return next, b.expirePartials(ctx, now)
}

// expireOne leaves a message alone while a segment of it is being submitted: its
// outcome comes first, and the session looks at the ttl after it.
func (b *Bridge) expireOne(tx *spool.Tx, id string, now time.Time, story *events) error {
	m, err := tx.Outbound(id)
	if err != nil {
		return err
	}
	o := outbound{Outbound: m, now: now, events: story}
	if o.has(spool.SegSubmitting) {
		return nil
	}
	o.expire()
	return tx.PutOutbound(m)
}

func (b *Bridge) expirePartials(ctx context.Context, now time.Time) error {
	for more := true; more; {
		err := b.spool.Update(ctx, func(tx *spool.Tx) error {
			tx.About("park")
			list, err := tx.ExpiredPartials(now.Add(-wdp.Key{}.Deadline()), batch)
			if err != nil {
				return err
			}
			more = len(list) == batch
			for _, generation := range list {
				if err := park(tx, generation); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// purge lets go of history that is older than spool.history or more than
// spool.history_rows, but of no day in which key= and ACK must be recognised.
func (b *Bridge) purge(ctx context.Context, now time.Time) error {
	old, must := now.Add(-b.cfg.Spool.History), now.Add(-keyMemory)
	horizon := spool.Horizon{InSegments: now.Add(-fingerprintSpan), Spend: now.Add(-budgetSpan)}
	err := b.spool.View(ctx, func(tx *spool.Tx) error {
		crowd, err := tx.Crowd(b.cfg.Spool.HistoryRows, eventsEach*b.cfg.Spool.HistoryRows)
		horizon.Outbound = later(old, earlier(crowd.Outbound, must))
		horizon.Messages = later(old, earlier(crowd.Messages, must))
		horizon.Events = later(old, earlier(crowd.Events, must))
		horizon.Peers = later(old.Add(-peerRest), earlier(crowd.Peers, must))
		return err
	})
	if err != nil {
		return err
	}
	for more := true; more; {
		err := b.spool.Update(ctx, func(tx *spool.Tx) error {
			tx.About("purge")
			n, err := tx.Purge(horizon, batch)
			more = n >= batch
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
