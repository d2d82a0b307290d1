package modem_test

import (
	"context"
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

const (
	ours = "+491700000001"
	peer = "+491700000002"
)

// field is a Modem on a simulated one, with a handset at the other end of the
// air.
type field struct {
	*testing.T
	sim   *modemtest.Modem
	phone *modemtest.Handset
	m     *modem.Modem
	ran   chan error

	mu   sync.Mutex
	seen []wdp.Datagram // by the phone
}

func inField(t *testing.T, ao modemtest.AirOptions, mo modemtest.ModemOptions, o modem.Options, f func(*field)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var all sync.WaitGroup
		defer all.Wait()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		air := modemtest.NewAir(ao)
		fd := &field{T: t, ran: make(chan error, 1)}
		mo.Number = ours
		fd.sim = air.NewModem(mo)
		fd.phone = air.NewHandset(peer, func(_ *modemtest.Handset, _ string, d wdp.Datagram) {
			fd.mu.Lock()
			defer fd.mu.Unlock()
			fd.seen = append(fd.seen, d)
		})
		te, line := net.Pipe()
		all.Go(func() { _ = air.Run(ctx) })
		all.Go(func() { _ = fd.sim.Serve(ctx, line) })
		fd.m = modem.New(te, o)
		all.Go(func() { fd.ran <- fd.m.Run(ctx) })
		f(fd)
	})
}

// ready waits until the modem is up.
func (f *field) ready() {
	f.Helper()
	select {
	case <-f.m.Ready():
	case err := <-f.ran:
		f.Fatalf("Run: %v", err)
	}
}

// submit is a message to the phone, PDU mode.
func (f *field) submit(text string) []byte {
	f.Helper()
	return f.mode(pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(3590, 3590)}, Data: []byte(text)})
}

func (f *field) mode(ud pdu.UserData) []byte {
	f.Helper()
	da, err := pdu.ParseNumber(peer)
	if err != nil {
		f.Fatal(err)
	}
	s := &pdu.Submit{SRR: true, DA: da, DCS: 0x04, UD: ud}
	tpdu, err := s.AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	mode, err := pdu.Mode{TPDU: tpdu}.AppendBinary(nil)
	if err != nil {
		f.Fatal(err)
	}
	return mode
}

// collect receives and accepts until nothing has come for a while, and counts
// the texts of messages and the reports.
func (f *field) collect(quiet time.Duration) (texts map[string]int, reports int) {
	f.Helper()
	texts = make(map[string]int)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), quiet)
		r, err := f.m.Receive(ctx)
		cancel()
		if err != nil {
			return texts, reports
		}
		if r.Kind == modem.Report {
			reports++
		} else {
			mode, err := pdu.ParseMode(r.Mode)
			if err != nil {
				f.Fatalf("%+v: %v", r, err)
			}
			t, _, err := pdu.ParseMT(mode.TPDU)
			if err != nil {
				f.Fatalf("%+v: %v", r, err)
			}
			texts[string(t.(*pdu.Deliver).UD.Data)]++
		}
		if err := f.m.Accept(context.Background(), r); err != nil {
			f.Logf("accept: %v", err)
		}
	}
}

// Four makes in both receive modes, with their noise: all that is sent
// arrives once, both ways at the same time, with reports. Without the row of its
// make too: then a modem whose acknowledgement is refused may deliver again.
func TestProfiles(t *testing.T) {
	for _, profile := range []modemtest.Profile{modemtest.Generic, modemtest.Huawei, modemtest.Quectel, modemtest.SIMCom} {
		for _, mode := range []modem.ReceiveMode{modem.ReceiveStore, modem.ReceiveDirect} {
			t.Run(fmt.Sprintf("%s/%d", profile.Name, mode), func(t *testing.T) {
				bothWays(t, profile, modem.Options{Receive: mode}, 1)
			})
			t.Run(fmt.Sprintf("%s/%d/unknown", profile.Name, mode), func(t *testing.T) {
				most := 1
				if profile.NoCNMAForCMT {
					most = 100
				}
				bothWays(t, profile, modem.Options{Receive: mode, Profiles: modem.Profiles{}}, most)
			})
		}
	}
}

// bothWays sends and receives, each message once, or up to so many times.
func bothWays(t *testing.T, profile modemtest.Profile, o modem.Options, most int) {
	const n = 25
	mo := modemtest.ModemOptions{
		Profile: profile, NoiseEvery: 70 * time.Millisecond, Latency: 20 * time.Millisecond,
		SubmitTime: 2 * time.Second, SIMTime: 8 * time.Second, BootTime: 5 * time.Second, Baud: 115200,
	}
	ao := modemtest.AirOptions{Seed: 1, Delay: time.Second, Jitter: 5 * time.Second}
	inField(t, ao, mo, o, func(f *field) {
		f.ready()
		var sending sync.WaitGroup
		sending.Go(func() {
			for i := range n {
				if _, err := f.m.Send(context.Background(), f.submit(fmt.Sprint("out ", i)), i%5 != 4); err != nil {
					f.Errorf("send %d: %v", i, err)
				}
			}
		})
		for i := range n {
			if err := f.phone.Send(ours, wdp.Datagram{Dst: 3590, Src: 3590, Data: fmt.Append(nil, "in ", i)}); err != nil {
				f.Fatal(err)
			}
		}
		texts, reports := f.collect(10 * time.Minute)
		sending.Wait()
		for i := range n {
			if got := texts[fmt.Sprint("in ", i)]; got < 1 || got > most {
				f.Errorf("in %d received %d times", i, got)
			}
		}
		if reports < n {
			f.Errorf("%d reports", reports)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.seen) != n {
			f.Errorf("the phone has %d messages", len(f.seen))
		}
		if left := f.sim.Stored("SM") + f.sim.Stored("ME"); left > 0 {
			f.Errorf("%d messages left in the stores", left)
		}
		select {
		case err := <-f.ran:
			f.Errorf("Run: %v", err)
		default:
		}
	})
}

// The same on a real serial line.
func TestOnPTY(t *testing.T) {
	line, err := modemtest.OpenPTY("")
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	air := modemtest.NewAir(modemtest.AirOptions{})
	sim := air.NewModem(modemtest.ModemOptions{Number: ours, Profile: modemtest.Generic})
	arrived := make(chan string, 1)
	phone := air.NewHandset(peer, func(_ *modemtest.Handset, _ string, d wdp.Datagram) { arrived <- string(d.Data) })
	all.Go(func() { _ = air.Run(ctx) })
	all.Go(func() { _ = sim.Serve(ctx, line) })
	port, err := modem.OpenLine(line.Name(), modem.Line{})
	if err != nil {
		t.Fatal(err)
	}
	m := modem.New(port, modem.Options{})
	f := &field{T: t, m: m, ran: make(chan error, 1)}
	all.Go(func() { f.ran <- m.Run(ctx) })
	f.ready()
	if _, err := m.Send(ctx, f.submit("over a real line"), false); err != nil {
		t.Fatal(err)
	}
	if got := <-arrived; got != "over a real line" {
		t.Errorf("arrived: %q", got)
	}
	if err := phone.Send(ours, wdp.Datagram{Dst: 3590, Data: []byte("and back")}); err != nil {
		t.Fatal(err)
	}
	for {
		r, err := m.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Accept(ctx, r); err != nil {
			t.Fatal(err)
		}
		if r.Kind == modem.Message {
			break
		}
	}
	if left := sim.Stored("SM") + sim.Stored("ME"); left > 0 {
		t.Errorf("%d messages left", left)
	}
}
