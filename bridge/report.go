package bridge

import (
	"context"
	"fmt"
	"time"

	"wvsms/pdu"
	"wvsms/spool"
)

// reportCandidates bounds how many messages to one number a report is compared with.
const reportCandidates = 64

// unsureGap is how far the time stamp of a report may lie from the submission of a
// segment that it is to settle without a TP-MR to go by.
const unsureGap = 30 * time.Minute

// report brings an SMS-STATUS-REPORT to the segment that it is about.
func (s *session) report(ctx context.Context, in *arrival, r *pdu.StatusReport) error {
	matched, err := s.matchReport(ctx, r, false)
	if err != nil || matched {
		return err
	}
	// It may have overtaken the answer to its own CMGS: once that is written down,
	// look again, and now among those of unknown outcome too.
	select {
	case s.flight <- struct{}{}:
		<-s.flight
	case <-ctx.Done():
		return ctx.Err()
	}
	matched, err = s.matchReport(ctx, r, true)
	if err != nil || matched {
		return err
	}
	return in.setAside(ctx, r.RA.String(), "report")
}

func (s *session) matchReport(ctx context.Context, r *pdu.StatusReport, unsureToo bool) (matched bool, err error) {
	err = s.bridge.change(ctx, s.log, "report", func(tx *spool.Tx, story *events) error {
		matched = false
		candidates, err := tx.ByMR(r.RA.String(), int(r.MR), reportCandidates)
		if err != nil {
			return err
		}
		m, seq := s.bestMatch(candidates, r, unsureToo)
		if m == nil {
			return nil
		}
		matched = true
		o := outbound{Outbound: m, now: s.bridge.clock.Now(), events: story} // it may have waited for the flight
		o.reported(seq, r.ST)
		return tx.PutOutbound(m)
	})
	return matched, err
}

// bestMatch finds the segment that a report is about, of those that asked for one.
// TP-MR comes round after 256 messages, so among several the submission whose time
// fits the SC's time stamp best is meant; the offset of the SC's clock is learned
// from earlier matches. Only a report that no accepted segment claims may settle
// one of which the outcome or the MR is not known.
func (s *session) bestMatch(candidates []*spool.Outbound, r *pdu.StatusReport, unsureToo bool) (best *spool.Outbound, seq int) {
	scts, stamped := r.SCTS.Time()
	match := func(fits func(spool.OutSegment) bool) (m *spool.Outbound, seq int, gap time.Duration) {
		for _, c := range candidates {
			for _, seg := range c.Segments {
				asked := c.Report || c.Unknown == "hold"
				if !asked || seg.SIM != s.sim || !fits(seg) {
					continue
				}
				g := time.Duration(0)
				if stamped {
					g = scts.Sub(seg.SentAt) - s.scOffset
				}
				if m == nil || g.Abs() < gap.Abs() {
					m, seq, gap = c, seg.Seq, g
				}
			}
		}
		return m, seq, gap
	}
	best, seq, gap := match(func(seg spool.OutSegment) bool { return seg.State.Accepted() && seg.MR == int(r.MR) })
	if best != nil {
		s.learnOffset(gap, stamped && best.Segments[seq-1].State == spool.SegAccepted)
		return best, seq
	}
	if !unsureToo {
		return nil, 0
	}
	best, seq, gap = match(func(seg spool.OutSegment) bool {
		return seg.MR < 0 && (seg.State == spool.SegUnknown || seg.State.Accepted())
	})
	if best != nil && stamped && s.scKnown && gap.Abs() > unsureGap {
		return nil, 0
	}
	return best, seq
}

// learnOffset follows the offset of the SC's clock from bridge time: at once the
// first time, and then slowly, since the time an SC takes varies.
func (s *session) learnOffset(gap time.Duration, sure bool) {
	switch {
	case !sure:
	case s.scKnown:
		s.scOffset += gap / 4
	default:
		s.scOffset, s.scKnown = s.scOffset+gap, true
	}
}

// reported applies TP-ST (TS 23.040 9.2.3.15) to a segment.
func (o *outbound) reported(seq int, st byte) {
	seg := &o.Segments[seq-1]
	why := fmt.Sprintf("status report 0x%02X", st)
	switch {
	case st >= 0x20 && st < 0x40: // temporary, the SC goes on trying
		o.note(seq, why+": not delivered yet, the SC goes on trying")
		return
	case seg.State == spool.SegDelivered:
		return // a second report of what is known
	case st >= 0x40:
		seg.State, seg.At, seg.Why = spool.SegFailed, o.now, why
		if o.correctable() {
			o.finish(spool.StateFailed, o.which(seg)+why)
		}
		return
	}
	seg.State, seg.At, seg.Why = spool.SegDelivered, o.now, ""
	if len(o.Segments) > 1 {
		o.event("delivered", seq, "")
	}
	switch {
	case !o.correctable():
	case o.all(spool.SegDelivered):
		o.finish(spool.StateDelivered, "")
	default:
		o.settle()
	}
}

// correctable tells whether a report may still change the state of the message:
// it is open, waits for reports, or nobody knew how it ended.
func (o *outbound) correctable() bool {
	return o.State.Open() || o.State == spool.StateUnknown || o.State == spool.StateSent && o.Report
}
