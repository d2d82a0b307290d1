package modem

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Recovery is what a session does to its modem before it brings it up, because the
// modem answers and is of no use. A session begins and ends between messages, so that
// no message is on its way meanwhile; and what the modem is, which SIM it has, is asked
// again after it.
type Recovery int

const (
	NoRecovery Recovery = iota
	CycleRadio          // off and on again: it looks for its network anew
	Restart             // as if switched on: Run ends with ErrRestarted
)

// What TS 27.007 8.2 has for it, where the modem's row says nothing else.
var (
	usualRadio   = []string{"+CFUN=4", "+CFUN=1"}
	usualRestart = []string{"+CFUN=1,1"}
)

// restartTime is how long a modem may still answer after it was told to restart: on a
// UART the line does not tell when it went.
const restartTime = 3 * time.Second

// Can tells whether r may be done to this modem. A row that has an empty list forbids
// it: some modems do not come back.
func (m *Modem) Can(r Recovery) bool {
	return len(m.Profile().commands(r)) > 0
}

// commands of a recovery, none where it must not be done.
func (p Profile) commands(r Recovery) []string {
	own, usual := p.Radio, usualRadio
	if r == Restart {
		own, usual = p.Restart, usualRestart
	}
	if own == nil {
		return usual
	}
	return own
}

// mend does what Options.Recovery asks for, once it is known who the modem is.
func (m *Modem) mend(ctx context.Context) error {
	if m.opt.Recovery == NoRecovery {
		return nil
	}
	commands := m.Profile().commands(m.opt.Recovery)
	if m.opt.Recovery == Restart {
		return m.restart(ctx, commands)
	}
	m.explain("the radio is turned off and on again")
	for _, cmd := range commands {
		if err := m.tell(ctx, cmd); err != nil {
			return err // radioOn of the next session turns it on
		}
	}
	m.explain(BringUp)
	return nil
}

func (m *Modem) restart(ctx context.Context, commands []string) error {
	if len(commands) == 0 {
		return nil
	}
	m.explain("the modem is restarted")
	for _, cmd := range commands[:len(commands)-1] {
		if err := m.tell(ctx, cmd); err != nil {
			return err
		}
	}
	cmd := commands[len(commands)-1]
	_, err := m.x.Command(ctx, cmd, plainTimeout)
	if refused := (*ResultError)(nil); errors.As(err, &refused) {
		m.log.Warn().Err(err).Msg("the modem refuses to restart")
		return nil
	}
	// Some are gone before they say OK.
	if err := m.pause(ctx, restartTime); ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: AT%s told it to", ErrRestarted, cmd)
}

// tell executes a command whose refusal is worth a word and no more.
func (m *Modem) tell(ctx context.Context, cmd string) error {
	_, err := m.command(ctx, cmd, simTimeout)
	if refused := (*ResultError)(nil); errors.As(err, &refused) {
		m.log.Warn().Err(err).Msg("the modem refuses what should mend it")
		return nil
	}
	return err
}
