package bridge

import "time"

// A Stage is a part of a message's way that takes time.
type Stage int

const (
	AcceptToSubmit   Stage = iota // OK to SEND → AT+CMGS of its first segment
	SubmitToFinal                 // AT+CMGS → its final result code, each attempt
	ArriveToCommit                // +CMT, +CMTI or +CDS → the commit
	CommitToConsumer              // commit of a whole message → written to a consumer for the first time
	AcceptToReport                // OK to SEND → all of it delivered, as status reports say
)

// A Meter is told how long things took. It must not block.
type Meter interface {
	Took(stage Stage, d time.Duration)
}

type noMeter struct{}

func (noMeter) Took(Stage, time.Duration) {}
