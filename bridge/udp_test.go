package bridge

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

func TestRoutes(t *testing.T) {
	field := UDPConfig{Port: 3590, Listen: "127.0.0.1:3590", Peer: "+491712345678"}
	server := UDPConfig{Port: 3590, Forward: "127.0.0.1:4590"}
	other := UDPConfig{Port: 3716, Forward: "127.0.0.1:4591"}
	tests := []struct {
		udps []UDPConfig
		peer string
		port uint16
		want string
	}{
		{nil, "+491712345678", 3590, "tcp"},
		{[]UDPConfig{field}, "+491712345678", 3590, "udp:3590:+491712345678"},
		{[]UDPConfig{field}, "491712345678", 3590, "udp:3590:+491712345678"}, // by digits, as all numbers are matched
		{[]UDPConfig{field}, "+491712345679", 3590, "tcp"},
		{[]UDPConfig{field}, "+491712345678", 3716, "tcp"},
		// A server role takes every peer on its port that no field role names, wherever it stands.
		{[]UDPConfig{server, field}, "+491712345678", 3590, "udp:3590:+491712345678"},
		{[]UDPConfig{server, field}, "+491712345679", 3590, "udp:3590:forward"},
		{[]UDPConfig{server, field}, "+491712345679", 3716, "tcp"},
		{[]UDPConfig{other, server}, "Info", 3716, "udp:3716:forward"},
	}
	if got := routeFor([]UDPConfig{server, field}, "+491712345678", 3590, 65_508); got != tcpRoute {
		t.Errorf("what no datagram can hold: %s", got)
	}
	for _, tt := range tests {
		if got := routeFor(tt.udps, tt.peer, tt.port, 65_507); got != tt.want {
			t.Errorf("%s, port %d: %s, want %s", tt.peer, tt.port, got, tt.want)
		}
	}
}

// A udpLab runs UDP roles over a desk.
type udpLab struct {
	*desk
	t       *testing.T
	roles   *udpRoles
	stop    context.CancelFunc
	running sync.WaitGroup
}

func newUDPLab(t *testing.T) *udpLab {
	l := &udpLab{desk: newDesk(t), t: t}
	t.Cleanup(func() {
		if l.stop != nil {
			l.end()
		}
	})
	return l
}

func (l *udpLab) start(cfgs ...UDPConfig) {
	l.t.Helper()
	ctx, stop := context.WithCancel(l.t.Context())
	l.stop = stop
	l.roles = newUDP(cfgs, l.desk, zerolog.Nop())
	if err := l.roles.Listen(ctx); err != nil {
		l.t.Fatal(err)
	}
	l.running.Go(func() {
		if err := l.roles.Run(ctx); err != nil {
			l.t.Error(err)
		}
	})
}

func (l *udpLab) end() {
	l.stop()
	l.running.Wait()
}

func (l *udpLab) message(route, peer, payload string) string {
	id := l.arrive(spool.Message{Route: route, Peer: peer, Payload: []byte(payload)})
	l.roles.messageReady()
	return id
}

// eventually waits for what must come.
func (l *udpLab) eventually(what string, f func() bool) {
	l.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatal("never: " + what)
		}
	}
}

func udpSocket(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(30 * time.Second))
	return c
}

func expectDatagram(t *testing.T, c *net.UDPConn, want string) *net.UDPAddr {
	t.Helper()
	b := make([]byte, 1<<16)
	n, from, err := c.ReadFromUDP(b)
	if err != nil || string(b[:n]) != want {
		t.Fatalf("%.100q came, want %.100q (%v)", b[:n], want, err)
	}
	return from
}

func TestFieldRole(t *testing.T) {
	l := newUDPLab(t)
	place := udpSocket(t)
	cfg := UDPConfig{Port: 3590, Listen: place.LocalAddr().String(), Peer: "+491712345678"}
	place.Close()
	l.start(cfg)
	bridge := l.roles.roles[0].(*fieldRole).socket.LocalAddr().(*net.UDPAddr)

	// "before there is one, they wait"
	early := l.message("udp:3590:+491712345678", "+491712345678", "early")
	program := udpSocket(t)
	big := bytes.Repeat([]byte{0, '\n', 0xff}, 10_000)
	if _, err := program.WriteTo(big, bridge); err != nil {
		t.Fatal(err)
	}
	expectDatagram(t, program, "early")
	l.eventually("the answer is done after its write", func() bool { return l.state(early) == spool.MsgAcked })
	l.eventually("the datagram is accepted", func() bool { return l.took() == 1 })
	r := l.requests()[0]
	if r.To != cfg.Peer || r.Port != 3590 || r.FromPort != 3590 || !bytes.Equal(r.Payload, big) || r.TTL != defaultTTL || r.Origin != cfg.route() {
		t.Errorf("accepted %+v", r)
	}

	// "its answers go back to the last sender"
	second := udpSocket(t)
	second.WriteTo(nil, bridge)
	l.eventually("an empty datagram is a message too", func() bool { return l.took() == 2 && len(l.requests()[1].Payload) == 0 })
	l.message("udp:3590:+491712345678", "+491712345678", "one")
	empty := l.message("udp:3590:+491712345678", "+491712345678", "")
	expectDatagram(t, second, "one")
	expectDatagram(t, second, "")
	l.eventually("it is done with: a stop before that repeats it", func() bool { return l.state(empty) == spool.MsgAcked })

	// What is refused is counted, and what follows is not.
	l.desk.mu.Lock()
	l.desk.refuse = &Refusal{"budget", "no"}
	l.desk.mu.Unlock()
	second.WriteTo([]byte("refused"), bridge)
	second.WriteTo([]byte("accepted"), bridge)
	l.eventually("the next is accepted", func() bool { return l.took() == 3 && string(l.requests()[2].Payload) == "accepted" })
	l.desk.mu.Lock()
	if n := l.desk.counted["udp.refused.budget"]; n != 1 {
		t.Errorf("counted %d", n)
	}
	l.desk.mu.Unlock()

	// "kept on disk"
	l.end()
	id := l.arrive(spool.Message{Route: "udp:3590:+491712345678", Peer: "+491712345678", Payload: []byte("after the restart")})
	l.start(cfg)
	expectDatagram(t, second, "after the restart")
	l.eventually("it is done", func() bool { return l.state(id) == spool.MsgAcked })
}

func TestServerRole(t *testing.T) {
	l := newUDPLab(t)
	program := udpSocket(t)
	cfg := UDPConfig{Port: 3590, Forward: program.LocalAddr().String()}
	l.start(cfg)

	// "each handset's messages come from a socket of its own, like a NAT"
	l.message("udp:3590:forward", "+491", "from one")
	one := expectDatagram(t, program, "from one")
	l.message("udp:3590:forward", "+492", "from two")
	two := expectDatagram(t, program, "from two")
	l.message("udp:3590:forward", "+491", "again from one")
	if again := expectDatagram(t, program, "again from one"); again.Port != one.Port || one.Port == two.Port {
		t.Errorf("from ports %d, %d, %d", one.Port, two.Port, again.Port)
	}

	// "what is sent back there goes to that handset"
	program.WriteTo([]byte("to two"), two)
	l.eventually("the answer is accepted", func() bool { return l.took() == 1 })
	if r := l.requests()[0]; r.To != "+492" || string(r.Payload) != "to two" || r.Origin != "udp:3590:forward" {
		t.Errorf("accepted %+v", r)
	}

	// Nobody else speaks for the server.
	stranger := udpSocket(t)
	stranger.WriteTo([]byte("not from the server"), two)
	program.WriteTo([]byte("to one"), one)
	l.eventually("the next answer is accepted", func() bool { return l.took() == 2 })
	if r := l.requests()[1]; r.To != "+491" || string(r.Payload) != "to one" {
		t.Errorf("accepted %+v", r)
	}

	// After a restart each handset has its port, before it sends anything.
	l.end()
	l.start(cfg)
	program.WriteTo([]byte("to one again"), one)
	l.eventually("the port is kept", func() bool { return l.took() == 3 && l.requests()[2].To == "+491" })
}

func TestServerRoleBoundsItsSockets(t *testing.T) {
	program := udpSocket(t)
	d := &slowDesk{newDesk(t), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	s := newUDP([]UDPConfig{{Port: 3590, Forward: program.LocalAddr().String()}}, d, zerolog.Nop()).roles[0].(*serverRole)
	s.handsets["+1"] = &handset{peer: "+1", socket: udpSocket(t), used: d.now}
	s.handsets["+2"] = &handset{peer: "+2", socket: udpSocket(t), used: d.now.Add(handsetIdle / 2)}
	s.makeRoom(d.now.Add(handsetIdle - 1))
	if len(s.handsets) != 2 {
		t.Error("closed too early")
	}
	s.makeRoom(d.now.Add(handsetIdle))
	if s.handsets["+1"] != nil || s.handsets["+2"] == nil {
		t.Errorf("left: %v", s.handsets)
	}
}

// What waits is offered where this run's configuration sends it.
func TestReroute(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		role := UDPConfig{Port: 3590, Listen: "127.0.0.1:0", Peer: phone}
		put := func(id, peer, route string, state spool.MsgState) {
			err := r.Bridge.spool.Update(context.Background(), func(tx *spool.Tx) error {
				return tx.PutMessage(&spool.Message{ID: id, Peer: peer, Port: 3590, Route: route, State: state})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for i := range batch + 1 {
			put(fmt.Sprint("waits", i), phone, role.route(), spool.MsgReady)
		}
		put("other", "+491733333333", tcpRoute, spool.MsgReady)
		put("done", phone, role.route(), spool.MsgAcked)
		expect := func(what string, want map[string]int) {
			t.Helper()
			if err := r.reroute(context.Background()); err != nil {
				t.Fatal(err)
			}
			r.view(func(tx *spool.Tx) error {
				for route, n := range want {
					heads, err := tx.Ready(route, nil, 0, 2*batch)
					if len(heads) != n || err != nil {
						t.Errorf("%s: %d for %s, want %d, %v", what, len(heads), route, n, err)
					}
				}
				m, err := tx.Message("done")
				if err != nil || m.Route != role.route() {
					t.Errorf("%s: what is done went elsewhere: %+v, %v", what, m, err)
				}
				return nil
			})
		}
		r.Bridge.cfg.UDP = []UDPConfig{role}
		expect("with the role", map[string]int{role.route(): batch + 1, tcpRoute: 1})
		r.Bridge.cfg.UDP = nil
		expect("without", map[string]int{role.route(): 0, tcpRoute: batch + 2})
		r.Bridge.cfg.UDP = []UDPConfig{role}
		expect("with it again", map[string]int{role.route(): batch + 1, tcpRoute: 1})
	})
}
