package spool

import (
	"database/sql"
	"fmt"
	"time"
)

// An InSegment is one received short message: a part of a datagram until that is complete, its tombstone afterwards.
type InSegment struct {
	ID          int64 // 0 until inserted
	Fingerprint [32]byte

	// The reassembly key. A single short message has Bits 0 and Total 1.
	SIM, OA string
	Bits    int // of the reference, 8 or 16; 0: another numbering
	Ref     uint32
	Total   int
	Port    uint16

	Seq        int
	Generation int64 // groups the segments of one datagram; 0 for a single
	Done       bool  // its datagram is complete: a tombstone, Mode nil
	Parked     bool  // its datagram expired into quarantine
	Hash       [32]byte
	Mode       []byte    // PDU-mode octets as received
	SCTS       time.Time // of the sender's SC, else the time of receipt
	At, AtWall time.Time
	Peer       string
	FromPort   uint16
	Modem      string
	Copies     int // recognised and dropped; see CountCopy
}

const inColumns = `id, fingerprint, sim, oa, bits, ref, total, port, seq, generation, done, parked, hash, mode, scts, at,
	at_wall, peer, from_port, modem, copies`

func scanInSegment(r *sql.Rows) (s InSegment, err error) {
	err = r.Scan(&s.ID, (*digest)(&s.Fingerprint), &s.SIM, &s.OA, &s.Bits, &s.Ref, &s.Total, &s.Port, &s.Seq, &s.Generation,
		&s.Done, &s.Parked, (*digest)(&s.Hash), &s.Mode, (*stamp)(&s.SCTS), (*stamp)(&s.At), (*stamp)(&s.AtWall),
		&s.Peer, &s.FromPort, &s.Modem, &s.Copies)
	return s, err
}

// HasFingerprint tells whether a segment with this fingerprint is on disk.
func (tx *Tx) HasFingerprint(fp [32]byte) (bool, error) {
	var one int
	switch err := tx.get([]any{&one}, "SELECT 1 FROM in_segment WHERE fingerprint = ?", fp[:]); err {
	case nil:
		return true, nil
	case ErrNotFound:
		return false, nil
	default:
		return false, err
	}
}

// CountCopy notes that a segment with this fingerprint came again.
func (tx *Tx) CountCopy(fp [32]byte) error {
	_, err := tx.exec("UPDATE in_segment SET copies = copies + 1 WHERE fingerprint = ?", fp[:])
	return err
}

// PutInSegment inserts a segment with ID 0, setting the ID, or writes the changing part of one again: Generation, Done,
// Parked, Mode, At. Inserting a fingerprint twice is an error: ask HasFingerprint first.
func (tx *Tx) PutInSegment(s *InSegment) error {
	if s.ID != 0 {
		r, err := tx.exec(`UPDATE in_segment SET generation = ?, done = ?, parked = ?, mode = ?, at = ? WHERE id = ?`,
			s.Generation, s.Done, s.Parked, s.Mode, nano(s.At), s.ID)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return fmt.Errorf("put inbound segment %d: %w", s.ID, ErrNotFound)
	}
	id, err := tx.insert(`INSERT INTO in_segment (fingerprint, sim, oa, bits, ref, total, port, seq, generation, done, parked, hash,
		mode, scts, at, at_wall, peer, from_port, modem, copies)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.Fingerprint[:], s.SIM, s.OA, s.Bits, s.Ref, s.Total, s.Port, s.Seq, s.Generation, s.Done, s.Parked, s.Hash[:],
		s.Mode, nano(s.SCTS), nano(s.At), nano(s.AtWall), s.Peer, s.FromPort, s.Modem, s.Copies)
	if err != nil {
		return err
	}
	tx.assign(&s.ID, id)
	return nil
}

const (
	// The newest that may matter: a sender who never changes its reference must not make each message dearer than the last.
	inByKey = "SELECT " + inColumns + ` FROM in_segment WHERE id IN (SELECT id FROM in_segment
		WHERE sim = ? AND oa = ? AND bits = ? AND ref = ? AND total = ? AND port = ? ORDER BY id DESC LIMIT 4096)
		AND scts BETWEEN ? AND ? ORDER BY generation, seq, id`
	inByGeneration = "SELECT " + inColumns + " FROM in_segment WHERE generation = ? AND generation <> 0 ORDER BY seq, id"
	inByTime       = "SELECT " + inColumns + " FROM in_segment WHERE at = ? AND sim = ? AND oa = ? AND generation = 0 ORDER BY id"
)

// InSegments lists the segments under one reassembly key whose SCTS lies within the span, by generation and number, parked
// and done ones too: of the newest 4096 under the key. It is meant for concatenated ones: singles of one sender all share
// a key.
func (tx *Tx) InSegments(sim, oa string, bits int, ref uint32, total int, port uint16, from, to time.Time) ([]InSegment, error) {
	return list(tx, scanInSegment, inByKey, sim, oa, bits, ref, total, port, nano(from), nano(to))
}

// Generation lists the segments of one generation by number.
func (tx *Tx) Generation(gen int64) ([]InSegment, error) {
	return list(tx, scanInSegment, inByGeneration, gen)
}

// SegmentsOf lists the segments that a message came in, by number, as long as they are kept.
func (tx *Tx) SegmentsOf(m *Message) ([]InSegment, error) {
	if m.Generation != 0 {
		return tx.Generation(m.Generation)
	}
	return list(tx, scanInSegment, inByTime, nano(m.Received), m.SIM, m.OA) // one segment, of the same commit
}

const unfinished = `SELECT DISTINCT generation FROM in_segment INDEXED BY in_segment_open
	WHERE generation > ? AND generation <> 0 AND done = 0 ORDER BY generation LIMIT ?`

// Unfinished lists the generations after afterGen that miss segments, in order, parked ones too.
func (tx *Tx) Unfinished(afterGen int64, limit int) ([]int64, error) {
	return list(tx, scanInt, unfinished, afterGen, limit)
}

// NewGeneration gives out a generation number that no datagram ever had.
func (tx *Tx) NewGeneration() (gen int64, err error) {
	if _, err := tx.exec("UPDATE sequence SET value = value + 1 WHERE name = 'generation'"); err != nil {
		return 0, err
	}
	return gen, tx.get([]any{&gen}, "SELECT value FROM sequence WHERE name = 'generation'")
}

// Partials counts the open generations: neither done nor parked.
func (tx *Tx) Partials() (n int, err error) { return tx.gauge("partials") }

// Fingerprints counts the inbound segments on disk, tombstones included.
func (tx *Tx) Fingerprints() (int, error) { return tx.gauge("fingerprints") }

// PartialsOf counts the open generations of one sender to one SIM.
func (tx *Tx) PartialsOf(sim, oa string) (n int, err error) {
	return n, tx.get([]any{&n}, partialsOf, sim, oa)
}

const (
	partialsOf      = "SELECT count(*) FROM partial WHERE sim = ? AND oa = ?"
	oldestPartial   = "SELECT generation FROM partial ORDER BY first_at LIMIT 1"
	oldestPartialOf = "SELECT generation FROM partial WHERE sim = ? AND oa = ? ORDER BY first_at LIMIT 1"
	crowdingSender  = `SELECT sim, oa, (SELECT count(*) FROM partial WHERE sim = new.sim AND oa = new.oa) AS n
		FROM (SELECT sim, oa FROM partial ORDER BY generation DESC LIMIT ?) AS new ORDER BY n DESC LIMIT 1`
	nextPartial     = "SELECT first_at FROM partial ORDER BY first_at LIMIT 1"
	expiredPartials = "SELECT generation FROM partial WHERE first_at < ? ORDER BY first_at LIMIT ?"
)

// OldestPartial is the open generation whose first segment is the oldest, of one sender to one SIM or, for "" and "", of
// all; ErrNotFound if there is none.
func (tx *Tx) OldestPartial(sim, oa string) (gen int64, err error) {
	if sim == "" && oa == "" {
		return gen, tx.get([]any{&gen}, oldestPartial)
	}
	return gen, tx.get([]any{&gen}, oldestPartialOf, sim, oa)
}

// NextPartial is when the oldest open generation began; ErrNotFound if there is none.
func (tx *Tx) NextPartial() (first time.Time, err error) {
	return first, tx.get([]any{(*stamp)(&first)}, nextPartial)
}

// CrowdingSender is who has the most open generations among the senders of the newest ones, and how many; ErrNotFound if
// none is open.
func (tx *Tx) CrowdingSender(newest int) (sim, oa string, n int, err error) {
	err = tx.get([]any{&sim, &oa, &n}, crowdingSender, newest)
	return sim, oa, n, err
}

// ExpiredPartials lists open generations whose first segment came before firstBefore, the oldest first.
func (tx *Tx) ExpiredPartials(firstBefore time.Time, limit int) ([]int64, error) {
	return list(tx, scanInt, expiredPartials, nano(firstBefore), limit)
}

const (
	oldInSegments = `DELETE FROM in_segment WHERE id IN (
		SELECT id FROM in_segment WHERE at <= ?1 AND (done = 1 OR parked = 1) ORDER BY at LIMIT ?2)`
	dropParked = "DELETE FROM in_segment WHERE generation = ? AND generation <> 0 AND parked = 1"
)

// BoundInSegments lets go of up to limit done or parked segments, the oldest first, while more than keep segments are on
// disk. now is the newest At there is. over is how many are too many still.
func (tx *Tx) BoundInSegments(keep int, now time.Time, limit int) (over int, err error) {
	n, err := tx.Fingerprints()
	if err != nil || n <= keep {
		return 0, err
	}
	r, err := tx.exec(oldInSegments, nano(now), min(limit, n-keep))
	if err != nil {
		return 0, err
	}
	gone, err := r.RowsAffected()
	return n - keep - int(gone), err
}

// DropParked lets go of the parked segments of a generation.
func (tx *Tx) DropParked(gen int64) error {
	_, err := tx.exec(dropParked, gen)
	return err
}
