package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"wvsms/spool"
)

// Implementation.
const (
	udpBuffer    = 64 << 10 // a datagram at most
	udpPage      = 64
	udpRetry     = time.Second
	udpRetryMost = time.Minute

	udpPeersKnown = 1000 // of which it is known for what their datagrams are refused
)

// udpMost is how much a datagram holds, behind the heads of IPv4 and UDP.
const udpMost = 1<<16 - 1 - 20 - 8

// routeFor returns which consumer a message goes to: the UDP role that serves its peer
// and port, else the TCP socket, as with what no datagram can hold: texts grow when they
// become UTF-8, and WBXML when it becomes XML. Routes stand in the spool, so they name
// no index.
func routeFor(udps []UDPConfig, peer string, port uint16, octets int) string {
	if octets > udpMost {
		return tcpRoute
	}
	for _, u := range udps {
		if u.Forward == "" && u.Port == port && strings.TrimPrefix(u.Peer, "+") == strings.TrimPrefix(peer, "+") {
			return u.route()
		}
	}
	for _, u := range udps {
		if u.Forward != "" && u.Port == port {
			return u.route()
		}
	}
	return tcpRoute
}

func (u UDPConfig) route() string {
	if u.Forward != "" {
		return fmt.Sprintf("udp:%d:forward", u.Port)
	}
	return fmt.Sprintf("udp:%d:%s", u.Port, u.Peer)
}

// reroute sends messages that wait for a consumer where the configuration of this
// run sends them: a role may have come, or gone, since they arrived.
func (b *Bridge) reroute(ctx context.Context) error {
	moved := 0
	for after, more := int64(0), true; more; {
		var page []*spool.Message
		err := b.spool.View(ctx, func(tx *spool.Tx) (err error) {
			page, err = tx.Messages(spool.MsgReady, after, batch)
			return err
		})
		if err != nil {
			return fmt.Errorf("find what waits for a consumer: %w", err)
		}
		more = len(page) == batch
		if len(page) > 0 {
			after = page[len(page)-1].N
		}
		page = slices.DeleteFunc(page, func(m *spool.Message) bool { return m.Route == b.routeOf(m) })
		if len(page) == 0 {
			continue
		}
		err = b.spool.Update(ctx, func(tx *spool.Tx) error {
			tx.About("reroute")
			for _, m := range page {
				m.Route = b.routeOf(m)
				if err := tx.PutMessage(m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("route what waits for a consumer again: %w", err)
		}
		moved += len(page)
	}
	if moved > 0 {
		b.log.Info().Int("messages", moved).Msg("what waits goes elsewhere: [[udp]] has changed")
	}
	return nil
}

func (b *Bridge) routeOf(m *spool.Message) string {
	return routeFor(b.cfg.UDP, m.Peer, m.Port, m.Octets)
}

// udpRoles serves raw datagrams, one message each (WAP-259-WDP: on an IP bearer WDP is UDP).
type udpRoles struct{ roles []udpRole }

// A udpRole is a field role or a server role.
type udpRole interface {
	listen(ctx context.Context) error
	run(ctx context.Context) error
	messageReady()
	close()
}

func newUDP(cfgs []UDPConfig, b backend, log zerolog.Logger) *udpRoles {
	u := &udpRoles{}
	for _, cfg := range cfgs {
		link := udpLink{
			cfg: cfg, route: cfg.route(), b: b,
			log: log.With().Str("udp", cfg.route()).Logger(), wake: make(chan struct{}, 1),
			refused: &refusals{last: map[string]string{}},
		}
		if cfg.Forward != "" {
			u.roles = append(u.roles, &serverRole{udpLink: link, handsets: map[string]*handset{}})
		} else {
			u.roles = append(u.roles, &fieldRole{udpLink: link})
		}
	}
	return u
}

// Listen binds the sockets, so that what is wrong with them shows at the start.
func (u *udpRoles) Listen(ctx context.Context) error {
	for _, r := range u.roles {
		if err := r.listen(ctx); err != nil {
			u.Close()
			return err
		}
	}
	return nil
}

// Run serves until ctx ends.
func (u *udpRoles) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, r := range u.roles {
		g.Go(func() error { return r.run(ctx) })
	}
	return g.Wait()
}

// Close lets go of the sockets.
func (u *udpRoles) Close() {
	for _, r := range u.roles {
		r.close()
	}
}

// messageReady tells that a commit made a message ready.
func (u *udpRoles) messageReady() {
	for _, r := range u.roles {
		r.messageReady()
	}
}

// A udpLink is what both roles have.
type udpLink struct {
	cfg   UDPConfig
	route string
	b     backend
	log   zerolog.Logger
	wake  chan struct{} // capacity 1, a signal

	refused *refusals
}

// refusals are for what peers' datagrams were refused last: a program that nobody can
// answer goes on, and the log tells it once.
type refusals struct {
	mu   sync.Mutex
	last map[string]string // code by peer
}

// news tells whether a peer's datagrams were not refused for this before; "" is none.
func (r *refusals) news(peer, code string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.last[peer]
	if code == "" {
		delete(r.last, peer)
	} else if was != code {
		if len(r.last) >= udpPeersKnown {
			clear(r.last)
		}
		r.last[peer] = code
	}
	return was != code
}

func (u *udpLink) messageReady() {
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

// accept makes a datagram a message to peer. There is nobody to answer: what is
// refused is logged and counted.
func (u *udpLink) accept(ctx context.Context, peer string, datagram []byte) {
	_, err := u.b.Accept(ctx, Request{
		To: peer, Port: u.cfg.Port, FromPort: u.cfg.Port,
		Payload: datagram, TTL: defaultTTL, Origin: u.route,
	})
	if err == nil {
		u.refused.news(peer, "")
		return
	}
	if ctx.Err() != nil {
		return
	}
	code := cmp.Or(codeOf(err), "internal")
	line := u.log.Debug()
	if u.refused.news(peer, code) {
		line = u.log.Warn()
	}
	line.Err(err).Str("peer", peer).Int("octets", len(datagram)).Msg("a datagram is refused and lost")
	u.b.count("udp.refused." + code)
}

// deliver writes the messages of the route in their order. One is done after its write:
// a crash between the two repeats it.
func (u *udpLink) deliver(ctx context.Context, write func(*spool.Message) error) error {
	wait := udpRetry
	for ctx.Err() == nil {
		n, err := u.deliverPage(ctx, write)
		switch {
		case errors.Is(err, errNoSender), n == 0 && err == nil:
			select {
			case <-ctx.Done():
			case <-u.wake:
			}
		case err != nil && ctx.Err() == nil:
			u.log.Warn().Err(err).Dur("wait", wait).Msg("a message is not handed over; trying again")
			pause(ctx, wait, nil)
			wait = min(2*wait, udpRetryMost)
		}
		if n > 0 {
			wait = udpRetry
		}
	}
	return nil
}

// deliverPage returns how many messages are done.
func (u *udpLink) deliverPage(ctx context.Context, write func(*spool.Message) error) (n int, err error) {
	var page []*spool.Message
	err = u.b.Spool().View(ctx, func(tx *spool.Tx) error {
		heads, err := tx.Ready(u.route, nil, 0, udpPage)
		for _, head := range heads {
			m, err := tx.Message(head.ID)
			if err != nil {
				return err
			}
			page = append(page, m)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, m := range page {
		if err := write(m); err != nil {
			return n, err
		}
		u.b.Took(CommitToConsumer, u.b.Now().Sub(m.Received))
		if err := u.done(ctx, m); err != nil {
			return n, err
		}
		u.log.Info().Str("id", m.ID).Str("peer", m.Peer).Int("octets", len(m.Payload)).Msg("handed over")
		n++
	}
	return n, nil
}

// done marks a message that is written. Until that is durable nothing else is written:
// while the disk is full, one message would go out again and again.
func (u *udpLink) done(ctx context.Context, m *spool.Message) error {
	for {
		err := u.b.Spool().Update(ctx, func(tx *spool.Tx) error {
			tx.About("udp")
			m.State = spool.MsgAcked
			m.AckedAt = u.b.Now()
			m.Offers = 1
			return tx.PutMessage(m)
		})
		if err == nil || ctx.Err() != nil {
			return err
		}
		u.log.Error().Err(err).Str("id", m.ID).Msg("cannot note that a message is handed over; trying again")
		pause(ctx, udpRetryMost/4, nil)
	}
}

// keep writes a name of this role down; load reads it.
func (u *udpLink) keep(ctx context.Context, name, value string) error {
	return u.b.Spool().Update(ctx, func(tx *spool.Tx) error {
		tx.About("udp " + name)
		return tx.Set(u.route+" "+name, value)
	})
}

func (u *udpLink) load(ctx context.Context, name string) (value string, err error) {
	err = u.b.Spool().View(ctx, func(tx *spool.Tx) (err error) {
		value, _, err = tx.Get(u.route + " " + name)
		return err
	})
	return value, err
}

// bind listens on a UDP address.
func bind(ctx context.Context, addr string) (*net.UDPConn, error) {
	var lc net.ListenConfig
	pc, err := lc.ListenPacket(ctx, "udp", addr)
	if err != nil {
		return nil, err
	}
	return pc.(*net.UDPConn), nil
}
