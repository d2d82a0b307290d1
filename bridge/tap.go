package bridge

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wvsms/modem"
	"wvsms/pdu"
)

// tapRoom is how many TPDUs wait for who looks on: a burst of a modem's store. What comes
// then is dropped and counted; nothing waits for an onlooker.
const tapRoom = 1024

// A Passage is a TPDU that passes between a modem and the network, or what became of one.
type Passage struct {
	At      time.Time // wall time
	Modem   string
	In      bool   // from the network
	Kind    string // submit, result, deliver, report, undecodable; dropped: see Dropped
	ID      string // of the message that goes out
	Outcome string // of a result: accepted, refused, not-sent or unknown
	MR      int    // of a result: TP-MR; -1: none
	Why     string
	TPDU    []byte // without the SMSC field; of a result none
	Dropped int64  // how many were not shown, because nobody took what was
}

// taps are those who look on. While there is none a TPDU costs one load.
type taps struct {
	open atomic.Int32
	mu   sync.Mutex
	all  []*Tap
}

// A Tap is one who looks on.
type Tap struct {
	bridge   *Bridge
	passages chan Passage
	dropped  atomic.Int64 // and not told yet
}

// Tap shows each TPDU that passes from now on. The caller calls Close.
func (b *Bridge) Tap() *Tap {
	t := &Tap{bridge: b, passages: make(chan Passage, tapRoom)}
	b.taps.mu.Lock()
	defer b.taps.mu.Unlock()
	b.taps.all = append(b.taps.all, t)
	b.taps.open.Store(int32(len(b.taps.all)))
	return t
}

// Close ends it.
func (t *Tap) Close() {
	all := &t.bridge.taps
	all.mu.Lock()
	defer all.mu.Unlock()
	all.all = slices.DeleteFunc(all.all, func(other *Tap) bool { return other == t })
	all.open.Store(int32(len(all.all)))
}

// Next waits for the next one.
func (t *Tap) Next(ctx context.Context) (Passage, error) {
	// What was dropped came when the room was full, so after all that is in it.
	if len(t.passages) == 0 {
		if n := t.dropped.Swap(0); n > 0 {
			return Passage{At: t.bridge.clock.source.Wall(), Kind: "dropped", Dropped: n}, nil
		}
	}
	select {
	case p := <-t.passages:
		return p, nil
	case <-ctx.Done():
		return Passage{}, ctx.Err()
	}
}

func (t *taps) watched() bool { return t.open.Load() > 0 }

func (t *taps) pass(p Passage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, one := range t.all {
		select {
		case one.passages <- p:
		default:
			one.dropped.Add(1)
		}
	}
}

// tapSubmit shows a segment that goes to the modem.
func (s *session) tapSubmit(id string, mode []byte) {
	if s.bridge.taps.watched() {
		s.bridge.taps.pass(Passage{At: s.bridge.clock.source.Wall(), Modem: s.name, Kind: "submit", ID: id, TPDU: withoutSMSC(mode)})
	}
}

// tapResult shows what became of it.
func (s *session) tapResult(id string, mr int, err error) {
	if !s.bridge.taps.watched() {
		return
	}
	p := Passage{At: s.bridge.clock.source.Wall(), Modem: s.name, Kind: "result", ID: id, Outcome: "accepted", MR: mr}
	if err != nil {
		d := dispose(err, s.vendor)
		p.MR, p.Why = -1, explained(err, d)
		switch {
		case d.do == unsure:
			p.Outcome = "unknown"
		case errors.As(err, new(*modem.ResultError)):
			p.Outcome = "refused"
		default:
			p.Outcome = "not-sent"
		}
	}
	s.bridge.taps.pass(p)
}

// tapReceived shows a short message or report as it comes, before anything is made of it.
func (s *session) tapReceived(r modem.Received) {
	if !s.bridge.taps.watched() || r.Kind == modem.Draft {
		return // somebody has written it at the modem: it did not pass
	}
	p := Passage{At: s.bridge.clock.source.Wall(), Modem: s.name, In: true, Kind: "undecodable", TPDU: withoutSMSC(r.Mode)}
	if tpdu, err := parse(r); err == nil {
		switch tpdu.(type) {
		case *pdu.Deliver:
			p.Kind = "deliver"
		case *pdu.StatusReport:
			p.Kind = "report"
		}
	}
	s.bridge.taps.pass(p)
}

// withoutSMSC is the TPDU of PDU-mode octets. Where the SMSC field is damaged, nobody
// knows where it begins.
func withoutSMSC(mode []byte) []byte {
	if len(mode) > 0 && int(mode[0]) < len(mode) {
		return mode[1+int(mode[0]):]
	}
	return mode
}
