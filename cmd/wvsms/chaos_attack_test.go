package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// attack lets everything loose until all orders are accepted and all lives but the last
// are over, and a little longer.
func (w *chaosWorld) attack() {
	numbers := make([][]string, len(w.bridges))
	for i, b := range w.bridges {
		numbers[i] = b.numbers()
	}
	orders := planOrders(w.o.seed, w.o.messages, numbers)
	lives := planLives(w.o.seed, w.o.kills, len(w.bridges))
	w.history.ordered(orders)

	ctx, end := context.WithCancel(w.ctx)
	var adversary sync.WaitGroup
	for i, b := range w.bridges {
		mine := ordersOf(orders, i)
		b.open.Store(int64(len(mine)))
		b.lives.Add(1)
		w.running.Go(func() { b.supervise(lives[i], mine) })
		for n := range senders {
			w.running.Go(func() { b.runSender(n) })
		}
		for n := range consumers {
			w.running.Go(func() { b.runConsumer(n) })
		}
		w.running.Go(b.runFollower)
		adversary.Go(func() { b.torment(ctx, stream(w.o.seed, fmt.Sprint("bridge", i))) })
		for _, m := range b.modems {
			adversary.Go(func() { m.torment(ctx, stream(w.o.seed, fmt.Sprint("modem", i, m.name))) })
		}
	}
	for _, b := range w.bridges {
		b.lives.Wait()
	}
	for _, b := range w.bridges {
		// What is not answered by then never will be.
		for until := time.Now().Add(patience); b.open.Load() > 0 && time.Now().Before(until); {
			pause(w.ctx, 50*time.Millisecond)
		}
	}
	pause(w.ctx, 2*time.Second)
	end()
	adversary.Wait()
}

func ordersOf(orders []*order, bridge int) (mine []*order) {
	for _, o := range orders {
		if o.from == bridge {
			mine = append(mine, o)
		}
	}
	return mine
}

// torment does one trouble after the other to a modem. A fault has a second to hit.
func (m *chaosModem) torment(ctx context.Context, r *rand.Rand) {
	defer m.repair()
	for pause(ctx, between(r, 20*time.Millisecond, 500*time.Millisecond)) {
		t := drawTrouble(r)
		hit := t.fault == nil
		if !hit {
			f := t.fault(r, &m.profile)
			m.b.w.diary.note("bridge %d, %s: %s, text %q, at %v, after %v", m.b.index, m.name, faultName(f), f.Text, f.At, f.After)
			select {
			case <-m.hit:
			default:
			}
			m.sim.Fault(f)
			select {
			case <-m.hit:
				hit = true
			case <-time.After(time.Second):
			}
		} else {
			m.b.w.tally.count("trouble", t.name)
			m.b.w.diary.note("bridge %d, %s: %s", m.b.index, m.name, t.name)
		}
		if hit && t.act != nil {
			t.act(m, r)
		}
		if t.fault != nil {
			m.sim.ClearFaults()
		}
	}
}

func drawTrouble(r *rand.Rand) trouble {
	all := 0
	for _, t := range troubles {
		all += t.weight
	}
	n := r.IntN(all)
	for _, t := range troubles {
		if n -= t.weight; n < 0 {
			return t
		}
	}
	panic("no trouble")
}

// torment does to a bridge what does not concern its modems.
func (b *chaosBridge) torment(ctx context.Context, r *rand.Rand) {
	for pause(ctx, between(r, time.Second, 5*time.Second)) {
		if b.bus != nil && len(b.modems) > 1 && oneIn(r, 2) {
			b.w.diary.note("bridge %d: its sticks change places", b.index)
			b.w.tally.count("swap", "of two sticks")
			b.swap(r)
			continue
		}
		if b.mounted && oneIn(r, 2) {
			d := between(r, 200*time.Millisecond, 2500*time.Millisecond)
			b.w.diary.note("bridge %d: the disk is full for %v", b.index, d)
			b.w.tally.count("disk", "full")
			if err := b.fillDisk(d); err != nil {
				b.w.t.Error(err)
			}
			continue
		}
		move := pick(r, clockMoves)
		b.w.diary.note("bridge %d: clock %s", b.index, move)
		b.w.tally.count("clock", move+" while it runs")
		b.moveClock(move)
	}
}

// calmDown waits until every message has ended and everything that is on air has come
// to its consumer. What only time ends gets time: the bridges are started again with
// their clocks put forward.
func (w *chaosWorld) calmDown() {
	w.calm.Store(true)
	for _, b := range w.bridges {
		b.moveClock("true") // from 1970 there is no way forward that a bridge believes
	}
	forward := []string{"+2m", "+10m", "+30m", "+1h", "+6h", "+20h", "+20h"}
	idle, last := time.Now(), -1
	for w.ctx.Err() == nil {
		left := w.history.snapshot().unfinished()
		n := len(left) + w.pending()
		if n != last {
			last, idle = n, time.Now()
		}
		if n == 0 && time.Since(idle) > 2*heldBack {
			break // nothing can be on its way any more
		}
		if n > 0 && time.Since(idle) > calmTime {
			if len(forward) == 0 {
				w.diary.note("not at rest: %v", left)
				if pending := w.pending(); pending > 0 {
					w.t.Errorf("network and modems still hold %d messages that no bridge takes", pending)
				}
				break // the checker says what is missing
			}
			for _, b := range w.bridges {
				b.restart <- forward[0]
			}
			w.tally.count("clock", forward[0]+" at the end")
			forward, idle = forward[1:], time.Now()
		}
		pause(w.ctx, 100*time.Millisecond)
	}
	w.lastLook()
}

// calmTime is how long nothing moves before the clocks are put forward: more than a
// busy machine takes for one step.
const calmTime = 4 * time.Second

// pending is what the network and the modems still have for a bridge.
func (w *chaosWorld) pending() int {
	n := w.air.Counts().Pending
	for _, b := range w.bridges {
		for _, m := range b.modems {
			n += m.sim.Stored("SM") + m.sim.Stored("ME")
		}
	}
	return n
}

// lastLook reads each bridge's events from the first one on, and lets it say whatever
// it still has to offer.
func (w *chaosWorld) lastLook() {
	for _, b := range w.bridges {
		ctx, end := context.WithTimeout(w.ctx, patience)
		c, err := b.dial(ctx)
		end()
		if err != nil {
			w.t.Errorf("bridge %d does not answer at the end: %v", b.index, err)
			continue
		}
		if err := c.replay(); err != nil {
			w.t.Errorf("bridge %d: read its events at the end: %v", b.index, err)
		}
		if err := c.offerAll(); err != nil {
			w.t.Errorf("bridge %d: look for what it still offers: %v", b.index, err)
		}
		c.close()
	}
}
