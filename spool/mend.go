package spool

import (
	"fmt"
	"time"
)

const (
	withoutPayload = `SELECT id FROM outbound WHERE n NOT IN (SELECT outbound FROM outbound_payload) ORDER BY n`
	// Segments in a row from 1, and as many to be submitted as their message knows of.
	withoutSegments = `SELECT id FROM outbound WHERE state = 'queued' AND (
		(SELECT count(*) FROM out_segment WHERE outbound = n) IS NOT (SELECT max(seq) FROM out_segment WHERE outbound = n) OR
		todo <> (SELECT count(*) FROM out_segment WHERE outbound = n AND
			state NOT IN ('accepted', 'delivered', 'submitting') AND NOT (state = 'unknown' AND outbound.unknown = 'hold')))
		ORDER BY n`
)

// mend makes sense of what lost its other half, and says what the loss means.
func (s *salvage) mend(tx *Tx) error {
	note := func(format string, args ...any) {
		s.report.Notes = append(s.report.Notes, fmt.Sprintf(format, args...))
	}
	if s.secret == nil {
		note("ids that were given out before are not known any more")
	}
	for table, meaning := range map[string]string{
		"setting":     "settings are lost: bridge time may begin anew at the wall clock, a UDP role may not know where its answers go",
		"pin_attempt": "a PIN that a card has refused before may be tried once more",
		"spend":       "the budget counts less than was sent",
		"tally":       "the budgets of 30 days count less than was sent",
		"in_segment":  "a copy of a short message received before may be taken for a new one, and partial messages may stay incomplete",
		"message":     "messages received are lost, or were acknowledged and are not known any more",
		"outbound":    "messages accepted are lost; those among them that wait are not sent, and their keys are not known any more",
	} {
		if s.lost(table) {
			note("%s", meaning)
		}
	}
	if err := s.sequences(tx); err != nil {
		return err
	}
	var newest time.Time
	if err := tx.get([]any{(*stamp)(&newest)}, "SELECT max(at) FROM event"); err != nil {
		return err
	}
	ids, err := list(tx, scanString, withoutSegments)
	if err != nil {
		return err
	}
	for _, id := range ids {
		why := "the spool was damaged: nobody knows which of its segments were sent"
		if err := end(tx, id, StateUnknown, why, newest); err != nil {
			return err
		}
		note("message %s ends as unknown: %s", id, why)
	}
	if ids, err = list(tx, scanString, withoutPayload); err != nil {
		return err
	}
	for _, id := range ids {
		// All readers of a message expect one.
		if _, err := tx.exec("INSERT INTO outbound_payload SELECT n, x'' FROM outbound WHERE id = ?", id); err != nil {
			return err
		}
		var state OutState
		if err := tx.get([]any{&state}, "SELECT state FROM outbound WHERE id = ?", id); err != nil {
			return err
		}
		if !state.Open() {
			note("message %s, which is %s, has lost its payload", id, state)
			continue
		}
		why := "the spool was damaged: its payload is lost"
		if err := end(tx, id, StateFailed, why, newest); err != nil {
			return err
		}
		note("message %s ends as failed: %s", id, why)
	}
	return tx.err
}

// end settles a message that cannot go on, with its event.
func end(tx *Tx, id string, state OutState, why string, now time.Time) error {
	m, err := tx.loadOutbound("id = ?", id)
	if err != nil {
		return err
	}
	m.State, m.Settled = state, now
	_, err = tx.exec("UPDATE outbound SET state = ?, why = ?, due = NULL, lane = '', settled = ? WHERE n = ?", string(state), why, nano(m.settled()), m.N)
	if err != nil {
		return err
	}
	return tx.PutEvent(&Event{ID: id, Word: string(state), Why: why, At: m.settled(), AtWall: m.AcceptedWall})
}

// sequences lets numbers rise for ever: those of lost rows are not given out again.
func (s *salvage) sequences(tx *Tx) error {
	tables, err := list(tx, scanString,
		"SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")
	if err != nil {
		return err
	}
	for _, table := range tables {
		last, err := tx.lastNumber(table)
		if err != nil {
			return err
		}
		last = max(last, s.last[table])
		if s.lost("sqlite_sequence") && s.last[table] == 0 {
			last += leap
		}
		if _, err := tx.exec("DELETE FROM sqlite_sequence WHERE name = ?", table); err != nil {
			return err
		}
		if _, err := tx.exec("INSERT INTO sqlite_sequence VALUES (?, ?)", table, last); err != nil {
			return err
		}
	}
	q := "UPDATE sequence SET value = max(value, coalesce((SELECT max(generation) FROM in_segment), 0)) + ? WHERE name = 'generation'"
	by := 0
	if s.lost("sequence") {
		by = leap
	}
	_, err = tx.exec(q, by)
	return err
}
