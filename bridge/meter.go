package bridge

import "time"

// A Stage is a part of a message's way that takes time.
type Stage int

const (
	AcceptToSubmit   Stage = iota // OK to SEND → AT+CMGS of its first segment
	SubmitToFinal                 // AT+CMGS → its final result code, each attempt
	ArriveToCommit                // +CMT, +CMTI or +CDS → the commit
	CommitToConsumer              // receipt of a message's last segment → written to a consumer for the first time
	AcceptToReport                // OK to SEND → all of it delivered, as status reports say
)

// A Meter is told how long things took, from the midst of them: it must not block.
type Meter interface {
	Took(stage Stage, d time.Duration)
}

type noMeter struct{}

func (noMeter) Took(Stage, time.Duration) {}

// Took is for the sockets, which see the bridge and not its Meter.
func (b *Bridge) Took(stage Stage, d time.Duration) { b.meter.Took(stage, d) }
