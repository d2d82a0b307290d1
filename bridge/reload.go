package bridge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wvsms/spool"
)

// Reload takes over what of a configuration may change while the bridge runs: limits,
// [csp], [[peer]], [[token]]. It returns the keys that have changed in the running bridge,
// and those that differ from how it was started and count after a restart. Where a file of
// a token cannot be read nothing changes; the errors are Faults. Connections that showed a
// token which is no longer there are closed.
func (b *Bridge) Reload(ctx context.Context, c Config) (changed, restart []string, err error) {
	b.reload.Lock()
	defer b.reload.Unlock()
	set, err := settingsOf(c, b.log)
	if err != nil {
		return nil, nil, err
	}
	changed = slices.DeleteFunc(differences(b.applied, c), func(key string) bool { return !live(key) })
	restart = slices.DeleteFunc(differences(b.cfg, c), live)
	changed = append(changed, newTokens(b.applied, c, b.settings().tokens, set.tokens)...)
	b.applied = c
	b.set.Store(set)
	if n := b.server.guests.recheck(b.CallerOf); n > 0 {
		b.log.Warn().Int("connections", n).Msg("closed what a token had opened that is not in the configuration any more, or may less")
	}
	if len(changed) > 0 {
		if err := b.wakeKept(ctx); err != nil {
			b.log.Error().Err(err).Msg("cannot look again at what waits for a limit that has changed: it waits as long as it would have")
		}
	}
	return changed, restart, nil
}

// newTokens names the files whose paths stand in the configuration as they did, and that
// hold another token.
func newTokens(old, now Config, before, after []tokenKey) (keys []string) {
	for i := range min(len(before), len(after)) {
		if old.Tokens[i].File == now.Tokens[i].File && before[i].hash != after[i].hash {
			keys = append(keys, fmt.Sprintf("token[%d].file", i))
		}
	}
	return keys
}

// wakeKept lets what was put off for a limit be looked at again: there may be room now.
func (b *Bridge) wakeKept(ctx context.Context) error {
	b.claims.Lock()
	clear(b.line)
	b.claims.Unlock()
	defer b.queued.notify()
	now := b.clock.Now()
	for after, more := int64(0), true; more; {
		var page []*spool.Outbound
		err := b.spool.Update(ctx, func(tx *spool.Tx) (err error) {
			tx.About("reload")
			if page, err = tx.PutOff(now, after, batch); err != nil {
				return err
			}
			for _, m := range page {
				if !strings.HasPrefix(m.Why, haltMark) {
					continue // its pause has another cause
				}
				m.Due = now
				if err := tx.PutOutbound(m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if more = len(page) == batch; more {
			after = page[batch-1].N
		}
	}
	return nil
}
