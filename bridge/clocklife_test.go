package bridge

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// The wall clock of a machine may be anything: 1970 where there is no RTC, set by 56
// years when NTP comes, an hour back. No deadline moves with it.
var wallJumps = []struct {
	name          string
	before, after time.Duration // the wall clock's error, at first and from the jump on
}{
	{"right", 0, 0},
	{"1970, then NTP", -56 * 365 * day, 0},
	{"an hour back", 0, -time.Hour},
	{"an hour on", 0, time.Hour},
	{"NTP gone mad", 0, 100 * 365 * day},
	{"back to 1970", 0, -56 * 365 * day},
}

// withJump runs f with a bridge whose wall clock jumps when f says so.
func withJump(t *testing.T, before, after time.Duration, change func(*Config), f func(r *rig, jump func())) {
	inRig(t, modemtest.AirOptions{}, change, func(r *rig) {
		r.stop()
		var offset atomic.Int64
		offset.Store(int64(before))
		r.wall = func() time.Time { return time.Now().Add(wallStart + time.Duration(offset.Load())) }
		r.cfg.Spool.Path += "2" // bridge time begins with this clock
		r.start()
		r.settle(time.Minute)
		f(r, func() { offset.Store(int64(after)) })
	})
}

// wallStart brings the bubble's time, which begins in 2000, behind the build.
const wallStart = 27 * 365 * day

func TestClockOutbound(t *testing.T) {
	t.Parallel()
	for _, jump := range wallJumps {
		t.Run(jump.name, func(t *testing.T) {
			withJump(t, jump.before, jump.after, nil, func(r *rig, set func()) {
				got := r.collect(phone)
				r.offline(true)
				short := r.accept(Request{Payload: []byte("short"), TTL: time.Hour})
				long := r.accept(Request{Payload: []byte("long"), TTL: 10 * time.Hour})
				keyed := r.accept(Request{Payload: []byte("keyed"), TTL: 10 * time.Hour, Key: "k"})
				r.settle(30 * time.Minute)
				set()
				if again := r.accept(Request{Payload: []byte("keyed"), TTL: 10 * time.Hour, Key: "k"}); again != keyed {
					t.Errorf("its key is forgotten: %s after %s", again, keyed)
				}
				r.settle(20 * time.Minute)
				if m := r.outbound(short); m.State != spool.StateQueued {
					t.Errorf("ten minutes too early it is %s", m.State)
				}
				r.settle(11 * time.Minute)
				if m := r.outbound(short); m.State != spool.StateExpired {
					t.Errorf("at its time it is %s", m.State)
				}
				r.offline(false)
				r.settle(time.Minute)
				if m := r.outbound(long); m.State != spool.StateSent || len(*got) != 2 {
					t.Errorf("the other is %s, the handset got %d", m.State, len(*got))
				}
			})
		})
	}
}

// The budget's 24 h are bridge time's.
func TestClockBudget(t *testing.T) {
	t.Parallel()
	for _, jump := range wallJumps[1:3] { // a day takes seconds
		t.Run(jump.name, func(t *testing.T) {
			withJump(t, jump.before, jump.after, func(c *Config) { c.Limits.SegmentsPerDay = 2 }, func(r *rig, set func()) {
				r.collect(phone)
				r.accept(Request{Payload: []byte("a")})
				r.settle(time.Hour)
				set()
				r.accept(Request{Payload: []byte("b")})
				r.settle(22 * time.Hour)
				if _, err := r.Accept(context.Background(), Request{To: phone, Port: 3590, Payload: []byte("c"), TTL: time.Hour}); code(err) != "budget" {
					t.Errorf("over the budget: %v", err)
				}
				r.settle(2 * time.Hour)
				r.accept(Request{Payload: []byte("c")})
				r.settle(time.Minute)
				if n := r.air.Counts().Accepted; n != 3 {
					t.Errorf("%d were sent", n)
				}
			})
		})
	}
}

// A segment waits 24 h of bridge time for the others; a copy is known for 7 days of it.
func TestClockInbound(t *testing.T) {
	t.Parallel()
	for _, jump := range wallJumps[1:3] { // a day takes seconds
		t.Run(jump.name, func(t *testing.T) {
			withJump(t, jump.before, jump.after, nil, func(r *rig, set func()) {
				h := r.air.NewHandset(phone, nil)
				parts, err := wdp.Datagram{Dst: 3590, Data: make([]byte, 200)}.Segment(wdp.Ref{Value: 7, Wide: true})
				if err != nil {
					t.Fatal(err)
				}
				if err := h.SendUserData(ownNumber, dcsData, parts[0]); err != nil {
					t.Fatal(err)
				}
				r.settle(time.Hour)
				set()
				r.settle(22 * time.Hour)
				if n := r.counters()["parked"]; n != 0 {
					t.Errorf("%d are set aside an hour too early", n)
				}
				if err := h.SendUserData(ownNumber, dcsData, parts[1]); err != nil {
					t.Fatal(err)
				}
				r.settle(time.Minute)
				if n := len(r.messages()); n != 1 {
					t.Errorf("%d messages", n)
				}
			})
		})
	}
}

// What the wall clock says at a restart counts only where it can be believed; a
// deadline comes late then, but not early.
func TestClockRestart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		before, after time.Duration // the wall clock's error before and after the restart
		counted       bool          // the hour in which the bridge is down
	}{
		{"right", 0, 0, true},
		{"1970 all the time", -56 * 365 * day, -56 * 365 * day, false},
		{"1970 after a power cut", 0, -56 * 365 * day, false},
		{"1970 before", -56 * 365 * day, 0, false},
		{"an hour back", 0, -time.Hour, false},
		{"half an hour back", 0, -30 * time.Minute, false}, // half of it is
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			withJump(t, test.before, test.after, nil, func(r *rig, set func()) {
				r.offline(true)
				id := r.accept(Request{Payload: []byte("a"), TTL: 90 * time.Minute})
				r.settle(15 * time.Minute)
				r.stop()
				set()
				time.Sleep(time.Hour)
				r.start()
				r.settle(31 * time.Minute) // 106 by the wall, 46 without the hour
				m := r.outbound(id)
				if expired := m.State == spool.StateExpired; expired != test.counted {
					t.Errorf("%s at %v of bridge time", m.State, r.Now().Sub(m.Accepted))
				}
				r.settle(time.Hour)
				if m := r.outbound(id); m.State != spool.StateExpired {
					t.Errorf("it is still %s at %v of bridge time", m.State, r.Now().Sub(m.Accepted))
				}
			})
		})
	}
}

// Wall time is for display: ids stay unique and in order, events too.
func TestClockIDs(t *testing.T) {
	withJump(t, 0, -56*365*day, nil, func(r *rig, set func()) {
		r.offline(true)
		seen := map[string]bool{}
		for i := range 20 {
			if i == 10 {
				set()
			}
			id := r.accept(Request{Payload: fmt.Append(nil, i)})
			if seen[id] {
				t.Fatalf("%s is given out twice", id)
			}
			seen[id] = true
		}
		r.offline(false)
		r.settle(time.Minute)
		r.view(func(tx *spool.Tx) error {
			list, err := tx.Events(0, 100)
			for i, e := range list {
				if i > 0 && (e.N <= list[i-1].N || e.At.Before(list[i-1].At)) {
					t.Errorf("event %d at %v stands behind %d at %v", e.N, e.At, list[i-1].N, list[i-1].At)
				}
			}
			return err
		})
	})
}
