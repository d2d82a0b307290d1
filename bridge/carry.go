package bridge

import (
	"context"
	"errors"
	"time"

	"wvsms/modem"
	"wvsms/spool"
)

// Implementation.
const (
	stopGrace   = 10 * time.Second // for the answer to a message that is on its way when the bridge stops
	recordTries = 30               // of what its own message keeps from being read or written
	recallSends = 200              // of a SIM: TP-MR comes round after 256, so the SC may know an older one as a copy of another
)

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

	waited     time.Duration   // since the message was accepted; -1: it was tried before
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

// advance makes one relay, which must not be forgotten because the disk is full: it is
// written down as soon as that is possible, whatever becomes of the session. Until then the
// spool says `submitting`, which the next start of the bridge reads as unknown. ahead is
// what was expected to be next. nil: there is nothing to go on with. A message that is not
// gone on with is given back; one that fails for itself, and not with the disk, is left for a
// while.
func (s *session) advance(ctx, send context.Context, id string, last *attempt, ahead *foreseen) *transmission {
	for tries := 1; ; ahead, tries = nil, tries+1 {
		s.pulse.beat()
		r := relay{session: s, id: id, last: last, ahead: ahead, again: tries > 1, other: ahead.other()}
		err := s.bridge.change(context.WithoutCancel(ctx), s.log, "ledger", func(tx *spool.Tx, story *events) error {
			return r.commit(ctx, send, tx, story)
		})
		ahead.settle(r.next)
		if err != nil || r.next == nil || r.next.id != r.other {
			s.bridge.release(r.other, true)
		}
		if err == nil {
			r.done()
			return r.next
		}
		if r.next != nil && r.next.submission != nil {
			r.next.submission.Withdraw()
		}
		log := s.log.Error().Err(err).Str("id", id)
		own := !Passes(err) || last == nil && r.unread && tries >= recordTries // one bad sector, or all of them
		switch {
		case own && last == nil:
			log.Msg("cannot read or write a message that is to be sent: it is left for ten minutes, and others go on")
		case own && tries >= recordTries:
			log.Int("segment", last.seq).Int("mr", last.mr).AnErr("answer", last.err).Msg("cannot write down what happened to a segment: it is unknown, and others go on")
		default:
			log.Msg("cannot write down what happened to a segment; trying again")
			if pause(s.bridge.running, spoolPause, nil) && !(last == nil && ctx.Err() != nil) {
				continue
			}
			s.bridge.release(id, true)
			return nil
		}
		s.bridge.setAside(id)
		s.bridge.release(id, false)
		pause(ctx, spoolPause, nil) // it may be the disk: else all that wait would be set aside at once
		return nil
	}
}

// A relay is a commit that records the last attempt at a message and begins the next one, of
// this message or of one that waits.
type relay struct {
	*session
	id    string
	last  *attempt // nil: none yet
	ahead *foreseen
	again bool // it failed before

	next    *transmission
	other   string // another message that is claimed for it
	unread  bool   // the message could not be read
	shunned bool   // another SIM is to take it
	open    bool   // something is left of it to send
}

// commit records the last attempt alone where that failed before: what keeps the next one
// from being begun must not keep the result.
func (r *relay) commit(ctx, send context.Context, tx *spool.Tx, story *events) error {
	m, err := tx.Ledger(r.id)
	if err != nil {
		r.unread = true
		return err
	}
	o := r.work(m, story)
	if r.last == nil {
		o.interrupted() // a commit that failed may be on disk all the same
	} else if err := r.record(tx, &o); err != nil {
		return err
	}
	goesOn := ctx.Err() == nil && !lineGone(r.last) && !r.abroad(r.modem.Status()) && (r.last == nil || !r.again)
	if goesOn && o.State.Open() && !o.shunned {
		if err := tx.ReadPayload(m); err != nil {
			r.unread = true
			return err
		}
		if r.next, err = r.begin(tx, &o); err != nil {
			return err
		}
	}
	r.open = o.State.Open()
	if err := tx.PutOutbound(m); err != nil {
		return err
	}
	goesWell := r.last != nil && r.last.err == nil
	if goesOn && goesWell && r.next == nil {
		if err := r.beginOther(tx, story); err != nil {
			return err
		}
	}
	if r.next != nil && !(goesWell && r.ahead.is(r.next)) {
		r.next.submission = r.modem.Compose(send, r.next.mode, r.next.more)
	}
	return nil
}

// record writes down how the last attempt ended, and takes back what a commit has begun
// that failed and is on disk all the same: the modem has not got its Ctrl-Z.
func (r *relay) record(tx *spool.Tx, o *outbound) error {
	if r.again && (r.last.seq > len(o.Segments) || o.Segments[r.last.seq-1].State != spool.SegSubmitting) { // it may have started again with fewer
		for i := range o.Segments {
			if seg := &o.Segments[i]; seg.State == spool.SegSubmitting {
				seg.Attempts--
				o.back(seg)
			}
		}
		return nil
	}
	if err := r.recall(tx, o, r.last); err != nil {
		return err
	}
	o.record(*r.last)
	r.shunned = o.shunned
	return nil
}

// beginOther begins the next message that this modem may carry, if there is one and
// something of it may go now. r.other may be claimed already.
func (r *relay) beginOther(tx *spool.Tx, story *events) (err error) {
	if r.other == "" {
		if r.other, err = r.bridge.claimIn(tx, r.session); r.other == "" || err != nil {
			return err
		}
	}
	m, err := tx.Outbound(r.other)
	if err != nil {
		return err
	}
	o := r.work(m, story)
	o.interrupted()
	if o.State.Open() {
		if r.next, err = r.begin(tx, &o); err != nil {
			return err
		}
	}
	return tx.PutOutbound(m)
}

// done is what follows from a relay once it is on disk.
func (r *relay) done() {
	if r.last != nil {
		r.recovery.attempt(*r.last)
	}
	if r.shunned {
		r.bridge.shun(r.id, r.session)
	}
	r.raise(r.last)
	if r.next != nil && r.next.waited >= 0 {
		r.bridge.Took(AcceptToSubmit, r.next.waited)
	}
	if r.next == nil || r.next.id != r.id {
		r.bridge.release(r.id, r.open)
	}
}

// work is a message for one commit to work on.
func (s *session) work(m *spool.Outbound, story *events) outbound {
	return outbound{Outbound: m, now: s.bridge.clock.Now(), events: story, jitter: jitter}
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
