package bridge

import (
	"cmp"
	"context"
	"errors"
	"time"

	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// Implementation.
const (
	clockSave       = time.Minute // after a commit, and while anything has a deadline;
	clockIdle       = time.Hour   // and else: a commit is wear on a card
	purgePause      = time.Hour   // after a commit;
	purgeIdle       = day         // and where there is none: history grows old all the same
	countsKeep      = time.Minute // after something was counted
	timerRetry      = 30 * time.Second
	fingerprintSpan = 7 * day         // how long copies of a received segment are recognised
	peerRest        = 365 * day       // how long a peer's home SIM and reference counter outlive the history
	eventsEach      = 4               // kept for each message of history_rows
	tallySpan       = monthSpan + day // of the hours of submissions
	batch           = 500             // rows a commit, so that nobody waits long behind it
)

// runTimers does what is due by time alone.
func (b *Bridge) runTimers(ctx context.Context) error {
	pulse := b.heart.loop("timers")
	for ctx.Err() == nil {
		pulse.beat()
		now := b.clock.Now()
		m, due, next := b.agenda.due(now)
		if due {
			b.attend(ctx, m, now)
			continue
		}
		pulse.rest()
		pause(ctx, next.Sub(now), b.agenda.wake)
	}
	return nil
}

// matters are what is done when each is due, until when it can wait after that, and what
// is said where it cannot be done.
var matters = [mattersInAll]struct {
	do     func(*Bridge, context.Context, time.Time) (next time.Time, err error) // zero: not before somebody brings it up
	failed string
}{
	expiries:    {(*Bridge).expire, "cannot end messages whose time is over; trying again"},
	deadlines:   {(*Bridge).expirePartials, "cannot set aside datagrams that stay incomplete; trying again"},
	unanswered:  {(*Bridge).endTransactions, ""},
	countsKept:  {(*Bridge).keepCounts, "cannot write down what was counted; trying again"},
	clockKept:   {(*Bridge).keepClock, "trying again"},
	historyKept: {(*Bridge).purge, "cannot clear old history; trying again"},
}

func (b *Bridge) attend(ctx context.Context, m matter, now time.Time) {
	next, err := matters[m].do(b, ctx, now)
	if err != nil && ctx.Err() == nil {
		b.log.Error().Err(err).Msg(matters[m].failed)
		next = now.Add(timerRetry)
	}
	if !next.IsZero() {
		b.agenda.by(m, next)
	}
}

// committed is called after each commit: bridge time is written down soon after what
// depends on it, and what has come in pushes out what is old.
func (b *Bridge) committed(what string) {
	if b.agenda == nil || what == "clock" || what == "purge" { // or one would bring on the other for ever
		return
	}
	now := b.clock.Now()
	b.agenda.by(clockKept, now.Add(clockSave))
	b.agenda.by(historyKept, now.Add(purgePause))
}

func (b *Bridge) keepClock(ctx context.Context, now time.Time) (next time.Time, err error) {
	if err := b.clock.save(ctx, b.spool); err != nil {
		return next, err
	}
	next = now.Add(clockSave)
	err = b.spool.View(ctx, func(tx *spool.Tx) error {
		for _, deadline := range []func() (time.Time, error){tx.NextExpiry, tx.NextPartial} {
			if _, err := deadline(); !errors.Is(err, spool.ErrNotFound) {
				return err
			}
		}
		next = now.Add(clockIdle)
		return nil
	})
	return next, err
}

// expire ends what is over, and returns when the next message's time is. One that cannot be
// ended keeps no other one.
func (b *Bridge) expire(ctx context.Context, now time.Time) (next time.Time, err error) {
	kept := map[string]bool{} // cannot be ended
	for more := true; more; {
		at := "" // the message that is being ended
		err := b.change(ctx, b.log, "expire", func(tx *spool.Tx, story *events) error {
			ids, err := tx.Expired(now, batch)
			if err != nil {
				return err
			}
			waiting, err := tx.Unreported(now, batch)
			if err != nil {
				return err
			}
			ended := 0
			for _, id := range append(ids, waiting...) {
				if kept[id] {
					continue
				}
				at = id
				if err := b.expireOne(tx, id, now, story); err != nil {
					return err
				}
				ended++
			}
			at = ""
			more = (len(ids) == batch || len(waiting) == batch) && ended > 0
			if next, err = tx.NextExpiry(); errors.Is(err, spool.ErrNotFound) {
				return nil
			}
			return err
		})
		if err != nil && (at == "" || Passes(err) || ctx.Err() != nil) {
			return next, err
		}
		if err != nil {
			b.log.Error().Err(err).Str("id", at).Msg("cannot end a message whose time is over; trying again")
			kept[at], more = true, true
		}
	}
	if !next.IsZero() {
		next = later(next, now.Add(time.Second)) // one that is being sent is past its time until its outcome is known
	}
	if len(kept) > 0 {
		next = later(next, now.Add(timerRetry))
	}
	return next, nil
}

// expireOne leaves a message alone while a segment of it is being submitted: its
// outcome comes first, and the session looks at the ttl after it.
func (b *Bridge) expireOne(tx *spool.Tx, id string, now time.Time, story *events) error {
	m, err := tx.Ledger(id)
	if err != nil {
		return err
	}
	o := outbound{Outbound: m, now: now, events: story}
	if o.has(spool.SegSubmitting) {
		return nil
	}
	if o.State.Open() && !o.Due.After(now) { // its turn had come
		h, err := b.heldBack(tx, m)
		if err != nil {
			return err
		}
		o.Why = cmp.Or(h.why, o.Why)
	}
	o.expire()
	return tx.PutOutbound(m)
}

// expirePartials sets aside what is incomplete for too long, and returns when the next is.
func (b *Bridge) expirePartials(ctx context.Context, now time.Time) (next time.Time, err error) {
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
			oldest, err := tx.NextPartial()
			if errors.Is(err, spool.ErrNotFound) {
				next = time.Time{}
				return nil
			}
			next = oldest.Add(wdp.Key{}.Deadline() + 1)
			return err
		})
		if err != nil {
			return next, err
		}
	}
	return next, nil
}

// purge lets go of history that is older than spool.history or more than
// spool.history_rows, but of no day in which key= and ACK must be recognised.
func (b *Bridge) purge(ctx context.Context, now time.Time) (next time.Time, err error) {
	old, must := now.Add(-b.cfg.Spool.History), now.Add(-keyMemory)
	horizon := spool.Horizon{InSegments: now.Add(-fingerprintSpan), Spend: now.Add(-budgetSpan), Tally: now.Add(-tallySpan)}
	err = b.spool.View(ctx, func(tx *spool.Tx) error {
		crowd, err := tx.Crowd(b.cfg.Spool.HistoryRows, eventsEach*b.cfg.Spool.HistoryRows)
		horizon.Outbound = later(old, earlier(crowd.Outbound, must))
		horizon.Messages = later(old, earlier(crowd.Messages, must))
		horizon.Events = later(old, earlier(crowd.Events, must))
		horizon.Peers = later(old.Add(-peerRest), earlier(crowd.Peers, must))
		return err
	})
	for more := true; more && err == nil; {
		err = b.spool.Update(ctx, func(tx *spool.Tx) error {
			tx.About("purge")
			n, err := tx.Purge(horizon, batch)
			more = n >= batch
			return err
		})
	}
	return now.Add(purgeIdle), err
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
