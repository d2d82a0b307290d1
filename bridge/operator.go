package bridge

import (
	"context"
	"errors"
	"time"

	"wvsms/spool"
)

// Cancel ends an outbound message: what is not on air yet will not go. Errors are
// *Refusal.
func (b *Bridge) Cancel(ctx context.Context, id string) error {
	return b.operate(ctx, id, (*spool.Tx).Ledger, b.cancel)
}

func (b *Bridge) cancel(_ *spool.Tx, o *outbound) error {
	if !o.State.Open() {
		return &Refusal{"not-allowed", "it is " + string(o.State) + " already"}
	}
	o.finish(spool.StateCancelled, "by the operator")
	return nil
}

// Retry puts back into the queue what of a message was not accepted, with the
// time to live it had at first. It is the operator's word: a segment of unknown
// outcome goes again too. Errors are *Refusal.
func (b *Bridge) Retry(ctx context.Context, id string) error {
	return b.operate(ctx, id, (*spool.Tx).Outbound, b.retry)
}

// retry writes nothing but to o, so that it can be tried out.
func (b *Bridge) retry(tx *spool.Tx, o *outbound) error {
	if o.has(spool.SegSubmitting) {
		return &Refusal{"not-allowed", "a segment of it is on its way"}
	}
	if o.taken() {
		return &Refusal{"not-allowed", "the network has all of it: it is " + string(o.State)}
	}
	if len(o.Payload) == 0 && o.Digest != digest(Request{To: o.Peer, Port: o.Port, FromPort: o.FromPort}) {
		return &Refusal{"not-allowed", "its payload is lost"} // recovery has left it so
	}
	if o.RefBits == 8 && o.stale() {
		o.restart()
	}
	again := o.putBack()
	if o.RefBits != 0 && !o.State.Open() {
		live, err := tx.RefLive(o.Peer, o.Ref)
		if err != nil {
			return err
		}
		if live {
			return &Refusal{"not-allowed", "its reference is in use by another message to this number: try later"}
		}
	}
	if !o.State.Open() {
		if err := b.afford(tx, o.now, need{o.Peer, o.WantModem, o.SIM, again}); err != nil {
			return err
		}
		o.Expires = o.now.Add(o.TTL)
	}
	o.State, o.Why, o.Due, o.Settled = spool.StateQueued, "", o.now, time.Time{}
	o.note(0, "put back into the queue by the operator")
	return nil
}

// putBack returns to the queue what the network has not taken for sure, and says
// how many segments that are. One that may be on air stays unknown, so that a report
// can still settle it before it goes again.
func (o *outbound) putBack() (n int) {
	onAir := false
	for i := range o.Segments {
		seg := &o.Segments[i]
		if seg.State.Accepted() {
			onAir = true
			continue
		}
		n++
		onAir = onAir || !seg.AirAt.IsZero()
		if seg.State != spool.SegUnknown && !seg.Unsure {
			seg.State = spool.SegQueued
		} else {
			seg.State = spool.SegUnknown
		}
		seg.Tries, seg.Unsure, seg.Why = 0, false, ""
	}
	if !onAir {
		o.Ref, o.RefBits, o.Modem, o.SIM = 0, 0, "", ""
	}
	return n
}

func (b *Bridge) operate(ctx context.Context, id string, read func(*spool.Tx, string) (*spool.Outbound, error), f func(*spool.Tx, *outbound) error) error {
	err := b.change(ctx, b.log, "operate", func(tx *spool.Tx, story *events) error {
		m, err := read(tx, id)
		if err != nil {
			return b.missing(tx, id, err)
		}
		if err := f(tx, &outbound{Outbound: m, now: b.clock.Now(), events: story}); err != nil {
			return err
		}
		return tx.PutOutbound(m)
	})
	if err != nil {
		return refusal(err)
	}
	b.queued.notify()
	b.agenda.by(expiries, b.clock.Now()) // it may have a ttl anew
	return nil
}

// missing tells an id that is gone from one that never was.
func (b *Bridge) missing(tx *spool.Tx, id string, err error) error {
	if !errors.Is(err, spool.ErrNotFound) {
		return err
	}
	if _, err := tx.Message(id); err == nil {
		return &Refusal{"not-allowed", "it is an inbound message"}
	}
	known, err := tx.Known(id)
	switch {
	case err != nil:
		return err
	case known:
		return &Refusal{"gone", "it is no longer in history"}
	}
	return &Refusal{"no-such-id", "this id was never given out"}
}
