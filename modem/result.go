package modem

import (
	"errors"
	"fmt"
)

var (
	// ErrOutcomeUnknown: the message was handed to the modem whole (Ctrl-Z),
	// and then nothing told what became of it. It wraps the cause.
	ErrOutcomeUnknown = errors.New("outcome unknown")
	// ErrNotSent: the message surely was not submitted. When the modem refused
	// it before the PDU, that *ResultError is wrapped too.
	ErrNotSent = errors.New("not sent")
	// ErrSilent: the modem does not answer.
	ErrSilent = errors.New("modem does not answer")
	// ErrRestarted: the modem restarted by itself.
	ErrRestarted = errors.New("modem restarted")
	// ErrLineLost: the port failed or hung up.
	ErrLineLost = errors.New("line lost")
)

// ResultKind is the family of a final result code.
type ResultKind int

const (
	Plain ResultKind = iota // ERROR and vendors' own words
	CMS                     // +CMS ERROR (TS 27.005 3.2.5, TS 24.011 E.2, TS 23.040 9.2.3.22)
	CME                     // +CME ERROR (TS 27.007 9.2)
)

// ResultError is a refusal: the modem or the network answered, and not with OK.
type ResultError struct {
	Kind ResultKind
	Code int    // of CMS and CME, -1 when the modem gave neither a number nor words of the standards
	Text string // the line as the modem gave it
}

func (e *ResultError) Error() string { return e.Text }

// SIMError: the SIM keeps the modem from working; a person has to act unless
// State is "busy", or "changed" or "known": another SIM, or one whose IMSI was
// not told before, is ready for the next Run.
type SIMError struct {
	State string // "absent", "pin", "puk", "busy", "failure", "changed", "known"
	Text  string // what to do about it
}

func (e *SIMError) Error() string { return fmt.Sprintf("use SIM: %s", e.Text) }
