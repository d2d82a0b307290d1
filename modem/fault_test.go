package modem_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// faults that hit any command now and then.
func faults(p float64) []modemtest.Fault {
	always := func(f modemtest.Fault) modemtest.Fault {
		f.P, f.Times = p, -1
		return f
	}
	return []modemtest.Fault{
		always(modemtest.Fault{Kind: modemtest.LoseFinal}),
		always(modemtest.Fault{Kind: modemtest.LateFinal, After: 12 * time.Second}),
		always(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateFinal, After: 185 * time.Second}),
		always(modemtest.Fault{Kind: modemtest.LoseAnswer}),
		always(modemtest.Fault{Kind: modemtest.Deaf}),
		always(modemtest.Fault{On: "+CMGS", Kind: modemtest.NoPrompt}),
		always(modemtest.Fault{On: "+CMGS", Kind: modemtest.LatePrompt, After: 11 * time.Second}),
		always(modemtest.Fault{On: "+CMGS", Kind: modemtest.DoublePrompt}),
		always(modemtest.Fault{Kind: modemtest.Split, Text: "^RSSI:12"}),
		always(modemtest.Fault{Kind: modemtest.Cut}),
		always(modemtest.Fault{Kind: modemtest.Interject, Text: "+CMTI: \"SM\",-1"}),
		always(modemtest.Fault{Kind: modemtest.Garbage, Text: "\x00\xfe\xff>\x80"}),
		always(modemtest.Fault{Kind: modemtest.Refuse, Text: "+CME ERROR: 14"}),
		always(modemtest.Fault{Kind: modemtest.Reset}),
		always(modemtest.Fault{Kind: modemtest.Hang, After: 20 * time.Second}),
		always(modemtest.Fault{Kind: modemtest.Stall, After: 20 * time.Second}),
		always(modemtest.Fault{Kind: modemtest.HangUp}),
	}
}

// A modem with every fault there is, redialled as the bridge does: what Send
// says of a message is true, and whatever was sent to us is received.
func TestEveryFault(t *testing.T) {
	for _, mode := range []modem.ReceiveMode{modem.ReceiveStore, modem.ReceiveDirect} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%d/%d", mode, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { everyFault(t, mode, seed) })
			})
		}
	}
}

func everyFault(t *testing.T, mode modem.ReceiveMode, seed uint64) {
	const n = 40
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	air := modemtest.NewAir(modemtest.AirOptions{Seed: seed, Delay: time.Second, Jitter: 20 * time.Second})
	sim := air.NewModem(modemtest.ModemOptions{Number: ours, Profile: modemtest.Generic, SubmitTime: time.Second, SIMTime: 3 * time.Second})
	var mu sync.Mutex
	arrived := make(map[string]int)
	phone := air.NewHandset(peer, func(_ *modemtest.Handset, _ string, d wdp.Datagram) {
		mu.Lock()
		defer mu.Unlock()
		arrived[string(d.Data)]++
	})
	all.Go(func() { _ = air.Run(ctx) })
	sim.Fault(faults(0.005)...)

	received := make(map[string]int)
	outcomes := make(map[string]error)
	toSend := make(chan string, n)
	for i := range n {
		toSend <- fmt.Sprint("out ", i)
	}
	close(toSend)
	all.Go(func() {
		for i := range n {
			time.Sleep(30 * time.Second)
			_ = phone.Send(ours, wdp.Datagram{Dst: 3590, Src: 3590, Data: fmt.Append(nil, "in ", i)})
		}
	})
	dials := 0
	for begin := time.Now(); time.Since(begin) < 12*time.Hour; dials++ {
		if time.Since(begin) > 10*time.Hour {
			sim.ClearFaults()
		}
		session(t, ctx, sim, mode, &mu, received, toSend, outcomes)
		time.Sleep(5 * time.Second)
	}
	mu.Lock()
	defer mu.Unlock()
	for i := range n {
		if received[fmt.Sprint("in ", i)] == 0 {
			t.Errorf("in %d was not received", i)
		}
		text := fmt.Sprint("out ", i)
		err, tried := outcomes[text]
		var refused *modem.ResultError
		switch got := arrived[text]; {
		case !tried:
			t.Errorf("%s was not tried", text)
		case err == nil && got != 1:
			t.Errorf("%s: sent, and arrived %d times", text, got)
		case (errors.Is(err, modem.ErrNotSent) || errors.As(err, &refused)) && got > 0:
			t.Errorf("%s arrived, though: %v", text, err)
		case got > 1:
			t.Errorf("%s arrived %d times", text, got)
		}
	}
	if left := sim.Stored("SM") + sim.Stored("ME"); left > 0 {
		t.Errorf("%d messages left in the stores", left)
	}
	t.Logf("%d dials", dials)
}

// session is one life of the line: an hour at most.
func session(t *testing.T, ctx context.Context, sim *modemtest.Modem, mode modem.ReceiveMode, mu *sync.Mutex,
	received map[string]int, toSend <-chan string, outcomes map[string]error) {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	te, line := net.Pipe()
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { _ = sim.Serve(ctx, line) })
	m := modem.New(te, modem.Options{Receive: mode})
	f := &field{T: t, m: m}
	all.Go(func() {
		for {
			r, err := m.Receive(ctx)
			if err != nil {
				return
			}
			if r.Kind == modem.Message && r.Mode != nil {
				if p, err := pdu.ParseMode(r.Mode); err == nil {
					if d, _, err := pdu.ParseMT(p.TPDU); err == nil {
						mu.Lock()
						received[string(d.(*pdu.Deliver).UD.Data)]++
						mu.Unlock()
					}
				}
			}
			_ = m.Accept(ctx, r)
		}
	})
	all.Go(func() {
		select {
		case <-m.Ready():
		case <-ctx.Done():
			return
		}
		for ctx.Err() == nil {
			text, ok := <-toSend
			if !ok {
				return
			}
			_, err := m.Send(ctx, f.submit(text), false)
			mu.Lock()
			outcomes[text] = err
			mu.Unlock()
			if errors.Is(err, modem.ErrLineLost) || errors.Is(err, modem.ErrSilent) || errors.Is(err, modem.ErrRestarted) {
				return
			}
			time.Sleep(30 * time.Second)
		}
	})
	_ = m.Run(ctx)
	cancel()
}
