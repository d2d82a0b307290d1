package web

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// DNS rebinding: a page of evil.example has its name lead to this machine.
func TestRebinding(t *testing.T) {
	r := newRig(t, nil)
	_, port, _ := net.SplitHostPort(r.addr)
	for _, rt := range r.web.routes() {
		for _, host := range []string{"evil.example:" + port, "evil.example", "127.0.0.1:1", "localhost." + ":" + port, "127.0.0.1:" + port + ".evil.example"} {
			res := r.ask(rt.method, fill(rt.path), "", func(req *http.Request) { req.Host = host })
			if res.StatusCode != http.StatusMisdirectedRequest {
				t.Errorf("%s %s as %s: %s", rt.method, rt.path, host, res.Status)
			}
		}
	}
}

// fill puts an id where a route has a place for one.
func fill(path string) string {
	path = strings.ReplaceAll(path, "{$}", "")
	for _, name := range []string{"id", "number", "what", "file"} {
		path = strings.ReplaceAll(path, "{"+name+"}", "X")
	}
	return strings.ReplaceAll(path, "{$}", "") // which is the end of a path that would stand for all below it
}

// What changes something is not done for another site's page, nor for a form of one.
func TestCrossSite(t *testing.T) {
	r := newRig(t, nil)
	for _, rt := range r.web.routes() {
		if rt.method != http.MethodPost {
			continue
		}
		for _, as := range []http.Header{
			{},
			{"Origin": {"http://evil.example"}},
			{"Origin": {"null"}},
			{"Origin": {"http://localhost:1"}, "Sec-Fetch-Site": {"same-site"}},
			{"Origin": {"http://" + r.addr}, "Sec-Fetch-Site": {"cross-site"}},
			{"Origin": {"http://" + r.addr, "http://evil.example"}},
			{"Origin": {"http://evil.example"}, "Authorization": {"Bearer x"}},
			{"Cookie": {"a=b"}, "Authorization": {"Bearer x"}},
		} {
			for _, kind := range []string{"application/x-www-form-urlencoded", "text/plain", "application/json"} {
				res := r.ask(rt.method, fill(rt.path), "", func(req *http.Request) {
					for name, values := range as {
						req.Header[name] = values
					}
					req.Header.Set("Content-Type", kind)
				})
				if res.StatusCode != http.StatusForbidden || !strings.Contains(res.body, "another site") && !strings.Contains(res.body, "Origin") {
					t.Errorf("%s with %v: %s %s", rt.path, as, res.Status, res.body)
				}
			}
		}
	}
}

// A preflight is never granted, so that no page can send what wants one.
func TestPreflight(t *testing.T) {
	r := newRig(t, nil)
	for _, method := range []string{"OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND"} {
		said := r.raw(method + " / HTTP/1.1\r\nHost: " + r.addr + "\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(said, "HTTP/1.1 405") || strings.Contains(said, "Access-Control") {
			t.Errorf("%s: %.200s", method, said)
		}
	}
}

// No path leads out of what is served, and none to another place.
func TestTraversal(t *testing.T) {
	r := newRig(t, nil)
	tries := []string{
		"/../../../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..\\..\\etc\\passwd", "//etc/passwd",
		"/./healthz", "//evil.example/healthz", "/healthz/", "/healthz%00", "/healthz%0d%0aSet-Cookie:%20a=b", "/%c0%ae%c0%ae/etc/passwd",
		"//evil.example/%2f..", "/healthz;x", "/.git/config", "/static/../web.go", "/static/..%2fweb.go", "http://evil.example/healthz",
	}
	for _, rt := range r.web.routes() {
		tries = append(tries, fill(rt.path)+"/../../../etc/passwd", fill(rt.path)+"/..%2f..%2fetc%2fpasswd", "/x/.."+fill(rt.path))
		if strings.Contains(rt.path, "{") {
			bad := strings.NewReplacer("{id}", "..%2f..%2fetc%2fpasswd", "{number}", "%2e%2e", "{what}", "..%5c..")
			tries = append(tries, bad.Replace(rt.path))
		}
	}
	for _, path := range tries {
		for _, method := range []string{"GET", "POST"} {
			said := r.raw(method + " " + path + " HTTP/1.1\r\nHost: " + r.addr + "\r\nOrigin: http://" + r.addr + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			status, _, _ := strings.Cut(said, "\r\n")
			if !strings.HasPrefix(status, "HTTP/1.1 4") || strings.Contains(said, "Location:") || strings.Contains(said, "Set-Cookie") || strings.Contains(said, "root:") {
				t.Errorf("%s %s: %.300s", method, path, said)
			}
		}
	}
}

// What is no HTTP, or too much of it, is answered with 4xx or nothing, and the server goes on.
func TestGarbage(t *testing.T) {
	r := newRig(t, nil)
	host := "\r\nHost: " + r.addr + "\r\n"
	long := strings.Repeat("a", 64<<10)
	for name, octets := range map[string]string{
		"HTTP/0.9":            "GET /healthz\r\n\r\n",
		"HTTP/1.0, no Host":   "GET /healthz HTTP/1.0\r\n\r\n",
		"HTTP/9.9":            "GET /healthz HTTP/9.9" + host + "\r\n",
		"TLS":                 "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 600) + "\r\n\r\n",
		"the socket's words":  "SEND +491712345678 2\r\nhi\r\n\r\n",
		"NULs":                strings.Repeat("\x00", 4096) + "\r\n\r\n",
		"a header that folds": "GET /healthz HTTP/1.1" + host + " folded\r\n\r\n",
		"two Hosts":           "GET /healthz HTTP/1.1" + host + "Host: evil.example\r\n\r\n",
		"a name with a space": "GET /healthz HTTP/1.1" + host + "X Y: 1\r\n\r\n",
		"a CR in a value":     "GET /healthz HTTP/1.1" + host + "X: a\rb\r\n\r\n",
		"a long URL":          "GET /" + long + " HTTP/1.1" + host + "\r\n",
		"a long header":       "GET /healthz HTTP/1.1" + host + "X: " + long + "\r\n\r\n",
		"many headers":        "GET /healthz HTTP/1.1" + host + strings.Repeat("X: y\r\n", 10_000) + "\r\n",
		"two lengths":         "POST /login HTTP/1.1" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"length and chunks":   "POST /login HTTP/1.1" + host + "Content-Length: 3\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"a negative length":   "POST /login HTTP/1.1" + host + "Content-Length: -1\r\n\r\n",
		"chunks without end":  "POST /login HTTP/1.1" + host + "Origin: http://" + r.addr + "\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nffffffffffffffffff\r\n",
	} {
		said := r.raw(octets)
		if !strings.HasPrefix(said, "HTTP/1.1 4") && !strings.HasPrefix(said, "HTTP/1.1 5") && !strings.HasPrefix(said, "HTTP/1.0 4") && !strings.HasPrefix(said, "nothing:") {
			t.Errorf("%s: %.200s", name, said)
		}
	}
	if res := r.ask("GET", "/healthz", "", nil); res.StatusCode != http.StatusOK {
		t.Errorf("after all that: %s %s", res.Status, res.body)
	}
}

// More connections than are served are told so at once, and room comes back when they close.
func TestTooManyConnections(t *testing.T) {
	r := newRig(t, nil)
	client.CloseIdleConnections()
	var held []net.Conn
	for range mostConns {
		nc, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		held = append(held, nc)
	}
	if said := r.raw(""); !strings.HasPrefix(said, "HTTP/1.1 503") {
		t.Errorf("one too many: %.100s", said)
	}
	held[0].Close()
	r.until("room for another one", func() bool {
		return strings.HasPrefix(r.raw("GET /healthz HTTP/1.1\r\nHost: "+r.addr+"\r\nConnection: close\r\n\r\n"), "HTTP/1.1 200")
	})
}

// Answers that go on and on are so many at a time; what is asked besides is answered still.
func TestTooManyStreams(t *testing.T) {
	r := newRig(t, nil)
	stream := func() *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.addr+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	var held []*http.Response
	for range mostStreams {
		res := stream()
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Fatalf("stream %d: %s", len(held)+1, res.Status)
		}
		held = append(held, res)
	}
	res := stream()
	res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one too many: %s", res.Status)
	}
	if res := r.ask("GET", "/healthz", "", nil); res.StatusCode != http.StatusOK {
		t.Errorf("besides: %s", res.Status)
	}
	held[0].Body.Close()
	r.until("room for another one", func() bool {
		res := stream()
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// A client that sends a bit now and then, so that its connection seems alive, is cut.
func TestSlowLoris(t *testing.T) {
	host := "Host: 127.0.0.1:80\r\n"
	for name, octets := range map[string]string{
		"nothing":  "",
		"a header": "GET /healthz HTTP/1.1\r\n" + host,
		"a body":   "POST /login HTTP/1.1\r\n" + host + "Origin: http://127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n\r\ntoken=",
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newPipes()
			s, err := Listen(t.Context(), nil, Options{Passed: l, Log: zerolog.Nop()})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- s.Run(ctx) }()
			nc := l.dial()
			go io.Copy(io.Discard, nc)
			if _, err := io.WriteString(nc, octets); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			for err = nil; err == nil; {
				time.Sleep(900 * time.Millisecond) // the bubble's time
				_, err = io.WriteString(nc, "X")
			}
			if held := time.Since(begun); held > bodyTime+5*time.Second {
				t.Errorf("%s: it was held for %v", name, held)
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// pipes is a listener whose connections live in a bubble.
type pipes struct {
	come   chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (l *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	l.come <- theirs
	return ours
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case nc := <-l.come:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *pipes) Addr() net.Addr { return address("127.0.0.1:80") }

// Without a [[token]] nothing can be changed, and it is said what is missing.
func TestReadOnly(t *testing.T) {
	r := newRig(t, nil)
	own := func(req *http.Request) { req.Header.Set("Origin", "http://"+r.addr) }
	for _, rt := range r.web.routes() {
		if rt.method != http.MethodPost || rt.path == "/logout" {
			continue
		}
		if res := r.ask("POST", fill(rt.path), "", own); res.StatusCode != http.StatusForbidden || !strings.Contains(res.body, "[[token]]") {
			t.Errorf("%s: %s %s", rt.path, res.Status, res.body)
		}
		bearer := func(req *http.Request) { req.Header.Set("Authorization", "Bearer guess") }
		if res := r.ask("POST", fill(rt.path), "", bearer); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s with a token: %s %s", rt.path, res.Status, res.body)
		}
	}
	if res := r.ask("GET", apiRoot+"who", "", nil); res.StatusCode != http.StatusOK || res.body != fmt.Sprintln(`{"name":"","rights":""}`) {
		t.Errorf("who: %s %s", res.Status, res.body)
	}
}
