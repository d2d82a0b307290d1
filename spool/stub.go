package spool

import (
	"context"
	"errors"
	"time"
)

var errTodo = errors.New("not built yet")

// Errors for errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrFull     = errors.New("disk full")
	ErrReadOnly = errors.New("read-only")
	ErrIO       = errors.New("input/output error")
	ErrCorrupt  = errors.New("corrupt")
	ErrBusy     = errors.New("busy")
	ErrHeld     = errors.New("held")
	ErrNewer    = errors.New("newer schema")
	ErrNotSpool = errors.New("not a spool")
	ErrClosed   = errors.New("closed")
)

type Spool struct{}
type Options struct {
	Command  string           // shown to whoever finds the spool held; "" = the process's command line
	Now      func() time.Time // for the time in ids; nil = time.Now
	MaxBytes int64            // the database grows no further; 0 = as far as the disk goes
}
type Tx struct{}

func Open(path string, o Options) (*Spool, error)                    { return nil, errTodo }
func (s *Spool) Close() error                                        { return errTodo }
func (s *Spool) NewID() string                                       { return "" }
func (s *Spool) Check(ctx context.Context) error                     { return errTodo }
func (s *Spool) Update(ctx context.Context, f func(*Tx) error) error { return errTodo }
func (s *Spool) View(ctx context.Context, f func(*Tx) error) error   { return errTodo }

func (tx *Tx) PutOutbound(m *Outbound) error         { return errTodo }
func (tx *Tx) Outbound(id string) (*Outbound, error) { return nil, errTodo }
func (tx *Tx) OutboundByKey(key string, since time.Time) (*Outbound, error) {
	return nil, errTodo
}
func (tx *Tx) Due(now time.Time, modem, sim string, skip func(id string) bool, limit int) ([]string, error) {
	return nil, errTodo
}

// NextDue is the earliest Due among what Due would ever give this modem; NextDueAfter the earliest later than after.
func (tx *Tx) NextDue(modem, sim string) (time.Time, bool, error) { return time.Time{}, false, errTodo }
func (tx *Tx) NextDueAfter(after time.Time, modem, sim string) (time.Time, bool, error) {
	return time.Time{}, false, errTodo
}
func (tx *Tx) Expired(now time.Time, limit int) ([]string, error) { return nil, errTodo }

// Unreported lists messages in state sent with report=yes whose Expires is past.
func (tx *Tx) Unreported(now time.Time, limit int) ([]string, error)    { return nil, errTodo }
func (tx *Tx) Submitting() ([]string, error)                            { return nil, errTodo }
func (tx *Tx) ByMR(peer string, mr int, limit int) ([]*Outbound, error) { return nil, errTodo }
func (tx *Tx) QueueDepth() (int, error)                                 { return 0, errTodo }
func (tx *Tx) OpenSegments() (int, error)                               { return 0, errTodo }
func (tx *Tx) Spend(at time.Time, modem, peer string) error             { return errTodo }
func (tx *Tx) Spent(since time.Time, modem string) (int, error)         { return 0, errTodo }
func (tx *Tx) NextRef(peer string, bits int, now time.Time) (uint16, bool, error) {
	return 0, false, errTodo
}
func (tx *Tx) SetHome(peer, sim string, at time.Time) error { return errTodo }
func (tx *Tx) Home(peer string) (sim string, err error)     { return "", errTodo }
func (tx *Tx) HasFingerprint(fp [32]byte) (bool, error)     { return false, errTodo }
func (tx *Tx) PutInSegment(s *InSegment) error              { return errTodo }
func (tx *Tx) InSegments(sim, oa string, bits int, ref uint16, total int, port uint16) ([]InSegment, error) {
	return nil, errTodo
}
func (tx *Tx) Partials() (n int, err error)                        { return 0, errTodo }
func (tx *Tx) PartialsOf(sim, oa string) (n int, err error)        { return 0, errTodo }
func (tx *Tx) OldestPartial(sim, oa string) (gen int64, err error) { return 0, errTodo }
func (tx *Tx) Generation(gen int64) ([]InSegment, error)           { return nil, errTodo }
func (tx *Tx) ExpiredPartials(firstBefore time.Time, limit int) ([]int64, error) {
	return nil, errTodo
}
func (tx *Tx) NewGeneration() (int64, error)       { return 0, errTodo }
func (tx *Tx) PutMessage(m *Message) error         { return errTodo }
func (tx *Tx) Message(id string) (*Message, error) { return nil, errTodo }
func (tx *Tx) Ready(route string, ports []uint16, afterN int64, limit int) ([]Head, error) {
	return nil, errTodo
}
func (tx *Tx) LastMessage() (n int64, err error)                          { return 0, errTodo }
func (tx *Tx) Unclaimed() (int, error)                                    { return 0, errTodo }
func (tx *Tx) PutEvent(e *Event) error                                    { return errTodo }
func (tx *Tx) Events(after int64, limit int) ([]Event, error)             { return nil, errTodo }
func (tx *Tx) EventRange() (first, last int64, err error)                 { return 0, 0, errTodo }
func (tx *Tx) EventsOf(id string) ([]Event, error)                        { return nil, errTodo }
func (tx *Tx) Quarantine(q *Quarantined, keep int) error                  { return errTodo }
func (tx *Tx) Quarantines(afterN int64, limit int) ([]Quarantined, error) { return nil, errTodo }
func (tx *Tx) Counter(name string) (int64, error)                         { return 0, errTodo }
func (tx *Tx) Count(name string, by int64) error                          { return errTodo }
func (tx *Tx) Outbounds(state OutState, afterID string, limit int) ([]*Outbound, error) {
	return nil, errTodo
}
func (tx *Tx) Messages(state MsgState, afterN int64, limit int) ([]*Message, error) {
	return nil, errTodo
}
func (tx *Tx) TryPIN(iccid string, digest [32]byte, at time.Time) (bool, error) {
	return false, errTodo
}
func (tx *Tx) Get(name string) (string, bool, error) { return "", false, errTodo }
func (tx *Tx) Set(name, value string) error          { return errTodo }
func (tx *Tx) Purge(before, segBefore, spendBefore time.Time, limit int) (n int, err error) {
	return 0, errTodo
}
func (tx *Tx) Known(id string) (bool, error) { return false, errTodo }
