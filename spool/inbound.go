package spool

import "time"

// An InSegment is one received short message: a part of a datagram until that is complete, its tombstone afterwards.
type InSegment struct {
	ID          int64 // 0 until inserted
	Fingerprint [32]byte

	// The reassembly key. A single short message has Bits 0 and Total 1.
	SIM, OA string
	Bits    int // of the reference: 0, 8, 16
	Ref     uint16
	Total   int
	Port    uint16

	Seq        int
	Generation int64 // groups the segments of one datagram; 0 for a single
	Done       bool  // its datagram is complete: a tombstone, Body and Mode nil
	Parked     bool  // its datagram expired into quarantine
	Hash       [32]byte
	Body       []byte    // payload octets
	Mode       []byte    // PDU-mode octets as received
	SCTS       time.Time // of the sender's SC, else the time of receipt
	At, AtWall time.Time
	Peer       string
	FromPort   uint16
	Modem      string
}
