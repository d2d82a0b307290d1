package bridge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
	"wvsms/spool/spooltest"
)

// onDisk runs f with a rig whose spool lies on a disk of the test's.
func onDisk(t *testing.T, mode modem.ReceiveMode, f func(*rig, *spooltest.Disk)) {
	t.Helper()
	var disk *spooltest.Disk
	change := func(c *Config) {
		c.Modems[0].Receive = mode
		disk = spooltest.Under(t, filepath.Dir(c.Spool.Path))
	}
	inRig(t, modemtest.AirOptions{}, change, func(r *rig) { f(r, disk) })
}

// A disk that is full, read-only or failing: SEND is refused, no SMS is acknowledged, nothing ends; and when the disk
// takes writes again, all goes on by itself.
func TestDiskRefuses(t *testing.T) {
	for _, mode := range []modem.ReceiveMode{modem.ReceiveStore, modem.ReceiveDirect} {
		for _, fault := range []error{spooltest.ErrFull, spooltest.ErrReadOnly, spooltest.ErrIO} {
			t.Run(fmt.Sprintf("%v %v", mode, fault), func(t *testing.T) {
				onDisk(t, mode, func(r *rig, disk *spooltest.Disk) {
					var got [][]byte
					h := r.air.NewHandset(phone, func(_ *modemtest.Handset, _ string, d wdp.Datagram) { got = append(got, d.Data) })
					r.settle(time.Minute)
					disk.Before(func(spooltest.Kind, string) error { return fault })
					for range 3 {
						_, err := r.Accept(context.Background(), Request{To: phone, Port: 3590, Payload: []byte("refused"), TTL: time.Hour})
						if code(err) != "disk" {
							t.Errorf("SEND is answered %v, want ERR disk", err)
						}
					}
					payload := bytes.Repeat([]byte{0, 0x1A, 0xFF}, 100)
					if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Src: 3590, Data: payload}); err != nil {
						t.Fatal(err)
					}
					r.settle(10 * time.Minute)
					if n := len(r.messages()); n != 0 {
						t.Errorf("%d messages on a disk that takes none", n)
					}
					stored, delivered := r.sims["m0"].Stored("SM")+r.sims["m0"].Stored("ME"), r.air.Counts().Delivered
					if mode == modem.ReceiveDirect && delivered != 0 || mode == modem.ReceiveStore && stored != 3 {
						t.Errorf("%d segments are delivered for the network, %d are in the modem: they were acknowledged", delivered, stored)
					}
					disk.Before(nil)
					r.settle(30 * time.Minute)
					if all := r.messages(); len(all) != 1 || !bytes.Equal(all[0].Payload, payload) {
						t.Errorf("with a good disk again there are %d messages", len(all))
					}
					if n := r.sims["m0"].Stored("SM") + r.sims["m0"].Stored("ME"); n != 0 {
						t.Errorf("%d segments are still in the modem", n)
					}
					id := r.accept(Request{Payload: []byte("taken")})
					r.settle(time.Minute)
					if m := r.outbound(id); m.State != spool.StateSent || len(got) != 1 || string(got[0]) != "taken" {
						t.Errorf("what was taken is %s, and the handset got %q", m.State, got)
					}
				})
			})
		}
	}
}

// A disk that is full just when the network has taken a segment: the outcome is written down when there is room, and the
// segment goes once. The next message, whose PDU the modem has by then, is not submitted before that.
func TestDiskIsFullBehindCtrlZ(t *testing.T) {
	var disk *spooltest.Disk
	submits := 0
	var refuse atomic.Bool
	refuse.Store(true)
	air := modemtest.AirOptions{Refuse: func(string, *pdu.Submit) int {
		submits++
		if refuse.Load() {
			disk.Before(func(spooltest.Kind, string) error { return spooltest.ErrFull })
		}
		return 0
	}}
	change := func(c *Config) { disk = spooltest.Under(t, filepath.Dir(c.Spool.Path)) }
	inRig(t, air, change, func(r *rig) {
		r.air.NewHandset(phone, nil)
		id, other := r.accept(Request{Payload: []byte("once")}), r.accept(Request{Payload: []byte("after it")})
		r.settle(10 * time.Minute)
		if m := r.outbound(id); submits != 1 || m.State != spool.StateQueued || m.Segments[0].State != spool.SegSubmitting {
			t.Errorf("on a full disk %d submits, message %s, segment %s", submits, m.State, m.Segments[0].State)
		}
		disk.Before(nil)
		refuse.Store(false)
		r.settle(10 * time.Minute)
		if m, o := r.outbound(id), r.outbound(other); submits != 2 || m.State != spool.StateSent || o.State != spool.StateSent {
			t.Errorf("with room again %d submits, messages %s and %s", submits, m.State, o.State)
		}
	})
}

// A disk on which each sync takes 2 s: all is late and nothing is wrong. No SEND fails, the modem is served, each segment
// goes once, each message comes once.
func TestSlowDisk(t *testing.T) {
	for _, mode := range []modem.ReceiveMode{modem.ReceiveStore, modem.ReceiveDirect} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			onDisk(t, mode, func(r *rig, disk *spooltest.Disk) {
				got := map[string]int{}
				h := r.air.NewHandset(phone, func(_ *modemtest.Handset, _ string, d wdp.Datagram) { got[string(d.Data[:8])]++ })
				r.settle(time.Minute)
				disk.Before(func(kind spooltest.Kind, _ string) error {
					if kind == spooltest.Sync {
						time.Sleep(2 * time.Second) // the bubble's time
					}
					return nil
				})
				var mu sync.Mutex
				var ids []string
				var errs []error
				var sending sync.WaitGroup
				for i := range 20 {
					sending.Go(func() {
						payload := fmt.Appendf(nil, "message%c%0*d", 'a'+i, 40*i, 0)
						a, err := r.Accept(context.Background(), Request{To: phone, Port: 3590, FromPort: 3590, Payload: payload, TTL: time.Hour})
						mu.Lock()
						defer mu.Unlock()
						ids, errs = append(ids, a.ID), append(errs, err)
					})
				}
				payload := bytes.Repeat([]byte{0, 0x1A, 0xFF}, 200)
				if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Src: 3590, Data: payload}); err != nil {
					t.Fatal(err)
				}
				sending.Wait()
				if err := errors.Join(errs...); err != nil {
					t.Errorf("SEND: %v", err)
				}
				r.settle(20 * time.Minute)
				for _, id := range ids {
					if m := r.outbound(id); m.State != spool.StateSent {
						t.Errorf("message %s is %s", id, m.State)
					}
				}
				for data, n := range got {
					if n != 1 {
						t.Errorf("the handset got %s… %d times", data, n)
					}
				}
				if len(got) != 20 {
					t.Errorf("the handset got %d messages", len(got))
				}
				if all := r.messages(); len(all) != 1 || !bytes.Equal(all[0].Payload, payload) {
					t.Errorf("%d messages came in", len(all))
				}
				disk.Before(nil)
			})
		})
	}
}
