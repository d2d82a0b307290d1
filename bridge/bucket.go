package bridge

import (
	"fmt"
	"time"

	"wvsms/spool"
)

// A bucket is the token bucket of one destination: it holds burst segments, and one more
// comes every so often. What is kept of it is one time, at which it is full again (the
// generic cell rate algorithm); so nothing has to be counted up.
type bucket struct {
	every time.Duration // 0: there is none
	burst int
}

// bucket is that of a destination.
func (c *Settings) bucket(peer string) bucket {
	var every *time.Duration
	var burst *int
	for _, p := range c.Peers {
		if (every == nil || burst == nil) && (Patterns{p.Number}).Match(peer) {
			every, burst = given(every, p.Every), given(burst, p.Burst)
		}
	}
	return bucket{*given(every, &c.Limits.PeerEvery), *given(burst, &c.Limits.PeerBurst)}
}

// level is full with what cannot be left out. A bucket is full after burst times every at
// the latest: what says later was written by a clock that has gone back, or for a slower
// pace, and must not lock anybody out.
func (k bucket) level(full, now time.Time) time.Time {
	if most := now.Add(time.Duration(k.burst) * k.every); full.After(most) {
		return most
	}
	return later(full, now)
}

// free is when a segment may go; not later than now: at once.
func (k bucket) free(full, now time.Time) time.Time {
	return k.level(full, now).Add(-time.Duration(k.burst-1) * k.every)
}

// take is when the bucket is full again after a segment has gone.
func (k bucket) take(full, now time.Time) time.Time { return k.level(full, now).Add(k.every) }

// empty is why a message waits.
func (k bucket) empty(peer string) string {
	return fmt.Sprintf("limits.peer_every of %s: a segment in %s, after %d at once", peer, k.every, k.burst)
}

// slow tells whether a datagram of so many segments takes so long to one destination that
// its receiver could take segments on an 8-bit reference for another one's.
func (k bucket) slow(segments int) bool {
	return k.every > 0 && time.Duration(segments-k.burst)*k.every > max(narrowWindow, time.Duration(segments)*narrowEach)
}

// mend writes down what is left out of a time that cannot be, so that it comes.
func (k bucket) mend(tx *spool.Tx, peer string, now time.Time) error {
	if k.every == 0 {
		return nil
	}
	full, err := tx.Bucket(peer)
	if most := k.level(full, now); err == nil && full.After(most) {
		err = tx.SetBucket(peer, most, now)
	}
	return err
}

// draw takes a segment out of the peer's bucket, if it has one.
func (k bucket) draw(tx *spool.Tx, peer string, now time.Time) error {
	if k.every == 0 {
		return nil
	}
	full, err := tx.Bucket(peer)
	if err != nil {
		return err
	}
	return tx.SetBucket(peer, k.take(full, now), now)
}
