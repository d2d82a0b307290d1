package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"wvsms/csp"
	"wvsms/pdu"
	"wvsms/spool"
)

// Implementation.
const (
	keyMemory  = 24 * time.Hour          // how long key= is remembered
	longestTTL = 63 * 7 * 24 * time.Hour // the largest relative TP-VP
)

// Accept makes a message durable, or refuses it and keeps nothing. A dry run keeps
// nothing either, and says what would become of it. Errors are *Refusal.
func (b *Bridge) Accept(ctx context.Context, r Request) (Accepted, error) {
	if err := b.checkRequest(r); err != nil {
		return Accepted{}, err
	}
	shape, err := b.shape(ctx, r)
	if err != nil {
		return Accepted{}, refusal(err)
	}
	now := b.clock.Now()
	policy := r.Unknown
	if policy == "" {
		policy = "auto"
	}
	m := &spool.Outbound{
		ID: b.spool.NewID(), Peer: r.To, Port: r.Port, FromPort: r.FromPort, Payload: shape.payload, Form: shape.form,
		Key: r.Key, Digest: digest(r), Report: r.Report, WantModem: r.Modem, Unknown: policy, Origin: r.Origin,
		TTL: r.TTL, Accepted: now, Expires: now.Add(r.TTL), AcceptedWall: b.clock.source.Wall().UTC(),
		State: spool.StateQueued, Due: now,
	}
	for seq := 1; seq <= shape.segments; seq++ {
		m.Segments = append(m.Segments, spool.OutSegment{Seq: seq, State: spool.SegQueued, MR: -1, At: now})
	}
	var v verdict
	if r.Dry {
		err = b.spool.View(ctx, func(tx *spool.Tx) (err error) {
			v, err = b.judge(tx, r, m)
			return err
		})
	} else {
		err = b.spool.Update(ctx, func(tx *spool.Tx) (err error) {
			tx.About("accept")
			if v, err = b.judge(tx, r, m); err != nil {
				return err
			}
			return v.keep(tx, m)
		})
	}
	switch {
	case err != nil:
		return Accepted{}, refusal(err)
	case v.loop != nil:
		if v.stopped && !r.Dry {
			b.log.Error().Str("peer", m.Peer).Err(v.loop).Msg("two programs answer each other: nothing more is accepted for this number")
		}
		return Accepted{}, v.loop
	case r.Dry:
		if !v.answer.Duplicate {
			v.answer.ID = "-" // none is given out
		}
		v.answer.Dry = true
	case !v.answer.Duplicate:
		message := csp.Inspect(m.Payload)
		line := b.log.Info().Str("id", m.ID).Str("peer", m.Peer).Uint16("port", m.Port).
			Int("octets", len(m.Payload)).Int("segments", shape.segments)
		naming(line, message).Msg("accepted")
		b.saw(sighting{peer: m.Peer, message: message, segments: shape.segments, at: now})
		b.agenda.by(expiries, m.Expires)
		b.queued.notify()
		b.moved.notify()
	}
	return v.answer, nil
}

// A verdict is what becomes of a request, as the spool stands.
type verdict struct {
	answer  Accepted
	volley  *spool.Volley // to be written; nil: as it was
	loop    *Refusal      // the volley is a loop,
	stopped bool          // since just now
}

// judge finds what the spool says to a request for m. It writes nothing, but a loop that
// is stopped has to be kept: it is no error.
func (b *Bridge) judge(tx *spool.Tx, r Request, m *spool.Outbound) (v verdict, err error) {
	if r.Key != "" {
		first, err := tx.OutboundByKey(r.Key, m.Accepted.Add(-keyMemory))
		switch {
		case errors.Is(err, spool.ErrNotFound):
		case err != nil:
			return v, err
		case first.Digest != m.Digest:
			return v, &Refusal{"key-conflict", "this key stands for another message, " + first.ID}
		default:
			v.answer = Accepted{ID: first.ID, Segments: len(first.Segments), Duplicate: true}
			return v, nil
		}
	}
	if err := b.afford(tx, m.Accepted, need{peer: m.Peer, modem: m.WantModem, segments: len(m.Segments)}); err != nil {
		return v, err
	}
	limits := &b.settings().Limits
	v.answer = Accepted{ID: m.ID, Segments: len(m.Segments), Cost: limits.Price.times(len(m.Segments))}
	if limits.LoopSegments == 0 {
		return v, nil
	}
	volley, err := tx.Volley(m.Peer)
	if err != nil {
		return v, err
	}
	was := volley.Stopped
	if !limits.say(&volley, m.Accepted, len(m.Segments)) {
		v.loop, v.stopped = loopRefusal(m.Peer, volley.Segments), was != volley.Stopped
	}
	if v.loop == nil || v.stopped { // else it is as it was: who goes on asking wears no card
		v.volley = &volley
	}
	return v, nil
}

// keep writes down what was judged.
func (v *verdict) keep(tx *spool.Tx, m *spool.Outbound) error {
	if v.volley != nil {
		if err := tx.PutVolley(*v.volley); err != nil {
			return err
		}
	}
	if v.answer.Duplicate || v.loop != nil {
		return nil
	}
	return tx.PutOutbound(m)
}

// checkRequest finds what is wrong with a request by itself.
func (b *Bridge) checkRequest(r Request) error {
	if err := checkNumber(r.To); err != nil {
		return &Refusal{"bad-number", err.Error()}
	}
	limits := &b.settings().Limits
	forbidden := limits.forbidsTo(r.To)
	switch {
	case forbidden != "":
		return &Refusal{"not-allowed", r.To + " is " + forbidden}
	case len(r.Payload) > limits.MaxOctets:
		return &Refusal{"too-large", fmt.Sprintf("%d octets: limits.max_octets is %d", len(r.Payload), limits.MaxOctets)}
	case r.Modem != "" && !b.hasModem(r.Modem):
		return &Refusal{"no-modem", fmt.Sprintf("no modem is called %q", r.Modem)}
	case r.TTL <= 0 || r.TTL > longestTTL:
		return &Refusal{"syntax", "ttl is from 1s to 441d"}
	}
	return nil
}

// checkNumber takes what a short message can be sent to: digits, short codes
// too, with "+" before an international number.
func checkNumber(number string) error {
	a, err := pdu.ParseNumber(number)
	if err == nil && strings.Trim(a.Digits, "0123456789") != "" {
		err = fmt.Errorf("parse number %q: digits are wanted, with + before an international number", number)
	}
	return err
}

// refusal is an error in the words of the socket protocol.
func refusal(err error) error {
	var r *Refusal
	switch {
	case errors.As(err, &r):
		return r
	case errors.Is(err, spool.ErrNotFound):
		return &Refusal{"no-such-id", "this id was never given out"}
	case errors.Is(err, spool.ErrFull):
		return &Refusal{"disk", "the spool's disk is full; nothing was kept"}
	case errors.Is(err, spool.ErrReadOnly), errors.Is(err, spool.ErrIO), errors.Is(err, spool.ErrCorrupt):
		return &Refusal{"disk", err.Error()}
	}
	return &Refusal{"internal", err.Error()}
}

// digest tells the repeat of a request from another one under the same key.
func digest(r Request) [sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s ", r.To)
	binary.Write(h, binary.BigEndian, []uint16{r.Port, r.FromPort})
	h.Write(r.Payload)
	return [sha256.Size]byte(h.Sum(nil))
}
