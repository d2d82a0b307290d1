package modem

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// order puts jobs into a queue that is busy and returns the order in which
// they are done.
func order(t *testing.T, put func(add func(name string, r rank, aside bool))) []string {
	t.Helper()
	q := newQueue()
	var done []string
	put(func(name string, r rank, aside bool) {
		if err := q.put(&job{rank: r, aside: aside, run: func(context.Context) error {
			done = append(done, name)
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
	})
	for {
		j, _ := q.pick()
		if j == nil {
			return done
		}
		_ = j.run(t.Context())
	}
}

// The network waits for an acknowledgement: it goes before all that waits.
func TestA28AcknowledgementFirst(t *testing.T) {
	got := order(t, func(add func(string, rank, bool)) {
		add("send 1", rankSend, false)
		add("read", rankReceive, false)
		add("send 2", rankSend, false)
		add("sweep", rankReceive, true)
		add("ack", rankAck, false)
	})
	want := []string{"ack", "read", "sweep", "send 1", "send 2"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Neither direction waits for the end of the other's backlog.
func TestFairness(t *testing.T) {
	got := order(t, func(add func(string, rank, bool)) {
		for i := range 3 {
			add(fmt.Sprint("S", i), rankSend, false)
		}
		for range 20 {
			add("r", rankReceive, false)
		}
	})
	if text := strings.Join(got, ""); text != "rrrrrrrrS0rrrrrrrrS1rrrrS2" {
		t.Error(text)
	}
}

// A caller's time limit covers the waiting in the queue.
func TestA07QueueTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		b.send(t.Context(), pduA, false)
		b.play("> AT+CMGS=16\nprompt\n> " + pduA + "^Z")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err := b.Accept(ctx, Received{Stored: true, Mem: "SM", Index: 1})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
			t.Error(err, time.Since(begin))
		}
		b.play("< +CMGS: 1\n< OK\nsilence 1s") // the withdrawn job is not done later
	})
}

// What waits when the line dies is told so, and was not sent.
func TestQueueEndsWithTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.up()
		one := b.send(t.Context(), pduA, false)
		b.play("> AT+CMGS=16\nprompt\n> " + pduA + "^Z")
		two := b.send(t.Context(), pduB, false)
		got := b.receive()
		b.play("close")
		if one, two := <-one, <-two; one != "unknown" || two != "not sent" {
			t.Error(one, two)
		}
		<-b.ended
		if _, err := b.Send(t.Context(), octets(t, pduA), false); !errors.Is(err, ErrNotSent) || !errors.Is(err, ErrLineLost) {
			t.Error(err)
		}
		if err := b.Accept(t.Context(), Received{}); !errors.Is(err, ErrLineLost) {
			t.Error(err)
		}
		if r := <-got; !strings.Contains(r.Text, "line lost") {
			t.Error(r)
		}
	})
}

func TestBadPDU(t *testing.T) {
	b := New(nil, Options{})
	for _, mode := range [][]byte{nil, {0}, {7, 0x91, 1, 2}} {
		if _, err := b.Send(t.Context(), mode, false); !errors.Is(err, ErrNotSent) {
			t.Errorf("%x: %v", mode, err)
		}
	}
}
