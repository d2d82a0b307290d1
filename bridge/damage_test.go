package bridge

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// A message that cannot be read stops no other one, with one modem or with several, and goes
// once it can be.
func TestUnreadableMessage(t *testing.T) {
	for _, modems := range [][]ModemConfig{{{Name: "m0"}}, {{Name: "m0"}, {Name: "m1"}}} {
		inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Modems = modems }, func(r *rig) {
			r.air.NewHandset(phone, nil)
			r.settle(time.Minute)
			r.register(2)
			var ids []string
			for range 6 {
				ids = append(ids, r.accept(Request{Payload: []byte("one of several")}))
			}
			r.damage(ids[0], ids[1])
			r.register(1)
			r.settle(time.Minute)
			for i, id := range ids {
				want := spool.StateSent
				if i < 2 {
					want = spool.StateQueued
				}
				if state := r.stateOf(id); state != want {
					t.Errorf("%d modems: message %d is %s, want %s", len(modems), i, state, want)
				}
			}
			r.mend(ids[0], ids[1])
			r.settle(2 * asideFor)
			for _, id := range ids {
				if state := r.stateOf(id); state != spool.StateSent {
					t.Errorf("%d modems: a message that can be read again is %s", len(modems), state)
				}
			}
		})
	}
}

// One that is on its way while its payload becomes unreadable is sent, and the next one too.
func TestUnreadableInFlight(t *testing.T) {
	inRigOf(t, modemtest.ModemOptions{Profile: modemtest.Generic, SubmitTime: 5 * time.Second}, modemtest.AirOptions{}, nil, func(r *rig) {
		r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		first := r.accept(Request{Payload: []byte("first")})
		r.settle(time.Second)
		second := r.accept(Request{Payload: []byte("second")})
		r.damage(first)
		r.settle(time.Minute)
		if a, b := r.stateOf(first), r.stateOf(second); a != spool.StateSent || b != spool.StateSent {
			t.Errorf("the first message is %s, the second %s", a, b)
		}
	})
}

// A message that cannot be written keeps no other one, neither before it is begun nor once
// its answer has come: that is told by the log then, and the message is of unknown outcome.
func TestUnwritableMessage(t *testing.T) {
	refuse := func(r *rig, id string) {
		r.alter("CREATE TRIGGER refuse BEFORE UPDATE ON out_segment WHEN old.outbound = (SELECT n FROM outbound WHERE id = '"+id+"') BEGIN SELECT RAISE(ABORT, 'refused'); END", "")
	}
	inRigOf(t, modemtest.ModemOptions{Profile: modemtest.Generic, SubmitTime: 5 * time.Second}, modemtest.AirOptions{}, nil, func(r *rig) {
		r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		first := r.accept(Request{Payload: []byte("first"), Unknown: "hold"})
		r.settle(time.Second)
		second := r.accept(Request{Payload: []byte("second")})
		refuse(r, first)
		r.settle(10 * time.Minute)
		if state := r.stateOf(second); state != spool.StateSent {
			t.Errorf("behind one with an answer is one that is %s", state)
		}
		if !strings.Contains(r.said.String(), `"segment":1,"mr":`) {
			t.Error("the log does not tell the answer")
		}
		r.alter("DROP TRIGGER refuse", "")
		r.settle(2 * asideFor)
		if m := r.outbound(first); m.Segments[0].State != spool.SegUnknown {
			t.Errorf("the segment is %s", m.Segments[0].State)
		}
		r.register(2)
		third, fourth := r.accept(Request{Payload: []byte("third")}), r.accept(Request{Payload: []byte("fourth")})
		refuse(r, third)
		r.register(1)
		r.settle(time.Minute)
		if a, b := r.stateOf(third), r.stateOf(fourth); a != spool.StateQueued || b != spool.StateSent {
			t.Errorf("one is %s, the one behind it %s", a, b)
		}
	})
}

// What a commit has begun that failed, and is on disk all the same, was not sent.
func TestFailedCommitThatStands(t *testing.T) {
	o := outbound{Outbound: &spool.Outbound{State: spool.StateQueued, Segments: []spool.OutSegment{
		{Seq: 1, State: spool.SegAccepted, AirAt: time.Unix(1, 0), Attempts: 1}, {Seq: 2, State: spool.SegSubmitting, Attempts: 1}, {Seq: 3, State: spool.SegQueued},
	}}}
	r := relay{again: true, last: &attempt{seq: 1, mr: 7}}
	if err := r.record(nil, &o); err != nil {
		t.Fatal(err)
	}
	if seg, _ := o.choose(); seg == nil || seg.Seq != 2 || seg.Attempts != 0 || o.Segments[0].State != spool.SegAccepted {
		t.Errorf("the segments are %+v", o.Segments)
	}
	r.last.seq, o.Segments = 3, []spool.OutSegment{{Seq: 1, State: spool.SegSubmitting, Attempts: 1}} // it started again
	if err := r.record(nil, &o); err != nil || o.Segments[0].State != spool.SegQueued {
		t.Errorf("%v, the segments are %+v", err, o.Segments)
	}
}

// Its time ends, and an operator can end it.
func TestUnreadableMessageEnds(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.settle(time.Minute)
		r.register(2)
		late, cancelled := r.accept(Request{Payload: []byte("late"), TTL: time.Hour}), r.accept(Request{Payload: []byte("cancelled")})
		other := r.accept(Request{Payload: []byte("late, too"), TTL: time.Hour})
		r.damage(late, cancelled)
		if err := r.Cancel(r.ctx, cancelled); err != nil {
			t.Error(err)
		}
		r.settle(2 * time.Hour)
		for id, want := range map[string]spool.OutState{late: spool.StateExpired, other: spool.StateExpired, cancelled: spool.StateCancelled} {
			if state := r.stateOf(id); state != want {
				t.Errorf("a message that should be %s is %s", want, state)
			}
		}
	})
}

// A page of payloads that cannot be read keeps no message from its end.
func TestDamagedPageOfPayloads(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.settle(time.Minute)
		r.register(2)
		var ids []string
		for range 5 {
			ids = append(ids, r.accept(Request{Payload: bytes.Repeat([]byte("x"), 700), TTL: time.Hour}))
		}
		r.stop()
		file, err := os.OpenFile(r.cfg.Spool.Path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		const size = 1024
		page := make([]byte, size)
		root := r.number("SELECT rootpage FROM sqlite_schema WHERE name = 'outbound_payload'")
		if file.ReadAt(page, (root-1)*size); page[0] != 5 { // an interior page (file format 1.6)
			t.Fatalf("the root is of kind %d", page[0])
		}
		leaf := int64(binary.BigEndian.Uint32(page[binary.BigEndian.Uint16(page[12:]):]))
		if _, err := file.WriteAt(bytes.Repeat([]byte{0xa5}, size), (leaf-1)*size); err != nil {
			t.Fatal(err)
		}
		r.start()
		if err := r.spool.View(r.ctx, func(tx *spool.Tx) error { _, err := tx.Outbound(ids[0]); return err }); !errors.Is(err, spool.ErrCorrupt) {
			t.Fatalf("the first payload: %v", err)
		}
		if err := r.Cancel(r.ctx, ids[0]); err != nil {
			t.Error(err)
		}
		r.settle(3 * time.Hour)
		if n := r.number("SELECT count(*) FROM outbound WHERE state IN ('expired', 'cancelled')"); int(n) != len(ids) {
			t.Errorf("%d of %d messages have ended", n, len(ids))
		}
	})
}

// A message that recovery has left without one of its segments keeps no other one from its
// end, and takes its report.
func TestLostSegment(t *testing.T) {
	inRig(t, modemtest.AirOptions{Delay: 20 * time.Minute}, nil, func(r *rig) {
		r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		sent := r.accept(Request{Payload: bytes.Repeat([]byte("x"), 200), Report: true, TTL: 2 * time.Hour})
		r.settle(time.Minute)
		r.register(2)
		other := r.accept(Request{Payload: []byte("other"), TTL: 3 * time.Hour})
		r.alter("DELETE FROM out_segment WHERE seq = 1 AND outbound = (SELECT n FROM outbound WHERE id = ?)", sent)
		r.settle(time.Minute)
		r.register(1)
		r.settle(90 * time.Minute)
		if m := r.outbound(sent); len(m.Segments) != 2 || m.Segments[0].State != spool.SegUnknown || m.Segments[1].State != spool.SegDelivered {
			t.Errorf("the segments are %+v", m.Segments)
		}
		if state := r.stateOf(other); state != spool.StateSent {
			t.Errorf("the other one is %s", state)
		}
		r.settle(2 * time.Hour)
		if state := r.stateOf(sent); state.Open() {
			t.Errorf("its time is over, and it is %s", state)
		}
	})
}

// One that cannot be ended keeps no other one.
func TestExpiryGoesOn(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.settle(time.Minute)
		r.register(2)
		var ids []string
		for range 4 {
			ids = append(ids, r.accept(Request{Payload: []byte("late"), TTL: time.Hour}))
		}
		for i, id := range ids[:2] {
			r.alter(fmt.Sprintf("CREATE TRIGGER refuse%d BEFORE UPDATE ON outbound WHEN old.id = '%s' BEGIN SELECT RAISE(ABORT, 'refused'); END", i, id), "")
		}
		r.settle(time.Hour)
		for i, id := range ids {
			want := spool.StateExpired
			if i < 2 {
				want = spool.StateQueued
			}
			if state := r.stateOf(id); state != want {
				t.Errorf("message %d is %s, want %s", i, state, want)
			}
		}
	})
}

// A message that has lost its payload, as recovery leaves it, does not go again without.
func TestRetryWithoutPayload(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.settle(time.Minute)
		r.register(2)
		lost, empty := r.accept(Request{Payload: []byte("lost")}), r.accept(Request{})
		for _, id := range []string{lost, empty} {
			r.alter("UPDATE outbound SET state = 'failed', due = NULL, lane = '' WHERE id = ?", id)
		}
		r.alter("UPDATE outbound_payload SET data = x'' WHERE outbound = (SELECT n FROM outbound WHERE id = ?)", lost)
		if err := r.Retry(r.ctx, lost); err == nil || !strings.Contains(err.Error(), "payload is lost") {
			t.Errorf("retry says %v", err)
		}
		if err := r.Retry(r.ctx, empty); err != nil {
			t.Errorf("one that was empty: %v", err)
		}
	})
}

// What became of a segment is written down although the message that should follow cannot be
// read.
func TestUnreadableNeighbour(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		r.register(2)
		first, second := r.accept(Request{Payload: []byte("first")}), r.accept(Request{Payload: []byte("second")})
		r.damage(second)
		r.register(1)
		r.settle(time.Minute)
		if state := r.stateOf(first); state != spool.StateSent {
			t.Errorf("the first message is %s", state)
		}
	})
}

// The same where that message cannot be written; it goes once it can.
func TestNeighbourThatCannotBeWritten(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		r.register(2)
		first, second := r.accept(Request{Payload: []byte("first")}), r.accept(Request{Payload: []byte("second")})
		r.alter("CREATE TRIGGER refuse BEFORE UPDATE ON outbound WHEN old.id = '"+second+"' BEGIN SELECT RAISE(ABORT, 'refused'); END", "")
		r.register(1)
		r.settle(time.Minute)
		if a, b := r.stateOf(first), r.stateOf(second); a != spool.StateSent || b != spool.StateQueued {
			t.Errorf("the first message is %s, the second %s", a, b)
		}
		r.alter("DROP TRIGGER refuse", "")
		r.settle(2 * asideFor)
		if state := r.stateOf(second); state != spool.StateSent {
			t.Errorf("the second message is %s once it can be written", state)
		}
	})
}

// register has the network take every modem, 1, or none, 2.
func (r *rig) register(state int) {
	for _, m := range r.sims {
		m.SetRegistration(state, state)
	}
	r.settle(time.Minute)
}

// damage takes the payloads of messages, so that the bridge cannot read these; mend gives
// them others.
func (r *rig) damage(ids ...string) {
	r.t.Helper()
	r.alter("DELETE FROM outbound_payload WHERE outbound = (SELECT n FROM outbound WHERE id = ?)", ids...)
}

func (r *rig) mend(ids ...string) {
	r.t.Helper()
	r.alter("INSERT INTO outbound_payload SELECT n, x'6d656e646564' FROM outbound WHERE id = ?", ids...)
}

// alter changes the row of each id, or what needs no id: "".
func (r *rig) alter(query string, ids ...string) {
	r.t.Helper()
	db := r.database()
	defer db.Close()
	for _, id := range ids {
		done, err := db.Exec(query, id)
		if err != nil {
			r.t.Fatal(err)
		}
		if n, err := done.RowsAffected(); id != "" && (err != nil || n != 1) {
			r.t.Fatalf("%d rows are changed: %v", n, err)
		}
	}
}

// database is the spool as another program sees it.
func (r *rig) database() *sql.DB {
	r.t.Helper()
	db, err := sql.Open("sqlite", r.cfg.Spool.Path)
	if err != nil {
		r.t.Fatal(err)
	}
	return db
}

func (r *rig) number(query string) (n int64) {
	r.t.Helper()
	db := r.database()
	defer db.Close()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// stateOf reads the row alone.
func (r *rig) stateOf(id string) (state spool.OutState) {
	r.t.Helper()
	r.view(func(tx *spool.Tx) error {
		m, err := tx.Ledger(id)
		if err == nil {
			state = m.State
		}
		return err
	})
	return state
}
