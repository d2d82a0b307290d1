package bridge

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Implementation. Who has shown no token yet is a stranger: a few of the connections are
// theirs, for a short time, so that friends find the others.
const (
	maxStrangers  = 32
	strangersEach = 8                // of one address
	strangerTime  = 10 * time.Second // for the handshake and the token together
	wrongPause    = time.Second      // before the answer to a wrong token
)

// An entrance is what a listener asks of who comes. It is the listener that counts and not
// the client's address, which what stands before the bridge may hide.
type entrance struct {
	token bool        // one is to be shown
	tls   *tls.Config // nil: none
}

// strangers counts them.
type strangers struct {
	mu   sync.Mutex
	n    int
	each map[netip.Prefix]int
}

// enter makes room for one, if there is any. Whom the bridge knows finds room among many.
func (s *strangers) enter(from netip.Addr, known func(netip.Addr) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := origin(from)
	if s.each[at] >= strangersEach || s.n >= maxStrangers && !known(from) {
		return false
	}
	if s.each == nil {
		s.each = map[netip.Prefix]int{}
	}
	s.n++
	s.each[at]++
	return true
}

func (s *strangers) leave(from netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := origin(from)
	s.n--
	if s.each[at]--; s.each[at] == 0 {
		delete(s.each, at)
	}
}

// addressOf is where a connection comes from; the zero address: a Unix socket.
func addressOf(nc net.Conn) netip.Addr {
	if tcp, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr()
	}
	return netip.Addr{}
}

// What a command takes of who gives it. One that does not stand here takes MayTend.
var takes = map[string]Rights{
	"SEND": MaySend,
	"RECV": MayReceive, "ACK": MayReceive, "NAK": MayReceive, "STOP": MayReceive,
	"EVENTS": 0, "SHOW": 0, "LIST": 0, "INFO": 0,
	"AUTH": 0, "PING": 0, "QUIT": 0,
	"CAPTURE": MayTend, // it shows what is in messages
}

// What strangers may, too.
var open = map[string]bool{"AUTH": true, "PING": true, "QUIT": true}

// refuses tells why the client may not give a command; nil: it may.
func (c *conn) refuses(word string) error {
	needs, listed := takes[word]
	if !listed {
		needs = MayTend
	}
	switch {
	case c.stranger && !open[word]:
		return &Refusal{"auth", "AUTH token comes first"}
	case c.caller != nil && needs&^c.caller.Rights != 0:
		return &Refusal{"rights", fmt.Sprintf("%s takes the right %v, and this token has %v", word, needs, c.caller.Rights)}
	}
	return nil
}

// auth takes a token. On a connection that is let in already its rights replace those.
func (c *conn) auth(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return syntax(errors.New("AUTH token"))
	}
	token, err := ParseValue(args[0])
	if err != nil {
		return syntax(err)
	}
	// Before it is looked at: a reload meanwhile must not miss it.
	one := guest{sha256.Sum256([]byte(token)), allRights}
	c.srv.guests.enter(c, one)
	caller, err := c.srv.b.Authenticate(c.from, token)
	if err != nil {
		// Who guesses waits, in one of the places of strangers, and comes again.
		pause(ctx, wrongPause, nil)
		var refused *Refusal
		if errors.As(err, &refused) {
			return &outOfStep{*refused}
		}
		return err
	}
	one.rights = caller.Rights
	c.srv.guests.enter(c, one)
	c.caller = &caller
	c.befriend()
	c.frame = append(c.frame, "OK rights="...)
	c.frame = append(c.frame, caller.Rights.String()...)
	return nil
}

// befriend ends the haste, and makes room for the next stranger.
func (c *conn) befriend() {
	if c.stranger {
		c.stranger = false
		c.nc.SetReadDeadline(time.Time{})
		c.srv.strangers.leave(c.from)
	}
}

// meet makes a connection that of a stranger where the entrance asks for a token, and
// makes the handshake where it asks for one.
func (c *conn) meet(ctx context.Context, e entrance) error {
	if e.token {
		c.stranger = true
		c.nc.SetDeadline(time.Now().Add(strangerTime))
	}
	if e.tls == nil {
		return nil
	}
	secure := tls.Server(c.nc, e.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		return err
	}
	c.nc = secure
	return nil
}

// part is called at the end of a connection.
func (c *conn) part() {
	c.srv.guests.leave(c)
	if c.stranger {
		c.srv.strangers.leave(c.from)
	}
}
