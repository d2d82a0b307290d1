package bridge

import (
	"fmt"
	"time"
)

// LimitsConfig is [limits]. Of what is counted, 0 is unlimited.
type LimitsConfig struct {
	SegmentsPerDay int // of all modems, in sliding 24 h
	SegmentsPer30d int
	ModemPerDay    int // of each modem
	ModemPer30d    int
	PeerPerDay     int // to each destination
	PeerPer30d     int
	PeerEvery      time.Duration // a segment to one destination, 0: as fast as it goes,
	PeerBurst      int           // but for so many at once

	MaxOctets int   // of a payload
	Price     Price // of a segment

	LoopSegments int           // sent in an unbroken row of quick answers; 0: no row is a loop
	LoopWithin   time.Duration // what is quick

	AllowTo, AllowFrom Patterns
	DenyTo, DenyFrom   Patterns // what they cover no allow list lets through
}

var defaultLimits = LimitsConfig{
	SegmentsPerDay: 500, PeerBurst: 5, MaxOctets: maxSend, LoopSegments: 200, LoopWithin: 10 * time.Second,
	AllowTo: Patterns{"*"}, AllowFrom: Patterns{"*"},
}

// Implementation: the largest numbers that mean something.
const (
	mostSegments = 100_000_000
	mostBurst    = 1000
	slowest      = 10 * time.Minute // receivers join no segments that come further apart
)

func (c *LimitsConfig) read(t *table) {
	t.integer("segments_per_day", &c.SegmentsPerDay, 0, mostSegments)
	t.integer("segments_per_30d", &c.SegmentsPer30d, 0, mostSegments)
	t.integer("modem_per_day", &c.ModemPerDay, 0, mostSegments)
	t.integer("modem_per_30d", &c.ModemPer30d, 0, mostSegments)
	t.integer("peer_per_day", &c.PeerPerDay, 0, mostSegments)
	t.integer("peer_per_30d", &c.PeerPer30d, 0, mostSegments)
	t.every("peer_every", &c.PeerEvery)
	t.integer("peer_burst", &c.PeerBurst, 1, mostBurst)
	t.integer("max_octets", &c.MaxOctets, 1, maxSend)
	t.price("price", &c.Price)
	t.integer("loop_segments", &c.LoopSegments, 0, mostSegments)
	t.duration("loop_within", &c.LoopWithin)
	if c.LoopWithin < time.Second || c.LoopWithin > slowest {
		t.fault("loop_within", "is from 1s to 10m: what takes longer is no answer of a program's")
	}
	t.patterns("allow_to", &c.AllowTo)
	t.patterns("allow_from", &c.AllowFrom)
	t.patterns("deny_to", &c.DenyTo)
	t.patterns("deny_from", &c.DenyFrom)
}

// A Quota is how many segments may go in 24 h and in 30 days, where a table says so for
// one modem or some peers; nil: [limits] says it.
type Quota struct {
	PerDay, Per30d *int
}

func (q *Quota) read(t *table, day, month string) {
	t.given(day, &q.PerDay, 0, mostSegments)
	t.given(month, &q.Per30d, 0, mostSegments)
}

// given is an integer that may be absent.
func (t *table) given(key string, to **int, least, most int) {
	if _, ok := t.values[key]; !ok {
		return
	}
	n := least
	if t.integer(key, &n, least, most); !t.faulty(key) {
		*to = &n
	}
}

// every is the pace of a token bucket; "" is none.
func (t *table) every(key string, to *time.Duration) {
	if t.values[key] == "" {
		delete(t.values, key)
		*to = 0
		return
	}
	if t.duration(key, to); *to > slowest {
		t.fault(key, "is more than 10m: handsets join no segments that come so far apart")
	}
}

// checkQuotas finds budgets of 30 days that are smaller than those of one.
func (c *Config) checkQuotas(t *table) {
	check := func(key string, day, month int) {
		if month > 0 && day > month && !t.faulty(key) {
			t.fault(key, fmt.Sprintf("%d segments in 30 days are fewer than the %d that may go in 24 h", month, day))
		}
	}
	l := c.Limits
	check("limits.segments_per_30d", l.SegmentsPerDay, l.SegmentsPer30d)
	check("limits.modem_per_30d", l.ModemPerDay, l.ModemPer30d)
	check("limits.peer_per_30d", l.PeerPerDay, l.PeerPer30d)
	for i, m := range c.Modems {
		q := m.Quota.or(l.ModemPerDay, l.ModemPer30d)
		check(fmt.Sprintf("modem[%d].segments_per_30d", i), q.day, q.month)
	}
	for i, p := range c.Peers {
		q := p.Quota.or(l.PeerPerDay, l.PeerPer30d)
		check(fmt.Sprintf("peer[%d].peer_per_30d", i), q.day, q.month)
	}
}
