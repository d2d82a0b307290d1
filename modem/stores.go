package modem

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// inStore executes a command on the memory mem. Both stand in one line (V.250 5.5
// executes it in order, and stops at the first fault): a modem that has restarted
// without a word has another memory selected, and at the same index there another
// message, which nobody has seen yet.
func (m *Modem) inStore(ctx context.Context, mem, cmd string, d time.Duration) ([]string, error) {
	if len(m.stores) < 2 {
		return m.x.Command(ctx, cmd, d)
	}
	choose := fmt.Sprintf(`+CPMS="%s"`, mem)
	for !m.apart {
		info, err := m.x.Command(ctx, choose+";"+cmd, d)
		refused := (*ResultError)(nil)
		if !errors.As(err, &refused) || refused.Kind == CMS && refused.Code == 321 {
			return info, err
		}
		if _, err := m.patient(ctx, choose); err != nil {
			return nil, err
		}
		if !busy(err) {
			break
		}
	}
	if m.apart {
		if _, err := m.patient(ctx, choose); err != nil {
			return nil, err
		}
	}
	info, err := m.x.Command(ctx, cmd, d)
	if err == nil && !m.apart {
		m.apart = true
		m.log.Info().Msg("modem takes no two commands in one line: its memory is selected apart")
	}
	return info, err
}
