package bridge

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func listenOn(t *testing.T, network, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// A socket that systemd has bound is used instead of binding its address; others of the
// configuration are bound besides.
func TestPassedSockets(t *testing.T) {
	tcp := listenOn(t, "tcp", "127.0.0.1:0")
	path := filepath.Join(t.TempDir(), "s")
	unix := listenOn(t, "unix", path)
	s := newServer(serverConfig{
		Listen: []string{tcp.Addr().String(), "127.0.0.1:0"}, Unix: path, Passed: []net.Listener{tcp, unix},
	}, nil, newHub(nil), zerolog.Nop())
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(s.listeners) != 3 || s.listeners[0] != tcp || s.listeners[1] != unix {
		t.Errorf("served: %v", s.listeners)
	}
}

// What holds for the addresses of the configuration holds for those that are passed on.
func TestPassedBeyondLoopback(t *testing.T) {
	for want, l := range map[string]net.Listener{
		"is beyond loopback":  listenOn(t, "tcp", "0.0.0.0:0"),
		"is none of a stream": nil,
	} {
		s := newServer(serverConfig{Passed: []net.Listener{l}}, nil, newHub(nil), zerolog.Nop())
		if err := s.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
