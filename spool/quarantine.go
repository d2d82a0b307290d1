package spool

import "time"

// A Quarantined is a short message set aside as it came, with the reason.
type Quarantined struct {
	N                        int64 // set by Quarantine
	Modem, SIM, Peer, Reason string
	Raw                      []byte // PDU-mode octets
	Text                     string // what the modem said, where there is no readable PDU
	At, AtWall               time.Time
}
