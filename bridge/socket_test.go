package bridge

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func startServer(t *testing.T, cfg serverConfig) *server {
	t.Helper()
	desk := newDesk(t)
	hub := newHub(desk)
	s := newServer(cfg, desk, hub, zerolog.Nop())
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { hub.Run(ctx) })
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	return s
}

func dialServer(t *testing.T, l net.Listener) (net.Conn, *bufio.Reader) {
	t.Helper()
	nc, err := net.Dial(l.Addr().Network(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(30 * time.Second))
	return nc, bufio.NewReader(nc)
}

func expectLine(t *testing.T, in *bufio.Reader, prefix string) {
	t.Helper()
	if line, err := in.ReadString('\n'); !strings.HasPrefix(line, prefix) {
		t.Fatalf("%q came, want %s (%v)", line, prefix, err)
	}
}

// "At most 256 connections, then ERR busy and close."
func TestConnectionsAreLimited(t *testing.T) {
	s := startServer(t, serverConfig{Listen: []string{"127.0.0.1:0"}})
	var first net.Conn
	for i := range maxConns {
		nc, in := dialServer(t, s.listeners[0])
		expectLine(t, in, "WVSMS 1 ready")
		if i == 0 {
			first = nc
		}
	}
	for range 3 * maxRefused { // more than are turned away at a time
		nc, in := dialServer(t, s.listeners[0])
		io.WriteString(nc, "PING\n") // before the answer is read
		if line, err := in.ReadString('\n'); err == nil && !strings.HasPrefix(line, "ERR busy ") {
			t.Fatalf("%q came", line)
		}
		nc.Close()
	}
	nc, in := dialServer(t, s.listeners[0])
	expectLine(t, in, "ERR busy ")
	if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
		t.Fatalf("%q after ERR busy (%v)", rest, err)
	}
	nc.Close()

	first.Close()
	for deadline := time.Now().Add(30 * time.Second); ; {
		_, in := dialServer(t, s.listeners[0])
		if line, _ := in.ReadString('\n'); strings.HasPrefix(line, "WVSMS") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a closed connection made no room")
		}
	}
}

// The last answer arrives although the client has sent more than anybody reads.
func TestLastAnswerArrives(t *testing.T) {
	s := startServer(t, serverConfig{Listen: []string{"127.0.0.1:0"}})
	for range 50 {
		nc, in := dialServer(t, s.listeners[0])
		expectLine(t, in, "WVSMS")
		fmt.Fprintf(nc, "POST / HTTP/1.1\r\n%s", strings.Repeat("SEND +49171 5\r\nhello\r\n", 5000))
		expectLine(t, in, "ERR syntax ")
		if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
			t.Fatalf("%q after the answer (%v)", rest, err)
		}
		nc.Close()
	}
	if n := s.b.(*desk).took(); n != 0 {
		t.Errorf("%d messages smuggled in", n)
	}
}

// "Half-close by the client", as `printf … | nc -N` does it.
func TestHalfClose(t *testing.T) {
	s := startServer(t, serverConfig{Listen: []string{"127.0.0.1:0"}, Ports: []uint16{3590}})
	nc, in := dialServer(t, s.listeners[0])
	io.WriteString(nc, "RECV\nSEND +49171 2\nhi\nPING\n")
	nc.(*net.TCPConn).CloseWrite()
	for _, want := range []string{"WVSMS", "OK", "OK ", "PONG"} {
		expectLine(t, in, want)
	}
	if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
		t.Fatalf("%q at the end (%v)", rest, err)
	}
}

func TestUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "wv") // t.TempDir can be too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	// What a killed bridge leaves behind is taken over.
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	s := startServer(t, serverConfig{Unix: path})
	nc, in := dialServer(t, s.listeners[0])
	io.WriteString(nc, "PING\n")
	expectLine(t, in, "WVSMS")
	expectLine(t, in, "PONG")

	// What another program serves is not.
	second := newServer(serverConfig{Unix: path}, s.b, newHub(s.b), zerolog.Nop())
	if err := second.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("%v", err)
	}
	file := filepath.Join(dir, "file")
	os.WriteFile(file, []byte("precious"), 0o600)
	third := newServer(serverConfig{Unix: file}, s.b, newHub(s.b), zerolog.Nop())
	if err := third.Listen(t.Context()); err == nil {
		t.Error("a file was taken for a socket")
	}
	if text, _ := os.ReadFile(file); string(text) != "precious" {
		t.Error("the file is gone")
	}
}

func TestListenSaysWhatIsWrong(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	desk := newDesk(t)
	s := newServer(serverConfig{Listen: []string{"127.0.0.1:0", l.Addr().String()}}, desk, newHub(desk), zerolog.Nop())
	if err := s.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Fatal(err)
	}
}

// Run's end leaves nothing behind, whatever the clients are in the middle of.
func TestRunEnds(t *testing.T) {
	before := goleak.IgnoreCurrent()
	desk := newDesk(t)
	hub := newHub(desk)
	s := newServer(serverConfig{Listen: []string{"127.0.0.1:0"}, Ports: []uint16{3590}}, desk, hub, zerolog.Nop())
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { hub.Run(ctx) })
	running.Go(func() { s.Run(ctx) })
	for _, said := range []string{"", "RECV\nEVENTS after=0\n", "SEND +49171 100\nhalf", "PIN"} {
		nc, in := dialServer(t, s.listeners[0])
		io.WriteString(nc, said)
		expectLine(t, in, "WVSMS")
	}
	stop()
	running.Wait()
	desk.s.Close()
	goleak.VerifyNone(t, before)
}

// Whatever a client sends, the server ends with it, and each answer is a line of the protocol.
func FuzzConversation(f *testing.F) {
	f.Add([]byte("SEND +49171 5 key=a\nhello\nRECV port=1 max=1 ack-wait=1s\nEVENTS after=0\nPING\nQUIT\n"))
	f.Add([]byte("ACK x\nNAK x delay=1h\nSTOP\nLIST queue\nINFO\nSHOW x\nCANCEL x\nRETRY x\r\n"))
	f.Add([]byte("SEND 1 65537\n"))
	f.Add([]byte("POST / HTTP/1.1\r\n\r\n"))
	desk := newDesk(f)
	s := newServer(serverConfig{Ports: []uint16{3590}}, desk, newHub(desk), zerolog.Nop())
	f.Fuzz(func(t *testing.T, b []byte) {
		near, far := newDuplex()
		go func() {
			near.Write(b)
			near.CloseWrite()
		}()
		served := make(chan struct{})
		go func() {
			defer close(served)
			s.serve(t.Context(), far, entrance{})
		}()
		in := bufio.NewReader(near)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				break
			}
			word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), " ")
			switch word {
			case "WVSMS", "OK", "ERR", "PONG", "BYE", "EVT":
			case "DATA":
				var n int
				fmt.Sscan(rest, &n)
				if _, err := in.Discard(n + 2); err != nil {
					t.Fatal(err)
				}
			default:
				t.Fatalf("%q came", line)
			}
			for _, c := range []byte(strings.TrimSuffix(line, "\r\n")) {
				if !printable(c) && c != ' ' {
					t.Fatalf("octet 0x%02X in %q", c, line)
				}
			}
		}
		near.Close()
		<-served
	})
}

// "A Unix socket where configured", for those whom the configuration names.
func TestUnixSocketIsForSome(t *testing.T) {
	dir, err := os.MkdirTemp("", "wv")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	group := os.Getgid()
	if os.Getuid() == 0 {
		group = 4711 // root gives it to any
	}
	for mode, cfg := range map[fs.FileMode]serverConfig{
		0o660: {}, 0o600: {UnixMode: 0o600}, 0o666: {UnixMode: 0o666, UnixGroup: strconv.Itoa(group)},
	} {
		cfg.Unix = path
		s := newServer(cfg, nil, newHub(nil), zerolog.Nop())
		if err := s.Listen(t.Context()); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("mode %o, want %o", info.Mode().Perm(), mode)
		}
		if gid := info.Sys().(*syscall.Stat_t).Gid; cfg.UnixGroup != "" && gid != uint32(group) {
			t.Errorf("group %d, want %d", gid, group)
		}
		s.Close()
	}
	s := newServer(serverConfig{Unix: path, UnixGroup: "no-such-group"}, nil, newHub(nil), zerolog.Nop())
	if err := s.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "socket.unix_group") {
		t.Errorf("%v", err)
	}
}
