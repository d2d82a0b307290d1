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
	purgeTally = `DELETE FROM tally WHERE (scope, hour) IN (SELECT scope, hour FROM tally WHERE hour < ?1 / 3600000000000 ORDER BY hour LIMIT ?2)`
	purgeRef   = `DELETE FROM ref_given WHERE (peer, low) IN (SELECT peer, low FROM ref_given WHERE at < ?1 ORDER BY at LIMIT ?2)`
	// None has gone on for a day without a word.
	purgeVolley = `DELETE FROM volley WHERE peer IN (SELECT peer FROM volley WHERE max(coalesce(said, 0), coalesce(heard, 0)) < ?1 LIMIT ?2)`
	purgePeer   = `DELETE FROM peer WHERE peer IN (SELECT peer FROM peer WHERE used < ?1 ORDER BY used LIMIT ?2)
		AND NOT EXISTS (SELECT 1 FROM outbound WHERE state = 'queued' AND outbound.peer = peer.peer)
		AND NOT EXISTS (SELECT 1 FROM outbound WHERE state = 'queued' AND outbound.peer = '+' || peer.peer)`
)

// A Horizon is how far back history reaches; what is older may go.
type Horizon struct {
	Outbound   time.Time // settled. Keep it behind the 24 h in which a key= must be recognised
	Messages   time.Time // acknowledged
	Events     time.Time
	InSegments time.Time // received, and done or parked
	Spend      time.Time // submission attempts; given references too, but none that still rests, and volleys that are over
	Tally      time.Time // hours of them
	Peers      time.Time // heard from and written to
}

// Purge lets go of history. At most limit rows go from each table; n counts them all, and while it is not 0 there may be
// more.
func (tx *Tx) Purge(h Horizon, limit int) (n int, err error) {
	for _, p := range []struct {
		query  string
		before time.Time
	}{
		{purgeOutbound, h.Outbound},
		{purgeMessage, h.Messages},
		{purgeInSegment, h.InSegments},
		{purgeSpend, h.Spend},
		{purgeTally, h.Tally},
		{purgeVolley, h.Spend},
		{purgeRef, h.Spend.Add(-refRest)},
		{purgePeer, h.Peers},
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
	gone, err := tx.purgeEvents(h.Events, limit)
	if err != nil {
		return n, err
	}
	return n + gone, tx.shrink()
}

const (
	crowdOutbound = "SELECT settled FROM outbound WHERE settled IS NOT NULL ORDER BY settled DESC LIMIT 1 OFFSET ?"
	crowdMessages = "SELECT acked_at FROM message WHERE state = 'acked' AND acked_at IS NOT NULL ORDER BY acked_at DESC LIMIT 1 OFFSET ?"
	crowdPeers    = "SELECT used FROM peer WHERE used > 0 ORDER BY used DESC LIMIT 1 OFFSET ?"
	crowdEvents   = "SELECT at FROM event WHERE n <= ? ORDER BY n DESC LIMIT 1"
)

// Crowd is the horizon that leaves no more than so many settled outbound messages, acknowledged inbound ones, peers and
// events; zero times where there are fewer. It reads an index as far as there are rows: not for each message.
func (tx *Tx) Crowd(messages, events int) (h Horizon, err error) {
	last, err := tx.lastNumber("event")
	if err != nil {
		return h, err
	}
	for _, c := range []struct {
		to    *time.Time
		query string
		arg   int64
	}{
		{&h.Outbound, crowdOutbound, int64(messages)},
		{&h.Messages, crowdMessages, int64(messages)},
		{&h.Peers, crowdPeers, int64(messages)},
		{&h.Events, crowdEvents, last - int64(events)}, // they go from the front only, so their numbers count them
	} {
		switch err := tx.get([]any{(*stamp)(c.to)}, c.query, c.arg); err {
		case nil:
			*c.to = c.to.Add(1) // that one goes too
		case ErrNotFound:
		default:
			return h, err
		}
	}
	return h, nil
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
	const most = 1 << 20
	var size, free, pages int
	if err := tx.get([]any{&size}, "PRAGMA page_size"); err != nil {
		return err
	}
	if err := tx.get([]any{&free}, "PRAGMA freelist_count"); err != nil {
		return err
	}
	if err := tx.get([]any{&pages}, "PRAGMA page_count"); err != nil {
		return err
	}
	if free < most/size || free < pages/4 {
		return nil
	}
	return tx.each(func(*sql.Rows) (bool, error) { return true, nil }, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", most/size))
}
