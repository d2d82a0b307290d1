package spool

import "time"

const (
	waitingTo = `SELECT coalesce(sum(todo), 0) FROM (SELECT todo FROM outbound INDEXED BY outbound_peer
		WHERE state = 'queued' AND peer IN (?1, '+' || ?1) AND todo > 0 LIMIT ?2)`
	waitingIn = `SELECT coalesce(sum(todo), 0) FROM (SELECT todo FROM outbound INDEXED BY outbound_lane
		WHERE state = 'queued' AND lane = ?1 AND todo > 0 LIMIT ?2)`
)

// WaitingTo counts the segments of open messages to a peer that are still to be submitted: no fewer than most, where there
// are so many, but it looks at no more messages than that.
func (tx *Tx) WaitingTo(peer string, most int) (n int, err error) {
	return n, tx.get([]any{&n}, waitingTo, peerKey(peer), most)
}

// WaitingFor counts in the same way those that only this modem, with this SIM, may carry.
func (tx *Tx) WaitingFor(modem, sim string, most int) (n int, err error) {
	lanes := []string{modemLane(modem)}
	if sim != "" {
		lanes = append(lanes, ownLane(sim))
	}
	for _, lane := range lanes {
		var more int
		if err := tx.get([]any{&more}, waitingIn, lane, most); err != nil {
			return n, err
		}
		n += more
	}
	return n, nil
}

// WaitingForAny counts in the same way those that any modem may carry.
func (tx *Tx) WaitingForAny(most int) (n int, err error) {
	return n, tx.get([]any{&n}, waitingIn, anyLane, most)
}

// PutOff lists open messages in the order of their acceptance after afterN that are due later than now.
func (tx *Tx) PutOff(now time.Time, afterN int64, limit int) ([]*Outbound, error) {
	all, err := list(tx, scanOutbound, putOff, nano(now), afterN, limit)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if m.Segments, err = tx.segments(m.N); err != nil {
			return nil, err
		}
	}
	return all, nil
}

const putOff = "SELECT " + outboundColumns + ` FROM outbound INDEXED BY outbound_state
	WHERE state = 'queued' AND due > ? AND n > ? ORDER BY n LIMIT ?`

// Bucket is when the token bucket of a peer is full again; the zero time: it is.
func (tx *Tx) Bucket(peer string) (full time.Time, err error) {
	if err = tx.get([]any{(*stamp)(&full)}, "SELECT nullif(bucket, 0) FROM peer WHERE peer = ?", peerKey(peer)); err == ErrNotFound {
		return time.Time{}, nil
	}
	return full, err
}

// SetBucket notes when the token bucket of a peer will be full again.
func (tx *Tx) SetBucket(peer string, full, now time.Time) error {
	_, err := tx.exec(`INSERT INTO peer (peer, used, bucket) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET bucket = excluded.bucket, used = max(used, excluded.used)`, peerKey(peer), now.UnixNano(), full.UnixNano())
	return err
}
