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

// What became of a segment is written down although the message that should follow cannot be
// read; and that one goes once it can.
func TestUnreadableNeighbour(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		r.sims["m0"].SetRegistration(2, 2)
		r.settle(time.Minute)
		first, second := r.accept(Request{Payload: []byte("first")}), r.accept(Request{Payload: []byte("second")})
		db, err := sql.Open("sqlite", r.cfg.Spool.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		alter := func(q string) {
			t.Helper()
			if _, err := db.Exec(q, second); err != nil {
				t.Fatal(err)
			}
		}
		alter("DELETE FROM outbound_payload WHERE outbound = (SELECT n FROM outbound WHERE id = ?)")
		r.sims["m0"].SetRegistration(1, 1)
		r.settle(time.Minute)
		if m := r.outbound(first); m.State != spool.StateSent {
			t.Errorf("the first message is %s", m.State)
		}
		alter("INSERT INTO outbound_payload SELECT n, x'7365636f6e64' FROM outbound WHERE id = ?")
		r.settle(10 * time.Minute)
		if m := r.outbound(second); m.State != spool.StateSent {
			t.Errorf("the second message is %s", m.State)
		}
	})
}
