package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"wvsms/spool"
)

const senderName = "sender" // in the spool: where answers go

// A fieldRole is the bridge beside a program in the field: each datagram that the
// program sends goes to one number, and that number's answers come back to it.
type fieldRole struct {
	udpLink
	socket *net.UDPConn

	mu     sync.Mutex
	sender netip.AddrPort // of the last datagram; invalid: none yet
}

func (f *fieldRole) listen(ctx context.Context) (err error) {
	if f.socket, err = bind(ctx, f.cfg.Listen); err != nil {
		return fmt.Errorf("listen on %s (udp.listen): %w", f.cfg.Listen, err)
	}
	kept, err := f.load(ctx, senderName)
	if err != nil {
		return fmt.Errorf("read where the answers to %s go: %w", f.cfg.Listen, err)
	}
	f.sender, _ = netip.ParseAddrPort(kept) // "": none yet
	return nil
}

func (f *fieldRole) close() {
	if f.socket != nil {
		f.socket.Close()
	}
}

func (f *fieldRole) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, f.close)()
	g.Go(func() error { return f.receive(ctx) })
	g.Go(func() error { return f.deliver(ctx, f.write) })
	return g.Wait()
}

func (f *fieldRole) receive(ctx context.Context) error {
	buffer := make([]byte, udpBuffer)
	for {
		n, from, err := f.socket.ReadFromUDPAddrPort(buffer)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("read datagrams on %s: %w", f.cfg.Listen, err)
		case err != nil:
			f.log.Error().Err(err).Msg("cannot read a datagram; trying again")
			pause(ctx, udpRetry, nil)
			continue
		}
		f.answerTo(ctx, from)
		f.accept(ctx, f.cfg.Peer, slices.Clone(buffer[:n]))
	}
}

// answerTo notes who sent last.
func (f *fieldRole) answerTo(ctx context.Context, from netip.AddrPort) {
	f.mu.Lock()
	same := f.sender == from
	f.sender = from
	f.mu.Unlock()
	if same {
		return
	}
	if err := f.keep(ctx, senderName, from.String()); err != nil && ctx.Err() == nil {
		f.log.Error().Err(err).Msg("cannot write down where answers go; a restart forgets it")
	}
	f.messageReady()
}

var errNoSender = errors.New("nobody sent a datagram yet, so nobody can be answered")

func (f *fieldRole) write(m *spool.Message) error {
	f.mu.Lock()
	to := f.sender
	f.mu.Unlock()
	if !to.IsValid() {
		return errNoSender
	}
	_, err := f.socket.WriteToUDPAddrPort(m.Payload, to)
	return err
}
