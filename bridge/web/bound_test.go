package web

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"
)

// One address that holds its connections open leaves room for others, and has room again
// when it closes one.
func TestOneAddressTakesNotAll(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := bound(tcp, 3, 2)
	defer l.Close()
	served := make(chan net.Conn, 10)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			served <- nc
			nc.Write([]byte("served\n"))
		}
	}()
	dial := func(from string) string {
		t.Helper()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		nc, err := d.Dial("tcp", tcp.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		nc.SetDeadline(time.Now().Add(patience))
		line, err := bufio.NewReader(nc).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(line)
	}
	const full = "HTTP/1.1 503 Service Unavailable"
	for i, step := range []struct{ from, want string }{
		{"127.0.0.1", "served"}, {"127.0.0.1", "served"}, {"127.0.0.1", full},
		{"127.0.0.2", "served"}, {"127.0.0.3", full}, // no more in all
	} {
		if got := dial(step.from); got != step.want {
			t.Errorf("%d: %s hears %q", i, step.from, got)
		}
	}
	one := <-served
	one.Close()
	one.Close() // net/http may, too
	for _, want := range []string{"served", full} {
		if got := dial("127.0.0.1"); got != want {
			t.Errorf("after one was closed: %q, want %q", got, want)
		}
	}
	for range 3 {
		(<-served).Close()
	}
	if b := l.(*boundListener); b.n != 0 || len(b.from) != 0 {
		t.Errorf("%d connections of %d addresses are counted", b.n, len(b.from))
	}
}
