package web

import (
	"io"
	"net"
	"sync"
	"time"
)

// A boundListener serves so many connections at a time and turns others away at once.
type boundListener struct {
	net.Listener
	slots chan struct{}
}

func bound(l net.Listener, most int) net.Listener {
	return &boundListener{l, make(chan struct{}, most)}
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
		select {
		case l.slots <- struct{}{}:
			return &boundConn{Conn: nc, free: sync.OnceFunc(func() { <-l.slots })}, nil
		default:
		}
		nc.SetWriteDeadline(time.Now().Add(time.Second)) // it does not wait: the buffer of a new connection is empty
		io.WriteString(nc, busy)
		nc.Close()
	}
}

type boundConn struct {
	net.Conn
	free func()
}

func (c *boundConn) Close() error {
	defer c.free()
	return c.Conn.Close()
}
