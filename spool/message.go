package spool

import "time"

// A Message is one assembled inbound message on its way to its consumer.
// PutMessage writes State, Route, NotBefore, Naks and AckedAt again; the rest is written once.
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
	Payload        []byte
	Segments       int
	Route          string // "tcp" or "udp:<port>:<name>"
	State          MsgState
	NotBefore      time.Time // after NAK
	Naks           int
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
}
