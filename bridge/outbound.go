package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wvsms/modem"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// Implementation.
const (
	resendAfter  = 30 * time.Second // first pause before a segment of unknown outcome goes again
	resendTries  = 5                // attempts of such a segment in all
	narrowWindow = 10 * time.Minute // receivers may take an 8-bit reference for another one after that,
	narrowEach   = 6 * time.Second  // or after so long for each segment
	stopGrace    = 10 * time.Second // for the answer to a message that is on its way when the bridge stops
	idleCheck    = 30 * time.Second // timers stand still in suspend, bridge time does not
)

// dcsData is 8-bit data without a class (TS 23.038 4), as phones send it.
const dcsData pdu.DCS = 0x04

// runOutbound sends what this modem may carry, one message after the other.
func (s *session) runOutbound(ctx context.Context) error {
	for {
		woken := s.bridge.queued.wait()
		id, next, err := s.bridge.claim(ctx, s)
		switch {
		case err != nil:
			s.log.Error().Err(err).Msg("cannot look for messages to send; trying again")
			next = s.bridge.clock.Now().Add(spoolPause)
		case id != "":
			err := s.carry(ctx, id)
			s.bridge.release(id)
			if err != nil {
				return err
			}
			continue
		}
		if !pause(ctx, min(idleCheck, next.Sub(s.bridge.clock.Now())), woken) {
			return nil
		}
	}
}

// carry sends the segments of a message until none is left that may go now. Each
// commit closes one attempt and opens the next: what happened to the last segment
// and which one is submitted now are one event.
//
//	commit: 1 submitting → CMGS → commit: 1 accepted, 2 submitting → CMGS → …
func (s *session) carry(ctx context.Context, id string) error {
	// A stop does not cut short what is on its way: its outcome would be unknown.
	send, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(stopGrace, cut) })()

	next := s.advance(ctx, id, nil)
	for next != nil {
		// A report may overtake the answer to its CMGS. It waits for the flight to
		// end, so that it finds the answer written down.
		s.flight <- struct{}{}
		mr, err := s.modem.Send(send, next.mode, next.more)
		next = s.advance(ctx, id, &attempt{seq: next.seq, mr: mr, err: err})
		<-s.flight
		if errors.Is(err, modem.ErrLineLost) {
			return err
		}
	}
	return nil
}

// A transmission is one segment on its way to the modem.
type transmission struct {
	seq  int
	mode []byte // PDU-mode octets
	more bool   // another segment of the message follows at once
}

// An attempt is a transmission that came back.
type attempt struct {
	seq int
	mr  int
	err error
}

// advance records the last attempt and begins the next one. It ends only when
// that is durable or the bridge stops: a result must not be forgotten because the
// disk is full. While it waits, the spool says `submitting`, which a restart
// reads as unknown.
func (s *session) advance(ctx context.Context, id string, last *attempt) *transmission {
	for {
		var next *transmission
		// What came back is written down even when the bridge is stopping.
		err := s.bridge.change(context.WithoutCancel(ctx), s.log, func(tx *spool.Tx, story *events) error {
			next = nil
			m, err := tx.Outbound(id)
			if err != nil {
				return err
			}
			o := outbound{Outbound: m, now: s.bridge.clock.Now(), events: story}
			if last != nil {
				o.record(*last)
			}
			if ctx.Err() == nil && o.State.Open() {
				if next, err = s.begin(tx, &o); err != nil {
					return err
				}
			}
			return tx.PutOutbound(m)
		})
		if err == nil {
			return next
		}
		s.log.Error().Err(err).Str("id", id).Msg("cannot write down what happened to a segment; trying again")
		if !pause(ctx, spoolPause, nil) {
			return nil
		}
	}
}

// begin chooses the segment that goes next and marks it submitting; nil if none
// may go now.
func (s *session) begin(tx *spool.Tx, o *outbound) (*transmission, error) {
	if !o.now.Before(o.Expires) {
		o.expire()
		return nil, nil
	}
	if o.Due.After(o.now) {
		return nil, nil
	}
	if err := s.reference(tx, o); err != nil || !o.State.Open() || o.Due.After(o.now) {
		return nil, err
	}
	seg, more := o.choose()
	if seg == nil {
		return nil, nil
	}
	mode, err := o.encode(seg.Seq)
	if err != nil {
		// Accept planned this very payload, so only a bug leads here; the message must not block the queue.
		o.finish(spool.StateFailed, err.Error())
		return nil, nil
	}
	if err := tx.Spend(o.now, s.name, o.Peer); err != nil {
		return nil, err
	}
	seg.State, seg.At, seg.MR = spool.SegSubmitting, o.now, -1
	seg.Modem, seg.SIM = s.name, s.sim
	seg.Attempts++
	o.Modem, o.SIM = s.name, s.sim
	return &transmission{seq: seg.Seq, mode: mode, more: more}, nil
}

// reference gives a message of several segments its reference when the first of
// them is about to go, and a new one to a message whose 8-bit reference has
// grown too old to go on with.
func (s *session) reference(tx *spool.Tx, o *outbound) error {
	if len(o.Segments) == 1 {
		return nil
	}
	if o.RefBits == 8 && o.stale() {
		if !o.sureToMiss() {
			o.finish(spool.StateUnknown, "an 8-bit reference is older than 10 min and every segment may be on air")
			return nil
		}
		o.RefBits = 0
		for i := range o.Segments {
			seg := &o.Segments[i]
			*seg = spool.OutSegment{Seq: seg.Seq, State: spool.SegQueued, MR: -1, At: o.now, Attempts: seg.Attempts}
		}
		o.note(0, "its 8-bit reference grew older than 10 min: it starts again under a new one")
	}
	if o.RefBits != 0 {
		return nil
	}
	plan, err := wdp.PlanFor(len(o.Payload))
	if err != nil {
		return err
	}
	ref, ok, err := tx.NextRef(o.Peer, plan.Bits, o.now)
	if err != nil {
		return err
	}
	if !ok {
		o.later(time.Minute, "256 messages to this number are under way: no reference is free")
		return nil
	}
	o.Ref, o.RefBits = ref, plan.Bits
	return nil
}

// encode returns the PDU-mode octets of one segment. The TP-UD is the same at
// every attempt, so that a receiver recognises a copy.
func (o *outbound) encode(seq int) ([]byte, error) {
	to, err := pdu.ParseNumber(o.Peer)
	if err != nil {
		return nil, err
	}
	datagram := wdp.Datagram{Dst: o.Port, Src: o.FromPort, Data: o.Payload}
	segments, err := datagram.Segment(wdp.Ref{Value: o.Ref, Wide: o.RefBits == 16})
	if err != nil {
		return nil, err
	}
	if len(segments) != len(o.Segments) {
		return nil, fmt.Errorf("segment message %s: %d segments, planned were %d", o.ID, len(segments), len(o.Segments))
	}
	submit := pdu.Submit{
		SRR: o.wantsReport(),
		DA:  to,
		DCS: dcsData,
		VP:  pdu.RelativeValidity(o.Expires.Sub(o.now)),
		UD:  segments[seq-1],
	}
	tpdu, err := submit.AppendBinary(nil)
	if err != nil {
		return nil, err
	}
	return pdu.Mode{TPDU: tpdu}.AppendBinary(nil)
}

// claim takes the oldest due message that this modem may carry into this
// session's hands, or says when to look again.
func (b *Bridge) claim(ctx context.Context, s *session) (id string, next time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	next = now.Add(idleCheck)
	if !s.modem.Status().Registered {
		return "", next, nil
	}
	err = b.spool.View(ctx, func(tx *spool.Tx) error {
		held := func(id string) bool { return b.claimed[id] }
		ids, err := tx.Due(now, s.name, s.sim, held, 1)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			id = ids[0]
			return nil
		}
		due, ok, err := tx.NextDueAfter(now, s.name, s.sim)
		if ok && due.Before(next) {
			next = due
		}
		return err
	})
	if id != "" {
		b.claimed[id] = true
	}
	return id, next, err
}

// release gives a message back and lets every modem look again.
func (b *Bridge) release(id string) {
	b.mu.Lock()
	delete(b.claimed, id)
	b.mu.Unlock()
	b.queued.notify()
}
