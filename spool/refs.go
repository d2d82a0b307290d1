package spool

import (
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"fmt"
	"time"
)

// refRest is how long an 8-bit reference rests before the same peer gets it again: receivers join segments by it.
const refRest = 30 * time.Minute

const liveRefs = `SELECT ref FROM outbound WHERE state = 'queued' AND peer IN (?1, '+' || ?1) AND ref_bits > 0`

// NextRef gives out the next concatenation reference to this peer, counting up from a random first one. Its low octet is
// that of no open message to the peer; for bits 8 it is also none given within 30 minutes while there is another, and
// the longest rested otherwise. false: open messages hold all 256.
func (tx *Tx) NextRef(peer string, bits int, now time.Time) (uint16, bool, error) {
	if bits != 8 && bits != 16 {
		return 0, false, tx.fail(fmt.Errorf("give reference to %s: width %d is neither 8 nor 16", peer, bits))
	}
	peer = peerKey(peer)
	last, err := tx.lastRef(peer)
	if err != nil {
		return 0, false, err
	}
	var live [256]bool
	err = tx.each(func(r *sql.Rows) (bool, error) {
		var ref uint16
		err := r.Scan(&ref)
		live[byte(ref)] = true
		return true, err
	}, liveRefs, peer)
	if err != nil {
		return 0, false, err
	}
	given, err := tx.refsGiven(peer)
	if err != nil {
		return 0, false, err
	}

	var best uint16
	found := false
	for i := range uint16(256) {
		ref := last + 1 + i
		low := byte(ref)
		if live[low] {
			continue
		}
		at, used := given[low]
		if bits == 16 || !used || at.Add(refRest).Before(now) {
			best, found = ref, true
			break
		}
		if !found || at.Before(given[byte(best)]) {
			best, found = ref, true
		}
	}
	if !found {
		return 0, false, nil
	}
	if err := tx.giveRef(peer, best, now); err != nil {
		return 0, false, err
	}
	if bits == 8 {
		best &= 0xff
	}
	return best, true, nil
}

// RefLive tells whether an open message to the peer holds a reference of the same low octet.
func (tx *Tx) RefLive(peer string, ref uint16) (live bool, err error) {
	err = tx.each(func(r *sql.Rows) (bool, error) {
		var other uint16
		err := r.Scan(&other)
		live = live || byte(other) == byte(ref)
		return !live, err
	}, liveRefs, peerKey(peer))
	return live, err
}

func (tx *Tx) lastRef(peer string) (uint16, error) {
	var last sql.Null[uint16]
	err := tx.get([]any{&last}, "SELECT ref FROM peer WHERE peer = ?", peer)
	if err != nil && err != ErrNotFound {
		return 0, err
	}
	if !last.Valid {
		var b [2]byte
		rand.Read(b[:])
		return binary.BigEndian.Uint16(b[:]), nil
	}
	return last.V, nil
}

// refsGiven is when each low octet was last given to the peer.
func (tx *Tx) refsGiven(peer string) (map[byte]time.Time, error) {
	given := map[byte]time.Time{}
	err := tx.each(func(r *sql.Rows) (bool, error) {
		var low byte
		var at time.Time
		err := r.Scan(&low, (*stamp)(&at))
		given[low] = at
		return true, err
	}, "SELECT low, at FROM ref_given WHERE peer = ?", peer)
	return given, err
}

func (tx *Tx) giveRef(peer string, ref uint16, now time.Time) error {
	at := now.UnixNano()
	_, err := tx.exec(`INSERT INTO peer (peer, ref, used) VALUES (?1, ?2, ?3)
		ON CONFLICT DO UPDATE SET ref = excluded.ref, used = max(used, excluded.used)`, peer, ref, at)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO ref_given (peer, low, at) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET at = excluded.at`, peer, ref&0xff, at)
	return err
}
