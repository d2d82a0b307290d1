package bridge

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// connect is a client of the socket. It hangs up when leave is called.
func (r *rig) connect() (c *client, leave func()) {
	near, far := newDuplex()
	c = &client{nc: near, hold: make(chan struct{}, 1)}
	r.server.admit(r.ctx, far)
	r.on.Go(c.read)
	synctest.Wait()
	return c, func() { near.Close(); synctest.Wait() }
}

// lines takes what has come so far.
func (c *client) lines() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.got.String()
	c.got.Reset()
	return strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n")
}

// A program that comes and goes and says after=n of the last event it saw hears each
// event once and in order, over restarts and while old ones are purged; one that was
// away too long is told so.
func TestEventsOnceAndInOrder(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Spool.History = 2 * day }, func(r *rig) {
		r.collect(phone)
		var heard []string
		follow := func() {
			c, leave := r.connect()
			c.lines()
			if err := c.send(fmt.Sprintf("EVENTS after=%d\n", len(heard))); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			lines := c.lines()
			if lines[0] != "OK" {
				t.Fatalf("EVENTS after=%d: %q", len(heard), lines)
			}
			heard = append(heard, lines[1:]...)
			r.story(len(heard)) // what happens while it listens
			for _, line := range c.lines() {
				if line != "" {
					heard = append(heard, line)
				}
			}
			leave()
		}
		var kept []string // what the spool says, before anything is purged
		for round := range 8 {
			follow()
			r.story(round) // while nobody listens
			r.view(func(tx *spool.Tx) error {
				list, err := tx.Events(int64(len(kept)), 1000)
				for _, e := range list {
					kept = append(kept, string(appendEvent(nil, e)))
				}
				return err
			})
			if round%3 == 1 {
				r.stop()
				r.start()
			}
			r.settle(9 * time.Hour)
		}
		follow()
		if !slices.Equal(heard[:len(kept)], kept) {
			t.Errorf("heard\n%s\nhappened\n%s", strings.Join(heard, "\n"), strings.Join(kept, "\n"))
		}
		for i, line := range heard {
			if !strings.HasPrefix(line, fmt.Sprintf("EVT %d ", i+1)) {
				t.Fatalf("event %d is %q", i+1, line)
			}
		}
		for _, word := range []string{"sent", "delivered", "failed", "expired", "unknown", "cancelled", "note"} {
			if !slices.ContainsFunc(heard, func(line string) bool { return strings.Fields(line)[3] == word }) {
				t.Errorf("nothing was %s", word)
			}
		}
		r.replay(heard)
	})
}

// story is some messages, each with another end.
func (r *rig) story(n int) {
	r.t.Helper()
	m0 := r.sims["m0"]
	r.accept(Request{Payload: make([]byte, 200), Report: true})
	r.settle(time.Minute)
	for _, text := range []string{"+CMS ERROR: 1", "+CMS ERROR: 500"} {
		m0.Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: text})
		r.accept(Request{Payload: make([]byte, 1+n%2*300)})
		r.settle(5 * time.Minute)
	}
	m0.SetRegistration(2, 2)
	r.settle(2 * time.Minute)
	r.accept(Request{Payload: []byte("x"), TTL: time.Minute})
	id := r.accept(Request{Payload: []byte("y")})
	if err := r.Cancel(context.Background(), id); err != nil {
		r.t.Fatal(err)
	}
	r.settle(2 * time.Minute)
	m0.SetRegistration(1, 1)
	r.settle(2 * time.Minute)
}

// replay is a client that saw nothing for long.
func (r *rig) replay(heard []string) {
	c, leave := r.connect()
	defer leave()
	c.lines()
	var first int64
	r.view(func(tx *spool.Tx) (err error) {
		first, _, err = tx.EventRange()
		return err
	})
	if first < 3 {
		r.t.Fatalf("nothing was purged: the first event is %d", first)
	}
	if err := c.send(fmt.Sprintf("EVENTS after=1\nEVENTS after=%d\n", first-1)); err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, rest, _ := bytes.Cut(c.got.Bytes(), []byte("\r\n"))
	want := "OK\r\n" + strings.Join(heard[first-1:], "\r\n") + "\r\n"
	if !bytes.HasPrefix(answer, []byte("ERR gone ")) || string(rest) != want {
		r.t.Errorf("after=1: %q; the rest:\n%s\nwant\n%s", answer, rest, want)
	}
}
