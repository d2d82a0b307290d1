package bridge

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

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
	uselessCheck = 30 * time.Second // of a modem that may have to be reset
)

// dcsData is 8-bit data without a class (TS 23.038 4), as phones send it.
const dcsData pdu.DCS = 0x04

// runOutbound sends what this modem may carry, one message after the other.
func (s *session) runOutbound(ctx context.Context) error {
	for ctx.Err() == nil {
		s.pulse.beat()
		if err := s.recovery.useless(ctx, s.modem.Status()); err != nil {
			return err
		}
		woken := s.bridge.queued.wait()
		id, next, err := s.bridge.claim(ctx, s, nil)
		switch {
		case id != "": // also where the line was lost meanwhile: then it is given back
			s.carry(ctx, id)
			continue
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.log.Error().Err(err).Msg("cannot look for messages to send; trying again")
			next = s.bridge.clock.Now().Add(spoolPause)
		}
		wait := time.Duration(math.MaxInt64)
		if !next.IsZero() {
			wait = min(idleCheck, next.Sub(s.bridge.clock.Now()))
		}
		if s.recovery.watching(s.modem.Status()) {
			wait = min(wait, uselessCheck)
		}
		s.pulse.rest()
		pause(ctx, wait, woken)
	}
	return nil
}

// begin chooses the segment that goes next and marks it submitting; nil if none
// may go now.
func (s *session) begin(tx *spool.Tx, o *outbound) (*transmission, error) {
	set := s.bridge.settings()
	forbidden := set.Limits.forbidsTo(o.Peer)
	switch {
	case !o.now.Before(o.Expires):
		o.expire()
		return nil, nil
	case o.Due.After(o.now):
		return nil, nil
	case forbidden != "":
		o.finish(spool.StateFailed, o.Peer+" is now "+forbidden)
		return nil, nil
	}
	if kept, err := s.bridge.kept(tx, o, set, s.name); err != nil || kept {
		return nil, err
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
	if err := set.spend(tx, o, s.name, s.sim); err != nil {
		return nil, err
	}
	next := &transmission{id: o.ID, seq: seg.Seq, mode: mode, more: more, message: o.Outbound, waited: -1, begun: time.Now()}
	if !o.tried() {
		next.waited = o.now.Sub(o.Accepted)
	}
	seg.State, seg.At, seg.SentAt, seg.MR = spool.SegSubmitting, o.now, o.now, -1
	seg.Modem, seg.SIM = s.name, s.sim
	seg.Attempts++
	o.Modem, o.SIM = s.name, s.sim
	return next, nil
}

// tried tells whether a segment was submitted before.
func (o *outbound) tried() bool {
	return slices.ContainsFunc(o.Segments, func(seg spool.OutSegment) bool { return seg.Attempts > 0 })
}

// reference gives a message of several segments its reference when the first of
// them is about to go. One on an 8-bit reference that has grown too old to go on
// with starts again, once, and only if no receiver can have the whole.
func (s *session) reference(tx *spool.Tx, o *outbound) error {
	if len(o.Segments) == 1 || o.Form == spool.FormDD {
		return nil
	}
	if o.RefBits == 8 && o.stale() {
		if o.Restarts > 0 || !o.sureToMiss() {
			o.finish(spool.StateUnknown, "its 8-bit reference is too old to go on with, and a segment may be on air")
			return nil
		}
		o.note(0, "its 8-bit reference is too old to go on with: it starts again under a new one")
		o.restart()
	}
	if o.RefBits != 0 {
		return nil
	}
	bits := 8
	if plan, err := wdp.PlanWide(len(o.Payload)); err == nil && plan.Total == len(o.Segments) {
		bits = 16
	}
	ref, ok, err := tx.NextRef(o.Peer, bits, o.now)
	if err != nil {
		return err
	}
	if !ok {
		o.later(time.Minute, "256 messages to this number are under way: no reference is free")
		return nil
	}
	o.Ref, o.RefBits = ref, bits
	return nil
}

// encode returns the PDU-mode octets of one segment. The TP-UD is the same at
// every attempt, so that a receiver recognises a copy.
func (o *outbound) encode(seq int) ([]byte, error) {
	to, err := pdu.ParseNumber(o.Peer)
	if err != nil {
		return nil, err
	}
	segments, err := o.cut()
	if err != nil {
		return nil, err
	}
	if len(segments) != len(o.Segments) {
		return nil, fmt.Errorf("segment message %s: %d segments, planned were %d", o.ID, len(segments), len(o.Segments))
	}
	submit := pdu.Submit{
		SRR: o.wantsReport(),
		DA:  to,
		DCS: o.dcs(),
		VP:  pdu.RelativeValidity(o.Expires.Sub(o.now)),
		UD:  segments[seq-1],
	}
	tpdu, err := submit.AppendBinary(nil)
	if err != nil {
		return nil, err
	}
	return pdu.Mode{TPDU: tpdu}.AppendBinary(nil)
}

// jitter is up to a quarter of a pause.
func jitter(pause time.Duration) time.Duration { return rand.N(pause/4 + 1) }

// raise tells once, until the modem sends again, what keeps its SIM from sending and
// will not pass by itself.
func (s *session) raise(a *attempt) {
	switch {
	case a == nil: // the first of a message is still to go
		return
	case a.err == nil:
		s.alarm.Store("")
		return
	}
	d := dispose(a.err, a.vendor)
	if !d.alarm() || s.raised() == d.hint {
		return
	}
	s.alarm.Store(d.hint)
	s.log.Error().Err(plain(a.err)).Str("sim", s.sim).Msg("the modem cannot send until somebody looks: " + d.hint)
}

// raised is what raise told last, "" nothing or nothing that still holds.
func (s *session) raised() string {
	text, _ := s.alarm.Load().(string)
	return text
}
