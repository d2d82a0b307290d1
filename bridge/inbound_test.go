package bridge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

func TestReceive(t *testing.T) {
	for _, mode := range []modem.ReceiveMode{modem.ReceiveStore, modem.ReceiveDirect} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Modems[0].Receive = mode }, func(r *rig) {
				h := r.air.NewHandset(phone, nil)
				payload := bytes.Repeat([]byte{0, 0x1A, 0xFF}, 200)
				if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Src: 3590, Data: payload}); err != nil {
					t.Fatal(err)
				}
				r.settle(time.Minute)
				got := r.messages()
				if len(got) != 1 {
					t.Fatalf("%d messages", len(got))
				}
				m := got[0]
				if !bytes.Equal(m.Payload, payload) || m.Peer != phone || m.Port != 3590 || m.FromPort != 3590 ||
					m.Alphabet != "8bit" || m.Modem != "m0" || m.Segments != 5 || m.To != ownNumber || m.SCTS.IsZero() {
					t.Errorf("%+v", m)
				}
			})
		})
	}
}

// An odd is one short message as a handset sends it.
type odd struct {
	from string
	dcs  pdu.DCS
	ud   pdu.UserData
}

// segmentsOf is how a datagram goes on air, with what odd senders do to it.
func segmentsOf(t *testing.T, from string, data []byte, ref wdp.Ref, change func(*pdu.UserData)) (list []odd) {
	t.Helper()
	segments, err := wdp.Datagram{Dst: 3590, Src: 3590, Data: data}.Segment(ref)
	if err != nil {
		t.Fatal(err)
	}
	for _, ud := range segments {
		if change != nil {
			change(&ud)
		}
		list = append(list, odd{from, 0x04, ud})
	}
	return list
}

// Segments reversed, doubled and interleaved between senders under one reference,
// in both widths, with the source port 0 and the port first or last, texts and
// garbage in between: each datagram comes once, and the rest is set aside.
func TestOddTraffic(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		sourceZero := func(ud *pdu.UserData) {
			for i, ie := range ud.UDH {
				if ie.ID == pdu.IEPorts16 {
					ud.UDH[i] = pdu.PortIE(3590, 0)
				}
			}
		}
		portFirst := func(ud *pdu.UserData) { slices.Reverse(ud.UDH) }
		var air []odd
		want := map[string]string{} // sender by payload
		add := func(from string, size int, ref wdp.Ref, change func(*pdu.UserData)) {
			data := bytes.Repeat([]byte(fmt.Sprintf("%s/%d/%v ", from, len(want), ref)), size)
			want[string(data)] = from
			air = append(air, segmentsOf(t, from, data, ref, change)...)
		}
		for _, from := range []string{"+491711111111", "+491722222222", "4711"} {
			add(from, 10, wdp.Ref{Value: 7}, nil)
			add(from, 11, wdp.Ref{Value: 7, Wide: true}, sourceZero)
			add(from, 12, wdp.Ref{Value: 8}, portFirst)
			add(from, 1, wdp.Ref{}, sourceZero)
		}
		doubled := append(slices.Clone(air), air...) // the sender's copies: TP-SCTS differs
		slices.Reverse(doubled)
		text, err := pdu.GSM7UserData("Your balance is 3.50")
		if err != nil {
			t.Fatal(err)
		}
		garbage := []odd{
			{"+491711111111", 0x00, text},
			{"+491711111111", 0x08, pdu.UCS2UserData("héllo")},
			{"+491711111111", 0x04, pdu.UserData{Data: []byte("no port")}},
			{"+491711111111", 0x04, pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(9200, 0)}, Data: []byte("another port")}},
			{"+491711111111", 0x04, pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(2948, 9200)}, Data: []byte("\x01\x06\x03\xAE\xAF\x82push")}},
		}
		random := rand.New(rand.NewPCG(3, 590))
		phones := map[string]*modemtest.Handset{}
		foreign := 0
		for i, o := range doubled {
			if i%4 == 0 {
				g := garbage[random.IntN(len(garbage))]
				o, doubled[i] = doubled[i], o
				send(t, r, phones, g)
				foreign++
			}
			send(t, r, phones, o)
			r.settle(time.Second)
		}
		r.air.Inject(ownNumber, []byte{0x44, 0x0C, 0x91, 0xFF}) // cut off
		r.settle(time.Minute)

		got := map[string]int{}
		for _, m := range r.messages() {
			got[string(m.Payload)]++
			if want[string(m.Payload)] != m.Peer {
				t.Errorf("%.30q came from %s", m.Payload, m.Peer)
			}
		}
		for payload := range want {
			singles := 1
			if len(payload) <= 133 {
				singles = 2 // without a reference a copy of the sender's is another message
			}
			if got[payload] != singles {
				t.Errorf("%.30q came %d times, want %d", payload, got[payload], singles)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d different payloads, want %d", len(got), len(want))
		}
		counters := r.counters()
		set := counters["foreign.text"] + counters["foreign.port"] + counters["foreign.push"]
		if set != int64(foreign) || counters["foreign.undecodable"] != 1 {
			t.Errorf("counters %v, want %d foreign and 1 undecodable", counters, foreign)
		}
	})
}

func send(t *testing.T, r *rig, phones map[string]*modemtest.Handset, o odd) {
	t.Helper()
	if phones[o.from] == nil {
		phones[o.from] = r.air.NewHandset(o.from, nil)
	}
	if err := phones[o.from].SendUserData(ownNumber, o.dcs, o.ud); err != nil {
		t.Fatal(err)
	}
}

// Two equal short messages sent on purpose both arrive; what the network doubles
// arrives once.
func TestDuplicates(t *testing.T) {
	t.Run("sent twice", func(t *testing.T) {
		inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
			h := r.air.NewHandset(phone, nil)
			for range 2 {
				if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Data: []byte("WV12PO0")}); err != nil {
					t.Fatal(err)
				}
				r.settle(5 * time.Second)
			}
			if got := len(r.messages()); got != 2 {
				t.Errorf("%d arrived", got)
			}
		})
	})
	t.Run("delivered twice", func(t *testing.T) {
		inRig(t, modemtest.AirOptions{Duplicate: 1}, nil, func(r *rig) {
			h := r.air.NewHandset(phone, nil)
			for _, size := range []int{10, 1000} {
				if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Data: make([]byte, size)}); err != nil {
					t.Fatal(err)
				}
			}
			r.settle(5 * time.Minute)
			if got := len(r.messages()); got != 2 {
				t.Errorf("%d arrived", got)
			}
		})
	})
}

// A late segment revives a datagram whose deadline has passed.
func TestLateSegment(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		phones := map[string]*modemtest.Handset{}
		data := bytes.Repeat([]byte("x"), 200)
		segments := segmentsOf(t, phone, data, wdp.Ref{Value: 1, Wide: true}, nil)
		send(t, r, phones, segments[0])
		r.settle(24*time.Hour - time.Minute)
		if n := r.counters()["parked"]; n != 0 {
			t.Error("it was given up before its deadline")
		}
		// The last one is sent in time, but the modem is off until after the deadline.
		r.sims["m0"].SetRegistration(2, 2)
		send(t, r, phones, segments[1])
		r.settle(2 * time.Hour)
		if n := r.counters()["parked"]; n != 1 {
			t.Errorf("%d were given up after the deadline", n)
		}
		r.sims["m0"].SetRegistration(1, 1)
		r.settle(time.Hour)
		if got := r.messages(); len(got) != 1 || !bytes.Equal(got[0].Payload, data) {
			t.Errorf("%d arrived", len(got))
		}
	})
}

// A bridge that nobody takes messages from stops taking SMS and loses none.
func TestUnclaimed(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Spool.MaxUnclaimed = 3 }, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		for i := range 8 {
			if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Data: []byte{byte(i)}}); err != nil {
				t.Fatal(err)
			}
		}
		r.settle(time.Minute)
		seen := map[byte]bool{}
		for range 8 {
			list := r.messages()
			if len(list) > 4 {
				t.Fatalf("%d are kept", len(list))
			}
			for _, m := range list {
				seen[m.Payload[0]] = true
				r.acknowledge(m.ID)
			}
			r.settle(time.Minute)
		}
		if len(seen) != 8 {
			t.Errorf("%d of 8 arrived", len(seen))
		}
	})
}

// With no room left, status reports are still read, also behind a message that waits
// (of a modem with a store; see runInbound for the other).
func TestUnclaimedReports(t *testing.T) {
	for _, test := range []struct {
		name    string
		mode    modem.ReceiveMode
		waiting int
	}{{"store", modem.ReceiveStore, 1}, {"store, one waits", modem.ReceiveStore, 2}, {"direct", modem.ReceiveDirect, 1}} {
		t.Run(test.name, func(t *testing.T) {
			change := func(c *Config) { c.Spool.MaxUnclaimed, c.Modems[0].Receive = 1, test.mode }
			inRig(t, modemtest.AirOptions{}, change, func(r *rig) {
				r.air.NewHandset(phone, nil)
				h := r.air.NewHandset("+491733333333", nil)
				for i := range test.waiting {
					if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Data: []byte{byte(i)}}); err != nil {
						t.Fatal(err)
					}
					r.settle(time.Minute)
				}
				id := r.accept(Request{Payload: []byte("x"), Report: true})
				if err := h.SendText(ownNumber, "hello"); err != nil {
					t.Fatal(err)
				}
				r.settle(10 * time.Minute)
				if s := r.outbound(id).State; s != spool.StateDelivered {
					t.Errorf("the delivered message is %s", s)
				}
				if n := r.counters()["foreign.text"]; n != 1 {
					t.Errorf("%d texts set aside", n)
				}
				if n := len(r.messages()); n != 1 {
					t.Errorf("%d are kept", n)
				}
			})
		})
	}
}

// The log says once that nothing is taken, however slowly the consumer takes.
func TestFullIsSaidOnce(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Spool.MaxUnclaimed = 8 }, func(r *rig) {
		var said bytes.Buffer
		f := fullness{session: &session{bridge: r.Bridge, log: zerolog.New(&said)}}
		keep := func(n int) {
			for len(r.messages()) > n {
				r.acknowledge(r.messages()[0].ID)
			}
			err := r.Bridge.spool.Update(context.Background(), func(tx *spool.Tx) error {
				for i := len(r.messages()); i < n; i++ {
					if err := tx.PutMessage(&spool.Message{ID: r.Bridge.spool.NewID(), State: spool.MsgReady, Route: tcpRoute}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		full := func(want int) {
			t.Helper()
			keep(8)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := f.wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("full: %v", err)
			}
			if got := strings.Count(said.String(), "until a consumer takes"); got != want {
				t.Errorf("said %d times, want %d", got, want)
			}
		}
		room := func(n int) {
			t.Helper()
			keep(n)
			if err := f.wait(context.Background()); err != nil {
				t.Error(err)
			}
		}
		full(1)
		room(7)
		full(1)
		room(6)
		full(2)
		keep(0)
		r.stop() // and with it the spool
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := f.wait(ctx); err == nil || strings.Count(said.String(), "cannot read the spool") != 1 {
			t.Errorf("without a spool: %v, %s", err, said.String())
		}
	})
}

// What is set aside is set aside once, however often it is delivered.
func TestForeignTwice(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		oa, err := pdu.ParseNumber(phone)
		if err != nil {
			t.Fatal(err)
		}
		text, err := pdu.GSM7UserData("hello")
		if err != nil {
			t.Fatal(err)
		}
		tpdu, err := (&pdu.Deliver{OA: oa, SCTS: pdu.NewTimestamp(time.Now()), UD: text}).AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		cut := tpdu[:len(tpdu)-2]
		for range 3 {
			r.air.Inject(ownNumber, tpdu)
			r.air.Inject(ownNumber, cut)
			r.settle(time.Minute)
		}
		got := r.counters()
		if got["foreign.text"] != 1 || got["foreign.undecodable"] != 1 || got["duplicate"] != 4 {
			t.Errorf("%v", got)
		}
		r.view(func(tx *spool.Tx) error {
			list, err := tx.Quarantines(0, 9)
			if len(list) != 2 {
				t.Errorf("%d set aside", len(list))
			}
			return err
		})
	})
}

func TestTypeZero(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		if err := h.Submit(&pdu.Submit{PID: 0x40, DCS: 0x04, UD: pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(3590, 0)}}}, ownNumber); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Minute)
		if n := r.counters()["type0"]; n != 1 || len(r.messages()) != 0 {
			t.Errorf("%d counted, %d messages", n, len(r.messages()))
		}
	})
}
