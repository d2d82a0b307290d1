package bridge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"wvsms/spool"
)

// Show returns the life of one message, for SHOW. Errors are *Refusal.
func (b *Bridge) Show(ctx context.Context, id string) (view any, err error) {
	err = b.spool.View(ctx, func(tx *spool.Tx) error {
		out, err := tx.Outbound(id)
		if err == nil {
			view, err = b.showOutbound(tx, out)
			return err
		}
		if !errors.Is(err, spool.ErrNotFound) {
			return err
		}
		in, err := tx.Message(id)
		if err == nil {
			v := b.viewInbound(in)
			v.CSP = named(in.Payload)
			rows, err := tx.SegmentsOf(in)
			if err != nil {
				return err
			}
			v.Arrivals = viewArrivals(rows)
			v.outlook = b.awaits(in)
			view = v
			return nil
		}
		return b.missing(tx, id, err)
	})
	if err != nil {
		return nil, refusal(err)
	}
	return view, nil
}

func (b *Bridge) showOutbound(tx *spool.Tx, m *spool.Outbound) (*outboundView, error) {
	attempts, err := tx.AttemptsOf(m.ID)
	if err != nil {
		return nil, err
	}
	story, err := tx.EventsOf(m.ID)
	if err != nil {
		return nil, err
	}
	v := b.viewOutbound(m)
	v.CSP = named(m.Payload)
	b.viewLedger(v, m, attempts, story)
	if v.Dialogue, err = viewDialogues(tx, m.ID); err != nil {
		return nil, err
	}
	v.outlook, err = b.lookAhead(tx, m)
	return v, err
}

const (
	listDefault = 100
	listMost    = 1000
)

// A page is a part of a list: of one state or, for "", of all, up to limit.
type page struct {
	state  string
	after  int64 // number of the last one seen
	before int64 // the same, going back from the newest; 0: the list goes on from after
	limit  int
}

// A lister returns the views of one page.
type lister func(b *Bridge, tx *spool.Tx, p page) ([]any, error)

// lists are what LIST can list, and the states that each knows.
var lists = map[string]struct {
	list   lister
	states []string
}{
	"queue": {listQueue, []string{
		string(spool.StateQueued), string(spool.StateSent), string(spool.StateDelivered), string(spool.StateFailed),
		string(spool.StateExpired), string(spool.StateUnknown), string(spool.StateCancelled),
	}},
	"inbox":      {listInbox, []string{string(spool.MsgReady), string(spool.MsgAcked)}},
	"partials":   {listPartials, []string{"waiting", "parked"}},
	"quarantine": {listQuarantine, nil},
}

// List returns what LIST asks for: queue, inbox, partials or quarantine, with the
// options state, limit and after, which is the n of the last one seen; or before, which
// is the same where the newest stand first, and 0 for them. Errors are *Refusal.
func (b *Bridge) List(ctx context.Context, what string, opts map[string]string) (any, error) {
	kind, ok := lists[what]
	if !ok {
		return nil, &Refusal{"syntax", "LIST queue, inbox, partials or quarantine"}
	}
	p := page{state: opts["state"], limit: listDefault}
	if text, ok := opts["limit"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > listMost {
			return nil, &Refusal{"syntax", fmt.Sprintf("limit is from 1 to %d", listMost)}
		}
		p.limit = n
	}
	for name, to := range map[string]*int64{"after": &p.after, "before": &p.before} {
		if text, ok := opts[name]; ok {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < 0 {
				return nil, &Refusal{"syntax", name + " is the n of the last one seen"}
			}
			*to = n
		}
	}
	if _, back := opts["before"]; back {
		switch _, on := opts["after"]; {
		case on:
			return nil, &Refusal{"syntax", "after and before do not go together"}
		case what == "partials":
			return nil, &Refusal{"syntax", "partials are listed from the oldest on: after, not before"}
		case p.before == 0:
			p.before = math.MaxInt64
		}
	}
	if _, ok := opts["state"]; ok && !slices.Contains(kind.states, p.state) {
		if kind.states == nil {
			return nil, &Refusal{"syntax", "what is in " + what + " has no state"}
		}
		return nil, &Refusal{"syntax", "state is one of " + strings.Join(kind.states, ", ")}
	}
	views := []any{}
	err := b.spool.View(ctx, func(tx *spool.Tx) error {
		list, err := kind.list(b, tx, p)
		views = append(views, list...)
		return err
	})
	if err != nil {
		return nil, refusal(err)
	}
	return views, nil
}

func listQueue(b *Bridge, tx *spool.Tx, p page) (views []any, err error) {
	var list []*spool.Outbound
	if p.before > 0 {
		list, err = tx.OutboundsBefore(spool.OutState(p.state), p.before, p.limit)
	} else {
		list, err = tx.Outbounds(spool.OutState(p.state), p.after, p.limit)
	}
	for _, m := range list {
		views = append(views, b.viewOutbound(m))
	}
	return views, err
}

func listInbox(b *Bridge, tx *spool.Tx, p page) (views []any, err error) {
	var list []*spool.Message
	if p.before > 0 {
		list, err = tx.MessagesBefore(spool.MsgState(p.state), p.before, p.limit)
	} else {
		list, err = tx.Messages(spool.MsgState(p.state), p.after, p.limit)
	}
	for _, m := range list {
		views = append(views, b.viewInbound(m))
	}
	return views, err
}

func listPartials(b *Bridge, tx *spool.Tx, p page) (views []any, err error) {
	for after := p.after; len(views) < p.limit; {
		list, err := tx.Unfinished(after, p.limit)
		if err != nil || len(list) == 0 {
			return views, err
		}
		for _, generation := range list {
			after = generation
			rows, err := tx.Generation(generation)
			if err != nil {
				return nil, err
			}
			if v := b.viewPartial(generation, rows); (p.state == "" || v.State == p.state) && len(views) < p.limit {
				views = append(views, v)
			}
		}
	}
	return views, nil
}

func listQuarantine(_ *Bridge, tx *spool.Tx, p page) (views []any, err error) {
	var list []spool.Quarantined
	if p.before > 0 {
		list, err = tx.QuarantinesBefore(p.before, p.limit)
	} else {
		list, err = tx.Quarantines(p.after, p.limit)
	}
	for _, q := range list {
		v := viewQuarantined(q)
		if v.Dialogue, err = viewDialogues(tx, spool.AboutQuarantined(q.N)); err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, err
}
