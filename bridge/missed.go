package bridge

import (
	"context"
	"errors"
	"time"

	"wvsms/modem"
)

// missedEach is how often a modem that is looked for may count as mute or gone: as often
// as one that is named by its path, where a session is patient for so long. A modem that
// starts answers before it is reset.
const missedEach = 25 * time.Second

// A presence is what the finder sees of a modem that a [[modem]] misses.
type presence int

const (
	absent   presence = iota // nothing that may be it is plugged in where it was
	starting                 // it has not been asked yet
	present                  // it answers
	barred                   // its port cannot be had: in use, or not to be opened
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
		r.usb = path
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
// the one modem which the [[modem]] may mean, if there is one: no device is reset because
// it might be a modem. Nor is one that has come to be where the modem was; where is ""
// then.
func (f *finder) presence(c ModemConfig, path string) (where string, p presence) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []*stick
	where = path
	for _, s := range f.sticks {
		others := f.taken(s) || f.spokenFor(s)
		vouched := f.knows(s) || c.Match.named() && c.Match.fits(s.Device)
		switch {
		case s.Path == path && (others || !vouched):
			where = ""
		case !others && vouched && f.may(c, s) && (s.Path == path || path == ""):
			found = append(found, s)
		}
	}
	switch {
	case len(found) == 0:
		return where, absent
	case len(found) > 1, found[0].probes == 0:
		return where, starting
	case found[0].port != "":
		return found[0].Path, present
	case found[0].barred():
		return found[0].Path, barred
	}
	return found[0].Path, silent
}

// barred tells whether it was not to be heard what is at one of the terminals: that is
// for a person to change.
func (s *stick) barred() bool {
	for _, err := range s.heard {
		var p *modem.PortError
		if errors.As(err, &p) && (p.Fault == modem.PortBusy || p.Fault == modem.PortForbidden) {
			return true
		}
	}
	return false
}
