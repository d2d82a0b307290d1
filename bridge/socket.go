package bridge

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/user"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"wvsms/spool"
)

// backend is what the sockets need of the bridge: acceptance, operator commands,
// the clock. Errors of its methods are *Refusal.
type backend interface {
	Spool() *spool.Spool
	Now() time.Time // bridge time
	Authenticate(from netip.Addr, token string) (Caller, error)
	Knows(from netip.Addr) bool // it showed a token lately
	Accept(ctx context.Context, r Request) (Accepted, error)
	Cancel(ctx context.Context, id string) error
	Retry(ctx context.Context, id string) error
	Resume(ctx context.Context, number string) error
	Info() any // marshalled as INFO's JSON object; must not wait
	Show(ctx context.Context, id string) (any, error)
	List(ctx context.Context, what string, opts map[string]string) (any, error)
	Tap() *Tap
	Meter
	count(name string) // adds to a counter of the spool's, without a commit
}

// A Request is one message to be sent, as a SEND or a UDP datagram asks for it.
type Request struct {
	To             string
	Port, FromPort uint16
	Payload        []byte
	Key            string // "" none
	TTL            time.Duration
	Report         bool
	Modem          string // "" any
	Unknown        string // auto, hold, resend, fail; "" the bridge's default
	Origin         string // "tcp" or a UDP role's route
	Dry            bool   // only say what would become of it
}

// Accepted is what became of a Request that is durable now.
type Accepted struct {
	ID        string
	Segments  int
	Duplicate bool   // the key stood for this message already
	Cost      string // of its segments, "" where no price is known
	Dry       bool   // nothing was kept
}

// A Refusal is an ERR answer.
type Refusal struct{ Code, Text string }

func (r *Refusal) Error() string { return r.Code + ": " + r.Text }

// Specification.
const (
	maxConns   = 256
	stallLimit = 30 * time.Second // a client that reads nothing for so long is closed
)

// Implementation.
const (
	maxRefused  = 16               // connections turned away politely at a time; more are just closed
	lingerTime  = 2 * time.Second  // for a client to read the last answer before its unread octets reset the line
	lingerMost  = 1 << 20          // octets thrown away meanwhile
	sendBuffer  = 64 << 10         // in the kernel, a connection: bounded, and a stalled client shows early
	acceptPause = time.Second / 10 // when the process is out of descriptors
)

type serverConfig struct {
	Listen     []string    // TCP addresses
	AuthAlways bool        // a token is wanted on loopback and on the Unix socket, too
	TLS        *tls.Config // beyond loopback; nil: nobody is served there
	Unix       string      // path; "" none
	UnixMode   fs.FileMode // 0: 0660
	UnixGroup  string
	Ports      []uint16           // RECV's default
	Probe      func(point string) // see Options; may be nil
	Passed     []net.Listener     // bound already

	Loop func(name string) *pulse // see heart; may be nil
}

// A server is the socket of product.md, on TCP and where configured on a Unix socket.
type server struct {
	cfg    serverConfig
	b      backend
	hub    *hub
	log    zerolog.Logger
	events publisher // followed by EVENTS

	listeners []net.Listener
	slots     chan struct{} // one for each connection served
	refused   chan struct{} // one for each connection turned away
	strangers strangers
	guests    guests
	conns     sync.WaitGroup
}

func newServer(cfg serverConfig, b backend, hub *hub, log zerolog.Logger) *server {
	hub.log = log
	return &server{
		cfg: cfg, b: b, hub: hub, log: log,
		slots: make(chan struct{}, maxConns), refused: make(chan struct{}, maxRefused),
	}
}

// Listen binds the addresses, so that what is wrong with them shows at the start.
func (s *server) Listen(ctx context.Context) error {
	for _, l := range s.cfg.Passed {
		if err := s.adopt(l); err != nil {
			s.Close()
			return err
		}
	}
	var lc net.ListenConfig
	for _, addr := range s.cfg.Listen {
		if s.bound(addr) {
			continue
		}
		l, err := lc.Listen(ctx, "tcp", addr)
		if err != nil {
			s.Close()
			return fmt.Errorf("listen on %s (socket.listen): %w", addr, err)
		}
		s.listeners = append(s.listeners, l)
	}
	if s.cfg.Unix != "" && !s.bound(s.cfg.Unix) {
		l, err := s.listenUnix(ctx)
		if err != nil {
			s.Close()
			return fmt.Errorf("listen on %s (socket.unix): %w", s.cfg.Unix, err)
		}
		s.listeners = append(s.listeners, l)
	}
	return nil
}

// adopt takes a socket that somebody else has bound; what holds for those of the
// configuration holds for it too.
func (s *server) adopt(l net.Listener) error {
	if l == nil {
		return errors.New("a socket that was passed on is none of a stream: ListenStream= is the kind that is served")
	}
	if Beyond(l.Addr()) && s.cfg.TLS == nil {
		return fmt.Errorf("use the socket %s that was passed on: it %w", l.Addr(), ErrBeyond)
	}
	s.listeners = append(s.listeners, l)
	return nil
}

// bound tells whether a socket that was passed on has this address.
func (s *server) bound(addr string) bool {
	for _, l := range s.cfg.Passed {
		have, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			if l.Addr().String() == addr {
				return true
			}
			continue
		}
		want, err := net.ResolveTCPAddr("tcp", addr)
		if err == nil && want.Port == have.Port && want.IP.Equal(have.IP) {
			return true
		}
	}
	return false
}

// listenUnix takes over the path of a socket that nobody serves any more.
func (s *server) listenUnix(ctx context.Context) (net.Listener, error) {
	path := s.cfg.Unix
	if st, err := os.Lstat(path); err == nil {
		if st.Mode()&os.ModeSocket == 0 {
			return nil, errors.New("there is a file of that name that is no socket: move it away")
		}
		var d net.Dialer
		nc, err := d.DialContext(ctx, "unix", path)
		if err == nil {
			nc.Close()
			return nil, errors.New("another program serves it: end that or use another path")
		}
		if errors.Is(err, syscall.ECONNREFUSED) {
			os.Remove(path)
		}
	}
	group, err := groupID(s.cfg.UnixGroup)
	if err != nil {
		return nil, err
	}
	// Before it is bound the socket's own mode is set, so that at no time more may use it
	// than in the end (unix(7): the file gets that mode).
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		return errors.Join(raw.Control(func(fd uintptr) { err = syscall.Fchmod(int(fd), 0o600) }), err)
	}}
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if group >= 0 {
		err = os.Chown(path, -1, group)
	}
	if err != nil {
		err = fmt.Errorf("give it to the group %s (socket.unix_group; the bridge's user must be in it): %w", s.cfg.UnixGroup, err)
	} else {
		err = os.Chmod(path, cmp.Or(s.cfg.UnixMode, 0o660))
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// groupID is the number of a group that is named or numbered; -1: none is wanted.
func groupID(name string) (int, error) {
	if name == "" {
		return -1, nil
	}
	if id, err := strconv.ParseUint(name, 10, 31); err == nil {
		return int(id), nil
	}
	group, err := user.LookupGroup(name)
	if err != nil {
		return 0, fmt.Errorf("socket.unix_group: %w", err)
	}
	return strconv.Atoi(group.Gid)
}

// Close lets go of the addresses; connections end with Run.
func (s *server) Close() {
	for _, l := range s.listeners {
		l.Close()
	}
}

// Run serves what Listen bound until ctx ends, and returns when every connection is closed.
func (s *server) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, s.Close)()
	for _, l := range s.listeners {
		g.Go(func() error { return s.accept(ctx, l) })
	}
	g.Go(func() error { <-ctx.Done(); return nil })
	err := g.Wait()
	s.Close()
	s.conns.Wait()
	return err
}

func (s *server) accept(ctx context.Context, l net.Listener) error {
	var pulse *pulse
	if s.cfg.Loop != nil {
		pulse = s.cfg.Loop("socket " + l.Addr().String())
	}
	for {
		pulse.rest()
		nc, err := l.Accept()
		pulse.beat()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				nc.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept on %s: %w", l.Addr(), err)
		case err != nil:
			s.log.Error().Err(err).Msg("cannot accept a connection; trying again")
			pause(ctx, acceptPause, nil)
			continue
		}
		if b, ok := nc.(interface{ SetWriteBuffer(int) error }); ok {
			b.SetWriteBuffer(sendBuffer)
		}
		if Beyond(l.Addr()) {
			s.enter(ctx, nc, entrance{token: true, tls: s.cfg.TLS})
		} else {
			s.admit(ctx, nc)
		}
	}
}

// admit takes a connection from this machine.
func (s *server) admit(ctx context.Context, nc net.Conn) {
	s.enter(ctx, nc, entrance{token: s.cfg.AuthAlways})
}

// enter serves a connection if there is room for it.
func (s *server) enter(ctx context.Context, nc net.Conn, e entrance) {
	if e.token && !s.strangers.enter(addressOf(nc), s.b.Knows) {
		s.dismiss(ctx, nc, e)
		return
	}
	select {
	case s.slots <- struct{}{}:
		s.conns.Go(func() {
			defer func() { <-s.slots }()
			s.serve(ctx, nc, e)
		})
	default:
		if e.token {
			s.strangers.leave(addressOf(nc))
		}
		s.dismiss(ctx, nc, e)
	}
}

// dismiss tells a client that there is no room.
func (s *server) dismiss(ctx context.Context, nc net.Conn, e entrance) {
	select {
	case s.refused <- struct{}{}:
		s.conns.Go(func() {
			defer func() { <-s.refused }()
			turnAway(ctx, nc, e)
		})
	default:
		if e.tls == nil {
			sayBusy(nc)
		}
		nc.Close()
	}
}

func turnAway(ctx context.Context, nc net.Conn, e entrance) {
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	defer nc.Close()
	if e.tls != nil {
		nc.SetDeadline(time.Now().Add(lingerTime))
		nc = tls.Server(nc, e.tls)
	}
	sayBusy(nc)
	linger(nc)
}

// sayBusy does not wait: the buffer of a new connection is empty.
func sayBusy(nc net.Conn) {
	nc.SetWriteDeadline(time.Now().Add(lingerTime))
	fmt.Fprintf(nc, "ERR busy %d connections are open, or %d without a token; close one\r\n", maxConns, maxStrangers)
}

// linger lets the client read the last answer: closing with octets unread would
// reset the connection, and the reset can overtake the answer.
func linger(nc net.Conn) {
	half, ok := nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	nc.SetReadDeadline(time.Now().Add(lingerTime))
	io.CopyN(io.Discard, nc, lingerMost)
}

// A publisher wakes those who follow the events.
type publisher struct{ broadcast }

// published tells that a commit wrote events.
func (p *publisher) published() { p.notify() }
