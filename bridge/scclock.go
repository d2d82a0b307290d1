package bridge

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"wvsms/pdu"
	"wvsms/spool"
)

// Implementation.
const (
	// scSlack is how far a time stamp may lie from the submission it is taken for. SCs
	// drift, and count whole seconds; TP-MR comes round after 256 segments, which takes
	// the fastest of modems more than that.
	scSlack = 2 * time.Minute
	// namelessSlack is the same where there is no TP-MR to tell neighbours apart.
	namelessSlack = 10 * time.Second
	// tooAlike is how near two that fit may be before nobody can tell which one it was:
	// time stamps count whole seconds.
	tooAlike = time.Second
	// tooAlikeUnknown is the same for a segment of which the report would say that it is
	// on air: the offset was learned from whole seconds too, and follows slowly.
	tooAlikeUnknown = 3 * time.Second
	// answerMost is the longest that an answer to a CMGS is waited for, with the fence.
	answerMost = 4 * time.Minute
	// promptSlack is how far a report may seem to come before it was sent.
	promptSlack = 2 * time.Second
	// scDoubts reports in a row that fit only if the SC's clock was set: then it was. One
	// alone may be another device's that came late.
	scDoubts = 3
)

// An scClock is what is known of the clock by which a service centre stamps reports
// (TP-SCTS, TP-DT). It may be off by hours, and drifts.
type scClock struct {
	offset scOffset // from bridge time
	doubts int      // reports since the last that fits

	// Bridge time before epoch is of an earlier run. After it, it stood still for as long
	// as nobody knows, or went on with a wall clock that may have been set: an SC's clock
	// did neither.
	epoch   time.Time
	earlier scOffset
	learned time.Time // in the run of which that was
	bridge  *clock    // whose time that is; nil: it never leapt
}

type scOffset struct {
	time.Duration
	known bool
	guess bool // it is that of the run before, and no report has shown yet that it still holds
}

// A reportable is a segment that a report may be about.
type reportable struct {
	*spool.Outbound
	seg spool.OutSegment

	// Of a segment whose TP-MR is not known: another has the report's, and the SIM has
	// not come round to that between the two.
	other bool
}

// gap is how far at lies outside of the time in which the SC may have taken the
// segment, which is from Ctrl-Z to the answer: below zero before it.
func (c reportable) gap(at time.Time) time.Duration {
	from, to := c.seg.SentAt, c.seg.At
	switch c.seg.State {
	case spool.SegUnknown:
		from = c.seg.AirAt // any of its attempts
	case spool.SegDelivered, spool.SegFailed:
		to = from // At is when that was reported
	}
	if most := c.seg.SentAt.Add(answerMost); to.After(most) {
		to = most
	}
	switch {
	case at.Before(from):
		return at.Sub(from)
	case at.After(to):
		return at.Sub(to)
	}
	return 0
}

// match finds the segment that a report is about: one that the SC accepted under its
// TP-MR, and among several the one that was submitted when the SC stamped it. Only a
// report that no such segment claims may settle one of which the outcome or the TP-MR
// is not known; last says that no answer is awaited which could tell that.
//
// A report that fits nothing for sure is about nothing: another device may send from
// this number too, and `unknown` at the end of the ttl is better than a wrong word.
//
// strays are the attempts of unknown outcome, also of segments that were accepted at a
// later one: a report may be about such an attempt, whose TP-MR nobody knows.
func (k *scClock) match(all []reportable, strays []spool.Attempt, r *pdu.StatusReport, now time.Time, last bool) (c reportable, ok bool) {
	var named, nameless []reportable
	for _, c := range all {
		switch {
		case c.seg.MR == int(r.MR) && (c.seg.State.Accepted() || c.seg.State == spool.SegFailed):
			named = append(named, c)
		case c.seg.MR < 0 && !c.other && (c.seg.State == spool.SegUnknown || c.seg.State.Accepted()):
			nameless = append(nameless, c)
		}
	}
	scts, stamped := r.SCTS.Time()
	if !stamped {
		if len(named) == 0 && !astray(strays, nameless) {
			named = nameless
		}
		if !last || len(named) != 1 {
			return c, false
		}
		return named[0], true
	}
	if c, ok = k.known(named, scts, scSlack); !ok && last {
		if c, ok = k.prompt(named, r, now); !ok {
			c, ok = k.only(named)
		} else if k.of(c).known {
			k.doubts++
			ok = k.doubts >= scDoubts
		}
	}
	if ok {
		k.learn(c, scts)
		return c, true
	}
	if c, ok = k.sole(nameless, strays, scts); !ok && len(named) == 0 && !astray(strays, nameless) {
		c, ok = k.only(nameless)
	}
	return c, ok && last
}

// sole finds the segment that fits where no other does as well, nor an attempt of
// another.
func (k *scClock) sole(nameless []reportable, strays []spool.Attempt, scts time.Time) (sole reportable, ok bool) {
	all := slices.Clone(nameless)
	for _, a := range strays {
		if !isOf(a, nameless) {
			all = append(all, attempted(a))
		}
	}
	doubtful := func(c reportable) bool {
		return k.offset.guess && !c.seg.SentAt.Before(k.epoch) ||
			k.bridge.leapt(c.seg.SentAt, all[0].seg.SentAt) || k.bridge.leapt(c.seg.SentAt, c.seg.At)
	}
	if len(all) > 1 && slices.ContainsFunc(all, doubtful) {
		return sole, false // nobody knows how far they lie apart by the SC's clock
	}
	best, next := len(all), time.Duration(math.MaxInt64)
	closest := next
	for i, c := range all {
		offset := k.of(c)
		if !offset.known {
			continue
		}
		switch gap := c.gap(scts.Add(-offset.Duration)).Abs(); {
		case gap < closest:
			best, closest, next = i, gap, closest
		case gap < next:
			next = gap
		}
	}
	if best >= len(nameless) || closest > namelessSlack {
		return sole, false
	}
	alike := tooAlike
	if all[best].seg.State == spool.SegUnknown {
		alike = tooAlikeUnknown
	}
	if next-closest < alike {
		return sole, false
	}
	return all[best], true
}

// attempted is an attempt of unknown outcome by itself.
func attempted(a spool.Attempt) reportable {
	return reportable{Outbound: &spool.Outbound{ID: a.ID}, seg: spool.OutSegment{
		Seq: a.Seq, State: spool.SegUnknown, SentAt: a.Began, AirAt: a.Began, At: a.Ended,
	}}
}

func isOf(a spool.Attempt, segments []reportable) bool {
	return slices.ContainsFunc(segments, func(c reportable) bool { return c.ID == a.ID && c.seg.Seq == a.Seq })
}

// astray tells whether an attempt is of none of the segments.
func astray(strays []spool.Attempt, segments []reportable) bool {
	return slices.ContainsFunc(strays, func(a spool.Attempt) bool { return !isOf(a, segments) })
}

// of is the offset at the time of the segment's submission.
func (k *scClock) of(c reportable) *scOffset {
	switch at := c.seg.SentAt; {
	case !at.Before(k.epoch):
		return &k.offset
	case k.bridge.leapt(at, k.learned):
		return new(scOffset) // in that run it was another one
	}
	return &k.earlier
}

// known finds the segment that fits by what is known of the clock.
func (k *scClock) known(all []reportable, scts time.Time, closest time.Duration) (best reportable, ok bool) {
	for _, c := range all {
		offset := k.of(c)
		if gap := c.gap(scts.Add(-offset.Duration)).Abs(); offset.known && gap <= closest {
			best, closest, ok = c, gap, true
		}
	}
	return best, ok
}

// prompt finds the segment that fits if the report has come at once, so that its TP-DT
// is now. So a clock is learned of which nothing is known, or that was set meanwhile.
// Nothing before the epoch can be counted back to.
func (k *scClock) prompt(all []reportable, r *pdu.StatusReport, now time.Time) (best reportable, ok bool) {
	scts, _ := r.SCTS.Time()
	done, stamped := r.DT.Time()
	sent := now.Add(-done.Sub(scts)) // or before, where the report took its time
	for _, c := range all {
		gap := c.gap(sent)
		if !stamped || c.seg.SentAt.Before(k.epoch) || gap < -promptSlack || gap > scSlack || ok && c.seg.SentAt.Before(best.seg.SentAt) {
			continue
		}
		best, ok = c, true
	}
	return best, ok
}

// only finds the segment where there is no other and nothing speaks against it.
func (k *scClock) only(all []reportable) (c reportable, ok bool) {
	if len(all) != 1 || k.of(all[0]).known {
		return c, false
	}
	return all[0], true
}

// learn follows the clock by the first report on a segment: at once where it is not
// known or was set, else slowly, since the time an SC takes varies.
func (k *scClock) learn(c reportable, scts time.Time) {
	k.doubts = 0
	offset := k.of(c)
	gap := c.gap(scts.Add(-offset.Duration))
	near := scSlack
	if offset.guess {
		near = tooAlike
	}
	switch {
	case c.seg.State != spool.SegAccepted:
	case offset.known && gap.Abs() <= near:
		offset.Duration, offset.guess = offset.Duration+gap/4, false
	default:
		*offset = scOffset{Duration: scts.Sub(c.seg.SentAt), known: true}
	}
}

const scClockName = "SC clock of " // and the SIM, in the spool: the offset in ns, and when the run began

// keep writes down the offset for the next run.
func (k *scClock) keep(tx *spool.Tx, sim string) error {
	if !k.offset.known || k.offset.guess {
		return nil // the run before is told of still
	}
	return tx.Set(scClockName+sim, fmt.Sprintf("%d %d", k.offset.Duration, k.epoch.UnixNano()))
}

// readSCClock is what the last session with this SIM knew, for one in a run whose bridge
// time goes by c. What was known holds for the run in which it was learned.
func readSCClock(tx *spool.Tx, sim string, c *clock) (scClock, error) {
	k := scClock{bridge: c, epoch: c.runs[len(c.runs)-1]}
	text, known, err := tx.Get(scClockName + sim)
	if err != nil || !known {
		return k, err
	}
	offset, run, _ := strings.Cut(text, " ")
	ns, err1 := strconv.ParseInt(offset, 10, 64)
	begun, err2 := strconv.ParseInt(run, 10, 64)
	if err1 != nil || err2 != nil {
		return k, nil // it is learned again
	}
	was, learned := scOffset{Duration: time.Duration(ns), known: true}, time.Unix(0, begun).UTC()
	if learned.Equal(k.epoch) { // by an earlier session of this very run
		k.offset = was
		return k, nil
	}
	k.earlier, k.learned = was, learned
	if !c.stood {
		k.offset = was
		k.offset.guess = true
	}
	return k, nil
}
