package spool

import (
	"errors"
	"testing"
	"time"
)

func arrived(id string, port uint16, route string) *Message {
	return &Message{
		ID: id, Peer: "+49171", OA: "49171", Port: port, FromPort: 2, To: "+49170", Alphabet: "8bit", Modem: "m0", SIM: "simA",
		SCTS: t0.Truncate(time.Second), Received: t0, ReceivedWall: t0.Add(time.Hour), Payload: []byte{1, 0, 2}, Octets: 3, Segments: 3,
		Route: route, State: MsgReady,
	}
}

func TestMessageLife(t *testing.T) {
	s := newSpool(t)
	m := arrived(s.NewID(), 3590, "tcp")
	check := func(what string, unclaimed int) {
		t.Helper()
		update(t, s, func(tx *Tx) error { return tx.PutMessage(m) })
		view(t, s, func(tx *Tx) error {
			equal(t, what, m, must[*Message](t, what)(tx.Message(m.ID)))
			equal(t, what+": unclaimed", unclaimed, must[int](t, what)(tx.Unclaimed()))
			return nil
		})
	}
	check("arrived", 1)
	if m.N != 1 {
		t.Errorf("first N is %d", m.N)
	}
	m.NotBefore, m.Naks, m.Offers = t0.Add(time.Minute), 1, 2
	check("put off", 1)
	m.Route = "udp:0"
	check("sent elsewhere", 1)
	m.State, m.AckedAt = MsgAcked, t0.Add(time.Hour)
	check("acknowledged", 0)

	view(t, s, func(tx *Tx) error {
		if _, err := tx.Message("none"); !errors.Is(err, ErrNotFound) {
			t.Errorf("no such message: %v", err)
		}
		return nil
	})
	for what, bad := range map[string]*Message{"no id": arrived("", 1, "tcp"), "twice": arrived(m.ID, 1, "tcp")} {
		if err := s.Update(t.Context(), func(tx *Tx) error { return tx.PutMessage(bad) }); err == nil || bad.N != 0 {
			t.Errorf("%s: %v, N %d", what, err, bad.N)
		}
	}
	lost := arrived("X", 1, "tcp")
	lost.N = 99
	if err := s.Update(t.Context(), func(tx *Tx) error { return tx.PutMessage(lost) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("update of a message that is not there: %v", err)
	}
}

func TestEmptyMessage(t *testing.T) {
	s := newSpool(t)
	m := arrived("X", 3590, "tcp")
	m.Payload, m.Octets, m.SCTS = nil, 0, time.Time{}
	update(t, s, func(tx *Tx) error { return tx.PutMessage(m) })
	view(t, s, func(tx *Tx) error {
		got := must[*Message](t, "read")(tx.Message("X"))
		equal(t, "without payload and SCTS", m, got)
		return nil
	})
}

func TestReady(t *testing.T) {
	s := newSpool(t)
	for _, m := range []*Message{
		arrived("Xa", 3590, "tcp"), arrived("Xb", 3716, "tcp"), arrived("Xc", 3590, "udp:0"),
		arrived("Xd", 2948, "tcp"), arrived("Xe", 3590, "tcp"), arrived("Xf", 3716, "tcp"),
	} {
		if m.ID == "Xd" {
			m.NotBefore = t0.Add(time.Minute)
		}
		update(t, s, func(tx *Tx) error { return tx.PutMessage(m) })
	}
	ready := func(route string, ports []uint16, after int64, limit int, want string) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			heads, err := tx.Ready(route, ports, after, limit)
			var ids []string
			for _, h := range heads {
				ids = append(ids, h.ID)
				if (h.ID == "Xd") != h.NotBefore.Equal(t0.Add(time.Minute)) || h.Peer != "+49171" || h.N == 0 || h.Port == 0 {
					t.Errorf("head %+v", h)
				}
			}
			if got := letters(ids); err != nil || got != want {
				t.Errorf("ready on %s %v after %d: %q, %v, want %q", route, ports, after, got, err, want)
			}
			return nil
		})
	}
	ready("tcp", nil, 0, 9, "abdef")
	ready("udp:0", nil, 0, 9, "c")
	ready("tcp", nil, 2, 2, "de")
	ready("tcp", []uint16{3716, 3590}, 0, 9, "abef")
	ready("tcp", []uint16{3716, 3590, 3716}, 1, 2, "be")
	ready("tcp", []uint16{}, 0, 9, "")
	ready("tcp", []uint16{1}, 0, 9, "")
	update(t, s, func(tx *Tx) error {
		m := must[*Message](t, "read")(tx.Message("Xb"))
		m.State, m.AckedAt = MsgAcked, t0
		return tx.PutMessage(m)
	})
	ready("tcp", nil, 0, 9, "adef")
	ready("tcp", []uint16{3716}, 0, 9, "f")

	view(t, s, func(tx *Tx) error {
		equal(t, "last message", int64(6), must[int64](t, "last")(tx.LastMessage()))
		for _, c := range []struct {
			state MsgState
			after int64
			limit int
			want  string
		}{{"", 0, 9, "abcdef"}, {MsgReady, 1, 2, "cd"}, {MsgAcked, 0, 9, "b"}, {MsgAcked, 2, 9, ""}} {
			all := must[[]*Message](t, "list")(tx.Messages(c.state, c.after, c.limit))
			var ids []string
			for _, m := range all {
				ids = append(ids, m.ID)
				if m.Payload != nil {
					t.Errorf("listed with its payload: %+v", m)
				}
			}
			if got := letters(ids); got != c.want {
				t.Errorf("messages %q after %d: %q, want %q", c.state, c.after, got, c.want)
			}
		}
		return nil
	})
}
