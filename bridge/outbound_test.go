package bridge

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// collect puts a phone on the air that keeps what it gets.
func (r *rig) collect(number string) *[]wdp.Datagram {
	var got []wdp.Datagram
	r.air.NewHandset(number, func(_ *modemtest.Handset, _ string, d wdp.Datagram) { got = append(got, d) })
	return &got
}

func TestSend(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		got := r.collect(phone)
		payload := bytes.Repeat([]byte("x\x00\x1a"), 300)
		id := r.accept(Request{Payload: payload})
		r.settle(time.Minute)
		m := r.outbound(id)
		if m.State != spool.StateSent || len(m.Segments) != 8 || m.RefBits != 16 {
			t.Errorf("%s: %s, %d segments, %d bits", id, m.State, len(m.Segments), m.RefBits)
		}
		if len(*got) != 1 || !bytes.Equal((*got)[0].Data, payload) || (*got)[0].Dst != 3590 {
			t.Errorf("the handset got %d datagrams", len(*got))
		}
		want := append(slices.Repeat([]string{"sent"}, 8), "sent")
		if words := r.words(id); !slices.Equal(words, want) {
			t.Errorf("events %v", words)
		}
	})
}

func TestSendReport(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.collect(phone)
		id := r.accept(Request{Payload: make([]byte, 200), Report: true})
		lost := r.accept(Request{To: "+491799999999", Payload: []byte("nobody"), Report: true, TTL: time.Hour})
		r.settle(10 * time.Minute)
		if m := r.outbound(id); m.State != spool.StateDelivered {
			t.Errorf("%s: %s %s", id, m.State, m.Why)
		}
		r.settle(2 * time.Hour)
		if m := r.outbound(lost); m.State != spool.StateUnknown && m.State != spool.StateFailed {
			t.Errorf("%s: %s %s", lost, m.State, m.Why)
		}
	})
}

// What becomes of a message when the modem does not answer after Ctrl-Z.
func TestSendUnknownOutcome(t *testing.T) {
	lose := modemtest.Fault{On: "+CMGS", Kind: modemtest.Cut}
	tests := []struct {
		name   string
		policy string
		octets int
		want   spool.OutState
		copies int // of the payload's segments on air
	}{
		{"single: not sent again", "auto", 10, spool.StateUnknown, 1},
		{"single, resend", "resend", 10, spool.StateSent, 2},
		{"single, hold: the report settles it", "hold", 10, spool.StateDelivered, 1},
		{"single, fail", "fail", 10, spool.StateFailed, 1},
		{"several: the receiver knows a copy", "auto", 200, spool.StateSent, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				got := r.collect(phone)
				r.sims["m0"].Fault(lose)
				id := r.accept(Request{Payload: make([]byte, test.octets), Unknown: test.policy})
				r.settle(20 * time.Minute)
				m := r.outbound(id)
				if m.State != test.want {
					t.Errorf("%s, want %s (%s) events %v", m.State, test.want, m.Why, r.words(id))
				}
				copies := r.air.Counts().Accepted
				if copies != test.copies {
					t.Errorf("%d submissions reached the SC, want %d", copies, test.copies)
				}
				if test.octets > 133 && len(*got) != 1 {
					t.Errorf("the handset joined %d datagrams", len(*got))
				}
			})
		})
	}
}

// A late final, in the fence after three minutes of silence, is as good as one in time.
func TestSendLateFinal(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.collect(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateFinal, After: 185 * time.Second})
		id := r.accept(Request{Payload: []byte("late")})
		r.settle(10 * time.Minute)
		if m := r.outbound(id); m.State != spool.StateSent || m.Segments[0].MR < 0 {
			t.Errorf("%s %s", m.State, m.Why)
		}
	})
}

func TestSendRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault modemtest.Fault
		after time.Duration
		want  spool.OutState
	}{
		{"unassigned number", modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 1"}, time.Minute, spool.StateFailed},
		{"congestion, then free", modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: 2}, 5 * time.Minute, spool.StateSent},
		{"no prompt, then one", modemtest.Fault{On: "+CMGS", Kind: modemtest.Deaf}, 5 * time.Minute, spool.StateSent},
		{"reset before the message", modemtest.Fault{On: "+CMGS", Kind: modemtest.Reset, At: modemtest.Begun}, 5 * time.Minute, spool.StateSent},
		{"line lost before the message", modemtest.Fault{On: "+CMGS", Kind: modemtest.HangUp, At: modemtest.Begun}, 5 * time.Minute, spool.StateSent},
		{"line lost after it", modemtest.Fault{On: "+CMGS", Kind: modemtest.HangUp, At: modemtest.Done}, 5 * time.Minute, spool.StateUnknown},
		{"barred for ever", modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: -1}, 25 * time.Hour, spool.StateExpired},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				r.collect(phone)
				r.sims["m0"].Fault(test.fault)
				id := r.accept(Request{Payload: []byte("hello")})
				r.settle(test.after)
				if m := r.outbound(id); m.State != test.want {
					t.Errorf("%s (%s), want %s", m.State, m.Why, test.want)
				}
			})
		})
	}
}

// A message waits for the network, and costs nothing while it waits.
func TestSendWaitsForRegistration(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.collect(phone)
		r.sims["m0"].SetRegistration(2, 2)
		r.settle(2 * time.Minute)
		id := r.accept(Request{Payload: []byte("hello")})
		r.settle(time.Hour)
		if m := r.outbound(id); m.State != spool.StateQueued || m.Segments[0].Attempts != 0 {
			t.Errorf("%s after %d attempts", m.State, m.Segments[0].Attempts)
		}
		r.sims["m0"].SetRegistration(1, 1)
		r.settle(2 * time.Minute)
		if m := r.outbound(id); m.State != spool.StateSent {
			t.Errorf("%s %s", m.State, m.Why)
		}
	})
}

func TestExpires(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.sims["m0"].SetRegistration(2, 2)
		r.settle(2 * time.Minute)
		id := r.accept(Request{Payload: []byte("hello"), TTL: 10 * time.Minute})
		r.settle(10*time.Minute - time.Second)
		if m := r.outbound(id); m.State != spool.StateQueued {
			t.Errorf("%s before its time", m.State)
		}
		r.settle(2 * time.Second)
		if m := r.outbound(id); m.State != spool.StateExpired {
			t.Errorf("%s after its time", m.State)
		}
	})
}

func TestAcceptRefuses(t *testing.T) {
	change := func(c *Config) {
		c.Limits.SegmentsPerDay = 3
		c.Limits.AllowTo = Patterns{"+49*", "123"}
		c.Spool.MaxQueued = 2
	}
	inRig(t, modemtest.AirOptions{}, change, func(r *rig) {
		r.sims["m0"].SetRegistration(2, 2)
		r.settle(2 * time.Minute)
		good := Request{To: phone, Port: 3590, TTL: time.Hour, Key: "k", Payload: []byte("a")}
		first, err := r.Accept(context.Background(), good)
		if err != nil {
			t.Fatal(err)
		}
		tests := []struct {
			name   string
			change func(*Request)
			want   string
		}{
			{"no number", func(q *Request) { q.To = "bob" }, "bad-number"},
			{"keypad letters", func(q *Request) { q.To = "*#12" }, "bad-number"},
			{"too long", func(q *Request) { q.To = "+" + strings.Repeat("1", 21) }, "bad-number"},
			{"not allowed", func(q *Request) { q.To = "+48123" }, "not-allowed"},
			{"too large", func(q *Request) { q.Payload = make([]byte, wdp.MaxSize+1) }, "too-large"},
			{"no such modem", func(q *Request) { q.Modem = "m9" }, "no-modem"},
			{"over budget", func(q *Request) { q.Key, q.Payload = "", make([]byte, 500) }, "budget"},
			{"other content under the key", func(q *Request) { q.Payload = []byte("b") }, "key-conflict"},
			{"other port under the key", func(q *Request) { q.Port = 3716 }, "key-conflict"},
		}
		for _, test := range tests {
			q := good
			test.change(&q)
			if _, err := r.Accept(context.Background(), q); code(err) != test.want {
				t.Errorf("%s: %v, want %s", test.name, err, test.want)
			}
		}
		other := good
		other.Key = ""
		if _, err := r.Accept(context.Background(), other); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Accept(context.Background(), other); code(err) != "queue-full" {
			t.Errorf("the third: %v", err)
		}
		// A repeat under a key is no new message, though the queue is full.
		again, err := r.Accept(context.Background(), good)
		if err != nil || again != (Accepted{ID: first.ID, Segments: 1, Duplicate: true}) {
			t.Errorf("the repeat: %+v, %v", again, err)
		}
	})
}

func TestBudgetSlides(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Limits.SegmentsPerDay = 3 }, func(r *rig) {
		r.collect(phone)
		r.accept(Request{Payload: make([]byte, 300)})
		r.settle(time.Hour)
		one := Request{To: phone, Port: 3590, TTL: time.Hour, Payload: []byte("a")}
		if _, err := r.Accept(context.Background(), one); code(err) != "budget" {
			t.Errorf("the fourth segment: %v", err)
		}
		r.settle(24 * time.Hour)
		if _, err := r.Accept(context.Background(), one); err != nil {
			t.Errorf("a day later: %v", err)
		}
	})
}

func TestCancelRetry(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		got := r.collect(phone)
		ctx := context.Background()
		r.sims["m0"].SetRegistration(2, 2)
		r.settle(2 * time.Minute)
		id := r.accept(Request{Payload: []byte("hello")})
		if err := r.Cancel(ctx, id); err != nil {
			t.Fatal(err)
		}
		if err := r.Cancel(ctx, id); code(err) != "not-allowed" {
			t.Errorf("a second time: %v", err)
		}
		if err := r.Cancel(ctx, "nonsense"); code(err) != "no-such-id" {
			t.Errorf("an id never given out: %v", err)
		}
		r.sims["m0"].SetRegistration(1, 1)
		r.settle(10 * time.Minute)
		if m := r.outbound(id); m.State != spool.StateCancelled || len(*got) != 0 {
			t.Errorf("%s, the handset got %d", m.State, len(*got))
		}
		if err := r.Retry(ctx, id); err != nil {
			t.Fatal(err)
		}
		r.settle(10 * time.Minute)
		if m := r.outbound(id); m.State != spool.StateSent || len(*got) != 1 {
			t.Errorf("%s, the handset got %d", m.State, len(*got))
		}
		if err := r.Retry(ctx, id); code(err) != "not-allowed" {
			t.Errorf("retry of a sent one: %v", err)
		}
	})
}

// The SIM that heard from a number answers it; a modem that is named carries; else
// whoever is free.
func TestModemChoice(t *testing.T) {
	change := func(c *Config) { c.Modems = []ModemConfig{{Name: "m0"}, {Name: "m1"}} }
	inRig(t, modemtest.AirOptions{}, change, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		if err := h.Send(r.sims["m1"].Number(), wdp.Datagram{Dst: 3590, Data: []byte("hello")}); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Minute)
		for range 4 {
			id := r.accept(Request{Payload: []byte("answer")})
			r.settle(time.Minute)
			if m := r.outbound(id); m.Modem != "m1" || m.State != spool.StateSent {
				t.Errorf("the answer is %s by %q", m.State, m.Modem)
			}
		}
		id := r.accept(Request{Payload: []byte("named"), Modem: "m0"})
		r.settle(time.Minute)
		if m := r.outbound(id); m.Modem != "m0" {
			t.Errorf("the named modem is m0, %q sent", m.Modem)
		}
		r.sims["m0"].SetRegistration(0, 0)
		r.settle(2 * time.Minute)
		id = r.accept(Request{To: "+491711111111", Payload: []byte("any")})
		r.settle(time.Minute)
		if m := r.outbound(id); m.Modem != "m1" {
			t.Errorf("m1 is the only one registered, %q sent", m.Modem)
		}
	})
}

// A stop waits for the answer to a message that is on its way, and a restart goes on
// with the next one.
func TestStopInTheMiddle(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		got := r.collect(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateFinal, After: 5 * time.Second})
		first := r.accept(Request{Payload: []byte("first")})
		second := r.accept(Request{Payload: []byte("second")})
		r.settle(time.Second)
		r.stop()
		if len(*got) != 1 {
			t.Errorf("the handset got %d when the bridge stopped", len(*got))
		}
		r.start()
		r.settle(time.Minute)
		for _, id := range []string{first, second} {
			if m := r.outbound(id); m.State != spool.StateSent {
				t.Errorf("%s is %s %s", id, m.State, m.Why)
			}
		}
		if len(*got) != 2 {
			t.Errorf("the handset got %d", len(*got))
		}
	})
}

// A stop that cannot wait any longer leaves a segment whose outcome is unknown.
func TestStopDoesNotWaitForEver(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.collect(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Hang, At: modemtest.Data, After: time.Hour})
		id := r.accept(Request{Payload: []byte("first")})
		r.settle(time.Second)
		begin := time.Now()
		r.stop()
		if d := time.Since(begin); d > stopGrace+time.Second {
			t.Errorf("the stop took %v", d)
		}
		r.start()
		if m := r.outbound(id); m.State != spool.StateUnknown {
			t.Errorf("%s is %s %s", id, m.State, m.Why)
		}
	})
}
