package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"wvsms/spool"
)

// A desk is a backend without modems: what is accepted goes into a real spool and
// stays there.
type desk struct {
	t  testing.TB
	s  *spool.Spool
	mu sync.Mutex

	refuse   *Refusal // of the next Accept
	tokens   map[string]Rights
	instant  func() // set: Accept commits the event `sent` with the message and calls it
	accepted []Request
	counted  map[string]int
}

func newDesk(t testing.TB) *desk {
	s, err := spool.Open(filepath.Join(t.TempDir(), "spool.db"), spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &desk{t: t, s: s}
}

func (d *desk) Spool() *spool.Spool { return d.s }
func (d *desk) Now() time.Time      { return time.Now().UTC() }
func (d *desk) count(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.counted == nil {
		d.counted = map[string]int{}
	}
	d.counted[name]++
}

func (d *desk) Took(Stage, time.Duration) {}
func (d *desk) Tap() *Tap                 { return (&Bridge{}).Tap() }
func (d *desk) Knows(netip.Addr) bool     { return false }

func (d *desk) Authenticate(_ netip.Addr, token string) (Caller, error) {
	rights, ok := d.tokens[token]
	if !ok {
		return Caller{}, &Refusal{"auth", "wrong"}
	}
	return Caller{"friend", rights}, nil
}

func (d *desk) Info() any { return map[string]any{"version": "test"} }

func (d *desk) Accept(ctx context.Context, r Request) (Accepted, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if refused := d.refuse; refused != nil {
		d.refuse = nil
		return Accepted{}, refused
	}
	m := &spool.Outbound{
		ID: d.s.NewID(), Peer: r.To, Port: r.Port, FromPort: r.FromPort, Payload: r.Payload, Key: r.Key,
		Origin: r.Origin, State: spool.StateQueued, Accepted: d.Now(), Expires: d.Now().Add(r.TTL), Due: d.Now(),
	}
	answer := Accepted{ID: m.ID, Segments: 1 + len(r.Payload)/134}
	for seq := 1; seq <= answer.Segments; seq++ {
		m.Segments = append(m.Segments, spool.OutSegment{Seq: seq, State: spool.SegQueued, MR: -1, At: d.Now()})
	}
	err := d.s.Update(ctx, func(tx *spool.Tx) error {
		if r.Key != "" {
			if first, err := tx.OutboundByKey(r.Key, time.Time{}); err == nil {
				answer.ID, answer.Duplicate = first.ID, true
				return nil
			} else if !errors.Is(err, spool.ErrNotFound) {
				return err
			}
		}
		if d.instant != nil {
			if err := tx.PutEvent(&spool.Event{ID: m.ID, Word: "sent", At: d.Now(), AtWall: d.Now()}); err != nil {
				return err
			}
		}
		return tx.PutOutbound(m)
	})
	if err != nil {
		return Accepted{}, err
	}
	if !answer.Duplicate {
		d.accepted = append(d.accepted, r)
	}
	if d.instant != nil {
		d.instant()
	}
	return answer, nil
}

func (d *desk) Cancel(_ context.Context, id string) error { return d.operate(id) }
func (d *desk) Retry(_ context.Context, id string) error  { return d.operate(id) }

func (d *desk) Resume(_ context.Context, number string) error { return d.operate(number) }

func (d *desk) operate(id string) error {
	if id == "final" {
		return &Refusal{"not-allowed", "it is sent already"}
	}
	return nil
}

func (d *desk) Show(_ context.Context, id string) (any, error) {
	if !d.s.Known(id) {
		return nil, &Refusal{"no-such-id", "this id was never given out"}
	}
	return map[string]string{"id": id}, nil
}

func (d *desk) List(_ context.Context, what string, opts map[string]string) (any, error) {
	if what != "queue" {
		return nil, &Refusal{"syntax", "LIST queue, inbox or quarantine"}
	}
	return []any{opts}, nil
}

// arrive puts an inbound message into the spool.
func (d *desk) arrive(m spool.Message) string {
	d.t.Helper()
	if m.ID == "" {
		m.ID = d.s.NewID()
	}
	if m.Route == "" {
		m.Route = tcpRoute
	}
	if m.Port == 0 {
		m.Port = defaultPort
	}
	m.State, m.Segments = spool.MsgReady, 1
	m.Received, m.ReceivedWall = d.Now(), d.Now()
	d.update(func(tx *spool.Tx) error { return tx.PutMessage(&m) })
	return m.ID
}

func (d *desk) happen(e spool.Event) {
	d.t.Helper()
	e.At, e.AtWall = d.Now(), d.Now()
	d.update(func(tx *spool.Tx) error { return tx.PutEvent(&e) })
}

func (d *desk) update(f func(*spool.Tx) error) {
	d.t.Helper()
	if err := d.s.Update(context.Background(), f); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) state(id string) spool.MsgState {
	d.t.Helper()
	var state spool.MsgState
	err := d.s.View(context.Background(), func(tx *spool.Tx) error {
		m, err := tx.Message(id)
		if err != nil {
			return fmt.Errorf("message %s: %w", id, err)
		}
		state = m.State
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return state
}
