package spool

import (
	"fmt"
	"testing"
	"time"
)

// The newest of each message are kept, and the newest of all; and none longer than what they are about.
func TestDialoguesKept(t *testing.T) {
	s := newSpool(t)
	id := s.NewID()
	lines := func(tx *Tx, about string) (all []string) {
		for _, d := range must[[]Dialogue](t, "dialogues")(tx.DialoguesOf(about)) {
			all = append(all, d.Lines)
		}
		return all
	}
	update(t, s, func(tx *Tx) error {
		out := queued(id, "+491", t0)
		out.State, out.Settled = StateFailed, t0
		if err := tx.PutOutbound(out); err != nil {
			return err
		}
		for i := range 5 {
			if err := tx.PutDialogue(&Dialogue{About: id, Seq: 1, Modem: "m0", At: t0, Lines: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx *Tx) error { equal(t, "of one message", []string{"2", "3", "4"}, lines(tx, id)); return nil })

	aside := &Quarantined{Modem: "m0", Reason: "undecodable"}
	update(t, s, func(tx *Tx) error {
		if err := tx.Quarantine(aside, 1); err != nil {
			return err
		}
		if err := tx.PutDialogue(&Dialogue{About: AboutQuarantined(aside.N), Lines: "q"}); err != nil {
			return err
		}
		equal(t, "of what is set aside", []string{"q"}, lines(tx, AboutQuarantined(aside.N)))
		for i := range dialoguesKept - 3 {
			if err := tx.PutDialogue(&Dialogue{About: fmt.Sprint(i), Lines: "x"}); err != nil {
				return err
			}
		}
		equal(t, "of all", []string{"3", "4"}, lines(tx, id))
		_, err := tx.Purge(horizon(t0.Add(time.Hour), time.Time{}, time.Time{}), 10)
		equal(t, "of a message that is gone", []string{}, lines(tx, id))
		return err
	})
	update(t, s, func(tx *Tx) error {
		if err := tx.Quarantine(&Quarantined{Modem: "m0", Reason: "undecodable"}, 1); err != nil {
			return err
		}
		equal(t, "of what is no longer set aside", []string{}, lines(tx, AboutQuarantined(aside.N)))
		return nil
	})
}

// The segments of a message are found again, of one that came in one segment too, with their copies.
func TestSegmentsOf(t *testing.T) {
	s := newSpool(t)
	second, first := received(1, 4, 2, t0), received(2, 4, 1, t0.Add(time.Second))
	single := received(3, 0, 1, t0.Add(time.Minute))
	single.Bits, single.Total, single.Done = 0, 1, true
	joined, alone := arrived(s.NewID(), 3590, "tcp"), arrived(s.NewID(), 3590, "tcp")
	joined.Generation = 4
	alone.SIM, alone.OA, alone.Received = single.SIM, single.OA, single.At
	update(t, s, func(tx *Tx) error {
		for _, seg := range []*InSegment{second, first, single, received(4, 0, 1, t0)} {
			if err := tx.PutInSegment(seg); err != nil {
				return err
			}
		}
		for _, m := range []*Message{joined, alone} {
			if err := tx.PutMessage(m); err != nil {
				return err
			}
		}
		second.Copies, single.Copies = 1, 2
		for _, seg := range []*InSegment{second, single, single} {
			if err := tx.CountCopy(seg.Fingerprint); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(tx *Tx) error {
		for _, one := range []struct {
			m    *Message
			want []InSegment
		}{{joined, []InSegment{*first, *second}}, {alone, []InSegment{*single}}} {
			m := must[*Message](t, "message")(tx.Message(one.m.ID))
			equal(t, "generation", one.m.Generation, m.Generation)
			equal(t, "segments", one.want, must[[]InSegment](t, "segments")(tx.SegmentsOf(m)))
		}
		return nil
	})
}
