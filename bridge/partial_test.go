package bridge

import (
	"bytes"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

func (r *rig) payloads() (list []string) {
	for _, m := range r.messages() {
		list = append(list, string(m.Payload[:1])+string(m.Payload[len(m.Payload)-1:]))
	}
	return list
}

// alike is a datagram of two segments under one reference, that always begins and
// may end alike.
func alike(t *testing.T, head, tail string) []odd {
	return segmentsOf(t, phone, append(bytes.Repeat([]byte(head), 128), bytes.Repeat([]byte(tail), 30)...), wdp.Ref{Value: 1}, nil)
}

// The next datagram under the same reference begins like the last one, which left its
// tombstones; the sender sends segments of it again.
func TestSharedSegments(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		phones := map[string]*modemtest.Handset{}
		put := func(list ...odd) {
			for _, o := range list {
				send(t, r, phones, o)
				r.settle(4 * time.Second)
			}
		}
		expect := func(what string, want ...string) {
			t.Helper()
			if got := r.payloads(); len(got) != len(want) || len(got) > 0 && got[len(got)-1] != want[len(want)-1] {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
			r.view(func(tx *spool.Tx) error {
				if n, err := tx.Partials(); n != 0 || err != nil {
					t.Errorf("%s: %d unfinished, %v", what, n, err)
				}
				return nil
			})
		}
		put(alike(t, "h", "1")...)
		expect("the first", "h1")
		r.settle(5 * time.Minute)
		put(alike(t, "h", "2")...)
		expect("begins alike", "h1", "h2")
		put(alike(t, "h", "2")...)
		expect("sent twice", "h1", "h2")
		put(alike(t, "h", "2")[1])
		expect("its second segment sent again", "h1", "h2")
		r.settle(time.Minute)
		put(alike(t, "H", "3")...)
		expect("begins and ends otherwise", "h1", "h2", "H3")
		put(alike(t, "H", "3")[0])
		expect("its first segment sent again", "h1", "h2", "H3")
		r.settle(48 * time.Hour)
		if n := r.counters()["parked"]; n != 0 {
			t.Errorf("%d copies were set aside as unfinished", n)
		}
	})
}

// An SC that stamps nothing readable, and the wall clock is set between two segments.
func TestInvalidSCTS(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		oa, err := pdu.ParseNumber(phone)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range alike(t, "h", "1") {
			tpdu, err := (&pdu.Deliver{OA: oa, DCS: s.dcs, UD: s.ud}).AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			r.air.Inject(ownNumber, tpdu)
			r.settle(time.Minute)
			if n := len(r.messages()); n != i {
				t.Errorf("after segment %d there are %d messages", i+1, n)
			}
			r.Bridge.clock.source.Wall = func() time.Time { return time.Now().AddDate(26, 0, 0) }
		}
	})
}

// A datagram that comes back to life takes the place of another one.
func TestReviveWithinBounds(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		phones := map[string]*modemtest.Handset{}
		data := make([]byte, 300) // three segments
		for ref := range inboundBounds.perSender + 1 {
			send(t, r, phones, segmentsOf(t, phone, data, wdp.Ref{Value: uint16(ref), Wide: true}, nil)[0])
			r.settle(time.Second)
		}
		r.settle(5 * time.Minute)
		if n := r.counters()["parked"]; n != 1 {
			t.Fatalf("%d gave way", n)
		}
		partials := func() (n int) {
			r.view(func(tx *spool.Tx) (err error) {
				n, err = tx.Partials()
				return err
			})
			return n
		}
		rest := segmentsOf(t, phone, data, wdp.Ref{Value: 0, Wide: true}, nil)[1:]
		send(t, r, phones, rest[0])
		r.settle(time.Minute)
		if n := partials(); n != inboundBounds.perSender {
			t.Errorf("%d unfinished of one sender", n)
		}
		send(t, r, phones, rest[1])
		r.settle(time.Minute)
		if n := len(r.messages()); n != 1 {
			t.Errorf("%d arrived", n)
		}
	})
}

// WAP push in several segments: the first tells whose it is, when all are there.
func TestPushInSegments(t *testing.T) {
	t.Parallel()
	change := func(c *Config) { c.Modems = []ModemConfig{{Name: "m0"}, {Name: "m1"}} }
	inRig(t, modemtest.AirOptions{}, change, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		push := func(number string, ref uint16, application byte) {
			data := append([]byte{1, wspPush, 3, 0xAE, wspApplicationID, application}, make([]byte, 200)...)
			segments, err := wdp.Datagram{Dst: portPush, Src: 9200, Data: data}.Segment(wdp.Ref{Value: ref})
			if err != nil {
				t.Fatal(err)
			}
			for i := len(segments) - 1; i >= 0; i-- {
				if err := h.SendUserData(number, 0x04, segments[i]); err != nil {
					t.Fatal(err)
				}
				r.settle(5 * time.Second)
			}
		}
		home := func() (sim string) {
			r.view(func(tx *spool.Tx) (err error) {
				sim, err = tx.Home(phone)
				return err
			})
			return sim
		}
		push(r.sims["m1"].Number(), 1, wspApplicationIDIMP)
		if n := len(r.messages()); n != 1 || home() == "" {
			t.Errorf("ours: %d messages, home %q", n, home())
		}
		before := home()
		push(r.sims["m0"].Number(), 2, 0x82)
		got := r.counters()
		if n := len(r.messages()); n != 1 || got["foreign.push"] != 2 || home() != before {
			t.Errorf("foreign: %d messages, %v, home %q after %q", n, got, home(), before)
		}
		r.settle(48 * time.Hour)
		if n := r.counters()["parked"]; n != 0 {
			t.Errorf("%d are unfinished", n)
		}
	})
}
