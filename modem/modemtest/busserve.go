package modemtest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// serve speaks on the terminals of a stick until it is pulled out or resets.
func (b *Bus) serve(ctx context.Context, p *plugged) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var all sync.WaitGroup
	for _, t := range p.terminals {
		all.Go(func() {
			switch t.role {
			case ATPort:
				defer end()
				_ = p.modem.Serve(ctx, t.line) // a line of a stick ends by error, too
			case ATToo, PPPPort:
				p.modem.serveToo(ctx, t.line)
			case GNSS:
				b.mislead(ctx, t, "$GPGGA,,,,,,0,,,,,,,,*66\r\n$GPRMC,,V,,,,,,,,,,N*53\r\n")
			case Diag:
				b.mislead(ctx, t, "\x10\x00\x1a\x00\x1a\x00\x7c\x12\x9b\x8e\x8f\xd4\xe7\x00\x98\x01\xf3\xa1\x7e")
			}
		})
	}
	all.Wait()
	if !slices.ContainsFunc(p.terminals, func(t *terminal) bool { return t.role == ATPort }) {
		<-ctx.Done()
	}
}

// serveToo is a second terminal of the modem: AT, without unsolicited codes.
func (m *Modem) serveToo(ctx context.Context, rw io.ReadWriteCloser) {
	ctx, hangUp := context.WithCancelCause(ctx)
	s := &session{m: m, wire: newWire(rw, 0), plan: newAgenda(), ctx: ctx, hangUp: hangUp, second: true}
	s.serve(rw)
}

// mislead is a terminal that is no modem: it says its text each second, whoever
// listens, and takes down that it was written to.
func (b *Bus) mislead(ctx context.Context, t *terminal, text string) {
	var all sync.WaitGroup
	defer all.Wait()
	defer t.line.Close()
	all.Go(func() {
		octets := make([]byte, 256)
		for {
			n, err := t.line.Read(octets)
			if n > 0 {
				b.mu.Lock()
				b.breaches = append(b.breaches, fmt.Sprintf("%s: %q", t.name, octets[:n]))
				b.mu.Unlock()
			}
			if err != nil {
				return
			}
		}
	})
	// A write to a terminal that nobody reads waits, until that is closed.
	all.Go(func() {
		for sleep(ctx, time.Second) == nil {
			if _, err := io.WriteString(t.line, text); err != nil {
				return
			}
		}
	})
	<-ctx.Done()
}
