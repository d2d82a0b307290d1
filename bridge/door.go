package bridge

import (
	"maps"
	"net/netip"
	"sync"
	"time"
)

// Implementation. Who guesses has six tries a minute and address, a try a second in all;
// who errs is let in again soon.
const (
	strikesEach   = 5 // failures before an address has to wait
	strikeEach    = 10 * time.Second
	strikesAll    = 100 // the same of all addresses together,
	strikeAll     = time.Second
	friendTime    = 24 * time.Hour // but for those that showed a token since
	mostFriends   = 256
	alarmInterval = 10 * time.Second
)

// A door makes those wait who show wrong tokens. It is told the time.
//
// Each failure fills a bucket that leaks, one of the address and one of all addresses;
// who meets a full one waits. So what is remembered is bounded: a bucket that has leaked
// is none, and the common one lets only so many fill at a time. Addresses of friends do
// not ask the common one: strangers, however many, do not lock them out.
type door struct {
	mu      sync.Mutex
	each    map[netip.Prefix]leak
	all     leak
	friends map[netip.Prefix]time.Time // when they were let in last
	unsaid  int                        // failures since the last alarm
	said    time.Time
}

// A leak is a bucket, told by when it will have leaked: each strike adds to it.
type leak time.Time

func (b leak) fill(now time.Time, strike time.Duration) leak {
	if at := time.Time(b); at.After(now) {
		now = at
	}
	return leak(now.Add(strike))
}

// full tells how long to wait until one more strike fits.
func (b leak) full(now time.Time, strikes int, strike time.Duration) time.Duration {
	return time.Time(b).Sub(now.Add(time.Duration(strikes-1) * strike))
}

// origin is what counts as one address: of IPv6 a /64, for its addresses are all one
// host's to choose. The zero one is the Unix socket's.
func origin(from netip.Addr) netip.Prefix {
	from = from.Unmap().WithZone("")
	bits := from.BitLen()
	if from.Is6() {
		bits = 64
	}
	prefix, _ := from.Prefix(bits) // of the zero address: the zero prefix
	return prefix
}

// try lets from in if it showed a right token and need not wait. What it has to wait is
// told whether the token is right or not. alarm is how many failures are to be logged
// now: not each one, for strangers decide how often.
func (d *door) try(now time.Time, from netip.Addr, right bool) (wait time.Duration, alarm int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := origin(from)
	wait = d.each[at].full(now, strikesEach, strikeEach)
	if !d.friend(now, at) {
		wait = max(wait, d.all.full(now, strikesAll, strikeAll))
	}
	switch {
	case wait > 0:
	case right:
		d.passed(now, at)
		return 0, 0
	default:
		wait = 0
		d.failed(now, at)
	}
	return wait, d.alarm(now)
}

func (d *door) friend(now time.Time, at netip.Prefix) bool {
	last, ok := d.friends[at]
	return ok && now.Sub(last) < friendTime
}

func (d *door) failed(now time.Time, at netip.Prefix) {
	if d.each == nil {
		d.each = map[netip.Prefix]leak{}
	}
	maps.DeleteFunc(d.each, func(_ netip.Prefix, b leak) bool { return !time.Time(b).After(now) })
	d.each[at] = d.each[at].fill(now, strikeEach)
	if !d.friend(now, at) {
		d.all = d.all.fill(now, strikeAll)
	}
}

func (d *door) passed(now time.Time, at netip.Prefix) {
	if d.friends == nil {
		d.friends = map[netip.Prefix]time.Time{}
	}
	if _, known := d.friends[at]; !known && len(d.friends) >= mostFriends {
		oldest := at
		for one, last := range d.friends {
			if oldest == at || last.Before(d.friends[oldest]) {
				oldest = one
			}
		}
		delete(d.friends, oldest)
	}
	d.friends[at] = now
}

func (d *door) alarm(now time.Time) int {
	d.unsaid++
	if now.Sub(d.said) < alarmInterval {
		return 0
	}
	n := d.unsaid
	d.unsaid, d.said = 0, now
	return n
}

// knows tells whether from showed a right token lately.
func (d *door) knows(now time.Time, from netip.Addr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.friend(now, origin(from))
}
