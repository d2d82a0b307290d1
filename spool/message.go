package spool

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// A Message is one assembled inbound message on its way to its consumer.
// PutMessage writes State, Route, NotBefore, Naks, Offers and AckedAt again; the rest is written once.
type Message struct {
	N              int64  // order of arrival, set on insert
	ID             string // from NewID
	Peer           string // as shown
	OA             string // digits, for keys
	Port, FromPort uint16
	To             string // own number of the SIM; "" unknown
	Alphabet       string // 8bit, gsm7, ucs2
	Modem, SIM     string
	SCTS           time.Time // zero: invalid
	Received       time.Time
	ReceivedWall   time.Time
	Payload        []byte // nil in lists
	Octets         int    // of the payload, as read
	Segments       int
	Generation     int64  // that its segments have; 0: it came in one, or before schema 4
	Route          string // "tcp" or "udp:<port>:<name>"
	State          MsgState
	NotBefore      time.Time // after NAK
	Naks           int
	Offers         int // how often it was written to a consumer, as of its last ACK or NAK
	AckedAt        time.Time
}

// A MsgState tells whether a message still waits for its consumer.
type MsgState string

const (
	MsgReady MsgState = "ready"
	MsgAcked MsgState = "acked"
)

// A Head is what a consumer's queue needs to know of a ready message.
type Head struct {
	N         int64
	ID, Peer  string
	Port      uint16
	NotBefore time.Time
	Offers    int
}

const messageColumns = `n, id, peer, oa, port, from_port, own, alphabet, modem, sim, scts, received, received_wall, segments, route,
	state, not_before, naks, offers, acked_at, generation, length(payload)`

func scanMessage(r *sql.Rows, more ...any) (*Message, error) {
	m := &Message{}
	return m, r.Scan(append([]any{&m.N, &m.ID, &m.Peer, &m.OA, &m.Port, &m.FromPort, &m.To, &m.Alphabet, &m.Modem, &m.SIM,
		(*stamp)(&m.SCTS), (*stamp)(&m.Received), (*stamp)(&m.ReceivedWall), &m.Segments, &m.Route, &m.State,
		(*stamp)(&m.NotBefore), &m.Naks, &m.Offers, (*stamp)(&m.AckedAt), &m.Generation, &m.Octets}, more...)...)
}

// PutMessage inserts a message with N 0, setting N, or writes the changing part of one again.
func (tx *Tx) PutMessage(m *Message) error {
	if m.N != 0 {
		r, err := tx.exec("UPDATE message SET route = ?, state = ?, not_before = ?, naks = ?, offers = ?, acked_at = ? WHERE n = ? AND id = ?",
			m.Route, string(m.State), nano(m.NotBefore), m.Naks, m.Offers, nano(m.AckedAt), m.N, m.ID)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return fmt.Errorf("put inbound message %s: %w", m.ID, ErrNotFound)
	}
	if m.ID == "" {
		return tx.fail(fmt.Errorf("put inbound message from %s: it has no id", m.Peer))
	}
	n, err := tx.insert(`INSERT INTO message (id, peer, oa, port, from_port, own, alphabet, modem, sim, scts, received, received_wall,
		segments, route, state, not_before, naks, offers, acked_at, generation, payload)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		m.ID, m.Peer, m.OA, m.Port, m.FromPort, m.To, m.Alphabet, m.Modem, m.SIM, nano(m.SCTS), nano(m.Received),
		nano(m.ReceivedWall), m.Segments, m.Route, string(m.State), nano(m.NotBefore), m.Naks, m.Offers, nano(m.AckedAt), m.Generation, octets(m.Payload))
	if err != nil {
		return err
	}
	tx.assign(&m.N, n)
	return nil
}

// Message reads a message with its payload; ErrNotFound if there is none.
func (tx *Tx) Message(id string) (m *Message, err error) {
	err = tx.each(func(r *sql.Rows) (bool, error) {
		var payload []byte
		if m, err = scanMessage(r, &payload); err == nil {
			m.Payload = payload
		}
		return false, err
	}, "SELECT "+messageColumns+", payload FROM message WHERE id = ?", id)
	if err == nil && m == nil {
		err = ErrNotFound
	}
	return m, err
}

const (
	readyAll  = "SELECT n, id, peer, port, not_before, offers FROM message WHERE state = 'ready' AND route = ? AND n > ? ORDER BY n LIMIT ?"
	readyPort = `SELECT n, id, peer, port, not_before, offers FROM message
		WHERE state = 'ready' AND route = ? AND port = ? AND n > ? ORDER BY n LIMIT ?`
	messagesAll   = "SELECT " + messageColumns + " FROM message WHERE n > ? ORDER BY n LIMIT ?"
	messagesAcked = "SELECT " + messageColumns + " FROM message WHERE state = 'acked' AND n > ? ORDER BY n LIMIT ?"
	// The ready ones are few among the history: by their own index, whatever the planner thinks.
	messagesReady = "SELECT " + messageColumns + ` FROM message WHERE n IN (
		SELECT n FROM message INDEXED BY message_route WHERE state = 'ready' AND n > ? ORDER BY n LIMIT ?) ORDER BY n`
)

// Ready lists unacknowledged messages of one route in order of arrival, also those that a NAK put off; ports nil = all.
func (tx *Tx) Ready(route string, ports []uint16, afterN int64, limit int) ([]Head, error) {
	scan := func(r *sql.Rows) (h Head, err error) {
		err = r.Scan(&h.N, &h.ID, &h.Peer, &h.Port, (*stamp)(&h.NotBefore), &h.Offers)
		return h, err
	}
	if ports == nil {
		return list(tx, scan, readyAll, route, afterN, limit)
	}
	ports = slices.Clone(ports)
	slices.Sort(ports)
	var all []Head
	for _, port := range slices.Compact(ports) {
		some, err := list(tx, scan, readyPort, route, port, afterN, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b Head) int { return cmp.Compare(a.N, b.N) })
	return all[:min(len(all), max(limit, 0))], nil
}

// LastMessage is the N of the newest message there ever was; 0 = none.
func (tx *Tx) LastMessage() (n int64, err error) { return tx.lastNumber("message") }

// Unclaimed counts the ready messages.
func (tx *Tx) Unclaimed() (int, error) { return tx.gauge("unclaimed") }

// Messages lists messages of one state, or of all for "", in order of arrival after afterN, without payloads.
func (tx *Tx) Messages(state MsgState, afterN int64, limit int) ([]*Message, error) {
	scan := func(r *sql.Rows) (*Message, error) { return scanMessage(r) }
	switch state {
	case "":
		return list(tx, scan, messagesAll, afterN, limit)
	case MsgReady:
		return list(tx, scan, messagesReady, afterN, limit)
	}
	return list(tx, scan, messagesAcked, afterN, limit)
}
