package spool

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestOutboundLife(t *testing.T) {
	s := newSpool(t)
	id := s.NewID()
	m := queued(id, "+491", t0)
	m.Key, m.Report, m.WantModem = "login-1", true, "m0"
	check := func(what string) {
		t.Helper()
		update(t, s, func(tx *Tx) error { return tx.PutOutbound(m) })
		view(t, s, func(tx *Tx) error {
			got, err := tx.Outbound(id)
			if err == nil {
				equal(t, what, m, got)
			}
			return err
		})
	}
	check("accepted")
	check("put again")

	m.Segments[0] = OutSegment{Seq: 1, State: SegSubmitting, MR: -1, Modem: "m0", SIM: "26201", At: t0.Add(time.Second), Attempts: 1}
	m.Modem, m.SIM, m.Ref, m.RefBits, m.Attempts = "m0", "26201", 0xfedc, 16, 1
	check("before Ctrl-Z")
	m.Segments[0].State, m.Segments[0].MR = SegAccepted, 255
	m.Due, m.Why = t0.Add(time.Minute), "CMS 38: network out of order"
	check("first segment accepted")
	m.Segments = m.Segments[:1]
	check("begun again with fewer segments")
	m.State, m.Settled, m.Due, m.Why = StateSent, t0.Add(2*time.Minute), time.Time{}, ""
	check("sent")
	m.State, m.Segments[0].State = StateDelivered, SegDelivered
	check("delivered")
}

func TestOutboundWithoutPayload(t *testing.T) {
	s := newSpool(t)
	m := queued(s.NewID(), "+491", t0)
	m.Payload, m.Octets, m.Due = nil, 0, time.Time{}
	update(t, s, func(tx *Tx) error { return tx.PutOutbound(m) })
	view(t, s, func(tx *Tx) error {
		got, err := tx.Outbound(m.ID)
		equal(t, "empty message", m, got)
		ids, _ := tx.Due(t0, "m0", "", nil, 9)
		equal(t, "due, without a time: at once", []string{m.ID}, ids)
		return err
	})
}

// An update by one who has listed without payloads must not wipe them.
func TestPayloadIsWrittenOnce(t *testing.T) {
	s := newSpool(t)
	m := queued(s.NewID(), "+491", t0)
	update(t, s, func(tx *Tx) error { return tx.PutOutbound(m) })
	update(t, s, func(tx *Tx) error {
		all, err := tx.Outbounds("", 0, 9)
		if err != nil {
			return err
		}
		all[0].Why = "noted"
		return tx.PutOutbound(all[0])
	})
	view(t, s, func(tx *Tx) error {
		got, err := tx.Outbound(m.ID)
		m.Why = "noted"
		equal(t, "after the update", m, got)
		return err
	})
}

func TestPutOutboundRefusesNonsense(t *testing.T) {
	s := newSpool(t)
	noID := queued("", "+491", t0)
	gap := queued(s.NewID(), "+491", t0)
	gap.Segments[1].Seq = 3
	for _, m := range []*Outbound{noID, gap} {
		if err := s.Update(t.Context(), func(tx *Tx) error { tx.PutOutbound(m); return nil }); err == nil {
			t.Errorf("committed %+v", m)
		}
	}
}

func TestOutboundByKey(t *testing.T) {
	s := newSpool(t)
	var ids []string
	update(t, s, func(tx *Tx) error {
		for i := range 3 {
			m := queued(s.NewID(), "+491", t0.Add(time.Duration(i)*time.Hour))
			m.Key = "k"
			if i == 2 {
				m.Key = "" // no key is no key in common
			}
			ids = append(ids, m.ID)
			if err := tx.PutOutbound(m); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx *Tx) error {
		for _, c := range []struct {
			key   string
			since time.Time
			want  string
		}{
			{"k", t0, ids[1]}, {"k", t0.Add(time.Hour), ids[1]}, {"k", time.Time{}, ids[1]},
			{"k", t0.Add(time.Hour + 1), ""}, {"other", t0, ""}, {"", t0, ""},
		} {
			m, err := tx.OutboundByKey(c.key, c.since)
			switch {
			case c.want == "" && !errors.Is(err, ErrNotFound):
				t.Errorf("key %q since %v: %v, %v", c.key, c.since, m, err)
			case c.want != "" && (err != nil || m.ID != c.want || len(m.Payload) == 0 || len(m.Segments) != 2):
				t.Errorf("key %q since %v: %+v, %v, want %s", c.key, c.since, m, err, c.want)
			}
		}
		return nil
	})
}

func TestOutboundsInOrderOfAcceptance(t *testing.T) {
	s := newSpool(t)
	var ids []string
	update(t, s, func(tx *Tx) error {
		for i := range 5 {
			m := queued(s.NewID(), "+491", t0)
			if i%2 == 1 {
				m.State = StateFailed
			}
			ids = append(ids, m.ID)
			if err := tx.PutOutbound(m); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx *Tx) error {
		for _, c := range []struct {
			state OutState
			after int64
			limit int
			want  []string
		}{
			{"", 0, 9, ids}, {"", 2, 2, ids[2:4]}, {StateFailed, 0, 9, []string{ids[1], ids[3]}},
			{StateFailed, 2, 9, ids[3:4]}, {StateSent, 0, 9, nil},
		} {
			all, err := tx.Outbounds(c.state, c.after, c.limit)
			if err != nil {
				return err
			}
			var got []string
			for _, m := range all {
				got = append(got, m.ID)
				if m.Payload != nil || len(m.Segments) != 2 {
					t.Errorf("listed %+v: want segments and no payload", m)
				}
			}
			equal(t, fmt.Sprintf("list %q after %d", c.state, c.after), c.want, got)
		}
		return nil
	})
}

func TestByMR(t *testing.T) {
	s := newSpool(t)
	var ids []string
	put := func(tx *Tx, peer string, state SegState, mr int) error {
		m := queued(s.NewID(), peer, t0)
		m.Segments[1].State, m.Segments[1].MR = state, mr
		ids = append(ids, m.ID)
		return tx.PutOutbound(m)
	}
	update(t, s, func(tx *Tx) error {
		return errors.Join(
			put(tx, "+491", SegAccepted, 7),  // 0
			put(tx, "+491", SegAccepted, 8),  // 1
			put(tx, "+492", SegAccepted, 7),  // 2
			put(tx, "+491", SegUnknown, -1),  // 3
			put(tx, "+491", SegDelivered, 7), // 4
			put(tx, "+491", SegFailed, 7),    // 5
			put(tx, "+491", SegUnknown, 7),   // 6
			put(tx, "+491", SegQueued, -1),   // 7
			put(tx, "+491", SegFailed, -1),   // 8
		)
	})
	view(t, s, func(tx *Tx) error {
		for _, c := range []struct {
			mr, limit int
			want      []int
		}{
			{7, 9, []int{6, 5, 4, 0, 3}}, {8, 9, []int{1, 3}}, {7, 2, []int{6, 5, 3}}, {9, 9, []int{3}},
		} {
			all, err := tx.ByMR("+491", c.mr, c.limit)
			if err != nil {
				return err
			}
			var got []int
			for _, m := range all {
				got = append(got, slices.Index(ids, m.ID))
			}
			equal(t, "by MR", c.want, got)
		}
		return nil
	})
}
