package bridge

import (
	"fmt"
	"time"

	"wvsms/spool"
)

// Implementation.
const (
	budgetSpan = 24 * time.Hour
	monthSpan  = 30 * day
)

// A budget is how many segments may be submitted in one scope in any window of its span.
// 24 h are counted by attempts, 30 days by the hours in which they were made.
type budget struct {
	name  string // its key, and whose it is
	scope spool.Scope
	whose string // modem or peer; "" for all
	span  time.Duration
	most  int
}

func (u budget) month() bool { return u.span == monthSpan }

// spent is how many were submitted in the window that ends now.
func (u budget) spent(tx *spool.Tx, now time.Time) (n int, err error) {
	switch since := now.Add(-u.span); {
	case u.month():
		n, _, err = tx.Tallied(u.scope, since)
	case u.scope == spool.ToPeer(u.whose):
		n, err = tx.SpentTo(u.whose, since, mostSegments)
	default:
		n, err = tx.Spent(since, u.whose)
	}
	return n, err
}

// free is when another segment may go; the zero time is now.
func (u budget) free(tx *spool.Tx, now time.Time) (time.Time, error) {
	n, err := u.spent(tx, now)
	if err != nil || n < u.most {
		return time.Time{}, err
	}
	if u.month() {
		end, err := tx.TalliedLast(u.scope, u.most)
		return end.Add(monthSpan), err
	}
	last, err := tx.SpentLast(u.scope, u.most)
	return last.Add(budgetSpan + time.Nanosecond), err
}

// usedUp is why a message waits.
func (u budget) usedUp() string {
	return fmt.Sprintf("%s is used up: %d segments in %s", u.name, u.most, spanName(u.span))
}

func spanName(span time.Duration) string {
	if span == monthSpan {
		return "30 days"
	}
	return "24 h"
}

// A quota is how many segments may go in 24 h and in 30 days; 0 is any number.
type quota struct{ day, month int }

// or is what holds where [limits] says day and month.
func (q Quota) or(day, month int) quota {
	if q.PerDay != nil {
		day = *q.PerDay
	}
	if q.Per30d != nil {
		month = *q.Per30d
	}
	return quota{day, month}
}

func (q quota) budgets(scope spool.Scope, whose, day, month, of string) (list []budget) {
	if q.day > 0 {
		list = append(list, budget{day + of, scope, whose, budgetSpan, q.day})
	}
	if q.month > 0 {
		list = append(list, budget{month + of, scope, whose, monthSpan, q.month})
	}
	return list
}

// overall are the budgets of all modems together.
func (c *Settings) overall() []budget {
	return quota{c.Limits.SegmentsPerDay, c.Limits.SegmentsPer30d}.
		budgets(spool.Everything, "", "limits.segments_per_day", "limits.segments_per_30d", "")
}

// ofModem are the budgets of one modem.
func (c *Settings) ofModem(name string) []budget {
	return c.quotaOf(name).
		budgets(spool.OfModem(name), name, "limits.modem_per_day", "limits.modem_per_30d", " of "+name)
}

func (c *Settings) quotaOf(modem string) quota {
	return c.modems[modem].or(c.Limits.ModemPerDay, c.Limits.ModemPer30d)
}

// toPeer are the budgets of one destination: of each number the first [[peer]] that fits
// and has it, else [limits].
func (c *Settings) toPeer(peer string) []budget {
	var own Quota
	for _, p := range c.Peers {
		if (own.PerDay == nil || own.Per30d == nil) && (Patterns{p.Number}).Match(peer) {
			own.PerDay, own.Per30d = given(own.PerDay, p.PerDay), given(own.Per30d, p.Per30d)
		}
	}
	return own.or(c.Limits.PeerPerDay, c.Limits.PeerPer30d).
		budgets(spool.ToPeer(peer), peer, "limits.peer_per_day", "limits.peer_per_30d", " of "+peer)
}

func given[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}
