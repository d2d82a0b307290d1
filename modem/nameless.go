package modem

import "context"

// nameless finds out whether a modem that tells of no memory has one all the same:
// it can read and delete messages then. It has one only, and there is nothing to
// choose; what +CMTI calls it says nothing.
func (m *Modem) nameless(ctx context.Context) error {
	m.noName.Store(false)
	if m.store != "" {
		return nil
	}
	for _, cmd := range []string{"+CMGR=?", "+CMGD=?"} {
		if _, ok, err := m.try(ctx, cmd, simTimeout); !ok || err != nil {
			return err
		}
	}
	m.log.Info().Msg("modem lets no memory for messages be chosen (no +CPMS): it is taken to have one")
	m.stores = []string{""}
	m.noName.Store(true)
	return nil
}

// storeless: messages can only be handed on.
func (m *Modem) storeless() bool { return m.store == "" && !m.noName.Load() }
