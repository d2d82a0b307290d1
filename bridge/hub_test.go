package bridge

import (
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"wvsms/spool"
)

// slowDesk is a desk whose time the test moves.
type slowDesk struct {
	*desk
	now time.Time
}

func (d *slowDesk) Now() time.Time { return d.now }

// Consumers come, go, acknowledge, put off, fall silent and crash with the bridge, in
// any order: each message is offered until it is acknowledged and never after that, no
// window is exceeded, and a sender's messages stay with one consumer.
func TestHubProperties(t *testing.T) {
	desk := newDesk(t)
	rapid.Check(t, func(t *rapid.T) {
		forgetAll(desk)
		m := &hubModel{desk: &slowDesk{desk, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
		m.restart(t)
		t.Repeat(map[string]func(*rapid.T){
			"arrive":  m.arrive,
			"join":    m.join,
			"leave":   m.leave,
			"write":   m.write,
			"ack":     m.ack,
			"nak":     m.nak,
			"wait":    m.wait,
			"restart": m.restart,
		})
		m.drain(t)
	})
}

// forgetAll acknowledges what an attempt that failed has left behind.
func forgetAll(d *desk) {
	d.update(func(tx *spool.Tx) error {
		heads, err := tx.Ready(tcpRoute, nil, 0, 10_000)
		for _, head := range heads {
			m, err := tx.Message(head.ID)
			if err != nil {
				return err
			}
			m.State = spool.MsgAcked
			if err := tx.PutMessage(m); err != nil {
				return err
			}
		}
		return err
	})
}

// OK to an ACK waits until nobody is in the middle of writing the message.
func TestACKWaitsForWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desk := newDesk(t)
		defer desk.s.Close()
		h := newHub(desk)
		c := h.join(demand{ports: []uint16{defaultPort}, window: 1, ackWait: time.Minute})
		id := desk.arrive(spool.Message{Peer: "+1"})
		if err := h.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		turn, ok := h.take(c)
		if !ok {
			t.Fatal("nothing to write")
		}
		if _, ok := h.begin(c, turn); !ok {
			t.Fatal("not ours to write")
		}
		var answered atomic.Bool
		go func() {
			h.acked(id, nil)
			answered.Store(true)
		}()
		synctest.Wait()
		if answered.Load() {
			t.Error("answered while the message was being written")
		}
		h.end(c, turn)
		synctest.Wait()
		if !answered.Load() {
			t.Error("not answered after the write")
		}
		if _, ok := h.begin(c, turn); ok {
			t.Error("it may be written after the answer")
		}
	})
}

// A message that cannot be read is tried again soon where that may pass, and else seldom; the
// next one goes meanwhile.
func TestUnreadableInbound(t *testing.T) {
	for fault, pause := range map[error]time.Duration{spool.ErrIO: spoolRetry, spool.ErrCorrupt: asideFor} {
		synctest.Test(t, func(t *testing.T) {
			desk := newDesk(t)
			defer desk.s.Close()
			h := newHub(desk)
			c := h.join(demand{ports: []uint16{defaultPort}, window: 1, ackWait: time.Minute})
			first, second := desk.arrive(spool.Message{Peer: "+1"}), desk.arrive(spool.Message{Peer: "+1"})
			if err := h.load(t.Context()); err != nil {
				t.Fatal(err)
			}
			next, ok := h.take(c)
			if !ok || next.id != first {
				t.Fatalf("first goes %q", next.id)
			}
			if h.settle(t.Context(), next, nil, fault) {
				t.Fatal("it is to be written")
			}
			if w := h.whereIs(first, defaultPort); !w.due.Equal(desk.Now().Add(pause)) {
				t.Errorf("after %v it is tried again in %v, want %v", fault, w.due.Sub(desk.Now()), pause)
			}
			if next, ok := h.take(c); !ok || next.id != second {
				t.Errorf("then goes %q", next.id)
			}
		})
	}
}

type hubModel struct {
	desk    *slowDesk
	hub     *hub
	members []*member
	letters []*letter
}

// A member is a consumer as the model sees it.
type member struct {
	*consumer
	conn   *conn
	silent bool // an ack-wait passed since it answered
}

// A letter is a message as the model sees it.
type letter struct {
	id, peer string
	port     uint16
	acked    bool
	offered  bool    // ever
	old      bool    // than the hub
	with     *member // has it, unacknowledged
	resting  bool    // it put it off
	until    time.Time
}

func (m *hubModel) restart(t *rapid.T) {
	m.hub = newHub(m.desk)
	m.members = nil
	for _, l := range m.letters {
		l.with, l.resting, l.old = nil, false, true
	}
	m.settle(t)
}

// settle does what Run does.
func (m *hubModel) settle(t *rapid.T) {
	if err := m.hub.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.hub.expire(m.desk.now)
}

func (m *hubModel) arrive(t *rapid.T) {
	l := &letter{
		peer: rapid.SampledFrom([]string{"+1", "+2", "+3"}).Draw(t, "peer"),
		port: rapid.SampledFrom([]uint16{3590, 3716}).Draw(t, "port"),
	}
	l.id = m.desk.arrive(spool.Message{Peer: l.peer, Port: l.port})
	m.letters = append(m.letters, l)
	m.settle(t)
}

func (m *hubModel) join(t *rapid.T) {
	if len(m.members) == 4 {
		t.Skip("enough")
	}
	m.add(t, demand{
		ports:   rapid.SampledFrom([][]uint16{{3590}, {3716}, {3590, 3716}}).Draw(t, "ports"),
		window:  rapid.IntRange(1, 3).Draw(t, "window"),
		ackWait: time.Duration(rapid.IntRange(1, 3).Draw(t, "minutes")) * time.Minute,
	})
}

func (m *hubModel) add(t *rapid.T, d demand) *member {
	server := newServer(serverConfig{}, m.desk, m.hub, zerolog.Nop())
	one := &member{consumer: m.hub.join(d), conn: &conn{srv: server}}
	one.conn.consumer = one.consumer
	m.members = append(m.members, one)
	m.settle(t)
	return one
}

func (m *hubModel) member(t *rapid.T) *member {
	if len(m.members) == 0 {
		t.Skip("nobody")
	}
	return rapid.SampledFrom(m.members).Draw(t, "member")
}

func (m *hubModel) leave(t *rapid.T) {
	one := m.member(t)
	m.hub.leave(one.consumer)
	m.members = slices.DeleteFunc(m.members, func(other *member) bool { return other == one })
	for _, l := range m.letters {
		if l.with == one {
			l.with, l.resting = nil, false
		}
	}
}

// write does what the consumer's connection does with its next message.
func (m *hubModel) write(t *rapid.T) {
	one := m.member(t)
	if !m.writeOne(t, one) {
		t.Skip("nothing")
	}
}

func (m *hubModel) writeOne(t *rapid.T, one *member) bool {
	next, ok := m.hub.take(one.consumer)
	if !ok {
		return false
	}
	var msg *spool.Message
	err := m.desk.s.View(t.Context(), func(tx *spool.Tx) (err error) {
		msg, err = tx.Message(next.id)
		return err
	})
	if !m.hub.settle(t.Context(), next, msg, err) {
		return true
	}
	again, ok := m.hub.begin(one.consumer, next)
	if !ok {
		return true
	}
	m.offered(t, one, next.id, again)
	m.hub.end(one.consumer, next)
	return true
}

// offered checks what is about to be written.
func (m *hubModel) offered(t *rapid.T, one *member, id string, again bool) {
	l := m.letters[slices.IndexFunc(m.letters, func(l *letter) bool { return l.id == id })]
	if l.acked {
		t.Fatalf("%s is offered after its acknowledgement", id)
	}
	if again != (l.offered || l.old) {
		t.Fatalf("%s: redelivered=%v, offered before %v, old %v", id, again, l.offered, l.old)
	}
	if l.with != nil && !l.resting {
		t.Fatalf("%s is offered while somebody has it", id)
	}
	if l.resting && l.until.After(m.desk.now) {
		t.Fatalf("%s is offered %v too early", id, l.until.Sub(m.desk.now))
	}
	if !one.wants(l.port) {
		t.Fatalf("%s is offered to one who does not want port %d", id, l.port)
	}
	has := map[*member]bool{}
	given := 0
	for _, other := range m.letters {
		if other == l || other.with == nil {
			continue
		}
		if other.with == one && !other.resting {
			given++
		}
		if other.peer == l.peer && one.wants(other.port) { // else they are two streams
			has[other.with] = true
		}
	}
	if given >= one.window {
		t.Fatalf("%s is one more than the window of %d", id, one.window)
	}
	for other := range maps.Keys(has) {
		if other != one && !has[one] && other.wants(l.port) && !other.silent {
			t.Fatalf("%s goes to one consumer while another has messages of %s", id, l.peer)
		}
	}
	l.offered, l.with, l.resting = true, one, false
	l.until = m.desk.now.Add(one.ackWait)
}

func (m *hubModel) ack(t *rapid.T) {
	one := m.member(t)
	if len(m.letters) == 0 {
		t.Skip("none")
	}
	m.ackOne(t, one, rapid.SampledFrom(m.letters).Draw(t, "letter"))
}

func (m *hubModel) ackOne(t *rapid.T, one *member, l *letter) {
	if err := one.conn.ack(t.Context(), []string{l.id}); err != nil {
		t.Fatal(err)
	}
	m.answers(one, l)
	l.acked, l.with, l.resting = true, nil, false
}

func (m *hubModel) answers(one *member, l *letter) {
	one.silent = false
	if l.with != nil {
		l.with.silent = false
	}
}

func (m *hubModel) nak(t *rapid.T) {
	one := m.member(t)
	i := slices.IndexFunc(m.letters, func(l *letter) bool { return l.with == one && !l.resting })
	if i < 0 {
		t.Skip("nothing to put off")
	}
	l := m.letters[i]
	if err := one.conn.nak(t.Context(), []string{l.id, "delay=1m"}); err != nil {
		t.Fatal(err)
	}
	m.answers(one, l)
	l.resting = true
	l.until = m.desk.now.Add(time.Minute)
}

func (m *hubModel) wait(t *rapid.T) {
	m.desk.now = m.desk.now.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "seconds")) * time.Second)
	m.lapse()
	m.settle(t)
}

// lapse: who let an ack-wait pass has neither that message nor those it put off.
func (m *hubModel) lapse() {
	for _, l := range m.letters {
		if l.with != nil && !l.resting && !l.until.After(m.desk.now) {
			l.with.silent = true
			l.with = nil
		}
	}
	for _, l := range m.letters {
		if l.with != nil && l.resting && l.with.silent {
			l.with = nil
		}
	}
}

// drain: one good consumer gets everything that is not acknowledged.
func (m *hubModel) drain(t *rapid.T) {
	for len(m.members) > 0 {
		m.hub.leave(m.members[0].consumer)
		m.members = m.members[1:]
	}
	for _, l := range m.letters {
		l.with, l.resting = nil, false
	}
	m.desk.now = m.desk.now.Add(2 * time.Hour)
	good := m.add(t, demand{ports: []uint16{3590, 3716}, window: 2, ackWait: time.Minute})
	for m.writeOne(t, good) {
		for _, l := range m.letters {
			if l.with == good {
				m.ackOne(t, good, l)
			}
		}
	}
	for _, l := range m.letters {
		if !l.acked {
			t.Fatalf("%s was never offered to a consumer that acknowledges all", l.id)
		}
		if state := m.desk.state(l.id); state != spool.MsgAcked {
			t.Fatalf("%s is %s on disk", l.id, state)
		}
	}
	if h := m.hub; len(h.entries)+len(h.senders)+len(h.due)+good.given+len(good.entries) > 0 {
		t.Fatalf("the hub is not empty: %d entries, %d senders, %d deadlines, %d given", len(h.entries), len(h.senders), len(h.due), good.given)
	}
}
