package bridge

import (
	"database/sql"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// Each segment costs one commit, also where the next one is of another message: what became
// of the last and which goes now are one event. Nothing but CMGS passes between the segments
// of a message, and nothing but CMMS and CMGS while there is something to send.
func TestOneCommitASegment(t *testing.T) {
	var mu sync.Mutex
	var ledger int
	var said []string
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.air.NewHandset(phone, nil)
		r.stop()
		r.probe = func(point string) {
			mu.Lock()
			defer mu.Unlock()
			if point == "committed ledger" {
				ledger++
			}
		}
		r.trace = func(_ string, sent bool, line string) {
			mu.Lock()
			defer mu.Unlock()
			if sent && strings.HasPrefix(line, "AT") {
				said = append(said, line[:min(len(line), 7)])
			}
		}
		r.sims["m0"].SetRegistration(2, 2)
		r.start()
		r.settle(time.Minute)
		var ids []string
		for i := range 12 {
			ids = append(ids, r.accept(Request{Payload: []byte(strings.Repeat("x", 100+i%4*100))}))
		}
		mu.Lock()
		said = nil
		mu.Unlock()
		r.sims["m0"].SetRegistration(1, 1)
		r.settle(10 * time.Second)
		for _, id := range ids {
			if m := r.outbound(id); m.State != spool.StateSent {
				t.Errorf("message %s is %s", id, m.State)
			}
		}
	})
	if want := 3*(1+2+3+4) + 1; ledger != want {
		t.Errorf("%d commits, want %d", ledger, want)
	}
	one := []string{"AT+CMGS", "AT+CMMS", "AT+CMGS", "AT+CMGS", "AT+CMMS", "AT+CMGS", "AT+CMGS", "AT+CMGS", "AT+CMMS", "AT+CMGS", "AT+CMGS", "AT+CMGS", "AT+CMGS"}
	first := slices.Index(said, "AT+CMGS")
	if want := slices.Concat(one, one, one); first < 0 || !slices.Equal(said[first:], want) {
		t.Errorf("the modem was told\n%v, want\n%v", said, want)
	}
}

// A stop in the middle of a queue leaves the modem at no prompt: each one was answered by
// Ctrl-Z or by ESC.
func TestStopLeavesNoPrompt(t *testing.T) {
	for _, at := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 2500 * time.Millisecond} {
		var prompts, answered atomic.Int64
		inRigOf(t, modemtest.ModemOptions{Profile: modemtest.Generic, SubmitTime: time.Second, Latency: 100 * time.Millisecond}, modemtest.AirOptions{}, nil, func(r *rig) {
			r.air.NewHandset(phone, nil)
			r.stop()
			r.trace = func(_ string, sent bool, line string) {
				switch {
				case !sent && line == ">":
					prompts.Add(1)
				case sent && (strings.HasSuffix(line, "^Z") || line == "^["):
					answered.Add(1)
				}
			}
			r.start()
			r.settle(time.Minute)
			for range 5 {
				r.accept(Request{Payload: []byte("one of several")})
			}
			prompts.Store(0)
			answered.Store(0)
			r.settle(at)
			r.stop()
		})
		if p, a := prompts.Load(), answered.Load(); p == 0 || p != a {
			t.Errorf("stopped after %v: %d prompts, %d answered", at, p, a)
		}
	}
}

// A message that cannot be read stops no other one, with one modem or with several, and goes
// once it can be.
func TestUnreadableMessage(t *testing.T) {
	for _, modems := range [][]ModemConfig{{{Name: "m0"}}, {{Name: "m0"}, {Name: "m1"}}} {
		inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Modems = modems }, func(r *rig) {
			r.air.NewHandset(phone, nil)
			r.settle(time.Minute)
			r.register(2)
			var ids []string
			for range 6 {
				ids = append(ids, r.accept(Request{Payload: []byte("one of several")}))
			}
			r.damage(ids[0], ids[1])
			r.register(1)
			r.settle(time.Minute)
			for i, id := range ids {
				want := spool.StateSent
				if i < 2 {
					want = spool.StateQueued
				}
				if state := r.stateOf(id); state != want {
					t.Errorf("%d modems: message %d is %s, want %s", len(modems), i, state, want)
				}
			}
			r.mend(ids[0], ids[1])
			r.settle(2 * asideFor)
			for _, id := range ids {
				if state := r.stateOf(id); state != spool.StateSent {
					t.Errorf("%d modems: a message that can be read again is %s", len(modems), state)
				}
			}
		})
	}
}

// Its time ends, and an operator can end it.
func TestUnreadableMessageEnds(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.settle(time.Minute)
		r.register(2)
		late, cancelled := r.accept(Request{Payload: []byte("late"), TTL: time.Hour}), r.accept(Request{Payload: []byte("cancelled")})
		other := r.accept(Request{Payload: []byte("late, too"), TTL: time.Hour})
		r.damage(late, cancelled)
		if err := r.Cancel(r.ctx, cancelled); err != nil {
			t.Error(err)
		}
		r.settle(2 * time.Hour)
		for id, want := range map[string]spool.OutState{late: spool.StateExpired, other: spool.StateExpired, cancelled: spool.StateCancelled} {
			if state := r.stateOf(id); state != want {
				t.Errorf("a message that should be %s is %s", want, state)
			}
		}
	})
}

// What became of a segment is written down although the message that should follow cannot be
// read.
func TestUnreadableNeighbour(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		r.register(2)
		first, second := r.accept(Request{Payload: []byte("first")}), r.accept(Request{Payload: []byte("second")})
		r.damage(second)
		r.register(1)
		r.settle(time.Minute)
		if state := r.stateOf(first); state != spool.StateSent {
			t.Errorf("the first message is %s", state)
		}
	})
}

// The same where that message cannot be written; it goes once it can.
func TestNeighbourThatCannotBeWritten(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		r.register(2)
		first, second := r.accept(Request{Payload: []byte("first")}), r.accept(Request{Payload: []byte("second")})
		r.alter("CREATE TRIGGER refuse BEFORE UPDATE ON outbound WHEN old.id = '"+second+"' BEGIN SELECT RAISE(ABORT, 'refused'); END", "")
		r.register(1)
		r.settle(time.Minute)
		if a, b := r.stateOf(first), r.stateOf(second); a != spool.StateSent || b != spool.StateQueued {
			t.Errorf("the first message is %s, the second %s", a, b)
		}
		r.alter("DROP TRIGGER refuse", "")
		r.settle(time.Minute)
		if state := r.stateOf(second); state != spool.StateSent {
			t.Errorf("the second message is %s once it can be written", state)
		}
	})
}

// register has the network take every modem, 1, or none, 2.
func (r *rig) register(state int) {
	for _, m := range r.sims {
		m.SetRegistration(state, state)
	}
	r.settle(time.Minute)
}

// damage takes the payloads of messages, so that the bridge cannot read these; mend gives
// them others.
func (r *rig) damage(ids ...string) {
	r.t.Helper()
	r.alter("DELETE FROM outbound_payload WHERE outbound = (SELECT n FROM outbound WHERE id = ?)", ids...)
}

func (r *rig) mend(ids ...string) {
	r.t.Helper()
	r.alter("INSERT INTO outbound_payload SELECT n, x'6d656e646564' FROM outbound WHERE id = ?", ids...)
}

func (r *rig) alter(query string, ids ...string) {
	r.t.Helper()
	db, err := sql.Open("sqlite", r.cfg.Spool.Path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer db.Close()
	for _, id := range ids {
		if _, err := db.Exec(query, id); err != nil {
			r.t.Fatal(err)
		}
	}
}

// stateOf reads the row alone.
func (r *rig) stateOf(id string) (state spool.OutState) {
	r.t.Helper()
	r.view(func(tx *spool.Tx) error {
		all, err := tx.Outbounds("", 0, 100)
		for _, m := range all {
			if m.ID == id {
				state = m.State
			}
		}
		return err
	})
	return state
}
