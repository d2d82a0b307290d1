package bridge

import (
	"context"
	"fmt"
	"time"

	"wvsms/spool"
)

// Implementation.
const (
	loopSilence = time.Hour       // after which a row that was stopped is over
	airEach     = 6 * time.Second // what the network takes for a segment
	loopsShown  = 100
)

// Two programs that answer each other send until somebody's money is gone. What tells
// them from people, and from the transactions of a CSP session, is a row of messages in
// which each comes within seconds after the other's, both ways, without an end. The row
// is on disk: a restart does not begin it anew.

// say counts a message to the peer that is accepted now; false: it would make the row
// a loop, which is stopped.
func (c *LimitsConfig) say(v *spool.Volley, now time.Time, segments int) bool {
	if over(v, now) {
		v.Stopped, v.Segments = time.Time{}, 0
	}
	if !v.Stopped.IsZero() {
		return false
	}
	row := v.Segments > 0 // one answer is none, however long it is
	if v.Heard.IsZero() || now.Sub(v.Heard) > c.LoopWithin {
		v.Segments = 0 // it answers nothing
	} else if v.Segments += segments; row && v.Segments > c.LoopSegments {
		v.Segments -= segments
		v.Stopped = now
		return false
	}
	v.Said = now
	return true
}

// hear takes a message that has come from the peer. The network needs its time for it,
// and needed it for the segment of ours that it may answer.
func (c *LimitsConfig) hear(v *spool.Volley, now time.Time, segments int) {
	if over(v, now) {
		v.Stopped, v.Segments = time.Time{}, 0
	}
	if v.Said.IsZero() || now.Sub(v.Said) > c.LoopWithin+airEach*time.Duration(segments+1) {
		if v.Stopped.IsZero() {
			v.Segments = 0
		}
	}
	v.Heard = now
}

// over tells whether a row that was stopped has ended by silence.
func over(v *spool.Volley, now time.Time) bool {
	return !v.Stopped.IsZero() && now.Sub(later(v.Stopped, later(v.Said, v.Heard))) >= loopSilence
}

func loopRefusal(peer string, segments int) *Refusal {
	return &Refusal{"budget", fmt.Sprintf("loop: %d segments to %s in a row of answers within seconds (limits.loop_segments); it ends with an hour of silence, or by wvsms queue resume",
		segments, peer)}
}

// heard notes that a whole message has come.
func (in *arrival) heard(tx *spool.Tx, peer string, segments int) error {
	limits := &in.session.bridge.settings().Limits
	if limits.LoopSegments == 0 {
		return nil
	}
	v, err := tx.Volley(peer)
	if err != nil {
		return err
	}
	limits.hear(&v, in.now, segments)
	return tx.PutVolley(v)
}

// Resume lets messages go to a peer again with which a loop was stopped. Errors are
// *Refusal.
func (b *Bridge) Resume(ctx context.Context, number string) error {
	err := b.spool.Update(ctx, func(tx *spool.Tx) error {
		tx.About("resume")
		v, err := tx.Volley(number)
		switch {
		case err != nil:
			return err
		case v.Stopped.IsZero() || over(&v, b.clock.Now()):
			return &Refusal{"not-allowed", "no loop with this number is stopped"}
		}
		v.Stopped, v.Segments = time.Time{}, 0
		return tx.PutVolley(v)
	})
	if err != nil {
		return refusal(err)
	}
	b.log.Info().Str("peer", number).Msg("a loop was stopped: the operator lets messages go again")
	return nil
}

// loopInfo is a loop that is stopped, in INFO.
type loopInfo struct {
	Peer     string     `json:"peer"`
	Since    *time.Time `json:"since"`
	Segments int        `json:"segments"`
}

func (b *Bridge) loops(tx *spool.Tx) ([]loopInfo, error) {
	stopped, err := tx.Stopped(loopsShown)
	list := []loopInfo{}
	for _, v := range stopped {
		if !over(&v, b.clock.Now()) {
			list = append(list, loopInfo{v.Peer, b.wall(v.Stopped), v.Segments})
		}
	}
	return list, err
}
