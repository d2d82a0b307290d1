package spool

import "time"

// An Event is one line of a message's life, kept for EVENTS and explain.
type Event struct {
	N              int64 // set by PutEvent
	ID, Word       string
	Segment, Total int // Segment 0: about the whole message
	Why            string
	At, AtWall     time.Time
}
