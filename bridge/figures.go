package bridge

import (
	"context"
	"time"

	"wvsms/spool"
)

// Figures are what can be measured of a bridge and is not told to a Meter.
type Figures struct {
	Info        Info
	Uptime      time.Duration
	States      map[string]int // outbound messages by state
	Oldest      time.Duration  // how long the oldest open message waits; 0: there is none
	Unclaimed   time.Duration  // how long the oldest message without ACK waits
	Sessions    int            // modems whose line is up
	Connections int            // to the socket
	Consumers   int            // of them, those after RECV

	Submitted map[string]int64 // segments, by modem: all there ever were
	Paid      float64          // for them
	Currency  string           // of it; "" where none is named
	Priced    bool             // limits.price says what one costs
	Trouble   error            // why the spool could not be read: then what it holds is missing
}

// Figures measures.
func (b *Bridge) Figures(ctx context.Context) Figures {
	f := Figures{Info: b.Info().(info), States: map[string]int{}, Connections: len(b.server.slots), Consumers: b.hub.count()}
	b.mu.Lock()
	f.Sessions = len(b.sessions)
	b.mu.Unlock()
	now := b.clock.Now()
	f.Uptime = now.Sub(b.started)
	price := b.settings().Limits.Price
	f.Currency, f.Priced = price.Currency, price != Price{}
	f.Trouble = b.spool.View(ctx, func(tx *spool.Tx) error {
		states, err := tx.OutStates()
		for state, n := range states {
			f.States[string(state)] = n
		}
		if err != nil {
			return err
		}
		if f.Oldest, f.Unclaimed, err = waits(tx, now); err != nil {
			return err
		}
		var micros int64
		f.Submitted, micros, err = b.submitted(tx)
		f.Paid = float64(micros) / million
		return err
	})
	return f
}

// waits is how long the oldest open message waits to be sent, and the oldest one that
// came in for its consumer; 0 there is none.
func waits(tx *spool.Tx, now time.Time) (out, in time.Duration, err error) {
	queued, err := tx.Outbounds(spool.StateQueued, 0, 1)
	if err != nil {
		return 0, 0, err
	}
	for _, m := range queued {
		out = now.Sub(m.Accepted)
	}
	ready, err := tx.Messages(spool.MsgReady, 0, 1)
	for _, m := range ready {
		in = now.Sub(m.Received)
	}
	return out, in, err
}

// count is how many consumers there are.
func (h *hub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.consumers)
}
