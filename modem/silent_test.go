package modem_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
)

// A modem that restarts without a word has another memory selected than before.
// What is deleted then must be what was read, and no message that nobody has seen.
func TestSilentRestartBeforeDeleting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all sync.WaitGroup
		defer all.Wait()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		air := modemtest.NewAir(modemtest.AirOptions{})
		sim := air.NewModem(modemtest.ModemOptions{Number: ours, BootTime: time.Second})
		phone := air.NewHandset(peer, nil)
		all.Go(func() { _ = air.Run(ctx) })

		restart := true
		session := func(during func(f *field)) {
			te, line := net.Pipe()
			ctx, hangUp := context.WithCancel(ctx)
			f := &field{T: t, sim: sim, phone: phone, ran: make(chan error, 1)}
			f.m = modem.New(te, modem.Options{Receive: modem.ReceiveStore, Probe: func(point string) {
				if point == "CMGD" && restart {
					restart = false
					sim.Reset()
					time.Sleep(5 * time.Second) // it has started again
				}
			}})
			var both sync.WaitGroup
			both.Go(func() { _ = sim.Serve(ctx, line) })
			both.Go(func() { f.ran <- f.m.Run(ctx) })
			f.ready()
			during(f)
			hangUp()
			both.Wait()
		}

		seen := map[string]int{}
		collect := func(f *field) {
			texts, _ := f.collect(10 * time.Minute)
			for text, n := range texts {
				seen[text] += n
			}
		}
		texts := []string{"in the phone", "in the SIM, at the same index"}
		session(func(f *field) {
			for i, dcs := range []pdu.DCS{0x04, 0xf6} { // no class, class 2
				if err := phone.SendUserData(ours, dcs, pdu.UserData{Data: []byte(texts[i])}); err != nil {
					t.Fatal(err)
				}
			}
			collect(f)
		})
		session(collect)
		for _, text := range texts {
			if seen[text] == 0 {
				t.Errorf("%q is lost; seen: %v", text, seen)
			}
		}
	})
}

// A modem that restarted without a word is in text mode, for all that is known: no PDU
// is handed to it. Its echo tells.
func TestSilentRestartBeforeSending(t *testing.T) {
	inField(t, modemtest.AirOptions{}, modemtest.ModemOptions{}, modem.Options{}, func(f *field) {
		f.ready()
		f.sim.Reset()
		synctest.Wait()
		_, err := f.m.Send(context.Background(), f.submit("once"), false)
		if !errors.Is(err, modem.ErrNotSent) {
			t.Errorf("Send: %v", err)
		}
		if err := <-f.ran; !errors.Is(err, modem.ErrRestarted) {
			t.Errorf("Run: %v", err)
		}
		if n := f.sim.Submits(); n != 0 {
			t.Errorf("%d messages were submitted", n)
		}
	})
}
