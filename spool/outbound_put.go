package spool

import (
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// PutOutbound inserts the message or brings what is on disk to its present state, writing only what differs.
func (tx *Tx) PutOutbound(m *Outbound) error {
	if m.ID == "" {
		return tx.fail(fmt.Errorf("put outbound message to %s: it has no id", m.Peer))
	}
	for i, s := range m.Segments {
		if s.Seq != i+1 {
			return tx.fail(fmt.Errorf("put outbound message %s: segment %d has number %d", m.ID, i+1, s.Seq))
		}
	}
	old, err := tx.onDisk(m.ID)
	switch err {
	case nil:
		err = tx.updateOutbound(old, m)
	case ErrNotFound:
		err = tx.insertOutbound(m)
	}
	if err == nil {
		tx.remember(m)
	}
	return err
}

// onDisk is a message as the transaction read or wrote it last.
func (tx *Tx) onDisk(id string) (*Outbound, error) {
	if m := tx.outbound[id]; m != nil {
		return m, nil
	}
	return tx.loadOutbound("id = ?", id)
}

func (tx *Tx) remember(m *Outbound) {
	was := *m
	was.Segments = slices.Clone(m.Segments)
	if tx.outbound == nil {
		tx.outbound = map[string]*Outbound{}
	}
	tx.outbound[m.ID] = &was
}

func (tx *Tx) insertOutbound(m *Outbound) error {
	now, err := tx.changing(m)
	if err != nil {
		return err
	}
	var key any
	if m.Key != "" {
		key = m.Key
	}
	n, err := tx.insert(`INSERT INTO outbound (report, want_modem, unknown, ttl, expires, state, why, due, attempts, modem, sim,
		ref, ref_bits, restarts, settled, todo, lane, id, peer, port, from_port, key, digest, origin, accepted, accepted_wall, form)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		append(now, m.ID, m.Peer, m.Port, m.FromPort, key, m.Digest[:], m.Origin, nano(m.Accepted), nano(m.AcceptedWall), string(m.Form))...)
	if err != nil {
		return err
	}
	if _, err := tx.exec("INSERT INTO outbound_payload VALUES (?, ?)", n, octets(m.Payload)); err != nil {
		return err
	}
	tx.assign(&m.N, n)
	return tx.putSegments(n, m.Peer, nil, m.Segments)
}

func (tx *Tx) updateOutbound(old, m *Outbound) error {
	was, err := tx.changing(old)
	if err != nil {
		return err
	}
	now, err := tx.changing(m)
	if err != nil {
		return err
	}
	if !slices.Equal(was, now) {
		_, err := tx.exec(`UPDATE outbound SET report = ?, want_modem = ?, unknown = ?, ttl = ?, expires = ?, state = ?, why = ?, due = ?,
			attempts = ?, modem = ?, sim = ?, ref = ?, ref_bits = ?, restarts = ?, settled = ?, todo = ?, lane = ? WHERE n = ?`, append(now, old.N)...)
		if err != nil {
			return err
		}
	}
	return tx.putSegments(old.N, old.Peer, old.Segments, m.Segments)
}

// changing is the part of a row that follows the message's life.
func (tx *Tx) changing(m *Outbound) ([]any, error) {
	lane, err := tx.lane(m)
	if err != nil {
		return nil, err
	}
	due := m.Due
	if !m.State.Open() {
		due = time.Time{}
	} else if due.IsZero() {
		due = time.Unix(0, 0) // at once: NULL <= now is not true; read back as none
	}
	return []any{m.Report, m.WantModem, m.Unknown, int64(m.TTL), nano(m.Expires), string(m.State), m.Why, nano(due), m.Attempts, m.Modem, m.SIM,
		m.Ref, m.RefBits, m.Restarts, nano(m.settled()), m.todo(), lane}, nil
}

// lane names who may carry the message, so that each modem finds its own work by index.
func (tx *Tx) lane(m *Outbound) (string, error) {
	switch {
	case !m.State.Open():
		return "", nil
	case m.SIM != "":
		return ownLane(m.SIM), nil // begun: a segment of another SIM would come from another number
	case m.WantModem != "":
		return modemLane(m.WantModem), nil
	}
	sim, err := tx.Home(m.Peer)
	return homeLane(sim), err
}

const anyLane = "*"

func modemLane(modem string) string { return "m:" + modem }

// ownLane is where a SIM finds the messages to its peers; that of no SIM is empty.
func ownLane(sim string) string { return "s:" + sim }

// homeLane is where messages to a peer with this home wait.
func homeLane(sim string) string {
	if sim == "" {
		return anyLane
	}
	return ownLane(sim)
}

// segments are those of one message, in a row from 1. One of which only a later one is left, as recovery may find it, is
// unknown.
func (tx *Tx) segments(n int64) (all []OutSegment, err error) {
	rows, err := list(tx, func(r *sql.Rows) (s OutSegment, err error) {
		err = r.Scan(&s.Seq, &s.State, &s.MR, &s.Modem, &s.SIM, (*stamp)(&s.At), (*stamp)(&s.SentAt), (*stamp)(&s.AirAt), &s.Attempts, &s.Tries,
			&s.Unsure, &s.Why)
		return s, err
	}, "SELECT seq, state, mr, modem, sim, at, sent_at, air_at, attempts, tries, unsure, why FROM out_segment WHERE outbound = ? ORDER BY seq", n)
	for _, s := range rows {
		for s.Seq > len(all)+1 && s.Seq <= maxSegments {
			all = append(all, OutSegment{Seq: len(all) + 1, State: SegUnknown, MR: -1, Why: "the spool was damaged: what became of it is lost"})
		}
		if s.Seq == len(all)+1 {
			all = append(all, s)
		}
	}
	return all, err
}

// maxSegments is what a sequence number counts (TS 23.040 9.2.3.24.1).
const maxSegments = 255

func (tx *Tx) putSegments(n int64, peer string, old, now []OutSegment) error {
	for i, s := range now {
		if i < len(old) && sameSegment(old[i], s) {
			continue
		}
		_, err := tx.exec(`INSERT INTO out_segment (outbound, seq, peer, state, mr, modem, sim, at, sent_at, air_at, attempts, tries, unsure, why)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET state = excluded.state, mr = excluded.mr, modem = excluded.modem, sim = excluded.sim,
			at = excluded.at, sent_at = excluded.sent_at, air_at = excluded.air_at, attempts = excluded.attempts,
			tries = excluded.tries, unsure = excluded.unsure, why = excluded.why`,
			n, s.Seq, peerKey(peer), string(s.State), s.MR, s.Modem, s.SIM, nano(s.At), nano(s.SentAt), nano(s.AirAt), s.Attempts, s.Tries,
			s.Unsure, s.Why)
		if err != nil {
			return err
		}
	}
	// A message that starts again under another reference may need fewer.
	if len(old) > len(now) {
		_, err := tx.exec("DELETE FROM out_segment WHERE outbound = ? AND seq > ?", n, len(now))
		return err
	}
	return nil
}

func sameSegment(a, b OutSegment) bool {
	if nano(a.At) != nano(b.At) || nano(a.SentAt) != nano(b.SentAt) || nano(a.AirAt) != nano(b.AirAt) {
		return false
	}
	a.At, a.SentAt, a.AirAt = b.At, b.SentAt, b.AirAt
	return a == b
}
