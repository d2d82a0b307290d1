package spool

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// horizon is one for messages and events, one for inbound segments and one for attempts; peers rest a year longer.
func horizon(before, segments, spend time.Time) Horizon {
	return Horizon{Outbound: before, Messages: before, Events: before, InSegments: segments, Spend: spend, Peers: before.Add(-peerRest)}
}

const peerRest = 365 * 24 * time.Hour

func TestPurge(t *testing.T) {
	s := newSpool(t)
	hour := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Hour) }
	var ids []string
	update(t, s, func(tx *Tx) error {
		for i := range 6 {
			out := queued(s.NewID(), "+491", hour(i))
			out.Segments[0].At = hour(i)
			in := arrived(s.NewID(), 3590, "tcp")
			seg := received(byte(i), int64(i+1), 1, hour(i))
			if i != 2 { // message 2 of each kind is not done with
				out.State = StateSent
				in.State, in.AckedAt = MsgAcked, hour(i)
				seg.Done, seg.Parked = i%2 == 0, i%2 == 1
			}
			ids = append(ids, out.ID, in.ID)
			err := errors.Join(tx.PutOutbound(out), tx.PutMessage(in), tx.PutInSegment(seg), tx.Spend(hour(i), "m0", "26201", "+491", 0),
				tx.PutEvent(&Event{ID: out.ID, Word: "sent", At: hour(i)}))
			if err != nil {
				return err
			}
		}
		return nil
	})
	purge := func(before, seg, spend time.Time, limit, want int) {
		t.Helper()
		update(t, s, func(tx *Tx) error {
			n, err := tx.Purge(horizon(before, seg, spend), limit)
			if n != want {
				t.Errorf("purged %d rows, want %d", n, want)
			}
			return err
		})
	}
	count := func(want map[string]int) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			for table, want := range want {
				var got int
				if err := tx.get([]any{&got}, "SELECT count(*) FROM "+table); err != nil || got != want {
					t.Errorf("%s: %d rows, %v, want %d", table, got, err, want)
				}
			}
			return nil
		})
	}
	purge(t0, t0, t0, 99, 0) // older, not as old
	purge(hour(4), t0, t0, 99, 3+3+4)
	count(map[string]int{"outbound": 3, "outbound_payload": 3, "out_segment": 6, "message": 3, "event": 2, "in_segment": 6, "spend": 6})
	purge(t0, hour(6), t0, 2, 2) // at most two rows a call
	purge(t0, hour(6), t0, 99, 3)
	purge(t0, t0, hour(2), 99, 2)
	count(map[string]int{"outbound": 3, "in_segment": 1, "spend": 4})

	view(t, s, func(tx *Tx) error {
		for i, id := range ids {
			if known, err := tx.Known(id); !known || err != nil {
				t.Errorf("id %d is not known any more: %v", i, err)
			}
		}
		_, err := tx.Outbound(ids[0])
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("purged message: %v", err)
		}
		_, err = tx.Outbound(ids[4])
		return err
	})
}

// A crowd is what stands behind so many newer ones.
func TestCrowd(t *testing.T) {
	s := newSpool(t)
	hour := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Hour) }
	update(t, s, func(tx *Tx) error {
		for i := range 10 {
			out, open := queued(s.NewID(), "+491", t0), queued(s.NewID(), "+491", t0)
			out.State, out.Settled = StateFailed, hour(10-i) // not in order of acceptance
			in, ready := arrived(s.NewID(), 3590, "tcp"), arrived(s.NewID(), 3590, "tcp")
			in.State, in.AckedAt = MsgAcked, hour(20-i)
			err := errors.Join(tx.PutOutbound(out), tx.PutOutbound(open), tx.PutMessage(in), tx.PutMessage(ready),
				tx.PutEvent(&Event{ID: out.ID, Word: "failed", At: hour(i)}), tx.SetHome(fmt.Sprint(i), "simA", hour(30-i)))
			if err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx *Tx) error {
		for _, c := range []struct {
			messages, events int
			want             Horizon
		}{
			{10, 10, Horizon{}},
			{9, 9, Horizon{Outbound: hour(1).Add(1), Messages: hour(11).Add(1), Peers: hour(21).Add(1), Events: hour(0).Add(1)}},
			{4, 7, Horizon{Outbound: hour(6).Add(1), Messages: hour(16).Add(1), Peers: hour(26).Add(1), Events: hour(2).Add(1)}},
			{0, 0, Horizon{Outbound: hour(10).Add(1), Messages: hour(20).Add(1), Peers: hour(30).Add(1), Events: hour(9).Add(1)}},
		} {
			equal(t, fmt.Sprintf("%d messages, %d events", c.messages, c.events), c.want, must[Horizon](t, "crowd")(tx.Crowd(c.messages, c.events)))
		}
		return nil
	})
	crowd := func(messages, events, want int) {
		t.Helper()
		update(t, s, func(tx *Tx) error {
			h, err := tx.Crowd(messages, events)
			if err != nil {
				return err
			}
			n, err := tx.Purge(h, 99)
			if n != want {
				t.Errorf("purge of what is more than %d messages and %d events took %d rows, want %d", messages, events, n, want)
			}
			return err
		})
	}
	crowd(4, 7, 6+6+6+3)
	crowd(4, 7, 0)
}

// History counts from the end of a message's life, not from its beginning.
func TestPurgeCountsFromTheEnd(t *testing.T) {
	day := 24 * time.Hour
	for what, c := range map[string]struct {
		change func(m *Outbound)
		end    time.Duration
	}{
		"failed at once":          {func(m *Outbound) { m.State = StateFailed }, 0},
		"sent on the third day":   {func(m *Outbound) { m.State = StateSent; m.Segments[1].At = t0.Add(3 * day) }, 3 * day},
		"expired after 60 days":   {func(m *Outbound) { m.State, m.Expires = StateExpired, t0.Add(60*day) }, 60 * day},
		"cancelled on the fifth":  {func(m *Outbound) { m.State, m.Settled = StateCancelled, t0.Add(5*day) }, 5 * day},
		"open, whatever it says":  {func(m *Outbound) { m.Settled = t0 }, 1e6 * time.Hour},
		"delivered after unknown": {func(m *Outbound) { m.State, m.Settled, m.Segments[0].At = StateDelivered, t0.Add(day), t0.Add(2*day) }, 2 * day},
	} {
		s := newSpool(t)
		m := queued(s.NewID(), "+491", t0)
		c.change(m)
		update(t, s, func(tx *Tx) error { return tx.PutOutbound(m) })
		for _, p := range []struct {
			before time.Time
			want   int
		}{{t0.Add(c.end), 0}, {t0.Add(c.end + 1), 1}} {
			if m.State.Open() {
				p.want = 0
			}
			update(t, s, func(tx *Tx) error {
				n, err := tx.Purge(horizon(p.before, t0, t0), 9)
				if n != p.want {
					t.Errorf("%s: purge before %v took %d, want %d", what, p.before, n, p.want)
				}
				return err
			})
		}
	}
}

// Resting references and the homes of peers outlive the history; in time they go as well.
func TestPurgeOfPeers(t *testing.T) {
	s := newSpool(t)
	update(t, s, func(tx *Tx) error {
		_, _, err := tx.NextRef("+491", 8, t0)
		return errors.Join(err, tx.SetHome("+491", "simA", t0), tx.SetHome("+492", "simA", t0), tx.PutOutbound(queued(s.NewID(), "+492", t0)))
	})
	rows := func(at time.Time, refs, peers int) {
		t.Helper()
		update(t, s, func(tx *Tx) error {
			if _, err := tx.Purge(horizon(at, at, at), 99); err != nil {
				return err
			}
			var r, p int
			err := errors.Join(tx.get([]any{&r}, "SELECT count(*) FROM ref_given"), tx.get([]any{&p}, "SELECT count(*) FROM peer"))
			if r != refs || p != peers {
				t.Errorf("after a purge before %v: %d references, %d peers; want %d, %d", at, r, p, refs, peers)
			}
			return err
		})
	}
	rows(t0.Add(refRest), 1, 2)
	rows(t0.Add(refRest+1), 0, 2)
	rows(t0.Add(peerRest), 0, 2)
	rows(t0.Add(peerRest+1), 0, 1) // +492 still has a message waiting
}

// A spool that was large once gives its space back.
func TestPurgeShrinksTheFile(t *testing.T) {
	path := t.TempDir() + "/spool.db"
	s := openSpool(t, path)
	if _, err := fill(t, s, 1500); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *Tx) error {
		for _, h := range must[[]Head](t, "ready")(tx.Ready("tcp", nil, 0, 1e6)) {
			m := must[*Message](t, "read")(tx.Message(h.ID))
			m.State, m.AckedAt = MsgAcked, t0
			if err := tx.PutMessage(m); err != nil {
				return err
			}
		}
		return nil
	})
	purge := func(tx *Tx) error { _, err := tx.Purge(horizon(t0.Add(1), t0, t0), 100); return err }
	count := func() { update(t, s, func(tx *Tx) error { return tx.Count("a", 1) }) }
	for range 30 {
		hold(t, s, count, // in one batch, some rolled back
			func() { s.Update(t.Context(), func(tx *Tx) error { return errors.Join(purge(tx), errors.New("no")) }) },
			func() { update(t, s, purge) })
	}
	counterIs(t, s, "a", 30)
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if st.Size() > 2<<20 {
		t.Errorf("the file still has %d KiB after 12 MB of messages have gone", st.Size()>>10)
	}
}
