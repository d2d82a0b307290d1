package bridge

import (
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
