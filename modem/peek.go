package modem

import (
	"context"
	"errors"
)

// commonSlots: a SIM has so many at most, as a rule. A store that does not tell its
// size is searched so far.
const commonSlots = 50

// peek notes every slot of a store that holds something and does not list it: each is
// read in its turn, and what turns out to be empty is forgotten. Stores are counted
// from 0 by some and from 1 by others.
func (m *Modem) peek(ctx context.Context, mem string) error {
	used, total := 1, commonSlots
	if err := m.ask(ctx, "+CPMS?", func(a string) { // <mem1>,<used1>,<total1>,…
		if f := fields(a); number(f, 1) >= 0 && number(f, 2) > 0 {
			used, total = number(f, 1), number(f, 2)
		}
	}, "+CPMS"); err != nil || used == 0 {
		return err
	}
	for i := 0; i <= total; i++ {
		if !m.in.stored(note{Received: Received{Stored: true, Mem: mem, Index: i, Length: -1}}) {
			return errors.New("more messages wait than can be noted")
		}
	}
	return nil
}
