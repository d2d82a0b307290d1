package bridge

import (
	"context"
	"errors"
	"fmt"
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

// A lister returns up to limit views after number after, of one state or, for "", of all.
type lister func(b *Bridge, tx *spool.Tx, state string, after int64, limit int) ([]any, error)

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
// options state, limit and after, which is the n of the last one seen. Errors are
// *Refusal.
func (b *Bridge) List(ctx context.Context, what string, opts map[string]string) (any, error) {
	kind, ok := lists[what]
	if !ok {
		return nil, &Refusal{"syntax", "LIST queue, inbox, partials or quarantine"}
	}
	limit := listDefault
	if text, ok := opts["limit"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > listMost {
			return nil, &Refusal{"syntax", fmt.Sprintf("limit is from 1 to %d", listMost)}
		}
		limit = n
	}
	var after int64
	if text, ok := opts["after"]; ok {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return nil, &Refusal{"syntax", "after is the n of the last one seen"}
		}
		after = n
	}
	state, ok := opts["state"]
	if ok && !slices.Contains(kind.states, state) {
		if kind.states == nil {
			return nil, &Refusal{"syntax", "what is in " + what + " has no state"}
		}
		return nil, &Refusal{"syntax", "state is one of " + strings.Join(kind.states, ", ")}
	}
	views := []any{}
	err := b.spool.View(ctx, func(tx *spool.Tx) error {
		list, err := kind.list(b, tx, state, after, limit)
		views = append(views, list...)
		return err
	})
	if err != nil {
		return nil, refusal(err)
	}
	return views, nil
}

func listQueue(b *Bridge, tx *spool.Tx, state string, after int64, limit int) (views []any, err error) {
	list, err := tx.Outbounds(spool.OutState(state), after, limit)
	for _, m := range list {
		views = append(views, b.viewOutbound(m))
	}
	return views, err
}

func listInbox(b *Bridge, tx *spool.Tx, state string, after int64, limit int) (views []any, err error) {
	list, err := tx.Messages(spool.MsgState(state), after, limit)
	for _, m := range list {
		views = append(views, b.viewInbound(m))
	}
	return views, err
}

func listPartials(b *Bridge, tx *spool.Tx, state string, after int64, limit int) (views []any, err error) {
	for len(views) < limit {
		list, err := tx.Unfinished(after, limit)
		if err != nil || len(list) == 0 {
			return views, err
		}
		for _, generation := range list {
			after = generation
			rows, err := tx.Generation(generation)
			if err != nil {
				return nil, err
			}
			if v := b.viewPartial(generation, rows); (state == "" || v.State == state) && len(views) < limit {
				views = append(views, v)
			}
		}
	}
	return views, nil
}

func listQuarantine(_ *Bridge, tx *spool.Tx, _ string, after int64, limit int) (views []any, err error) {
	list, err := tx.Quarantines(after, limit)
	for _, q := range list {
		v := viewQuarantined(q)
		if v.Dialogue, err = viewDialogues(tx, spool.AboutQuarantined(q.N)); err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, err
}
