package bridge

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"wvsms/modem"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// outbound is a message while one commit works on it: every change of its ledger
// goes through these methods, at one moment, and leaves its events behind.
type outbound struct {
	*spool.Outbound
	now    time.Time
	events *events

	jitter  func(time.Duration) time.Duration // what is added to a pause; nil: nothing
	shunned bool                              // by record: another SIM is to take it
}

// record writes down how an attempt ended.
func (o *outbound) record(a attempt) {
	seg := &o.Segments[a.seq-1]
	seg.At = o.now
	o.events.attempted(o, seg, a)
	if !o.State.Open() {
		o.recordLate(seg, a)
		return
	}
	if a.err == nil {
		o.accepted(seg, a.mr)
		return
	}
	d := dispose(a.err, a.vendor)
	if d.do == already && !a.doubled {
		d.do = fail // no earlier attempt of ours can be the duplicate
	}
	why := explained(a.err, d)
	seg.Why = why
	switch d.do {
	case already:
		o.accepted(seg, -1)
	case fail:
		seg.State = spool.SegFailed
		o.finish(spool.StateFailed, o.which(seg)+why)
	case unsure:
		o.outcomeUnknown(seg, why)
	case wait, stuck:
		o.back(seg)
		o.later(d.pause(1), why)
	case retry, elsewhere:
		o.back(seg)
		o.shunned = d.do == elsewhere && a.others
		seg.Tries++
		if d.tries > 0 && seg.Tries >= d.tries || d.do == elsewhere && d.after == 0 && !a.others {
			seg.State = spool.SegFailed
			o.finish(spool.StateFailed, o.which(seg)+why)
			return
		}
		o.Attempts++
		if o.shunned {
			o.later(0, why)
			return
		}
		o.later(o.spread(d.pause(seg.Tries)), why)
	}
}

// spread keeps bridges that were refused in one moment of congestion from coming
// back in one moment.
func (o *outbound) spread(pause time.Duration) time.Duration {
	if o.jitter == nil {
		return pause
	}
	return pause + o.jitter(pause)
}

// recordLate closes an attempt whose message has ended meanwhile, cancelled or
// failed by a report: that end stays, and what became of the segment is told.
func (o *outbound) recordLate(seg *spool.OutSegment, a attempt) {
	d := dispose(a.err, a.vendor)
	switch {
	case a.err == nil, d.do == already && a.doubled:
		seg.State, seg.MR, seg.Unsure = spool.SegAccepted, a.mr, false
		o.onAir(seg)
		o.note(seg.Seq, "it was on its way already and is sent")
	case d.do == unsure:
		seg.State, seg.Why, seg.Unsure = spool.SegUnknown, plain(a.err).Error(), true
		o.onAir(seg)
		o.note(seg.Seq, "it was on its way already: nobody knows what became of it")
	case !seg.AirAt.IsZero(): // from an earlier attempt
		seg.State, seg.Why = spool.SegUnknown, plain(a.err).Error()
	default:
		seg.State, seg.Why = spool.SegFailed, plain(a.err).Error()
	}
}

// onAir notes when a segment may first have been on air.
func (o *outbound) onAir(seg *spool.OutSegment) {
	if seg.AirAt.IsZero() {
		seg.AirAt = seg.SentAt
	}
}

// back returns a refused segment to the queue; one that may be on air from an
// earlier attempt stays unknown, also when the operator wants it to go again.
func (o *outbound) back(seg *spool.OutSegment) {
	if seg.State = spool.SegQueued; !seg.AirAt.IsZero() {
		seg.State = spool.SegUnknown
	}
	if !o.begun() {
		o.Modem, o.SIM = "", "" // another modem may take it
	}
}

// begun tells whether a segment may be on air.
func (o *outbound) begun() bool {
	return slices.ContainsFunc(o.Segments, func(seg spool.OutSegment) bool { return !seg.AirAt.IsZero() })
}

// accepted closes a segment that the SC has taken. mr is -1 if it was not told.
func (o *outbound) accepted(seg *spool.OutSegment, mr int) {
	seg.State, seg.MR, seg.Why, seg.Unsure = spool.SegAccepted, mr, "", false
	o.onAir(seg)
	if len(o.Segments) > 1 {
		o.event("sent", seg.Seq, "")
	}
	o.settle()
}

// settle ends the message once the SC has taken every segment. One with reports
// is looked at once more at its ttl: they should have come by then.
func (o *outbound) settle() {
	if o.State != spool.StateSent && o.taken() {
		o.finish(spool.StateSent, "")
	}
}

// outcomeUnknown applies the policy for a segment that may or may not be on air.
func (o *outbound) outcomeUnknown(seg *spool.OutSegment, why string) {
	seg.State, seg.Unsure = spool.SegUnknown, true
	seg.Tries++
	o.onAir(seg)
	recognised := len(o.Segments) > 1 // by its concatenation IE a receiver knows a copy
	switch {
	case o.Unknown == "fail":
		o.finish(spool.StateFailed, o.which(seg)+why)
		return
	case o.Unknown == "hold":
		o.pending(seg, why+": held for a late answer, a report or the operator")
	case o.Unknown == "resend" || recognised:
		if seg.Tries >= resendTries {
			o.finish(spool.StateUnknown, fmt.Sprintf("%s%s, after %d attempts", o.which(seg), why, seg.Tries))
			return
		}
		o.pending(seg, why+": it will be sent again, octet for octet")
	default:
		o.finish(spool.StateUnknown, why+": not sent again, as the receiver could not tell a copy")
		return
	}
	if !o.has(spool.SegQueued) { // else the others go on
		o.Due = o.again()
	}
}

// pending says why a message with a segment of unknown outcome is not finished.
func (o *outbound) pending(seg *spool.OutSegment, why string) {
	o.Why = o.which(seg) + why
	o.note(seg.Seq, why)
}

// again is when a segment of unknown outcome goes next: after a pause in which a
// report may settle it, or at once where the operator said so. None: at the ttl.
func (o *outbound) again() time.Time {
	next := o.Expires
	for i := range o.Segments {
		if at, ok := o.goes(&o.Segments[i]); ok && at.Before(next) {
			next = at
		}
	}
	return next
}

// goes tells whether and when the policy sends a segment of unknown outcome again.
func (o *outbound) goes(seg *spool.OutSegment) (at time.Time, ok bool) {
	switch {
	case seg.State != spool.SegUnknown:
		return at, false
	case !seg.Unsure: // the operator's word
		return o.now, true
	case o.Unknown == "hold":
		return at, false
	}
	return seg.At.Add(disposition{after: resendAfter}.pause(seg.Tries)), true
}

// choose returns the segment to send now: first those never tried, then those of
// unknown outcome that go again. more: another one follows.
func (o *outbound) choose() (seg *spool.OutSegment, more bool) {
	var ready []*spool.OutSegment
	for i := range o.Segments {
		if o.Segments[i].State == spool.SegQueued {
			ready = append(ready, &o.Segments[i])
		}
	}
	if len(ready) == 0 {
		for i := range o.Segments {
			if at, ok := o.goes(&o.Segments[i]); ok && !at.After(o.now) {
				ready = append(ready, &o.Segments[i])
			}
		}
	}
	if len(ready) == 0 {
		o.Due = o.again() // nothing to do but wait
		return nil, false
	}
	return ready[0], len(ready) > 1
}

// stale tells whether a receiver may take further segments of this 8-bit
// reference for another datagram's: it paused too long, or took too long in all.
func (o *outbound) stale() bool {
	var first, last time.Time
	for _, seg := range o.Segments {
		if seg.AirAt.IsZero() {
			continue
		}
		if first.IsZero() || seg.AirAt.Before(first) {
			first = seg.AirAt
		}
		if seg.SentAt.After(last) {
			last = seg.SentAt
		}
	}
	whole := max(narrowWindow, time.Duration(len(o.Segments))*narrowEach)
	return !first.IsZero() && (o.now.Sub(last) > narrowWindow || o.now.Sub(first) > whole)
}

// restart begins the whole message again, under a reference that is still to be
// given: 16 bits wide where that is possible, so that it cannot happen again.
func (o *outbound) restart() {
	plan, err := wdp.PlanWide(len(o.Payload))
	if err != nil {
		plan.Total = len(o.Segments) // only 8 bits make room for it
	}
	o.Segments = o.Segments[:0]
	for seq := 1; seq <= plan.Total; seq++ {
		o.Segments = append(o.Segments, spool.OutSegment{Seq: seq, State: spool.SegQueued, MR: -1, At: o.now})
	}
	o.Ref, o.RefBits, o.Modem, o.SIM = 0, 0, "", ""
	o.Restarts++
}

// sureToMiss tells whether a segment surely never went on air, so that no
// receiver can have the whole.
func (o *outbound) sureToMiss() bool {
	for _, seg := range o.Segments {
		if seg.AirAt.IsZero() {
			return true
		}
	}
	return false
}

// expire ends a message at its ttl.
func (o *outbound) expire() {
	switch {
	case o.State == spool.StateSent:
		o.finish(spool.StateUnknown, "no report")
	case o.has(spool.SegUnknown):
		o.finish(spool.StateUnknown, "its time to live ended, and a segment may be on air")
	case o.Why != "":
		o.finish(spool.StateExpired, "its time to live ended: "+o.Why)
	default:
		o.finish(spool.StateExpired, "its time to live ended before a modem could send it")
	}
}

func (o *outbound) finish(state spool.OutState, why string) {
	o.State, o.Why = state, why
	o.Settled = o.now
	o.event(string(state), 0, why)
}

// later puts the message off.
func (o *outbound) later(d time.Duration, why string) {
	o.Due, o.Why = o.now.Add(d), why
	if o.Due.After(o.Expires) {
		o.Due = o.Expires
	}
}

func (o *outbound) note(seq int, why string)               { o.event("note", seq, why) }
func (o *outbound) event(word string, seq int, why string) { o.events.add(o, word, seq, why) }

func (o *outbound) all(state spool.SegState) bool {
	for _, seg := range o.Segments {
		if seg.State != state {
			return false
		}
	}
	return true
}

// taken tells whether the SC has every segment.
func (o *outbound) taken() bool {
	for _, seg := range o.Segments {
		if !seg.State.Accepted() {
			return false
		}
	}
	return true
}

func (o *outbound) has(state spool.SegState) bool {
	for _, seg := range o.Segments {
		if seg.State == state {
			return true
		}
	}
	return false
}

// wantsReport: TP-SRR. Policy hold asks for a report too, since one can settle
// what silence left open.
func (o *outbound) wantsReport() bool { return o.Report || o.Unknown == "hold" }

func (o *outbound) which(seg *spool.OutSegment) string {
	if len(o.Segments) == 1 {
		return ""
	}
	return fmt.Sprintf("segment %d of %d: ", seg.Seq, len(o.Segments))
}

// explained is an error in the modem's words and in plain ones.
func explained(err error, d disposition) string { return fmt.Sprintf("%v (%s)", plain(err), d.hint) }

// plain is the error as the modem said it, without the way it came.
func plain(err error) error {
	var refused *modem.ResultError
	if errors.As(err, &refused) {
		return refused
	}
	return err
}
