package spool

import (
	"database/sql"
	"slices"
	"time"
)

// What a modem may carry stands in three lanes: its own, its SIM's and everybody's. Each part of the UNION walks its
// index in order and SQLite merges them, so that neither a long queue nor other modems' work costs anything.
const dueQuery = `
SELECT id, due, n FROM outbound WHERE state = 'queued' AND lane = ?1 AND due <= ?3
UNION ALL
SELECT id, due, n FROM outbound WHERE state = 'queued' AND lane = ?2 AND due <= ?3
UNION ALL
SELECT id, due, n FROM outbound WHERE state = 'queued' AND lane = '*' AND due <= ?3
ORDER BY 2, 3`

const nextDueQuery = `
SELECT due FROM outbound WHERE state = 'queued' AND lane = ?1 AND due > ?3
UNION ALL
SELECT due FROM outbound WHERE state = 'queued' AND lane = ?2 AND due > ?3
UNION ALL
SELECT due FROM outbound WHERE state = 'queued' AND lane = '*' AND due > ?3
ORDER BY 1 LIMIT 1`

// INDEXED BY, because the planner likes the index of all states better and would sort the whole queue.
const (
	expiredQuery = `SELECT id FROM outbound INDEXED BY outbound_expires
		WHERE state = 'queued' AND expires <= ? ORDER BY expires LIMIT ?`
	unreportedQuery = `SELECT id FROM outbound INDEXED BY outbound_report
		WHERE state = 'sent' AND report = 1 AND expires <= ? ORDER BY expires LIMIT ?`
	nextExpiryQuery = `
SELECT * FROM (SELECT expires FROM outbound WHERE state = 'queued' ORDER BY expires LIMIT 1)
UNION ALL
SELECT * FROM (SELECT expires FROM outbound WHERE state = 'sent' AND report = 1 ORDER BY expires LIMIT 1)
ORDER BY 1 LIMIT 1`
	submittingQuery = `SELECT id FROM outbound WHERE n IN (SELECT outbound FROM out_segment WHERE state = 'submitting') ORDER BY n`
)

const (
	byMRQuery = `
SELECT DISTINCT outbound FROM out_segment
 WHERE peer = ?1 AND mr = ?2 AND state IN ('accepted', 'delivered', 'unknown', 'failed')
 ORDER BY outbound DESC LIMIT ?3`
	byNoMRQuery = `
SELECT DISTINCT outbound FROM out_segment
 WHERE peer = ?1 AND mr = -1 AND state IN ('accepted', 'delivered', 'unknown', 'failed') AND state IN ('accepted', 'unknown')
 ORDER BY outbound DESC LIMIT ?2`
)

// Due lists open messages due at now that this modem with this SIM may carry, oldest first. A message may go by the modem
// of the SIM it has begun on; else by the one it wants; else by the home SIM of its peer; else by any. skip leaves out those in
// some session's hands already; it must not use the Tx.
func (tx *Tx) Due(now time.Time, modem, sim string, skip func(id string) bool, limit int) ([]string, error) {
	var ids []string
	if limit <= 0 {
		return nil, nil
	}
	err := tx.each(func(r *sql.Rows) (bool, error) {
		var id string
		var due, n int64
		if err := r.Scan(&id, &due, &n); err != nil {
			return false, err
		}
		if skip == nil || !skip(id) {
			ids = append(ids, id)
		}
		return len(ids) < limit, nil
	}, dueQuery, modemLane(modem), ownLane(sim), nano(now))
	return ids, err
}

// NextDue is the earliest Due, past ones too, of the messages that Due would give this modem in time.
func (tx *Tx) NextDue(modem, sim string) (time.Time, bool, error) {
	return tx.NextDueAfter(time.Time{}, modem, sim)
}

// NextDueAfter is the earliest Due later than after: what a timer waits for when everything due now is in hand.
func (tx *Tx) NextDueAfter(after time.Time, modem, sim string) (time.Time, bool, error) {
	var t time.Time
	from := nano(after)
	if from == nil {
		from = int64(-1 << 63)
	}
	switch err := tx.get([]any{(*stamp)(&t)}, nextDueQuery, modemLane(modem), ownLane(sim), from); err {
	case nil:
		return t, true, nil
	case ErrNotFound:
		return time.Time{}, false, nil
	default:
		return time.Time{}, false, err
	}
}

// Expired lists open messages whose Expires has come, the longest overdue first.
func (tx *Tx) Expired(now time.Time, limit int) ([]string, error) {
	return list(tx, scanString, expiredQuery, nano(now), limit)
}

// Unreported lists messages that were sent with report=yes and have no final report although their Expires has come.
func (tx *Tx) Unreported(now time.Time, limit int) ([]string, error) {
	return list(tx, scanString, unreportedQuery, nano(now), limit)
}

// NextExpiry is when the next message ends by time alone: one that is open, or one that waits for reports; ErrNotFound if
// there is none.
func (tx *Tx) NextExpiry() (t time.Time, err error) {
	return t, tx.get([]any{(*stamp)(&t)}, nextExpiryQuery)
}

// Submitting lists the messages with a segment in state submitting: after a restart their outcome is unknown.
func (tx *Tx) Submitting() ([]string, error) {
	return list(tx, scanString, submittingQuery)
}

// ByMR lists messages to peer that a status report with this MR may be about, without payloads: at most limit of which a
// segment had it, and at most limit with a segment of which no MR is known; the newest of each, and those first.
func (tx *Tx) ByMR(peer string, mr int, limit int) ([]*Outbound, error) {
	ns, err := list(tx, scanInt, byMRQuery, peerKey(peer), mr, limit)
	if err != nil {
		return nil, err
	}
	nameless, err := list(tx, scanInt, byNoMRQuery, peerKey(peer), limit)
	if err != nil {
		return nil, err
	}
	for _, n := range nameless {
		if !slices.Contains(ns, n) {
			ns = append(ns, n)
		}
	}
	var all []*Outbound
	for _, n := range ns {
		m, err := tx.loadOutbound("n = ?", n)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}
