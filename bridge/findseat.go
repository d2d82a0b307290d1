package bridge

import (
	"context"
	"fmt"
	"time"

	"wvsms/modem"
	"wvsms/spool"
)

// strangerGrace is how long a [[modem]] that had a modem before waits for that one
// before it takes another. Both may have been plugged in, or powered up, together, and
// some need 20 s to start: without the wait a bridge whose machine boots would send
// what is addressed to modem=m0 by whichever stick is the fastest. With it a broken
// stick that somebody replaces is in use half a minute later. It counts from when
// that modem was there last, and so from the start where it never was in this run:
// that is when the waiting is needed most. A [[modem]] that never had any takes the
// first at once.
const strangerGrace = 30 * time.Second

// find waits until there is a modem for the [[modem]], which is then its own until
// leave. What it waits for is told to say.
func (f *finder) find(ctx context.Context, c ModemConfig, say func(string)) (*stick, error) {
	f.wait(c.Name, true)
	defer f.wait(c.Name, false)
	f.look.notify()
	for {
		news := f.news.wait()
		s, why, again := f.take(c)
		if s != nil {
			return s, nil
		}
		say(why)
		if !pause(ctx, again, news) {
			return nil, context.Cause(ctx)
		}
	}
}

func (f *finder) wait(name string, waits bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seats[name].waiting = waits
}

// take gives the [[modem]] its stick, or says why there is none and when to ask again
// without news.
func (f *finder) take(c ModemConfig) (*stick, string, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seat, now := f.seats[c.Name], f.now()
	places, grace := f.assign(now)
	if s := places[c.Name]; s != nil && s.port != "" {
		seat.stick = s
		f.news.notify() // the others say so
		return s, "", 0
	}
	again := takeAgain
	if grace.After(now) {
		again = grace.Sub(now)
	}
	return nil, f.explain(c), again
}

// taken tells whether a [[modem]] has the stick: told by its socket, for what was
// pulled out of there has to be let go of first. f.mu is held.
func (f *finder) taken(s *stick) bool {
	for _, seat := range f.seats {
		if seat.stick != nil && seat.stick.Path == s.Path {
			return true
		}
	}
	return false
}

// leave gives the stick back. It is asked anew before anybody dials it again.
func (f *finder) leave(c ModemConfig) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seat := f.seats[c.Name]
	for i, s := range f.sticks {
		if s == seat.stick {
			f.sticks[i] = f.newStick(s.Device, time.Time{})
		}
	}
	seat.stick, seat.seen = nil, f.now()
	f.news.notify()
	f.look.notify()
}

// recognise makes sure that the modem of a session is the one that was found, and
// writes down whose it is: so it is found again wherever, and as whatever ttyUSB, it
// comes back.
func (b *Bridge) recognise(c ModemConfig, s *stick, id modem.Identity) error {
	found := s.id.IMEI
	if found != "" && id.IMEI != "" && found != id.IMEI {
		return fmt.Errorf("look who is there: the modem at %s has IMEI %s, and %s had answered there: looking again", c.Device, id.IMEI, found)
	}
	f := b.finder
	f.mu.Lock()
	if found == "" {
		s.id.IMEI = id.IMEI
	}
	who, seat := s.who(), f.seats[c.Name]
	known := seat.own == who
	seat.own = who
	f.mu.Unlock()
	if known {
		return nil
	}
	err := b.spool.Update(context.Background(), func(tx *spool.Tx) error {
		tx.About("introduce")
		return tx.Set(ownKey(c.Name), who)
	})
	if err != nil {
		b.log.Error().Err(err).Str("modem", c.Name).Msg("cannot write down which modem this is: after a restart it may be another one")
	}
	return nil
}

func ownKey(name string) string { return "modem of " + name }
