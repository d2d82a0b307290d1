package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"wvsms/spool"
)

const portsName = "ports" // in the spool: {"<peer>": <local port>}

// Implementation.
const (
	maxHandsets = 512 // sockets at a time; the one unused for longest goes
	handsetIdle = 7 * 24 * time.Hour
)

// A serverRole is the bridge beside a server: to it each handset is a socket of its
// own, as behind a NAT. What the server sends to that socket goes to that handset.
type serverRole struct {
	udpLink
	server *net.UDPAddr
	group  *errgroup.Group

	mu       sync.Mutex
	handsets map[string]*handset // by peer
}

type handset struct {
	peer   string
	socket *net.UDPConn // connected: only the server's datagrams come
	used   time.Time    // last, either way
}

func (s *serverRole) listen(ctx context.Context) (err error) {
	if s.server, err = net.ResolveUDPAddr("udp", s.cfg.Forward); err != nil {
		return fmt.Errorf("resolve %s (udp.forward): %w", s.cfg.Forward, err)
	}
	kept, err := s.load(ctx, portsName)
	if err != nil {
		return fmt.Errorf("read the ports of handsets: %w", err)
	}
	ports := map[string]int{}
	if kept != "" {
		if err := json.Unmarshal([]byte(kept), &ports); err != nil {
			return fmt.Errorf("read the ports of handsets: %w", err)
		}
	}
	for peer, port := range ports {
		h, err := s.dial(peer, port)
		if err != nil {
			// Another program has the port now: the handset gets a new one with its next message.
			s.log.Warn().Err(err).Str("peer", peer).Msg("a handset's port cannot be kept")
			continue
		}
		s.handsets[peer] = h
	}
	return nil
}

func (s *serverRole) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.handsets {
		h.socket.Close()
	}
}

// dial makes a handset's socket; port 0: any.
func (s *serverRole) dial(peer string, port int) (*handset, error) {
	local := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	if s.server.IP.To4() == nil {
		local.IP = net.IPv6loopback
	}
	socket, err := net.DialUDP("udp", local, s.server)
	if err != nil {
		return nil, err
	}
	return &handset{peer: peer, socket: socket, used: s.b.Now()}, nil
}

func (s *serverRole) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	s.group = g
	defer context.AfterFunc(ctx, s.close)()
	for _, h := range s.handsets {
		g.Go(func() error { return s.receive(ctx, h) })
	}
	g.Go(func() error {
		return s.deliver(ctx, func(m *spool.Message) error { return s.write(ctx, m) })
	})
	return g.Wait()
}

// receive takes what the server sends to one handset, until the socket is closed.
func (s *serverRole) receive(ctx context.Context, h *handset) error {
	buffer := make([]byte, udpBuffer)
	for {
		n, err := h.socket.Read(buffer)
		switch {
		case ctx.Err() != nil, errors.Is(err, net.ErrClosed):
			return nil
		case errors.Is(err, syscall.ECONNREFUSED):
			continue // the server was not there for an earlier datagram
		case err != nil:
			s.log.Error().Err(err).Str("peer", h.peer).Msg("cannot read a datagram; trying again")
			pause(ctx, udpRetry, nil)
			continue
		}
		s.touch(h)
		s.accept(ctx, h.peer, slices.Clone(buffer[:n]))
	}
}

func (s *serverRole) touch(h *handset) {
	s.mu.Lock()
	h.used = s.b.Now()
	s.mu.Unlock()
}

func (s *serverRole) write(ctx context.Context, m *spool.Message) error {
	h, err := s.handset(ctx, m.Peer)
	if err != nil {
		return err
	}
	_, err = h.socket.Write(m.Payload)
	return err
}

// handset returns the socket of a peer, and makes one for a new peer.
func (s *serverRole) handset(ctx context.Context, peer string) (*handset, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.b.Now()
	if h := s.handsets[peer]; h != nil {
		h.used = now
		return h, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err() // close has been
	}
	s.makeRoom(now)
	h, err := s.dial(peer, 0)
	if err != nil {
		return nil, fmt.Errorf("open a socket for %s: %w", peer, err)
	}
	s.handsets[peer] = h
	if err := s.keepPorts(ctx); err != nil {
		s.log.Error().Err(err).Msg("cannot write down the ports of handsets; a restart changes them")
	}
	s.group.Go(func() error { return s.receive(ctx, h) })
	return h, nil
}

// makeRoom closes what has been idle for long, and the most idle one if all are used.
func (s *serverRole) makeRoom(now time.Time) {
	var eldest *handset
	for peer, h := range s.handsets {
		if now.Sub(h.used) >= handsetIdle {
			h.socket.Close()
			delete(s.handsets, peer)
		} else if eldest == nil || h.used.Before(eldest.used) {
			eldest = h
		}
	}
	if len(s.handsets) >= maxHandsets {
		eldest.socket.Close()
		delete(s.handsets, eldest.peer)
	}
}

func (s *serverRole) keepPorts(ctx context.Context) error {
	ports := map[string]int{}
	for peer, h := range s.handsets {
		ports[peer] = h.socket.LocalAddr().(*net.UDPAddr).Port
	}
	text, err := json.Marshal(ports)
	if err != nil {
		return err
	}
	return s.keep(ctx, portsName, string(text))
}
