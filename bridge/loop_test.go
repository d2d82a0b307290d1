package bridge

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// An answerer is a program that answers each message at once, in a rig.
type answerer struct {
	*rig
	to       string
	octets   int // of an answer
	accepted int // segments
	refused  []error
}

// answer takes what waits and answers it.
func (p *answerer) answer() {
	for _, m := range p.messages() {
		p.acknowledge(m.ID)
		a, err := p.Accept(context.Background(), Request{To: p.to, Port: 3590, FromPort: 3590, Payload: make([]byte, p.octets), TTL: time.Hour, Origin: tcpRoute})
		if err != nil {
			p.refused = append(p.refused, err)
		}
		p.accepted += a.Segments
	}
}

// play lets both answer for so long.
func play(d time.Duration, a, b *answerer) {
	for range d / time.Second {
		a.answer()
		b.answer()
		a.settle(time.Second)
	}
}

func (r *rig) loopsNow() []loopInfo { return r.Info().(info).Loops }

// alarms counts the lines of the log that somebody has to look at.
func (r *rig) alarms() int {
	return strings.Count(r.said.String(), "two programs answer each other")
}

// Two bridges whose programs answer each other: they stop within loop_segments, also when
// one of them starts anew in between, and both tell who. An hour of silence ends it.
func TestLoopIsStopped(t *testing.T) {
	t.Parallel()
	sizes := []int{300, 20}
	if brief() {
		sizes = sizes[:1]
	}
	for _, octets := range sizes {
		t.Run(fmt.Sprint(octets), func(t *testing.T) {
			air := modemtest.AirOptions{Delay: 3 * time.Second, Jitter: 2 * time.Second}
			inRigs(t, air, func(c *Config) { c.Limits.LoopSegments, c.Limits.SegmentsPerDay = 30, 0 }, func(left, right *rig) {
				a := &answerer{rig: left, to: farNumber, octets: octets}
				b := &answerer{rig: right, to: ownNumber, octets: octets}
				left.settle(time.Minute)
				begun := left.accept(Request{To: farNumber, Payload: []byte("hello")})
				if m := left.outbound(begun); m.State == spool.StateFailed {
					t.Fatal(m.Why)
				}
				play(time.Minute, a, b)
				left.stop()
				left.start()
				play(6*time.Minute, a, b)
				if a.accepted == 0 || a.accepted > 30 || b.accepted > 30 || left.alarms()+right.alarms() == 0 {
					t.Fatalf("%d and %d segments, %d and %d alarms", a.accepted, b.accepted, left.alarms(), right.alarms())
				}
				first := a
				if len(b.refused) > 0 {
					first = b
				}
				if len(first.refused) != 1 || code(first.refused[0]) != "budget" || !strings.Contains(first.refused[0].Error(), "loop: ") {
					t.Errorf("refused: %v", first.refused)
				}
				loops := first.loopsNow()
				if len(loops) != 1 || "+"+loops[0].Peer != first.to || loops[0].Segments < 25 {
					t.Errorf("INFO has %+v", loops)
				}
				if _, err := first.Accept(context.Background(), Request{To: first.to, Port: 3590, Payload: []byte("x"), TTL: time.Hour}); code(err) != "budget" || first.alarms() != 1 {
					t.Errorf("minutes later: %v, %d alarms", err, first.alarms())
				}
				other := Request{To: phone, Port: 3590, Payload: []byte("x"), TTL: time.Hour}
				if _, err := first.Accept(context.Background(), other); err != nil {
					t.Errorf("to another number: %v", err)
				}
				left.settle(time.Hour)
				if loops := first.loopsNow(); len(loops) != 0 {
					t.Errorf("after an hour of silence: %+v", loops)
				}
				first.accept(Request{To: first.to, Payload: []byte("again")})
			})
		})
	}
}

// The operator ends it sooner.
func TestLoopIsResumed(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Limits.LoopSegments = 2 }, func(r *rig) {
		h := r.air.NewHandset(phone, func(h *modemtest.Handset, from string, _ wdp.Datagram) {
			if err := h.Send(from, datagram("again")); err != nil {
				t.Error(err)
			}
		})
		r.settle(time.Minute)
		if err := h.Send(ownNumber, datagram("hello")); err != nil {
			t.Fatal(err)
		}
		p := &answerer{rig: r, to: phone, octets: 5}
		for range 60 {
			p.answer()
			r.settle(time.Second)
		}
		if p.accepted != 2 || len(p.refused) != 1 {
			t.Fatalf("%d segments, then %v", p.accepted, p.refused)
		}
		c := r.client()
		defer c.close()
		c.say("RESUME +49")
		c.settle("ERR not-allowed no loop")
		c.say("RESUME " + strings.TrimPrefix(phone, "+"))
		c.settle("OK")
		c.say("RESUME " + phone)
		c.settle("ERR not-allowed no loop")
		if loops := r.loopsNow(); len(loops) != 0 {
			t.Errorf("INFO has %+v", loops)
		}
		r.accept(Request{Payload: []byte("on")})
	})
}

// What is no loop: people who answer each other for hours, a program that sends on its
// own, one that answers a single request with very much.
func TestNoLoop(t *testing.T) {
	limits := Defaults().Limits
	long := 3 * limits.LoopSegments
	for name, step := range map[string]func(v *spool.Volley, now time.Time) (time.Time, bool){
		"people, whose program acknowledges each message at once": func(v *spool.Volley, now time.Time) (time.Time, bool) {
			limits.hear(v, now, 2)
			ok := limits.say(v, now.Add(time.Second), 1) // the program
			now = now.Add(25 * time.Second)              // the other person
			return now.Add(20 * time.Second), limits.say(v, now, 2) && ok
		},
		"news, which nobody answers": func(v *spool.Volley, now time.Time) (time.Time, bool) {
			return now.Add(time.Second), limits.say(v, now, 1)
		},
		"a handset that asks each minute": func(v *spool.Volley, now time.Time) (time.Time, bool) {
			limits.hear(v, now, 1)
			return now.Add(time.Minute), limits.say(v, now.Add(time.Second), 4)
		},
	} {
		v, now := spool.Volley{Peer: "491"}, builtAfter
		for range long {
			var ok bool
			if now, ok = step(&v, now); !ok {
				t.Errorf("%s: a loop after %d segments", name, v.Segments)
				break
			}
		}
	}
	v, now := spool.Volley{Peer: "491"}, builtAfter // login, capabilities, contact lists, presence
	for _, segments := range []int{1, 2, 2, 4, 6, 3, 10, 4} {
		limits.hear(&v, now, 2)
		if !limits.say(&v, now.Add(time.Second), segments) {
			t.Fatalf("a session is a loop after %d segments", v.Segments)
		}
		now = now.Add(12 * time.Second)
	}
}

// A clock that goes back by what was lost at a power cut, or leaps, holds nobody up.
func TestLoopClock(t *testing.T) {
	limits := Defaults().Limits
	now := builtAfter
	v := spool.Volley{Peer: "491", Segments: 100, Heard: now, Said: now, Stopped: now}
	if limits.say(&v, now.Add(-time.Minute), 1) {
		t.Error("it is forgotten when the clock goes back")
	}
	if limits.say(&v, now.Add(59*time.Minute), 1) {
		t.Error("it ends too early")
	}
	if !limits.say(&v, now.Add(time.Hour), 1) || v.Segments != 0 {
		t.Errorf("it does not end: %+v", v)
	}
}

// One long answer is no row: nobody has answered it. The next one is, if the peer answers
// it at once.
func TestOneLongAnswerIsNoLoop(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Limits.LoopSegments = 10 }, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		answer := func() error {
			if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Data: []byte("ask")}); err != nil {
				t.Fatal(err)
			}
			r.settle(8 * time.Second)
			if n := len(r.messages()); n != 1 {
				t.Fatalf("%d messages have come", n)
			}
			r.acknowledge(r.messages()[0].ID)
			_, err := r.Accept(context.Background(), Request{To: phone, Port: 3590, FromPort: 3590, Payload: make([]byte, 2000), TTL: time.Hour, Origin: tcpRoute})
			return err
		}
		if err := answer(); err != nil || len(r.loopsNow()) != 0 {
			t.Errorf("a long answer: %v", err)
		}
		if err := answer(); err == nil || len(r.loopsNow()) != 1 {
			t.Error("a second one in the row is accepted")
		}
	})
}
