package bridge

import (
	"context"
	"slices"

	"wvsms/spool"
)

// Ready tells why no message could be sent now, in words; "" one could.
func (b *Bridge) Ready(ctx context.Context) string {
	if b.spool.Trouble() != nil {
		// Nothing may be about to be written, which would show that it has passed.
		if err := b.clock.save(ctx, b.spool); err != nil {
			return "nothing can be accepted: " + err.Error()
		}
	}
	if !slices.ContainsFunc(b.cfg.Modems, func(c ModemConfig) bool { return b.modemInfo(c.Name).Sends }) {
		text, _ := b.Summary()
		return "no modem sends: " + text
	}
	err := b.spool.View(ctx, func(tx *spool.Tx) error { return b.afford(tx, b.clock.Now(), need{segments: 1}) })
	if err != nil {
		return "a message would be refused: " + refusal(err).Error()
	}
	return ""
}
