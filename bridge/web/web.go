// Package web shows how a bridge is, and lets it be tended: a page for people, a JSON
// interface for programs, metrics for Prometheus, health for whoever restarts it.
//
//	browser, program, Prometheus ── HTTP ──► guard ──► page | api | metrics | health ──► bridge
//
// It holds nothing that the bridge does not have, and does nothing while nobody asks.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"wvsms/bridge"
)

// Options are what a Server takes from its surroundings.
type Options struct {
	Listen string       // host:port
	Passed net.Listener // bound already; nil: Listen is bound
	TLS    *tls.Config  // for an address beyond loopback; nil: there may be none
	Hosts  []string     // names beyond loopback under which it may be asked
	Meter  *Meter       // which the bridge was given; nil: one that was told nothing
	Tail   *LogTail     // of the bridge's log, for the page; nil: it shows none
	Log    zerolog.Logger
}

// A Server is the HTTP side of one bridge.
type Server struct {
	bridge   *bridge.Bridge
	log      zerolog.Logger
	listener net.Listener
	http     http.Server
	meter    *Meter
	names    names
	sessions sessions
	streams  chan struct{} // one for each answer that goes on and on
	tail     *LogTail
	pager    pager
}

// Listen binds the address, so that what is wrong with it shows at the start.
func Listen(ctx context.Context, b *bridge.Bridge, o Options) (*Server, error) {
	s := &Server{bridge: b, log: o.Log, listener: o.Passed, meter: o.Meter, tail: o.Tail, streams: make(chan struct{}, mostStreams)}
	if s.meter == nil {
		s.meter = NewMeter()
	}
	if s.listener == nil {
		var lc net.ListenConfig
		var err error
		if s.listener, err = lc.Listen(ctx, "tcp", o.Listen); err != nil {
			return nil, fmt.Errorf("listen on %s (http.listen): %w", o.Listen, err)
		}
	}
	s.names = namesOf(o.Listen, s.listener.Addr(), o.Hosts)
	beyond := bridge.Beyond(s.listener.Addr())
	each := mostConns // on this machine all have one address
	if beyond {
		each = mostEach
	}
	s.listener = bound(s.listener, mostConns, each) // below TLS, which net/http has to see
	if beyond {
		if o.TLS == nil {
			s.listener.Close()
			return nil, fmt.Errorf("serve HTTP on %s: it %w", s.listener.Addr(), bridge.ErrBeyond)
		}
		// The handshake is made by who serves the connection, within headerTime.
		s.listener = tls.NewListener(s.listener, o.TLS)
	}
	plain := new(http.Protocols)
	plain.SetHTTP1(true) // the bounds below are those of connections, and HTTP/2 has many requests on one
	s.http = http.Server{
		Handler:                      s.guard(s.mux()),
		Protocols:                    plain,
		ReadHeaderTimeout:            headerTime,
		ReadTimeout:                  bodyTime,
		WriteTimeout:                 answerTime,
		IdleTimeout:                  idleTime,
		MaxHeaderBytes:               mostHeader,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     quiet(s.log),
	}
	return s, nil
}

// Implementation.
const (
	headerTime  = 5 * time.Second  // a client that is slower is none
	bodyTime    = 15 * time.Second // from the first octet of a request to its last
	answerTime  = 30 * time.Second // for a client to take its answer, but for a stream
	idleTime    = time.Minute
	mostHeader  = 8 << 10
	mostConns   = 64
	mostEach    = 32 // of one address beyond this machine
	mostStreams = 16
	stopTime    = time.Second // for answers that are under way
)

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	s.http.BaseContext = func(net.Listener) context.Context { return ctx }
	s.log.Info().Stringer("listen", s.listener.Addr()).Msg("HTTP is served")
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(s.listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve HTTP on %s: %w", s.listener.Addr(), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if s.http.Shutdown(stop) != nil {
		s.http.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
