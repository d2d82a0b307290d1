package spool

import (
	"strings"
	"time"
)

// A Scope is whose attempts a window counts.
type Scope string

// Everything is all modems and peers.
const Everything Scope = "*"

// OfModem is one modem.
func OfModem(name string) Scope { return Scope("m:" + name) }

// ToPeer is one destination.
func ToPeer(number string) Scope { return Scope("p:" + peerKey(number)) }

func (s Scope) modem() (string, bool) { return strings.CutPrefix(string(s), "m:") }
func (s Scope) peer() string          { return strings.TrimPrefix(string(s), "p:") }

// tally adds an attempt to its hour, in each scope that it has. One before the last hour of all is taken as of that.
func (tx *Tx) tally(at time.Time, modem, peer string, price int64) error {
	_, err := tx.exec(`INSERT INTO tally (scope, hour, n, total, cost, paid) SELECT column1,
		max(?1, coalesce((SELECT hour FROM tally WHERE scope = '*' ORDER BY hour DESC LIMIT 1), ?1)),
		1, 1 + coalesce((SELECT total FROM tally WHERE scope = column1 ORDER BY hour DESC LIMIT 1), 0),
		?2, ?2 + coalesce((SELECT paid FROM tally WHERE scope = column1 ORDER BY hour DESC LIMIT 1), 0)
		FROM (VALUES ('*'), (?3), (?4)) WHERE true
		ON CONFLICT DO UPDATE SET n = n + 1, total = excluded.total, cost = cost + excluded.cost, paid = excluded.paid`,
		hourOf(at), price, string(OfModem(modem)), string(ToPeer(peer)))
	return err
}

func hourOf(t time.Time) int64 { return t.UnixNano() / int64(time.Hour) }

const tallied = `SELECT (SELECT total FROM tally WHERE scope = ?1 ORDER BY hour DESC LIMIT 1) - total + n,
	(SELECT paid FROM tally WHERE scope = ?1 ORDER BY hour DESC LIMIT 1) - paid + cost
	FROM tally WHERE scope = ?1 AND hour >= ?2 ORDER BY hour LIMIT 1`

// Tallied sums up the hours of a scope that are not wholly before since: as many attempts as there were at since and later,
// or up to an hour's more.
func (tx *Tx) Tallied(scope Scope, since time.Time) (n int, cost int64, err error) {
	if err = tx.get([]any{&n, &cost}, tallied, string(scope), hourOf(since)); err == ErrNotFound {
		return 0, 0, nil
	}
	return n, cost, err
}

// TalliedLast is the end of the hour in which the attempt was made with which n were made in the scope, counted from the
// last one: in a window that begins there Tallied counts fewer. There must have been so many.
func (tx *Tx) TalliedLast(scope Scope, n int) (end time.Time, err error) {
	var hour int64
	err = tx.get([]any{&hour}, talliedLast, string(scope), n)
	return time.Unix(0, (hour+1)*int64(time.Hour)).UTC(), err
}

const talliedLast = `SELECT hour FROM tally WHERE scope = ?1
	AND total > (SELECT total FROM tally WHERE scope = ?1 ORDER BY hour DESC LIMIT 1) - ?2 ORDER BY hour LIMIT 1`

const talliedEver = "SELECT total, paid FROM tally WHERE scope = ? ORDER BY hour DESC LIMIT 1"

// TalliedEver is how many attempts of a scope there ever were, and what they cost, as far back as the last one is known.
func (tx *Tx) TalliedEver(scope Scope) (n, cost int64, err error) {
	if err = tx.get([]any{&n, &cost}, talliedEver, string(scope)); err == ErrNotFound {
		return 0, 0, nil
	}
	return n, cost, err
}
