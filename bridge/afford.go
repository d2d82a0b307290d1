package bridge

import (
	"fmt"
	"math"
	"slices"
	"time"

	"wvsms/spool"
)

// A need is what a message asks of the budgets.
type need struct {
	peer, modem, sim string // modem and SIM are "" where any will do
	segments         int
}

// afford refuses what the queue or a budget has no room for. Segments that wait are
// counted as spent: they will be.
func (b *Bridge) afford(tx *spool.Tx, now time.Time, n need) error {
	depth, err := tx.QueueDepth()
	if err != nil {
		return err
	}
	if depth >= b.cfg.Spool.MaxQueued {
		return &Refusal{"queue-full", fmt.Sprintf("%d messages are not finished (spool.max_queued)", depth)}
	}
	set := b.settings()
	if err := fits(tx, now, set.overall(), n.segments, func(int) (int, error) { return tx.OpenSegments() }); err != nil {
		return err
	}
	err = fits(tx, now, set.toPeer(n.peer), n.segments, func(most int) (int, error) { return tx.WaitingTo(n.peer, most) })
	if err != nil {
		return err
	}
	return b.affordCarrier(tx, now, set, n)
}

// fits refuses what does not fit whole into one of the budgets.
func fits(tx *spool.Tx, now time.Time, budgets []budget, segments int, waiting func(most int) (int, error)) error {
	for _, u := range budgets {
		spent, err := u.spent(tx, now)
		if err != nil {
			return err
		}
		wait, err := waiting(u.most)
		if err != nil {
			return err
		}
		if spent+wait+segments > u.most {
			return u.over(spent, wait, segments)
		}
	}
	return nil
}

func (u budget) over(spent, waiting, segments int) error {
	return &Refusal{"budget", fmt.Sprintf("%d segments sent in %s, %d waiting, %d more: %s is %d",
		spent, spanName(u.span), waiting, segments, u.name, u.most)}
}

// affordCarrier refuses what no modem that may carry it has room for, beside what waits
// for that one alone, or all of them together, beside what waits for any.
func (b *Bridge) affordCarrier(tx *spool.Tx, now time.Time, set *Settings, n need) error {
	if !set.limitsModems() {
		return nil
	}
	carriers, err := b.carriers(tx, n)
	if err != nil {
		return err
	}
	best, total := -1, 0
	var refused error
	for _, c := range b.cfg.Modems {
		room, over, err := b.room(tx, now, set, c.Name, n.segments)
		if err != nil {
			return err
		}
		if total += room; room == math.MaxInt || total < 0 {
			total = math.MaxInt
		}
		if slices.Contains(carriers, c.Name) && room > best {
			best, refused = room, over
		}
	}
	if best >= 0 && best < n.segments {
		return refused
	}
	if total == math.MaxInt {
		return nil
	}
	waiting, err := tx.WaitingForAny(total + 1)
	if err != nil || waiting+n.segments <= total {
		return err
	}
	return &Refusal{"budget", fmt.Sprintf("the modems' budgets have room for %d segments, %d wait for any of them, %d more: limits.modem_per_day, limits.modem_per_30d",
		total, waiting, n.segments)}
}

// room is how many segments more a modem can take on; math.MaxInt where it has no budget.
// over is the refusal of so many segments.
func (b *Bridge) room(tx *spool.Tx, now time.Time, set *Settings, modem string, segments int) (room int, over, err error) {
	room = math.MaxInt
	budgets := set.ofModem(modem)
	if len(budgets) == 0 {
		return room, nil, nil
	}
	sim, err := b.simOf(tx, modem)
	if err != nil {
		return 0, nil, err
	}
	for _, u := range budgets {
		spent, err := u.spent(tx, now)
		if err != nil {
			return 0, nil, err
		}
		waiting, err := tx.WaitingFor(modem, sim, u.most)
		if err != nil {
			return 0, nil, err
		}
		if left := max(0, u.most-spent-waiting); left < room {
			room, over = left, u.over(spent, waiting, segments)
		}
	}
	return room, over, nil
}

// limited tells whether any modem may be kept from sending.
func (c *Settings) limited() bool { return len(c.overall()) > 0 || c.limitsModems() }

// limitsModems tells whether any modem has a budget of its own.
func (c *Settings) limitsModems() bool {
	if c.Limits.ModemPerDay > 0 || c.Limits.ModemPer30d > 0 {
		return true
	}
	for name := range c.modems {
		if len(c.ofModem(name)) > 0 {
			return true
		}
	}
	return false
}

// carriers are the modems that may carry a message, as lanes have it. One whose SIM no
// modem is known to have waits for any of them to have it.
func (b *Bridge) carriers(tx *spool.Tx, n need) (names []string, err error) {
	sim := n.sim
	if sim == "" && n.modem != "" {
		return []string{n.modem}, nil
	}
	if sim == "" {
		if sim, err = tx.Home(n.peer); err != nil {
			return nil, err
		}
	}
	for _, c := range b.cfg.Modems {
		has, err := b.simOf(tx, c.Name)
		if err != nil {
			return nil, err
		}
		if sim == "" || has == sim {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		for _, c := range b.cfg.Modems {
			names = append(names, c.Name)
		}
	}
	return names, nil
}

// simOf is the SIM that a modem has, or had when it last sent.
func (b *Bridge) simOf(tx *spool.Tx, modem string) (string, error) {
	b.mu.Lock()
	s := b.sessions[modem]
	b.mu.Unlock()
	if s != nil {
		return s.sim, nil
	}
	return tx.SIMOf(modem)
}
