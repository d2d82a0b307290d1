package bridge

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"wvsms/spool"
)

// What SHOW, LIST and INFO answer, for those who look from within the program.
type (
	Info           = info
	ModemInfo      = modemInfo
	LoopInfo       = loopInfo
	OutboundView   = outboundView
	InboundView    = inboundView
	PartialView    = partialView
	QuarantineView = quarantineView
)

// Implementation.
const (
	snapshotMessages = 30 // the newest, of both directions
	snapshotRows     = 8  // of partials and quarantine
)

// A Snapshot is how the bridge is at one moment, for people: what fits one screen.
type Snapshot struct {
	Wall       time.Time // of the machine's clock
	Info       Info
	Modems     []ModemSnapshot // as in Info.Modems
	States     map[string]int  // outbound messages by state
	Oldest     time.Duration   // how long the oldest open message waits
	Unclaimed  time.Duration   // how long the oldest message without ACK waits
	Newest     []Brief         // both directions, the newest first
	Partials   []PartialView   // the oldest first
	Quarantine []QuarantineView
	Stuck      string // loops that do not go round any more
	Weak       bool   // the machine's power is too low
	Trouble    string // why the spool could not be read, "" it was
}

// A ModemSnapshot is what INFO does not tell of a modem.
type ModemSnapshot struct {
	ModemInfo
	Signal []int  // dBm in steps of five minutes, the last day's, the oldest first; 0: not known
	Alarm  string // what keeps it from sending until somebody looks
}

// A Brief is one message in a line.
type Brief struct {
	ID, Peer, Modem  string
	Out              bool
	Octets, Segments int
	Accepted         int    // segments that the network has taken; of those that go out
	CSP              string // what it is, as in SHOW
	State, Why       string
	Age              time.Duration
	Wall             time.Time
}

// Moved returns a channel that is closed when Snapshot has something else to show, but
// for what time alone changes.
func (b *Bridge) Moved() <-chan struct{} { return b.moved.wait() }

// Snapshot looks at the whole bridge. What the spool cannot tell is left out, and Trouble
// says why.
func (b *Bridge) Snapshot(ctx context.Context) *Snapshot {
	v := &Snapshot{
		Wall: b.clock.source.Wall(), Info: b.Info().(info), States: map[string]int{}, Stuck: b.Stuck(), Weak: b.weak(),
	}
	now := b.clock.Now()
	for _, m := range v.Info.Modems {
		v.Modems = append(v.Modems, ModemSnapshot{ModemInfo: m, Signal: b.signalOf(m.Name), Alarm: b.alarmOf(m.Name)})
	}
	names := map[string]string{}
	err := b.spool.View(ctx, func(tx *spool.Tx) error {
		for _, look := range []func(*spool.Tx, *Snapshot, time.Time) error{b.lookQueue, b.lookAside} {
			if err := look(tx, v, now); err != nil {
				return err
			}
		}
		return b.lookNewest(tx, v, now, names)
	})
	if err != nil {
		v.Trouble = err.Error()
		return v
	}
	b.mu.Lock()
	b.names = names
	b.mu.Unlock()
	return v
}

func (b *Bridge) lookQueue(tx *spool.Tx, v *Snapshot, now time.Time) error {
	states, err := tx.OutStates()
	if err != nil {
		return err
	}
	for state, n := range states {
		v.States[string(state)] = n
	}
	queued, err := tx.Outbounds(spool.StateQueued, 0, 1)
	if err != nil {
		return err
	}
	for _, m := range queued {
		v.Oldest = now.Sub(m.Accepted)
	}
	ready, err := tx.Messages(spool.MsgReady, 0, 1)
	for _, m := range ready {
		v.Unclaimed = now.Sub(m.Received)
	}
	return err
}

func (b *Bridge) lookAside(tx *spool.Tx, v *Snapshot, _ time.Time) error {
	partials, err := listPartials(b, tx, page{state: "waiting", limit: snapshotRows})
	if err != nil {
		return err
	}
	for _, p := range partials {
		v.Partials = append(v.Partials, *p.(*partialView))
	}
	aside, err := tx.QuarantinesBefore(math.MaxInt64, snapshotRows)
	for _, q := range aside {
		view := viewQuarantined(q)
		if view.PDU != "" {
			view.PDU = MaskPDU(view.PDU)
		}
		if view.Text != "" {
			view.Text = fmt.Sprintf("<%d characters>", len(view.Text))
		}
		v.Quarantine = append(v.Quarantine, view)
	}
	return err
}

// lookNewest lists messages of both directions in one order. What a payload is does not
// change: only those of messages that were not listed before are read.
func (b *Bridge) lookNewest(tx *spool.Tx, v *Snapshot, now time.Time, names map[string]string) error {
	out, err := tx.OutboundsBefore("", math.MaxInt64, snapshotMessages)
	if err != nil {
		return err
	}
	in, err := tx.MessagesBefore("", math.MaxInt64, snapshotMessages)
	if err != nil {
		return err
	}
	for _, m := range out {
		view := b.viewOutbound(m)
		v.Newest = append(v.Newest, Brief{
			ID: m.ID, Peer: m.Peer, Modem: m.Modem, Out: true, Octets: m.Octets, Segments: len(m.Segments), Accepted: view.OnNetwork,
			State: view.State, Why: m.Why, Age: now.Sub(m.Accepted), Wall: m.AcceptedWall,
		})
	}
	for _, m := range in {
		v.Newest = append(v.Newest, Brief{
			ID: m.ID, Peer: m.Peer, Modem: m.Modem, Octets: m.Octets, Segments: m.Segments,
			State: string(m.State), Age: now.Sub(m.Received), Wall: m.ReceivedWall,
		})
	}
	slices.SortStableFunc(v.Newest, func(a, b Brief) int { return cmp.Compare(a.Age, b.Age) })
	v.Newest = v.Newest[:min(len(v.Newest), snapshotMessages)]
	b.mu.Lock()
	known := b.names
	b.mu.Unlock()
	for i := range v.Newest {
		m := &v.Newest[i]
		name, ok := known[m.ID]
		if !ok {
			if name, err = nameOfMessage(tx, m); err != nil {
				return err
			}
		}
		m.CSP, names[m.ID] = name, name
	}
	return nil
}

func nameOfMessage(tx *spool.Tx, m *Brief) (string, error) {
	if m.Out {
		whole, err := tx.Outbound(m.ID)
		if err != nil {
			return "", err
		}
		return named(whole.Payload), nil
	}
	whole, err := tx.Message(m.ID)
	if err != nil {
		return "", err
	}
	return named(whole.Payload), nil
}

func (b *Bridge) alarmOf(name string) string {
	b.mu.Lock()
	s := b.sessions[name]
	b.mu.Unlock()
	if s == nil {
		return ""
	}
	return s.raised()
}
