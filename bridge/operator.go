package bridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"wvsms/spool"
)

// Cancel ends an outbound message: what is not on air yet will not go. Errors are
// *Refusal.
func (b *Bridge) Cancel(ctx context.Context, id string) error {
	return b.operate(ctx, id, func(_ *spool.Tx, o *outbound) error {
		if !o.State.Open() {
			return &Refusal{"not-allowed", "it is " + string(o.State) + " already"}
		}
		o.finish(spool.StateCancelled, "by the operator")
		return nil
	})
}

// Retry puts back into the queue what of a message was not accepted, with the
// time to live it had at first. It is the operator's word: a segment of unknown
// outcome goes again too. Errors are *Refusal.
func (b *Bridge) Retry(ctx context.Context, id string) error {
	return b.operate(ctx, id, func(tx *spool.Tx, o *outbound) error {
		if o.has(spool.SegSubmitting) {
			return &Refusal{"not-allowed", "a segment of it is on its way"}
		}
		if o.RefBits == 8 && o.stale() && !o.all(spool.SegAccepted) {
			o.restart()
		}
		again := o.putBack()
		if again == 0 {
			return &Refusal{"not-allowed", "the network has all of it: it is " + string(o.State)}
		}
		if o.RefBits != 0 && !o.State.Open() {
			live, err := tx.RefLive(o.Peer, o.Ref)
			if err != nil {
				return err
			}
			if live {
				return &Refusal{"not-allowed", "its reference is in use by another message to this number: try later"}
			}
		}
		if !o.State.Open() {
			if err := b.afford(tx, o.now, again); err != nil {
				return err
			}
			o.Expires = o.now.Add(o.TTL)
		}
		o.State, o.Why, o.Due, o.Settled = spool.StateQueued, "", o.now, time.Time{}
		o.note(0, "put back into the queue by the operator")
		return nil
	})
}

// putBack returns to the queue what the network has not taken for sure, and says
// how many segments that are.
func (o *outbound) putBack() (n int) {
	onAir := false
	for i := range o.Segments {
		seg := &o.Segments[i]
		if seg.State.Accepted() {
			onAir = true
			continue
		}
		n++
		onAir = onAir || !seg.AirAt.IsZero()
		seg.State, seg.Tries, seg.Unsure, seg.Why = spool.SegQueued, 0, false, ""
	}
	if !onAir {
		o.Ref, o.RefBits, o.Modem, o.SIM = 0, 0, "", ""
	}
	return n
}

func (b *Bridge) operate(ctx context.Context, id string, f func(*spool.Tx, *outbound) error) error {
	err := b.change(ctx, b.log, "operate", func(tx *spool.Tx, story *events) error {
		m, err := tx.Outbound(id)
		if err != nil {
			return b.missing(tx, id, err)
		}
		if err := f(tx, &outbound{Outbound: m, now: b.clock.Now(), events: story}); err != nil {
			return err
		}
		return tx.PutOutbound(m)
	})
	if err != nil {
		return refusal(err)
	}
	b.queued.notify()
	return nil
}

// missing tells an id that is gone from one that never was.
func (b *Bridge) missing(tx *spool.Tx, id string, err error) error {
	if !errors.Is(err, spool.ErrNotFound) {
		return err
	}
	if _, err := tx.Message(id); err == nil {
		return &Refusal{"not-allowed", "it is an inbound message"}
	}
	known, err := tx.Known(id)
	switch {
	case err != nil:
		return err
	case known:
		return &Refusal{"gone", "it is no longer in history"}
	}
	return &Refusal{"no-such-id", "this id was never given out"}
}

// The objects of SHOW and LIST.
type (
	outboundView struct {
		ID        string        `json:"id"`
		Direction string        `json:"direction"`
		To        string        `json:"to"`
		Port      uint16        `json:"port"`
		FromPort  uint16        `json:"from_port"`
		Octets    int           `json:"octets"`
		State     string        `json:"state"`
		Why       string        `json:"why,omitempty"`
		Modem     string        `json:"modem,omitempty"`
		Report    bool          `json:"report"`
		Unknown   string        `json:"unknown"`
		Ref       *uint16       `json:"ref,omitempty"`
		RefBits   int           `json:"ref_bits,omitempty"`
		Accepted  time.Time     `json:"accepted"` // wall
		Due       string        `json:"due_in,omitempty"`
		Expires   string        `json:"expires_in,omitempty"`
		Segments  []segmentView `json:"segments"`
		Events    []eventView   `json:"events,omitempty"`
	}
	segmentView struct {
		Seq      int    `json:"seq"`
		State    string `json:"state"`
		MR       *int   `json:"mr,omitempty"`
		Modem    string `json:"modem,omitempty"`
		SIM      string `json:"sim,omitempty"`
		Attempts int    `json:"attempts"`
		Unsure   bool   `json:"unsure,omitempty"`
		Why      string `json:"why,omitempty"`
	}
	eventView struct {
		N       int64     `json:"n"`
		Word    string    `json:"word"`
		Segment int       `json:"segment,omitempty"`
		Why     string    `json:"why,omitempty"`
		At      time.Time `json:"at"` // wall
	}
	inboundView struct {
		ID        string      `json:"id"`
		Direction string      `json:"direction"`
		From      string      `json:"from"`
		Port      uint16      `json:"port"`
		FromPort  uint16      `json:"from_port"`
		Octets    int         `json:"octets"`
		Alphabet  string      `json:"alphabet"`
		State     string      `json:"state"`
		Modem     string      `json:"modem"`
		Route     string      `json:"route"`
		Segments  int         `json:"segments"`
		SCTS      *time.Time  `json:"scts,omitempty"`
		Received  time.Time   `json:"received"` // wall
		Naks      int         `json:"naks,omitempty"`
		Events    []eventView `json:"events,omitempty"`
	}
	quarantineView struct {
		N      int64     `json:"n"`
		From   string    `json:"from"`
		Reason string    `json:"reason"`
		Modem  string    `json:"modem"`
		PDU    string    `json:"pdu,omitempty"`
		Text   string    `json:"text,omitempty"`
		At     time.Time `json:"at"` // wall
	}
)

// Show returns the life of one message, for SHOW. Errors are *Refusal.
func (b *Bridge) Show(ctx context.Context, id string) (view any, err error) {
	err = b.spool.View(ctx, func(tx *spool.Tx) error {
		list, err := tx.EventsOf(id)
		if err != nil {
			return err
		}
		var story []eventView
		for _, e := range list {
			story = append(story, eventView{N: e.N, Word: e.Word, Segment: e.Segment, Why: e.Why, At: e.AtWall})
		}
		if m, err := tx.Outbound(id); err == nil {
			v := b.viewOutbound(m)
			v.Events = story
			view = v
			return nil
		} else if m, err := tx.Message(id); err == nil {
			v := viewInbound(m)
			v.Events = story
			view = v
			return nil
		}
		return b.missing(tx, id, spool.ErrNotFound)
	})
	if err != nil {
		return nil, refusal(err)
	}
	return view, nil
}

const (
	listDefault = 100
	listMost    = 1000
)

// List returns what LIST asks for: queue, inbox or quarantine, with the options
// state, after and limit. Errors are *Refusal.
func (b *Bridge) List(ctx context.Context, what string, opts map[string]string) (any, error) {
	limit := listDefault
	if text, ok := opts["limit"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > listMost {
			return nil, &Refusal{"syntax", fmt.Sprintf("limit is from 1 to %d", listMost)}
		}
		limit = n
	}
	var after int64
	if text, ok := opts["after"]; ok && what != "queue" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return nil, &Refusal{"syntax", "after is the n of the last one seen"}
		}
		after = n
	}
	views := []any{}
	err := b.spool.View(ctx, func(tx *spool.Tx) error {
		switch what {
		case "queue":
			list, err := tx.Outbounds(spool.OutState(opts["state"]), opts["after"], limit)
			for _, m := range list {
				views = append(views, b.viewOutbound(m))
			}
			return err
		case "inbox":
			list, err := tx.Messages(spool.MsgState(opts["state"]), after, limit)
			for _, m := range list {
				views = append(views, viewInbound(m))
			}
			return err
		case "quarantine":
			list, err := tx.Quarantines(after, limit)
			for _, q := range list {
				views = append(views, quarantineView{q.N, q.Peer, q.Reason, q.Modem, fmt.Sprintf("%x", q.Raw), q.Text, q.AtWall})
			}
			return err
		}
		return &Refusal{"syntax", "LIST queue, inbox or quarantine"}
	})
	if err != nil {
		return nil, refusal(err)
	}
	return views, nil
}

func (b *Bridge) viewOutbound(m *spool.Outbound) *outboundView {
	v := &outboundView{
		ID: m.ID, Direction: "out", To: m.Peer, Port: m.Port, FromPort: m.FromPort, Octets: m.Octets,
		State: string(m.State), Why: m.Why, Modem: m.Modem, Report: m.Report, Unknown: m.Unknown, Accepted: m.AcceptedWall,
		Segments: []segmentView{},
	}
	if m.RefBits != 0 {
		v.Ref, v.RefBits = &m.Ref, m.RefBits
	}
	if m.State.Open() {
		now := b.clock.Now()
		v.Due = max(m.Due.Sub(now), 0).Truncate(time.Second).String()
		v.Expires = max(m.Expires.Sub(now), 0).Truncate(time.Second).String()
	}
	for _, seg := range m.Segments {
		s := segmentView{
			Seq: seg.Seq, State: string(seg.State), Modem: seg.Modem, SIM: seg.SIM,
			Attempts: seg.Attempts, Unsure: seg.Unsure, Why: seg.Why,
		}
		if seg.MR >= 0 {
			s.MR = &seg.MR
		}
		v.Segments = append(v.Segments, s)
	}
	return v
}

func viewInbound(m *spool.Message) *inboundView {
	v := &inboundView{
		ID: m.ID, Direction: "in", From: m.Peer, Port: m.Port, FromPort: m.FromPort, Octets: m.Octets,
		Alphabet: m.Alphabet, State: string(m.State), Modem: m.Modem, Route: m.Route, Segments: m.Segments,
		Received: m.ReceivedWall, Naks: m.Naks,
	}
	if !m.SCTS.IsZero() {
		v.SCTS = &m.SCTS
	}
	return v
}
