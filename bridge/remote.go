package bridge

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"wvsms/spool"
)

// MaxPayload is how many octets of a payload can be carried.
const MaxPayload = maxSend

// What the HTTP side asks for in the words of the socket, and is answered in objects.

type (
	eventsView struct {
		First  int64      `json:"first"` // number of the first event that is kept,
		Last   int64      `json:"last"`  // and of the last one that was told
		Events []toldView `json:"events"`
	}
	toldView struct {
		N       int64     `json:"n"`
		ID      string    `json:"id"`
		Word    string    `json:"word"`
		Segment int       `json:"segment,omitempty"` // 0: about the whole message
		Total   int       `json:"segments_total"`
		Why     string    `json:"why,omitempty"`
		At      time.Time `json:"at"`
	}
)

// Events returns the events that EVENTS tells, up to limit after number after; without
// after none, but the number of the last one. Errors are *Refusal.
func (b *Bridge) Events(ctx context.Context, opts map[string]string) (any, error) {
	limit := listDefault
	if text, ok := opts["limit"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > listMost {
			return nil, &Refusal{"syntax", fmt.Sprintf("limit is from 1 to %d", listMost)}
		}
		limit = n
	}
	v := eventsView{Events: []toldView{}}
	err := b.spool.View(ctx, func(tx *spool.Tx) (err error) {
		if v.First, v.Last, err = tx.EventRange(); err != nil {
			return err
		}
		text, ok := opts["after"]
		if !ok {
			return nil
		}
		after, err := eventsFrom(text, v.First, v.Last)
		if err != nil {
			return err
		}
		list, err := tx.Events(after, limit)
		for _, e := range list {
			v.Events = append(v.Events, toldView{N: e.N, ID: e.ID, Word: e.Word, Segment: e.Segment, Total: e.Total, Why: e.Why, At: e.AtWall})
		}
		return err
	})
	if err != nil {
		return nil, refusal(err)
	}
	return v, nil
}

// ParseRequest reads what a SEND says but for its payload: a number, and the keys that
// may stand in its line. Errors are *Refusal.
func ParseRequest(to string, options map[string]string) (Request, error) {
	args, octets := []string{string(AppendValue(nil, to)), "0"}, len(to)
	for key, value := range options {
		args = append(args, key+"="+string(AppendValue(nil, value)))
		octets += len(args[len(args)-1])
	}
	if octets > maxLine {
		return Request{}, &Refusal{"line-too-long", fmt.Sprintf("the number and the keys have at most %d octets", maxLine)}
	}
	return parseRequest(args)
}
