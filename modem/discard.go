package modem

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// discard deletes a stored message that is durable elsewhere (TS 27.005 3.5.4).
//
// A deletion that does not end with OK may have been done all the same: BUSY and NO
// CARRIER are said of calls, too, and what a modem refuses it may have done in part. The
// slot is free then, and filled anew with what waits in the network: a second deletion
// would take a message that nobody has seen, and that the network does not have any more.
// So the slot is read before.
func (m *Modem) discard(ctx context.Context, r Received) error {
	cmd := fmt.Sprintf("+CMGD=%d", r.Index)
	err := m.once(ctx, r.Mem, cmd)
	refused := (*ResultError)(nil)
	switch {
	case !errors.As(err, &refused):
		return err
	case refused.Kind == CMS && refused.Code == 321:
		return nil // gone already
	}
	n := note{Received: Received{Mem: r.Mem, Index: r.Index, Kind: r.Kind, Stored: true}}
	found, err := m.read(ctx, &n)
	if err != nil || !found || !strings.EqualFold(n.Text, r.Text) {
		return err
	}
	if m.memories > 1 {
		if err := m.choose(ctx, r.Mem); err != nil {
			return err
		}
	}
	_, err = m.x.Command(ctx, cmd, simTimeout)
	return err
}

// once executes a command on the memory mem, and does not repeat it.
func (m *Modem) once(ctx context.Context, mem, cmd string) error {
	switch {
	case m.memories < 2:
	case m.apart:
		if err := m.choose(ctx, mem); err != nil {
			return err
		}
	default:
		info, err := m.x.Command(ctx, m.choice(mem)+";"+cmd, simTimeout)
		m.chosen(mem, info)
		return err
	}
	_, err := m.x.Command(ctx, cmd, simTimeout)
	return err
}
