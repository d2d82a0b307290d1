package spool

import (
	"database/sql"
	"time"
)

// An Outbound is one message accepted for sending, with its segments.
//
// Written once, by the first PutOutbound: N, ID, Peer, ports, Payload, Form, Key, Digest, Origin, Accepted, AcceptedWall.
// The rest follows the message through its life.
type Outbound struct {
	N              int64  // order of acceptance, set on insert
	ID             string // from NewID
	Peer           string // "+digits" or digits
	Port, FromPort uint16
	Payload        []byte // nil in lists
	Octets         int    // of the payload, where that or a list was read
	Form           OutForm
	Key            string   // the client's idempotency key; "" = none
	Digest         [32]byte // over peer, ports and payload: a repeat under one key, or a conflict
	Report         bool
	WantModem      string // modem named in SEND; "" = any
	Unknown        string // policy auto|hold|resend|fail
	Origin         string // where it came in: "tcp", "udp:0"

	TTL               time.Duration // as asked for
	Accepted, Expires time.Time
	AcceptedWall      time.Time

	State      OutState
	Why        string
	Due        time.Time // not tried before; only of open messages
	Attempts   int
	Modem, SIM string // that carries it, once a segment was submitted
	Ref        uint16
	RefBits    int       // 0: no reference allocated; 8 or 16
	Restarts   int       // how often it began again under another reference
	Settled    time.Time // when it reached a final state, for Purge; zero: taken from its newest time known
	Segments   []OutSegment
}

// An OutForm is in which form a message goes on air.
type OutForm string

const (
	FormData OutForm = ""     // 8-bit data, concatenated (TS 23.040) when it is long
	FormDD   OutForm = "dd"   // 8-bit data, in the parts of CSP's plain text syntax
	FormText OutForm = "text" // in the GSM 7-bit alphabet
)

// An OutState is the state of a whole outbound message.
type OutState string

const (
	StateQueued    OutState = "queued" // nothing accepted yet, or in progress
	StateSent      OutState = "sent"
	StateDelivered OutState = "delivered"
	StateFailed    OutState = "failed"
	StateExpired   OutState = "expired"
	StateUnknown   OutState = "unknown"
	StateCancelled OutState = "cancelled"
)

// Open tells whether the message is still to be worked on.
func (s OutState) Open() bool { return s == StateQueued }

// An OutSegment is one short message of an outbound message.
type OutSegment struct {
	Seq        int // 1..total
	State      SegState
	MR         int // TP-MR, -1 = none
	Modem, SIM string
	At         time.Time // of the last change
	SentAt     time.Time // when the last attempt began
	AirAt      time.Time // when it may first have gone on air; zero: it surely never did
	Attempts   int
	Tries      int  // attempts that count against a limit: those that were refused for cause or stayed unknown
	Unsure     bool // an attempt of unknown outcome is open, whatever the state
	Why        string
}

// A SegState is what is known of one segment on air.
type SegState string

const (
	SegQueued     SegState = "queued"
	SegSubmitting SegState = "submitting" // written before Ctrl-Z
	SegAccepted   SegState = "accepted"
	SegUnknown    SegState = "unknown"
	SegFailed     SegState = "failed"
	SegDelivered  SegState = "delivered"
)

// Accepted tells whether the network has taken the segment.
func (s SegState) Accepted() bool { return s == SegAccepted || s == SegDelivered }

// todo counts the segments that are still to be submitted, as far as is known.
func (m *Outbound) todo() (n int) {
	for _, s := range m.Segments {
		switch {
		case s.State.Accepted(), s.State == SegSubmitting, s.State == SegUnknown && s.Unsure && m.Unknown == "hold":
		default:
			n++
		}
	}
	return n
}

// settled is when a message that is no longer open became so, as well as the message itself tells.
func (m *Outbound) settled() time.Time {
	if m.State.Open() {
		return time.Time{}
	}
	t := m.Accepted
	if m.Settled.After(t) {
		t = m.Settled
	}
	for _, s := range m.Segments {
		if s.At.After(t) {
			t = s.At
		}
	}
	if m.State == StateExpired && m.Expires.After(t) {
		t = m.Expires
	}
	return t
}

const outboundColumns = `n, id, peer, port, from_port, coalesce(key, ''), digest, origin, accepted, accepted_wall,
	report, want_modem, unknown, ttl, expires, state, why, nullif(due, 0), attempts, modem, sim, ref, ref_bits, restarts, settled, form`

// payloadLength reads the page that a payload begins on, which may be damaged.
const payloadLength = "coalesce((SELECT length(data) FROM outbound_payload WHERE outbound_payload.outbound = outbound.n), 0)"

func scanOutbound(r *sql.Rows) (*Outbound, error) { return scanMore(r) }

// scanListed scans payloadLength besides.
func scanListed(r *sql.Rows) (m *Outbound, err error) {
	var octets int
	if m, err = scanMore(r, &octets); m != nil {
		m.Octets = octets
	}
	return m, err
}

func scanMore(r *sql.Rows, more ...any) (*Outbound, error) {
	m := &Outbound{}
	err := r.Scan(append([]any{&m.N, &m.ID, &m.Peer, &m.Port, &m.FromPort, &m.Key, (*digest)(&m.Digest), &m.Origin,
		(*stamp)(&m.Accepted), (*stamp)(&m.AcceptedWall), &m.Report, &m.WantModem, &m.Unknown, &m.TTL, (*stamp)(&m.Expires),
		&m.State, &m.Why, (*stamp)(&m.Due), &m.Attempts, &m.Modem, &m.SIM, &m.Ref, &m.RefBits, &m.Restarts, (*stamp)(&m.Settled), &m.Form}, more...)...)
	return m, err
}

// loadOutbound reads a message without its payload.
func (tx *Tx) loadOutbound(where string, args ...any) (m *Outbound, err error) {
	err = tx.each(func(r *sql.Rows) (bool, error) {
		m, err = scanOutbound(r)
		return false, err
	}, "SELECT "+outboundColumns+" FROM outbound WHERE "+where, args...)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, ErrNotFound
	}
	m.Segments, err = tx.segments(m.N)
	return m, err
}

// ReadPayload reads the payload of a message that Ledger has read.
func (tx *Tx) ReadPayload(m *Outbound) error {
	err := tx.get([]any{&m.Payload}, "SELECT data FROM outbound_payload WHERE outbound = ?", m.N)
	m.Octets = len(m.Payload)
	return err
}

// Outbound reads a message with its segments and payload; ErrNotFound if there is none.
func (tx *Tx) Outbound(id string) (*Outbound, error) {
	m, err := tx.Ledger(id)
	if err != nil {
		return nil, err
	}
	return m, tx.ReadPayload(m)
}

// Ledger reads a message with its segments, without its payload, which may be large, or damaged; ErrNotFound if there is
// none.
func (tx *Tx) Ledger(id string) (*Outbound, error) {
	m, err := tx.loadOutbound("id = ?", id)
	if err == nil && !tx.view {
		tx.remember(m)
	}
	return m, err
}

// OutboundByKey is the newest message under an idempotency key that was accepted at since or later; ErrNotFound if none.
func (tx *Tx) OutboundByKey(key string, since time.Time) (*Outbound, error) {
	if key == "" {
		return nil, ErrNotFound
	}
	m, err := tx.loadOutbound(byKey, key, nano(since))
	if err != nil {
		return nil, err
	}
	return m, tx.ReadPayload(m)
}

const byKey = "key = ? AND accepted >= coalesce(?, -9223372036854775808) ORDER BY accepted DESC, n DESC LIMIT 1"

// Outbounds lists messages of one state, or of all for "", in order of acceptance after afterN, without payloads.
func (tx *Tx) Outbounds(state OutState, afterN int64, limit int) ([]*Outbound, error) {
	q, args := listAll, []any{afterN, limit}
	if state != "" {
		q, args = listState, []any{string(state), afterN, limit}
	}
	all, err := list(tx, scanListed, q, args...)
	if err != nil {
		return nil, err
	}
	return all, tx.withSegments(all)
}

func (tx *Tx) withSegments(all []*Outbound) (err error) {
	for _, m := range all {
		if m.Segments, err = tx.segments(m.N); err != nil {
			return err
		}
	}
	return nil
}

const (
	listAll   = "SELECT " + outboundColumns + ", " + payloadLength + " FROM outbound WHERE n > ? ORDER BY n LIMIT ?"
	listState = "SELECT " + outboundColumns + ", " + payloadLength + " FROM outbound WHERE state = ? AND n > ? ORDER BY n LIMIT ?"
)

// QueueDepth counts the open messages.
func (tx *Tx) QueueDepth() (int, error) { return tx.gauge("queue_depth") }

// OpenSegments counts the segments of open messages that are still to be submitted.
func (tx *Tx) OpenSegments() (int, error) { return tx.gauge("open_segments") }
