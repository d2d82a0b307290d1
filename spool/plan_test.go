package spool

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// partly are the indexes that hold only the rows in question, and few of them: reading one through is the point.
var partly = []string{"out_segment_submitting", "message_route"}

// walks lists the statements that may go through a table or an index from its beginning: they stop at a LIMIT or MIN.
var walks = []string{
	oldestPartial, nextPartial, expiredPartials, crowdingSender,
	"SELECT n FROM event ORDER BY n LIMIT 1",
	"SELECT n, at FROM event ORDER BY n LIMIT ?",
}

// sorts lists the statements that may sort: a handful of rows each.
var sorts = []string{inByKey, inByGeneration, crowdingSender, messagesReady, messagesReadyBefore, submittingQuery, attemptsOf}

// Every statement that the package has prepared, as SQLite would run it: none reads a large table through or sorts one.
func TestPlansUseIndexes(t *testing.T) {
	s := newSpool(t)
	ids := []string{s.NewID(), s.NewID(), s.NewID()}
	update(t, s, func(tx *Tx) error { return errors.Join(populate(s, tx, ids), exercise(tx, ids)) })

	large := regexp.MustCompile(`^SCAN (outbound|outbound_payload|out_segment|attempt|in_segment|partial|message|event|dialogue|spend|tally|peer|ref_given)\b`)
	seen := 0
	for q := range s.writer.stmts {
		if !regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE)`).MatchString(q) {
			continue
		}
		seen++
		for _, step := range plan(t, s, q) {
			few := slices.ContainsFunc(partly, func(index string) bool { return strings.HasSuffix(step, index) })
			if large.MatchString(step) && !few && !slices.Contains(walks, q) {
				t.Errorf("%s\n  %s", q, step)
			}
			// Half of a long history or the whole queue may be in one state: that index is for lists only.
			if strings.Contains(step, "outbound_state") && q != listState && q != outboundStateBefore && q != putOff {
				t.Errorf("%s\n  %s", q, step)
			}
			if strings.Contains(step, "TEMP B-TREE") && !slices.Contains(sorts, q) {
				t.Errorf("%s\n  %s", q, step)
			}
		}
	}
	if seen < 60 {
		t.Errorf("only %d statements were looked at", seen)
	}
	// What the triggers ask is not in the plan of the statement that fires them.
	for _, q := range []string{
		"SELECT 1 FROM in_segment WHERE generation = 1 AND generation <> 0 AND done = 0 AND parked = 0",
		"SELECT min(at) FROM in_segment WHERE generation = 1 AND generation <> 0 AND done = 0 AND parked = 0",
	} {
		for _, step := range plan(t, s, q) {
			if large.MatchString(step) {
				t.Errorf("%s\n  %s", q, step)
			}
		}
	}
}

func plan(t *testing.T, s *Spool, q string) (steps []string) {
	t.Helper()
	// Not one value for each parameter is known here: the most there are.
	rows, err := s.writer.c.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+q, make([]any, params(q))...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return steps
}

// params counts the values a statement takes: its highest ?N, or its plain ?s.
func params(q string) int {
	if n := regexp.MustCompile(`\?\d`).FindAllString(q, -1); len(n) > 0 {
		return int(slices.Max(n)[1] - '0')
	}
	return strings.Count(q, "?")
}

// exercise calls what populate has not, so that each statement has been prepared.
func exercise(tx *Tx, ids []string) error {
	var errs []error
	no := func(_ any, err error) {
		if !errors.Is(err, ErrNotFound) {
			errs = append(errs, err)
		}
	}
	m, err := tx.Outbound(ids[0])
	if err != nil {
		return err
	}
	m.Why, m.Segments[0].Why, m.Segments = "x", "x", m.Segments[:1]
	errs = append(errs, tx.PutOutbound(m))
	in, err := tx.Message(ids[2])
	if err != nil {
		return err
	}
	in.Naks++
	errs = append(errs, tx.PutMessage(in))
	seg := received(200, 1, 1, t0)
	errs = append(errs, tx.PutInSegment(seg), tx.PutInSegment(seg), tx.SetHome("+491", "other", t0))
	no(tx.OutboundByKey("k", t0))
	no(tx.Outbounds("", 0, 9))
	no(tx.Outbounds(StateFailed, 1, 9))
	errs = append(errs, tx.PutAttempt(&Attempt{ID: ids[0], Seq: 1, Outcome: OutcomeRefused}))
	no(tx.AttemptsOf(ids[0]))
	errs = append(errs, tx.PutDialogue(&Dialogue{About: ids[0]}), tx.CountCopy(seg.Fingerprint))
	no(tx.DialoguesOf(ids[0]))
	no(tx.SegmentsOf(&Message{Received: t0, SIM: "simA", OA: "49171"}))
	no(tx.Unfinished(0, 9))
	no(tx.Due(t0, "m0", "simA", nil, 9))
	_, _, err = tx.NextDue("m0", "simA")
	no(nil, err)
	no(tx.Expired(t0, 9))
	no(tx.Unreported(t0, 9))
	no(tx.Submitting())
	no(tx.ByMR("+491", 17, 9))
	no(tx.QueueDepth())
	no(tx.Spent(t0, ""))
	no(tx.Spent(t0, "m0"))
	no(tx.Paid(t0))
	no(tx.SpentTo("+491", t0, 9))
	for _, scope := range []Scope{Everything, OfModem("m0"), ToPeer("+491")} {
		no(tx.SpentLast(scope, 9))
		no(tx.TalliedLast(scope, 9))
	}
	_, _, err = tx.Tallied(Everything, t0)
	no(nil, err)
	no(tx.SIMOf("m0"))
	no(tx.WaitingTo("+491", 9))
	no(tx.WaitingFor("m0", "simA", 9))
	no(tx.WaitingForAny(9))
	no(tx.PutOff(t0, 0, 9))
	no(tx.Bucket("+491"))
	errs = append(errs, tx.SayTo("+491", t0))
	no(tx.Stopped(9))
	no(tx.HasFingerprint([32]byte{}))
	no(tx.InSegments("", "", 8, 1, 2, 3, t0, t0))
	no(tx.PartialsOf("simA", "49171"))
	no(tx.OldestPartial("", ""))
	no(tx.OldestPartial("simA", "49171"))
	_, _, _, err = tx.CrowdingSender(9)
	no(nil, err)
	no(tx.Generation(1))
	no(tx.ExpiredPartials(t0, 9))
	no(tx.Ready("tcp", nil, 0, 9))
	no(tx.Ready("tcp", []uint16{1}, 0, 9))
	no(tx.Messages("", 0, 9))
	no(tx.Messages(MsgReady, 0, 9))
	no(tx.Messages(MsgAcked, 0, 9))
	no(tx.LastMessage())
	no(tx.Events(0, 9))
	no(tx.EventsOf("X"))
	_, _, err = tx.EventRange()
	no(nil, err)
	no(tx.Quarantines(0, 9))
	_, _, err = tx.TalliedEver(Everything)
	no(nil, err)
	no(tx.OutboundsBefore(StateFailed, 9, 9))
	no(tx.MessagesBefore(MsgReady, 9, 9))
	no(tx.MessagesBefore(MsgAcked, 9, 9))
	no(tx.OutStates())
	no(tx.Counter("x"))
	_, _, err = tx.Get("x")
	no(nil, err)
	no(tx.Crowd(1, 1))
	no(tx.Purge(horizon(t0.Add(time.Hour), t0.Add(time.Hour), t0.Add(time.Hour)), 9))
	return errors.Join(errs...)
}
