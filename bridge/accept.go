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
	keyMemory  = 24 * time.Hour // how long key= is remembered
	budgetSpan = 24 * time.Hour
	longestTTL = 63 * 7 * 24 * time.Hour // the largest relative TP-VP
)

// Accept makes a message durable, or refuses it and keeps nothing. Errors are
// *Refusal.
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
	answer := Accepted{ID: m.ID, Segments: shape.segments}
	err = b.spool.Update(ctx, func(tx *spool.Tx) error {
		tx.About("accept")
		answer = Accepted{ID: m.ID, Segments: shape.segments}
		if r.Key != "" {
			first, err := tx.OutboundByKey(r.Key, now.Add(-keyMemory))
			switch {
			case errors.Is(err, spool.ErrNotFound):
			case err != nil:
				return err
			case first.Digest != m.Digest:
				return &Refusal{"key-conflict", "this key stands for another message, " + first.ID}
			default:
				answer = Accepted{ID: first.ID, Segments: len(first.Segments), Duplicate: true}
				return nil
			}
		}
		if err := b.afford(tx, now, shape.segments); err != nil {
			return err
		}
		return tx.PutOutbound(m)
	})
	if err != nil {
		return Accepted{}, refusal(err)
	}
	if !answer.Duplicate {
		message := csp.Inspect(m.Payload)
		line := b.log.Info().Str("id", m.ID).Str("peer", m.Peer).Uint16("port", m.Port).
			Int("octets", len(m.Payload)).Int("segments", shape.segments)
		naming(line, message).Msg("accepted")
		b.saw(sighting{peer: m.Peer, message: message, segments: shape.segments, at: now})
		b.agenda.by(expiries, m.Expires)
		b.queued.notify()
		b.moved.notify()
	}
	return answer, nil
}

// checkRequest finds what is wrong with a request by itself.
func (b *Bridge) checkRequest(r Request) error {
	if err := checkNumber(r.To); err != nil {
		return &Refusal{"bad-number", err.Error()}
	}
	switch {
	case !b.settings().Limits.AllowTo.Match(r.To):
		return &Refusal{"not-allowed", r.To + " is not in limits.allow_to"}
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

// afford refuses what the queue or the budget has no room for. Segments that wait
// are counted as spent: they will be.
func (b *Bridge) afford(tx *spool.Tx, now time.Time, segments int) error {
	depth, err := tx.QueueDepth()
	if err != nil {
		return err
	}
	if depth >= b.cfg.Spool.MaxQueued {
		return &Refusal{"queue-full", fmt.Sprintf("%d messages are not finished (spool.max_queued)", depth)}
	}
	budget := b.settings().Limits.SegmentsPerDay
	if budget == 0 {
		return nil
	}
	waiting, err := tx.OpenSegments()
	if err != nil {
		return err
	}
	spent, err := tx.Spent(now.Add(-budgetSpan), "")
	if err != nil {
		return err
	}
	if spent+waiting+segments > budget {
		return &Refusal{"budget", fmt.Sprintf("%d segments sent in 24 h, %d waiting, %d more: limits.segments_per_day is %d",
			spent, waiting, segments, budget)}
	}
	return nil
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
