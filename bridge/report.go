package bridge

import (
	"context"
	"time"

	"wvsms/pdu"
	"wvsms/spool"
)

// reportCandidates bounds how many messages to one number a report is compared with:
// those under one TP-MR of two days, at a segment every three seconds.
const reportCandidates = 256

// report brings an SMS-STATUS-REPORT to the segment that it is about.
func (s *session) report(ctx context.Context, in *arrival, r *pdu.StatusReport) error {
	matched, err := s.matchReport(ctx, in.now, r, false)
	if err != nil || matched {
		return err
	}
	// It may have overtaken the answer to its own CMGS: once that is written down,
	// look again, and now among those of unknown outcome too. The line may be lost
	// meanwhile, and the modem may have stopped to tell reports, as this one was not
	// acknowledged in time: it is kept all the same.
	s.flight <- struct{}{}
	<-s.flight
	ctx = context.WithoutCancel(ctx)
	matched, err = s.matchReport(ctx, in.now, r, true)
	if err != nil || matched {
		return err
	}
	return in.setAside(ctx, r.RA.String(), "report")
}

// matchReport settles the segment that a report is about; last: no answer to a CMGS
// is awaited that could tell more.
func (s *session) matchReport(ctx context.Context, arrived time.Time, r *pdu.StatusReport, last bool) (matched bool, err error) {
	var clock scClock
	var took time.Duration // until all of the message was delivered; 0: it is not yet
	err = s.bridge.change(ctx, s.log, "report", func(tx *spool.Tx, story *events) error {
		matched, clock, took = false, s.sc, 0
		candidates, err := tx.ByMR(r.RA.String(), int(r.MR), reportCandidates)
		if err != nil {
			return err
		}
		strays, err := tx.UnknownAttempts(s.sim, r.RA.String(), reportCandidates)
		if err != nil {
			return err
		}
		list := s.reportable(candidates)
		if err := s.markOthers(tx, list, r.MR); err != nil {
			return err
		}
		c, ok := clock.match(list, strays, r, arrived, last)
		if !ok {
			return nil
		}
		matched = true
		o := outbound{Outbound: c.Outbound, now: s.bridge.clock.Now(), events: story} // it may have waited for the flight
		before := o.State
		o.reported(c.seg.Seq, r)
		if o.State == spool.StateDelivered && before != o.State {
			took = o.now.Sub(o.Accepted)
		}
		if clock != s.sc {
			if err := clock.keep(tx, s.sim); err != nil {
				return err
			}
		}
		return tx.PutOutbound(c.Outbound)
	})
	if err == nil {
		s.sc = clock
		if took > 0 {
			s.bridge.Took(AcceptToReport, took)
		}
	}
	return matched, err
}

// reportable are the segments that this SIM sent and asked a report for.
func (s *session) reportable(messages []*spool.Outbound) (list []reportable) {
	for _, m := range messages {
		o := outbound{Outbound: m}
		for _, seg := range m.Segments {
			if o.wantsReport() && seg.SIM == s.sim {
				list = append(list, reportable{Outbound: m, seg: seg})
			}
		}
	}
	return list
}

// mrCycle: TP-MR comes round after so many submissions (TS 23.040 9.2.3.6).
const mrCycle = 256

// markOthers marks the segments without a TP-MR that cannot have this one, since
// another has it. Submissions are counted, and not the time, in which bridge time may
// have leapt.
func (s *session) markOthers(tx *spool.Tx, list []reportable, mr byte) error {
	for _, has := range list {
		if has.seg.MR != int(mr) {
			continue
		}
		for i := range list {
			c := &list[i]
			if c.seg.MR >= 0 || c.other {
				continue
			}
			from, to := has.seg.SentAt, c.seg.SentAt
			if to.Before(from) {
				from, to = to, from
			}
			n, err := tx.SpentBetween(s.sim, from, to, mrCycle)
			if err != nil {
				return err
			}
			c.other = n < mrCycle
		}
	}
	return nil
}

// reported applies TP-ST (TS 23.040 9.2.3.15) to a segment.
func (o *outbound) reported(seq int, r *pdu.StatusReport) {
	seg := &o.Segments[seq-1]
	why := ReportSays(r.ST)
	if seg.State == spool.SegDelivered || seg.State == spool.SegFailed {
		return // another report of what is known
	}
	if seg.MR < 0 {
		seg.MR = int(r.MR) // which the modem did not tell
	}
	switch {
	case r.ST >= 0x20 && r.ST < 0x40: // temporary, the SC goes on trying
		o.note(seq, why)
		if seg.State == spool.SegUnknown { // so it has it
			seg.State, seg.Why, seg.Unsure = spool.SegAccepted, "", false
		}
	case r.ST >= 0x40:
		seg.State, seg.At, seg.Why, seg.Unsure = spool.SegFailed, o.now, why, false
		if o.correctable() {
			o.finish(spool.StateFailed, o.which(seg)+why)
		}
		return
	default:
		if r.ST == 0 {
			why = "" // it is what it says
		}
		seg.State, seg.At, seg.Why, seg.Unsure = spool.SegDelivered, o.now, why, false
		if len(o.Segments) > 1 {
			o.event("delivered", seq, why)
			why = "" // of one segment
		}
	}
	switch {
	case !o.correctable():
	case o.all(spool.SegDelivered):
		o.finish(spool.StateDelivered, why)
	case o.State == spool.StateUnknown && o.Report:
		// One correction may follow: it waits for the other reports.
	default:
		o.settle()
	}
}

// correctable tells whether a report may still change the state of the message:
// it is open, waits for reports, or nobody knew how it ended.
func (o *outbound) correctable() bool {
	return o.State.Open() || o.State == spool.StateUnknown || o.State == spool.StateSent && o.Report
}
