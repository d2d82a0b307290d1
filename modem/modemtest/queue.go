package modemtest

import (
	"sync"
	"time"

	"wvsms/pdu"
)

// An item is one message that the service centre holds for somebody.
type item struct {
	to      string // key of Air.phones
	from    string
	submit  *pdu.Submit // what it came from; nil: nobody asks for a report
	deliver *pdu.Deliver
	report  *pdu.StatusReport
	raw     []byte // Air.Inject
	expires time.Time
	failed  bool // a temporary report is out
}

// A queue holds the items of one recipient. One of them is on air at a time;
// the next follows its acknowledgement.
type queue struct {
	items   []*item
	busy    bool
	resting bool // until the next attempt
	rest    int  // which rest: an alert ends one early
}

// ST values of TS 23.040 9.2.3.15.
const (
	stReceived     = 0x00
	stNoResponse   = 0x22
	stBusy         = 0x21
	stExpired      = 0x46
	stDoesNotExist = 0x49
)

// arrive puts an item into its recipient's queue.
func (a *Air) arrive(it *item) {
	a.mu.Lock()
	if a.phones[it.to] == nil {
		a.counts.Unknown++
		a.seen(it, Dropped)
		a.report(it, stDoesNotExist)
		a.mu.Unlock()
		return
	}
	q := a.queues[it.to]
	if q == nil {
		q = &queue{}
		a.queues[it.to] = q
	}
	q.items = append(q.items, it)
	a.mu.Unlock()
	a.pump(it.to)
}

// pump makes an attempt for the first item of a queue. The phone is called
// without the lock: it may answer at once.
func (a *Air) pump(to string) {
	now := a.now()
	a.mu.Lock()
	q, p := a.queues[to], a.phones[to]
	if q == nil || q.busy || q.resting {
		a.mu.Unlock()
		return
	}
	for len(q.items) > 0 && q.items[0].expired(now) {
		a.counts.Expired++
		a.seen(q.items[0], Dropped)
		a.report(q.items[0], stExpired)
		q.items = q.items[1:]
	}
	if len(q.items) == 0 {
		a.mu.Unlock()
		return
	}
	it := q.items[0]
	q.busy = true
	octets, err := it.octets(len(q.items) > 1)
	smsc, _ := pdu.ParseNumber(a.o.SMSC)
	a.mu.Unlock()

	var once sync.Once
	done := func(o outcome) {
		once.Do(func() { a.plan.after(0, func() { a.settle(to, it, o) }) })
	}
	if err != nil {
		done(delivered) // cannot be put on air: it is gone
		return
	}
	p.receive(octets, smsc, done)
}

func (it *item) expired(now time.Time) bool {
	return !it.expires.IsZero() && now.After(it.expires)
}

// octets is the TPDU as it goes on air; more says that others wait (TP-MMS).
func (it *item) octets(more bool) ([]byte, error) {
	switch {
	case it.raw != nil:
		return it.raw, nil
	case it.report != nil:
		r := *it.report
		r.MoreToSend = more
		return r.AppendBinary(nil)
	}
	d := *it.deliver
	d.MoreToSend = more
	return d.AppendBinary(nil)
}

// settle ends an attempt.
func (a *Air) settle(to string, it *item, o outcome) {
	a.mu.Lock()
	q := a.queues[to]
	q.busy = false
	if o == delivered {
		q.items = q.items[1:]
		a.counts.Delivered++
		a.seen(it, Handed)
		a.report(it, stReceived)
		a.mu.Unlock()
		a.pump(to)
		return
	}
	if o == noRoom {
		a.counts.NoRoom++
	}
	if a.o.TemporaryState && !it.failed {
		it.failed = true
		st := byte(stNoResponse)
		if o == noRoom {
			st = stBusy
		}
		a.report(it, st)
	}
	q.resting = true
	q.rest++
	rest, retry := q.rest, a.o.Retry
	if !it.expires.IsZero() {
		retry = max(0, min(retry, it.expires.Sub(a.now())+time.Second))
	}
	a.mu.Unlock()
	a.plan.after(retry, func() { a.wakeQueue(to, rest) })
}

// wakeQueue ends a rest.
func (a *Air) wakeQueue(to string, rest int) {
	a.mu.Lock()
	q := a.queues[to]
	if q == nil || !q.resting || q.rest != rest {
		a.mu.Unlock()
		return
	}
	q.resting = false
	a.mu.Unlock()
	a.pump(to)
}

// alert ends the rest of a recipient that can be reached again: TS 23.040 10.3.
func (a *Air) alert(number string) {
	to := digitsOf(number)
	a.plan.after(0, func() {
		a.mu.Lock()
		q := a.queues[to]
		rest := 0
		if q != nil {
			rest = q.rest
		}
		a.mu.Unlock()
		a.wakeQueue(to, rest)
	})
}

// report sends the sender the state of its message, where it asked. a.mu is held.
func (a *Air) report(it *item, st byte) {
	s := it.submit
	if s == nil || !s.SRR {
		return
	}
	r := &pdu.StatusReport{MR: s.MR, RA: s.DA, SCTS: it.deliver.SCTS, DT: pdu.NewTimestamp(a.now()), ST: st}
	a.dispatch(&item{to: digitsOf(it.from), from: it.to, report: r})
}

// holds reports whether a message of that sender and TP-MR still waits:
// TP-RD, TS 23.040 9.2.3.25. a.mu is held.
func (a *Air) holds(from, to string, mr byte) bool {
	q := a.queues[to]
	if q == nil {
		return false
	}
	for _, it := range q.items {
		if it.from == from && it.submit != nil && it.submit.MR == mr {
			return true
		}
	}
	return false
}
