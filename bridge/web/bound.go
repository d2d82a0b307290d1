package web

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A boundListener serves so many connections at a time, and so many of one address, and
// turns others away at once: who only holds connections open does not keep all others out.
type boundListener struct {
	net.Listener
	most, each int

	mu   sync.Mutex
	n    int
	from map[netip.Prefix]int
}

func bound(l net.Listener, most, each int) net.Listener {
	return &boundListener{Listener: l, most: most, each: each, from: map[netip.Prefix]int{}}
}

// busy is all that a connection hears for which there is no room.
const busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nRetry-After: 5\r\nConnection: close\r\n\r\n" +
	"too many connections are open\n"

func (l *boundListener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		at := originOf(nc)
		if l.enter(at) {
			return &boundConn{Conn: nc, free: sync.OnceFunc(func() { l.leave(at) })}, nil
		}
		nc.SetWriteDeadline(time.Now().Add(time.Second)) // it does not wait: the buffer of a new connection is empty
		io.WriteString(nc, busy)
		nc.Close()
	}
}

func (l *boundListener) enter(at netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n >= l.most || l.from[at] >= l.each {
		return false
	}
	l.n++
	l.from[at]++
	return true
}

func (l *boundListener) leave(at netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n--
	if l.from[at]--; l.from[at] == 0 {
		delete(l.from, at)
	}
}

// originOf is what counts as one address: of IPv6 a /64, whose addresses are all one host's
// to choose.
func originOf(nc net.Conn) netip.Prefix {
	at, _ := netip.ParseAddrPort(nc.RemoteAddr().String())
	addr := at.Addr().Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits) // of no address: the zero prefix
	return prefix
}

type boundConn struct {
	net.Conn
	free func()
}

func (c *boundConn) Close() error {
	defer c.free()
	return c.Conn.Close()
}
