package spool

import "time"

// An Outbound is one message accepted for sending, with its segments.
//
// Written once, by the first PutOutbound: ID, Peer, ports, Payload, Key, Digest, Origin, Accepted, AcceptedWall.
// The rest follows the message through its life.
type Outbound struct {
	ID             string // from NewID
	Peer           string // "+digits" or digits
	Port, FromPort uint16
	Payload        []byte
	Key            string   // the client's idempotency key; "" = none
	Digest         [32]byte // over peer, ports and payload: a repeat under one key, or a conflict
	Report         bool
	WantModem      string // modem named in SEND; "" = any
	Unknown        string // policy auto|hold|resend|fail
	Origin         string // where it came in: "tcp", "udp:0"

	Accepted, Expires time.Time
	AcceptedWall      time.Time

	State      OutState
	Why        string
	Due        time.Time // not tried before; only of open messages
	Attempts   int
	Modem, SIM string // that carries it, once a segment was submitted
	Ref        uint16
	RefBits    int       // 0: no reference allocated; 8 or 16
	Settled    time.Time // when it reached a final state, for Purge; zero: taken from its newest time known
	Segments   []OutSegment
}

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
	Attempts   int
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
