package spool

import (
	"database/sql"
	"fmt"
	"time"
)

// Purge queries take the oldest rows by index and stop at ?2.
const (
	// One that was sent stays until its reports are due.
	purgeOutbound = `DELETE FROM outbound WHERE n IN (SELECT n FROM outbound WHERE settled < ?1
		AND NOT (state = 'sent' AND report = 1 AND expires >= ?1) ORDER BY settled LIMIT ?2)`
	purgeMessage   = `DELETE FROM message WHERE n IN (SELECT n FROM message WHERE state = 'acked' AND acked_at < ?1 ORDER BY acked_at LIMIT ?2)`
	purgeInSegment = `DELETE FROM in_segment WHERE id IN (
		SELECT id FROM in_segment WHERE at < ?1 AND (done = 1 OR parked = 1) ORDER BY at LIMIT ?2)`
	purgeSpend = `DELETE FROM spend WHERE n IN (SELECT n FROM spend WHERE at < ?1 ORDER BY at, n LIMIT ?2)`
	purgeRef   = `DELETE FROM ref_given WHERE (peer, low) IN (SELECT peer, low FROM ref_given WHERE at < ?1 ORDER BY at LIMIT ?2)`
	purgePeer  = `DELETE FROM peer WHERE peer IN (SELECT peer FROM peer WHERE used < ?1 ORDER BY used LIMIT ?2)
		AND NOT EXISTS (SELECT 1 FROM outbound WHERE state = 'queued' AND outbound.peer = peer.peer)
		AND NOT EXISTS (SELECT 1 FROM outbound WHERE state = 'queued' AND outbound.peer = '+' || peer.peer)`
)

// peerRest is how long a peer's home SIM and reference counter outlive the history.
const peerRest = 365 * 24 * time.Hour

// Purge lets go of history: messages settled or acknowledged and events older than before; done and parked inbound
// segments older than segBefore; submission attempts and given references older than spendBefore (never references that
// still rest); peers silent for a year before before. At most limit rows go from each table; n counts them all, and
// while it is not 0 there may be more. Keep before behind the 24 h in which a key= must be recognised.
func (tx *Tx) Purge(before, segBefore, spendBefore time.Time, limit int) (n int, err error) {
	refBefore := spendBefore.Add(-refRest)
	for _, p := range []struct {
		query  string
		before time.Time
	}{
		{purgeOutbound, before},
		{purgeMessage, before},
		{purgeInSegment, segBefore},
		{purgeSpend, spendBefore},
		{purgeRef, refBefore},
		{purgePeer, before.Add(-peerRest)},
	} {
		r, err := tx.exec(p.query, nano(p.before), limit)
		if err != nil {
			return n, err
		}
		gone, err := r.RowsAffected()
		if err != nil {
			return n, err
		}
		n += int(gone)
	}
	gone, err := tx.purgeEvents(before, limit)
	if err != nil {
		return n, err
	}
	return n + gone, tx.shrink()
}

// purgeEvents takes events only from the front, so that the kept ones are without gaps.
func (tx *Tx) purgeEvents(before time.Time, limit int) (int, error) {
	var last int64
	err := tx.each(func(r *sql.Rows) (bool, error) {
		var n int64
		var at time.Time
		err := r.Scan(&n, (*stamp)(&at))
		if err != nil || !at.Before(before) {
			return false, err
		}
		last = n
		return true, nil
	}, "SELECT n, at FROM event ORDER BY n LIMIT ?", limit)
	if err != nil || last == 0 {
		return 0, err
	}
	r, err := tx.exec("DELETE FROM event WHERE n <= ?", last)
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	return int(n), err
}

// shrink gives up to 1 MiB back to the file system when more than that and a quarter of the file is free. What stays is
// used again.
func (tx *Tx) shrink() error {
	const chunk = 256 // pages
	var free, pages int
	if err := tx.get([]any{&free}, "PRAGMA freelist_count"); err != nil {
		return err
	}
	if err := tx.get([]any{&pages}, "PRAGMA page_count"); err != nil {
		return err
	}
	if free < chunk || free < pages/4 {
		return nil
	}
	return tx.each(func(*sql.Rows) (bool, error) { return true, nil }, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", chunk))
}
