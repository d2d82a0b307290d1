package bridge

import (
	"bytes"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// soon is how long after a modem shows itself it sends again, at most.
const soon = 3 * time.Second

// sends lets what waits go out, and tells how long after the stick in the socket
// showed itself the network got the first of it; n is how many segments there were
// before.
func (r *busRig) sends(socket string, n int) {
	r.t.Helper()
	r.settle(2 * time.Minute)
	_, since := r.bus.Terminals(socket)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.at) <= n {
		r.t.Errorf("nothing was sent; m0: %s", r.modemInfo("m0").Verdict)
		return
	}
	took := r.at[n].Sub(since)
	r.t.Logf("the first segment is on air %v after the modem showed itself", took)
	const submit = 2 * time.Second // of the stick
	if took > soon+submit {
		r.t.Errorf("that is more than %v", soon)
	}
}

func (r *busRig) segments() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sent)
}

// once checks that the peer got each payload once, in any order.
func (r *busRig) once(payloads ...[]byte) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range payloads {
		var n int
		for _, got := range r.got {
			if bytes.Equal(p, got) {
				n++
			}
		}
		if n != 1 {
			r.t.Errorf("the peer got %.12q… %d times", p, n)
		}
	}
	if len(r.got) != len(payloads) {
		r.t.Errorf("the peer got %d messages, want %d", len(r.got), len(payloads))
	}
}

// Whatever makes a modem come back under other numbers, it is the same modem.
func TestFindRenumbered(t *testing.T) {
	for name, happens := range map[string]func(r *busRig, m *modemtest.Modem){
		"pulled and put back": func(r *busRig, m *modemtest.Modem) {
			r.bus.Unplug("1-1.4")
			r.settle(time.Hour)
			r.verdict("m0", "no modem on USB yet")
			r.plug("1-1.4", m)
		},
		"put back at once": func(r *busRig, m *modemtest.Modem) {
			r.bus.Unplug("1-1.4")
			r.plug("1-1.4", m)
		},
		"put into another socket": func(r *busRig, m *modemtest.Modem) {
			r.bus.Unplug("1-1.4")
			r.plug("2-1", m)
		},
		"reset": func(_ *busRig, m *modemtest.Modem) { m.Reset() },
	} {
		t.Run(name, func(t *testing.T) {
			onBus(t, []string{`"auto"`}, func(r *busRig) {
				m := r.stick(1, modemtest.Quectel)
				r.plug("1-1.4", m)
				r.holds("m0", m)
				before := r.modemInfo("m0").Device
				happens(r, m)
				payload := bytes.Repeat([]byte("x"), 300)
				r.accept(Request{Payload: payload, Modem: "m0"})
				socket := "1-1.4"
				if name == "put into another socket" {
					socket = "2-1"
				}
				r.sends(socket, 0)
				r.holds("m0", m)
				if now := r.modemInfo("m0").Device; now == before {
					t.Errorf("still at %s: not renumbered", now)
				}
				r.once(payload)
			})
		})
	}
}

// Two sticks that nothing on the bus tells apart change places: each [[modem]] has its
// own again, and with it its SIM and the peers that are at home there.
func TestFindSwapped(t *testing.T) {
	for name, restart := range map[string]bool{"while it runs": false, "while it is down": true} {
		t.Run(name, func(t *testing.T) {
			onBus(t, []string{`"auto"`, `"auto"`}, func(r *busRig) {
				a, b := r.stick(1, modemtest.Huawei), r.stick(2, modemtest.Huawei)
				r.plug("1-1.2", b)
				r.plug("1-1.1", a)
				r.holds("m0", a) // the first socket
				r.holds("m1", b)
				r.peer.Send(b.Number(), datagram("hello"))
				r.settle(time.Minute)

				if restart {
					r.rig.stop()
				}
				r.bus.Unplug("1-1.1")
				r.bus.Unplug("1-1.2")
				byName, byHome := []byte("by name"), []byte("by home")
				if !restart {
					r.accept(Request{Payload: byName, Modem: "m0"})
					r.accept(Request{Payload: byHome})
				}
				r.plug("1-1.1", b)
				r.settle(20 * time.Second) // what is in the first socket now is the first one there, too
				if restart {
					r.start()
					r.accept(Request{Payload: byName, Modem: "m0"})
					r.accept(Request{Payload: byHome})
					r.settle(10 * time.Second)
				}
				r.plug("1-1.2", a)
				r.holds("m0", a)
				r.holds("m1", b)
				r.settle(time.Minute)
				r.once(byName, byHome)
				for _, s := range r.sent {
					want := a.Number()
					if bytes.Equal(s.UD.Data, byHome) {
						want = b.Number()
					}
					if "+"+s.From != want {
						t.Errorf("%q went from %s, want %s", s.UD.Data, s.From, want)
					}
				}
			})
		})
	}
}

// A stick is pulled, or resets, while it has a segment: what is sent again is known as
// a copy by who gets it, and nothing is lost.
func TestFindInMidSegment(t *testing.T) {
	for name, kind := range map[string]modemtest.FaultKind{"pulled": modemtest.HangUp, "reset": modemtest.Reset} {
		for stage, at := range map[string]modemtest.Stage{"before": modemtest.Begun, "at the prompt": modemtest.Prompt, "after Ctrl-Z": modemtest.Data, "on air": modemtest.Done} {
			t.Run(name+" "+stage, func(t *testing.T) {
				onBus(t, []string{`{ vid = "2c7c" }`}, func(r *busRig) {
					m := r.stick(1, modemtest.Quectel)
					r.plug("1-1.4", m)
					r.holds("m0", m)
					long := append(bytes.Repeat([]byte("long "), 100), 'z')
					r.accept(Request{Payload: []byte("first")})
					r.settle(20 * time.Second)
					n := r.segments()
					m.Fault(modemtest.Fault{On: "+CMGS", Kind: kind, At: at})
					id := r.accept(Request{Payload: long})
					r.settle(5 * time.Second)
					if at == modemtest.Done {
						n++ // that one is on air already
					}
					r.sends("1-1.4", n)
					r.settle(10 * time.Minute)
					r.once([]byte("first"), long)
					if got := r.outbound(id).State; got != spool.StateSent {
						t.Errorf("the message is %s", got)
					}
				})
			})
		}
	}
}

// A modem that never comes back is replaced by what is there, after a while; one that
// is late is waited for.
func TestFindReplaced(t *testing.T) {
	onBus(t, []string{`"auto"`}, func(r *busRig) {
		a, c := r.stick(1, modemtest.Quectel), r.stick(2, modemtest.Quectel)
		r.plug("1-2", a)
		r.holds("m0", a)
		r.bus.Unplug("1-2")
		r.plug("1-1", c)
		r.settle(12 * time.Second)
		r.verdict("m0", "2c7c:0125 in 1-1 (350000000000020) is there, and is taken instead of 350000000000010 when that has been away for 30s")
		r.plug("1-2", a)
		r.holds("m0", a)

		r.bus.Unplug("1-2")
		r.settle(20 * time.Second)
		r.holds("m0", c) // 30 s after its own was there last
		r.plug("1-2", a)
		r.holds("m0", c) // that is its own now, and nobody takes it away

		r.rig.stop()
		r.start()
		r.holds("m0", c)
	})
}
