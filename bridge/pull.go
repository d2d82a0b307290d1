package bridge

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"wvsms/modem"
	"wvsms/spool"
)

// Implementation.
const (
	spoolPause = 2 * time.Second // before a commit that failed is tried again
	fullPause  = time.Second     // before a full bridge looks whether it may take SMS again
	heldMost   = 64              // short messages that wait for room; a SIM's store holds fewer
)

// runInbound takes short messages from the modem, one after the other: receive →
// spool → acknowledge. What cannot be made durable is not acknowledged, and what
// nobody takes from the bridge stays in the modem and the network.
//
// What is for a consumer may have to wait for room; status reports and what is set
// aside go past it. With a modem that hands on directly the network brings nothing,
// no report either, behind a short message that waits for its acknowledgement: it
// gives up after some seconds and delivers that one again later, until there is
// room. The copies that are held by then are recognised.
func (s *session) runInbound(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	held := make(chan modem.Received, heldMost) // not acknowledged, in their order
	g.Go(func() error {
		for {
			r, err := s.modem.Receive(ctx)
			if err != nil {
				return err
			}
			if !r.Stored { // one that is may have lain there for long: see arrival.keep
				s.recovery.arrived()
			}
			s.tapReceived(r)
			if !s.bridge.forConsumer(r) {
				if err := s.keep(ctx, r); err != nil {
					return err
				}
				continue
			}
			select {
			case held <- r:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	g.Go(func() error {
		full := fullness{session: s}
		for {
			var r modem.Received
			select {
			case r = <-held:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := full.wait(ctx); err != nil {
				return err
			}
			if err := s.keep(ctx, r); err != nil {
				return err
			}
		}
	})
	return g.Wait()
}

// keep makes a short message durable and then acknowledges it. An error ends the
// session: the line is lost or ctx has ended.
func (s *session) keep(ctx context.Context, r modem.Received) error {
	if err := s.take(ctx, r); err != nil {
		if ctx.Err() == nil {
			s.log.Error().Err(err).Msg("cannot keep a short message: it is not acknowledged, so the modem or the network keeps it")
		}
		s.modem.Refuse(r)
		pause(ctx, spoolPause, nil)
		return ctx.Err()
	}
	if !r.Came.IsZero() {
		s.bridge.Took(ArriveToCommit, time.Since(r.Came))
	}
	if err := s.modem.Accept(ctx, r); err != nil {
		if ctx.Err() != nil || errors.Is(err, modem.ErrLineLost) {
			return err
		}
		s.log.Warn().Err(err).Msg("a short message is kept, but the modem did not take the acknowledgement: it may come again and will be recognised")
	}
	return nil
}

// fullness is whether as many messages as may be kept wait for a consumer. An episode
// of it ends when a quarter of the room is free again, so that a consumer which takes
// one at a time does not fill the log.
type fullness struct {
	*session
	said string // in this episode
}

// wait returns when there is room.
func (f *fullness) wait(ctx context.Context) error {
	for {
		var unclaimed int
		err := f.bridge.spool.View(ctx, func(tx *spool.Tx) (err error) {
			unclaimed, err = tx.Unclaimed()
			return err
		})
		most := f.bridge.cfg.Spool.MaxUnclaimed
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			f.say(err, unclaimed, "cannot read the spool, so no SMS is taken: they wait in the modem and the network")
		case unclaimed >= most:
			f.say(nil, unclaimed, "no more SMS is taken until a consumer takes what is kept: they wait in the modem and the network")
		default:
			if unclaimed <= most*3/4 {
				f.said = ""
			}
			return nil
		}
		if !pause(ctx, fullPause, nil) {
			return ctx.Err()
		}
	}
}

func (f *fullness) say(err error, unclaimed int, what string) {
	if f.said != what {
		f.log.Error().Err(err).Int("unclaimed", unclaimed).Msg(what)
	}
	f.said = what
}
