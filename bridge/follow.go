package bridge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"wvsms/spool"
)

// Implementation.
const eventPage = 128 // events read from the spool at a time: a slow client costs no memory

// A follower is a connection after EVENTS.
type follower struct{ stop context.CancelFunc }

// followEvents answers EVENTS: without after= from now on.
func (c *conn) followEvents(ctx context.Context, args []string) error {
	options, err := parseOptions(args, "after")
	if err != nil {
		return syntax(err)
	}
	var first, last int64
	err = c.srv.b.Spool().View(ctx, func(tx *spool.Tx) (err error) {
		first, last, err = tx.EventRange()
		return err
	})
	if err != nil {
		return refusal(err)
	}
	after := last
	if value, ok := options["after"]; ok {
		if after, err = eventsFrom(value, first, last); err != nil {
			return err
		}
	}
	if c.follower != nil {
		c.follower.stop()
	}
	ctx, stop := context.WithCancel(ctx)
	f := &follower{stop}
	c.follower = f
	c.streams.Go(func() {
		defer stop()
		c.follow(ctx, f, after)
	})
	c.ok()
	return nil
}

// eventsFrom reads after=, where the events from first to last are kept.
func eventsFrom(value string, first, last int64) (after int64, err error) {
	n, err := parseWhole(value, math.MaxInt64)
	if err != nil {
		return 0, syntax(fmt.Errorf("after=: %w", err))
	}
	switch after = int64(n); {
	case after == 0:
		return first - 1, nil // all that are kept
	case after < first-1:
		return 0, &Refusal{"gone", fmt.Sprintf("event %d is no longer kept; after=%d is the earliest", after+1, first-1)}
	case after > last:
		return 0, &Refusal{"no-such-id", fmt.Sprintf("event %d was never told; after=%d is the latest", after, last)}
	}
	return after, nil
}

// follow writes the events after n: first those that are kept, then each that comes.
func (c *conn) follow(ctx context.Context, f *follower, n int64) {
	for ctx.Err() == nil {
		more := c.srv.events.wait() // before reading, so that nothing falls between
		var page []spool.Event
		err := c.srv.b.Spool().View(ctx, func(tx *spool.Tx) (err error) {
			page, err = tx.Events(n, eventPage)
			return err
		})
		switch {
		case err != nil:
			if ctx.Err() == nil {
				c.srv.log.Error().Err(err).Msg("cannot read the events; trying again")
			}
			pause(ctx, spoolRetry, nil)
		case len(page) == 0:
			select {
			case <-ctx.Done():
			case <-more:
			}
		default:
			if err := c.tell(ctx, f, page); err != nil {
				return
			}
			n = page[len(page)-1].N
		}
	}
}

var errReplaced = errors.New("another EVENTS replaced this one, or the client leaves")

// tell writes one page, between two answers.
func (c *conn) tell(ctx context.Context, f *follower, page []spool.Event) error {
	c.out.Lock()
	defer c.out.Unlock()
	for _, e := range page {
		if c.follower != f || ctx.Err() != nil {
			return errReplaced
		}
		c.frame = appendEvent(c.frame, e)
		if err := c.flushLocked(); err != nil {
			return err
		}
	}
	return nil
}

// appendEvent appends EVT without its line end.
func appendEvent(b []byte, e spool.Event) []byte {
	b = append(b, "EVT "...)
	b = strconv.AppendInt(b, e.N, 10)
	b = append(b, ' ')
	b = append(b, e.ID...)
	b = append(b, ' ')
	b = append(b, e.Word...)
	if e.Segment > 0 {
		b = fmt.Appendf(b, " segment=%d/%d", e.Segment, e.Total)
	}
	if e.Why != "" {
		b = append(b, " why="...)
		b = AppendValue(b, e.Why)
	}
	return b
}
