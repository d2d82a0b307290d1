package bridge

import (
	"context"
	"strconv"
	"time"
)

// capture answers CAPTURE: from then on each TPDU that passes is written, between two
// answers, as long as the client stays.
//
//	S: TPDU m0 out 41 time=2026-11-26T12:00:00.123456Z kind=submit id=01JD…   <41 octets, CRLF>
//	S: TPDU m0 out 0 time=… kind=result id=01JD… outcome=accepted mr=17      <0 octets, CRLF>
//	S: TPDU m0 in 35 time=… kind=deliver                                      <35 octets, CRLF>
//	S: DROPPED 12 time=…           so many were not written: the client was too slow
func (c *conn) capture(ctx context.Context, args []string) error {
	if err := noArgs(args); err != nil {
		return err
	}
	if !c.capturing { // a second one asks for what comes already
		c.capturing = true
		tap := c.srv.b.Tap()
		c.streams.Go(func() {
			defer tap.Close()
			c.watch(ctx, tap)
		})
	}
	c.ok()
	return nil
}

func (c *conn) watch(ctx context.Context, tap *Tap) {
	for {
		p, err := tap.Next(ctx)
		if err != nil {
			return
		}
		c.out.Lock()
		c.frame = appendPassage(c.frame, p)
		err = c.flushLocked()
		c.out.Unlock()
		if err != nil {
			return
		}
	}
}

// appendPassage appends a TPDU and its octets, without the line end after them.
func appendPassage(b []byte, p Passage) []byte {
	if p.Kind == "dropped" {
		b = strconv.AppendInt(append(b, "DROPPED "...), p.Dropped, 10)
		return p.At.UTC().AppendFormat(append(b, " time="...), time.RFC3339Nano)
	}
	b = AppendValue(append(b, "TPDU "...), p.Modem)
	way := " out "
	if p.In {
		way = " in "
	}
	b = strconv.AppendInt(append(b, way...), int64(len(p.TPDU)), 10)
	b = p.At.UTC().AppendFormat(append(b, " time="...), time.RFC3339Nano)
	b = append(append(b, " kind="...), p.Kind...)
	if p.ID != "" {
		b = append(append(b, " id="...), p.ID...)
	}
	if p.Kind == "result" {
		b = append(append(b, " outcome="...), p.Outcome...)
		if p.MR >= 0 {
			b = strconv.AppendInt(append(b, " mr="...), int64(p.MR), 10)
		}
		if p.Why != "" {
			b = AppendValue(append(b, " why="...), p.Why)
		}
	}
	b = append(b, '\r', '\n')
	return append(b, p.TPDU...)
}
