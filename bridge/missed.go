package bridge

import (
	"context"
	"time"
)

// missedEach is how often a modem that is looked for may count as mute or gone: as often
// as one that is named by its path, where a session is patient for so long. A modem that
// starts answers before it is reset.
const missedEach = 25 * time.Second

// A presence is what the finder sees of a modem that a [[modem]] misses.
type presence int

const (
	absent   presence = iota // nothing is plugged in where it was
	starting                 // it has not been asked yet
	present                  // it answers
	silent                   // it was asked and does not answer
)

// missed looks at a modem that is being looked for: there is no session whose end would
// tell that it is mute, and a mute one is not found.
func (r *recovery) missed(ctx context.Context, f *finder, why string) {
	now := r.b.clock.Now()
	r.mu.Lock()
	if now.Sub(r.missedAt) < missedEach {
		r.mu.Unlock()
		return
	}
	path, state := f.presence(r.c, r.usb)
	switch state {
	case absent:
		r.ladder.sign(now, gone, why)
	case silent:
		r.usb = path
		r.ladder.sign(now, mute, why)
	}
	if state == absent || state == silent {
		r.missedAt = now
	}
	r.mu.Unlock()
	r.climb(ctx)
}

// presence is how the device at a path is. Where the path is not known yet it is that of
// the one device which the [[modem]] may mean, if there is one.
func (f *finder) presence(c ModemConfig, path string) (where string, p presence) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []*stick
	for _, s := range f.sticks {
		if s.Path == path || path == "" && f.may(c, s) && !f.taken(s) {
			found = append(found, s)
		}
	}
	switch {
	case len(found) == 0:
		return path, absent
	case len(found) > 1, found[0].probes == 0:
		return path, starting
	case found[0].port != "":
		return path, present
	}
	return found[0].Path, silent
}
