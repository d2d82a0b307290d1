package bridge

import (
	"context"
	"errors"

	"github.com/rs/zerolog"

	"wvsms/modem"
	"wvsms/spool"
)

// events are what one commit tells: they are written in it, and logged and given
// to the listeners after it. The attempts that it closes are written for explain.
type events struct {
	list      []spool.Event
	attempts  []spool.Attempt
	causes    []string         // of the attempts, in few words
	dialogues []spool.Dialogue // of those that ended in trouble
}

func (e *events) add(o *outbound, word string, seq int, why string) {
	e.list = append(e.list, spool.Event{
		ID: o.ID, Word: word, Segment: seq, Total: len(o.Segments), Why: why, At: o.now,
	})
}

// attempted notes how an attempt to submit a segment ended.
func (e *events) attempted(o *outbound, seg *spool.OutSegment, a attempt) {
	e.attempts = append(e.attempts, spool.Attempt{
		ID: o.ID, Seq: seg.Seq, Began: seg.SentAt, Ended: o.now, Modem: seg.Modem, SIM: seg.SIM, Outcome: spool.OutcomeAccepted, MR: a.mr,
	})
	e.causes = append(e.causes, causeOf(a.err))
	if a.err == nil {
		return
	}
	d, last := dispose(a.err, a.vendor), &e.attempts[len(e.attempts)-1]
	last.MR, last.Why = -1, explained(a.err, d)
	switch {
	case d.do == already && a.doubled:
	case d.do == unsure:
		last.Outcome = spool.OutcomeUnknown
	case errors.As(a.err, new(*modem.ResultError)):
		last.Outcome = spool.OutcomeRefused
	default:
		last.Outcome = spool.OutcomeNotSent
	}
	if a.said != "" && last.Outcome != spool.OutcomeAccepted {
		e.dialogues = append(e.dialogues, spool.Dialogue{About: o.ID, Seq: seg.Seq, Modem: seg.Modem, At: o.now, Lines: a.said})
	}
}

// change is one business event, called what: f's changes and the events it tells
// become durable together, or nothing does.
func (b *Bridge) change(ctx context.Context, log zerolog.Logger, what string, f func(*spool.Tx, *events) error) error {
	var story events
	err := b.spool.Update(ctx, func(tx *spool.Tx) error {
		story = events{}
		tx.About(what)
		if err := f(tx, &story); err != nil {
			return err
		}
		wall := b.clock.source.Wall().UTC()
		for i := range story.list {
			story.list[i].AtWall = wall
			if err := tx.PutEvent(&story.list[i]); err != nil {
				return err
			}
		}
		for i := range story.attempts {
			story.attempts[i].EndedWall = wall
			if err := tx.PutAttempt(&story.attempts[i]); err != nil {
				return err
			}
		}
		for i := range story.dialogues {
			story.dialogues[i].AtWall = wall
			if err := tx.PutDialogue(&story.dialogues[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.countStory(&story)
	if len(story.list) == 0 {
		return nil
	}
	for _, e := range story.list {
		tell(log, e)
	}
	b.server.events.published()
	b.moved.notify()
	return nil
}

// tell logs an event: what is in order in one line a message, what is not at once.
func tell(log zerolog.Logger, e spool.Event) {
	var line *zerolog.Event
	switch {
	case e.Word != "sent" && e.Word != "delivered" && e.Word != "cancelled":
		line = log.Warn().Str("why", e.Why)
	case e.Segment > 0:
		line = log.Debug()
	default:
		line = log.Info()
	}
	if e.Segment > 0 {
		line = line.Int("segment", e.Segment)
	}
	line.Str("id", e.ID).Int("segments", e.Total).Msg(e.Word)
}
