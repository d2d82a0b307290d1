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

// report brings an SMS-STATUS-REPORT to the segment that it is about.
func (s *session) report(ctx context.Context, in *arrival, r *pdu.StatusReport) error {
	matched, err := s.matchReport(ctx, in, r)
	if err != nil || matched {
		return err
	}
	// It may have overtaken the answer to its own CMGS: once that is written down,
	// look again.
	select {
	case s.flight <- struct{}{}:
		<-s.flight
	case <-ctx.Done():
		return ctx.Err()
	}
	matched, err = s.matchReport(ctx, in, r)
	if err != nil || matched {
		return err
	}
	return in.setAside(ctx, r.RA.String(), "report")
}

func (s *session) matchReport(ctx context.Context, in *arrival, r *pdu.StatusReport) (matched bool, err error) {
	err = s.bridge.change(ctx, s.log, func(tx *spool.Tx, story *events) error {
		matched = false
		candidates, err := tx.ByMR(r.RA.String(), int(r.MR), reportCandidates)
		if err != nil {
			return err
		}
		m, seq := s.bestMatch(candidates, r)
		if m == nil {
			return nil
		}
		matched = true
		o := outbound{Outbound: m, now: in.now, events: story}
		o.reported(seq, r.ST)
		return tx.PutOutbound(m)
	})
	return matched, err
}

// bestMatch finds the segment that a report is about. TP-MR comes round after 256
// messages, so among several the submission whose time fits the SC's time stamp
// best is meant; the offset of the SC's clock is learned from earlier matches. A
// report that no accepted segment claims may settle one of unknown outcome.
func (s *session) bestMatch(candidates []*spool.Outbound, r *pdu.StatusReport) (best *spool.Outbound, seq int) {
	scts, stamped := r.SCTS.Time()
	var bestGap time.Duration
	for _, state := range []spool.SegState{spool.SegAccepted, spool.SegDelivered, spool.SegUnknown} {
		for _, m := range candidates {
			for _, seg := range m.Segments {
				known := seg.State != spool.SegUnknown
				if seg.State != state || seg.SIM != s.sim || known && seg.MR != int(r.MR) {
					continue
				}
				gap := time.Duration(0)
				if stamped {
					gap = scts.Sub(seg.At) - s.scOffset
				}
				if best == nil || gap.Abs() < bestGap.Abs() {
					best, seq, bestGap = m, seg.Seq, gap
				}
			}
		}
		if best != nil {
			s.learnOffset(bestGap, stamped && state == spool.SegAccepted)
			return best, seq
		}
	}
	return nil, 0
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
