package bridge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
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
	recallSends  = 200              // of a SIM: TP-MR comes round after 256, so the SC may know an older one as a copy of another
	narrowWindow = 10 * time.Minute // receivers may take an 8-bit reference for another one after that,
	narrowEach   = 6 * time.Second  // or after so long for each segment
	uselessCheck = 30 * time.Second // of a modem that may have to be reset
	stopGrace    = 10 * time.Second // for the answer to a message that is on its way when the bridge stops
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

// carry sends the segments of a message until none is left that may go now, and of the
// next message then, as long as there is one and all goes well. Each commit closes one
// attempt and opens the next: what happened to the last segment and which one is
// submitted now are one event. While that is written to disk the modem gets the PDU, but
// not Ctrl-Z.
//
//	commit: 1 submitting → CMGS → commit: 1 accepted, 2 submitting → CMGS → …
func (s *session) carry(ctx context.Context, id string) {
	// A stop does not cut short what is on its way: its outcome would be unknown.
	send, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(stopGrace, cut) })()

	next := s.advance(ctx, send, id, nil, nil)
	for next != nil {
		s.pulse.beat()
		id = next.id
		// A report may overtake the answer to its CMGS. It waits for the flight to
		// end, so that it finds the answer written down.
		s.flight <- struct{}{}
		s.tapSubmit(id, next.mode)
		submitted := time.Now()
		next.submission.Submit()
		ahead := s.foresee(ctx, send, next)
		mr, err := next.submission.Outcome()
		ahead.first()
		s.tapResult(id, mr, err)
		if err == nil || errors.As(err, new(*modem.ResultError)) {
			s.bridge.Took(SubmitToFinal, time.Since(submitted))
		}
		last := &attempt{seq: next.seq, mr: mr, err: err, vendor: s.vendor}
		if troubled(err) {
			last.said = s.recorder.since(next.begun, linesBefore)
		}
		next = s.advance(ctx, send, id, last, ahead)
		<-s.flight
	}
	if ctx.Err() != nil {
		_ = s.modem.Settle(send) // else the next program would find a prompt; the line may be dead
	}
}

// A transmission is one segment on its way to the modem.
type transmission struct {
	id   string // of the message
	seq  int
	mode []byte // PDU-mode octets
	more bool   // another segment of the message follows at once

	message    *spool.Outbound // as the commit left it: what follows is foreseen from that
	submission *modem.Submission
	begun      time.Time // from then on the dialogue is this attempt's
}

// An attempt is a transmission that came back.
type attempt struct {
	seq     int
	mr      int // -1: accepted, but the modem told none
	err     error
	vendor  []disposition // codes of the modem's make
	doubled bool          // an earlier attempt of the SIM's is recent enough for the SC to know it
	others  bool          // another SIM is there and free to take the message
	said    string        // to the modem and by it, where it ended in trouble
}

// troubled tells whether the modem has to do with an error of Send's: one that was withdrawn
// when the bridge stopped is none.
func troubled(err error) bool {
	return errors.Is(err, modem.ErrOutcomeUnknown) || err != nil && !errors.Is(err, context.Canceled)
}

// advance records the last attempt at a message and begins the next one, of this message
// or of one that waits; nil if there is none. ahead is what was expected to be next. A
// message that is not gone on with is given back.
// A result must not be forgotten because the disk is full: it is written down as
// soon as that is possible, whatever becomes of the session. Until then the spool
// says `submitting`, which the next start of the bridge reads as unknown.
func (s *session) advance(ctx, send context.Context, id string, last *attempt, ahead *foreseen) *transmission {
	alone := false // what another message may have to do with a failure must not keep the result
	for {
		s.pulse.beat()
		var next *transmission
		var unread, shunned, open bool
		other := ahead.other()
		err := s.bridge.change(context.WithoutCancel(ctx), s.log, "ledger", func(tx *spool.Tx, story *events) (err error) {
			m, err := tx.Outbound(id)
			if err != nil {
				unread = true
				return err
			}
			o := s.work(m, story)
			if last == nil {
				o.interrupted() // a commit that failed may be on disk all the same
			} else {
				if err := s.recall(tx, &o, last); err != nil {
					return err
				}
				o.record(*last)
				shunned = o.shunned
			}
			goesOn := ctx.Err() == nil && !lineGone(last) && !s.abroad(s.modem.Status())
			if goesOn && o.State.Open() && !o.shunned {
				if next, err = s.begin(tx, &o); err != nil {
					return err
				}
			}
			open = o.State.Open()
			if err := tx.PutOutbound(m); err != nil {
				return err
			}
			goesWell := last != nil && last.err == nil
			if goesOn && goesWell && next == nil && !alone {
				if next, err = s.beginOther(tx, story, &other); err != nil {
					return err
				}
			}
			if next != nil && !(goesWell && ahead.is(next)) {
				next.submission = s.modem.Compose(send, next.mode, next.more)
			}
			return nil
		})
		ahead.settle(next)
		if err != nil || next == nil || next.id != other {
			s.bridge.release(other, true)
		}
		if err == nil {
			if last != nil {
				s.recovery.attempt(*last)
			}
			if shunned {
				s.bridge.shun(id, s)
			}
			s.raise(last)
			if next == nil || next.id != id {
				s.bridge.release(id, open)
			}
			return next
		}
		if next != nil && next.submission != nil {
			next.submission.Withdraw()
		}
		ahead, alone = nil, true
		if unread && last == nil {
			s.log.Error().Err(err).Str("id", id).Msg("cannot read a message that is to be sent: it is left for ten minutes, and others go on")
			s.bridge.setAside(id)
			s.bridge.release(id, false)
			pause(ctx, spoolPause, nil) // it may be the disk: else all that wait would be set aside at once
			return nil
		}
		s.log.Error().Err(err).Str("id", id).Msg("cannot write down what happened to a segment; trying again")
		if !pause(s.bridge.running, spoolPause, nil) || last == nil && ctx.Err() != nil {
			s.bridge.release(id, true)
			return nil
		}
	}
}

// work is a message for one commit to work on.
func (s *session) work(m *spool.Outbound, story *events) outbound {
	return outbound{Outbound: m, now: s.bridge.clock.Now(), events: story, jitter: jitter}
}

// beginOther begins the next message that this modem may carry; nil if there is none, or
// nothing of it may go now. *id is the message, which is claimed, or has been.
func (s *session) beginOther(tx *spool.Tx, story *events, id *string) (next *transmission, err error) {
	if *id == "" {
		if *id, err = s.bridge.claimIn(tx, s); *id == "" || err != nil {
			return nil, err
		}
	}
	m, err := tx.Outbound(*id)
	if err != nil {
		return nil, err
	}
	o := s.work(m, story)
	o.interrupted()
	if o.State.Open() {
		if next, err = s.begin(tx, &o); err != nil {
			return nil, err
		}
	}
	return next, tx.PutOutbound(m)
}

// lineGone: what is begun after such an attempt would not be sent.
func lineGone(last *attempt) bool {
	return last != nil && (errors.Is(last.err, modem.ErrLineLost) || errors.Is(last.err, modem.ErrRestarted) || errors.Is(last.err, modem.ErrSilent))
}

// recall finds out what the ledger of one message does not tell of a failed attempt.
// CMS 197 can be about an earlier attempt of ours only if that may be on air, among the
// SIM's last sends. Another SIM may take over only what none has begun, and only if the
// peer is not used to this one.
func (s *session) recall(tx *spool.Tx, o *outbound, a *attempt) error {
	if a.doubled, a.others = false, false; a.err == nil { // the commit before may have failed
		return nil
	}
	seg := o.Segments[a.seq-1]
	if !seg.AirAt.IsZero() && dispose(a.err, a.vendor).do == already {
		n, err := tx.SpentAs(seg.SIM, seg.AirAt, recallSends+1)
		a.doubled = n <= recallSends
		return err
	}
	if o.WantModem != "" || o.begun() || !s.bridge.another(s) {
		return nil
	}
	home, err := tx.Home(o.Peer)
	a.others = home == ""
	return err
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
	if !o.tried() {
		s.bridge.Took(AcceptToSubmit, o.now.Sub(o.Accepted))
	}
	next := &transmission{id: o.ID, seq: seg.Seq, mode: mode, more: more, message: o.Outbound, begun: time.Now()}
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
