package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// Which requests a browser may have been led to by another site's page.
func TestFromElsewhere(t *testing.T) {
	s := &Server{names: namesOf("127.0.0.1:9590", address("127.0.0.1:9590"), []string{"wv.example"})}
	for _, test := range []struct {
		method, host, origin, site, mode string
		bearer, cookie                   bool
		out                              bool // it is to be kept out
	}{
		{method: "GET"},
		{method: "GET", site: "none", mode: "navigate"},
		{method: "GET", site: "cross-site", mode: "navigate"}, // a link
		{method: "GET", site: "cross-site", mode: "no-cors", out: true},
		{method: "GET", site: "same-site", mode: "cors", out: true}, // another port of this machine
		{method: "GET", origin: "http://evil.example", out: true},
		{method: "POST", out: true},
		{method: "POST", bearer: true},
		{method: "POST", bearer: true, cookie: true, out: true},
		{method: "POST", origin: "http://127.0.0.1:9590"},
		{method: "POST", origin: "http://127.0.0.1:9590", cookie: true},
		{method: "POST", origin: "https://127.0.0.1:9590", out: true},
		{method: "POST", origin: "http://127.0.0.1:8080", out: true},
		{method: "POST", origin: "http://127.0.0.1:9590.evil.example", out: true},
		{method: "POST", origin: "http://evil.example", bearer: true, out: true},
		{method: "POST", origin: "null", out: true},
		{method: "POST", origin: "null", site: "cross-site", mode: "navigate", out: true},
		{method: "POST", origin: "null", site: "same-origin", mode: "navigate"}, // our own form under no-referrer
		{method: "POST", site: "same-origin"},
		{method: "POST", site: "cross-site", mode: "navigate", bearer: true, out: true},
		{method: "POST", host: "wv.example", origin: "https://wv.example"}, // a proxy ends TLS
		{method: "POST", host: "wv.example", origin: "https://evil.example", out: true},
	} {
		r := httptest.NewRequest(test.method, "/", nil)
		if r.Host = "127.0.0.1:9590"; test.host != "" {
			r.Host = test.host
		}
		for name, value := range map[string]string{"Origin": test.origin, "Sec-Fetch-Site": test.site, "Sec-Fetch-Mode": test.mode} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		if test.bearer {
			r.Header.Set("Authorization", "Bearer x")
		}
		if test.cookie {
			r.Header.Set("Cookie", "wvsms_9590=x")
		}
		if why := s.fromElsewhere(r); (why != "") != test.out {
			t.Errorf("%+v: %q", test, why)
		}
	}
}

type address string

func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }

func TestNames(t *testing.T) {
	for _, test := range []struct {
		listen, addr, host string
		have, near         bool
	}{
		{"127.0.0.1:9590", "127.0.0.1:9590", "127.0.0.1:9590", true, true},
		{"127.0.0.1:9590", "127.0.0.1:9590", "LOCALHOST:9590", true, true},
		{"127.0.0.1:9590", "127.0.0.1:9590", "[::1]:9590", true, true},
		{"127.0.0.1:9590", "127.0.0.1:9590", "wv.example:9590", true, false},
		{"127.0.0.1:9590", "127.0.0.1:9590", "wv.example", true, false}, // through a proxy
		{"127.0.0.1:9590", "127.0.0.1:9590", "evil.example:9590", false, false},
		{"127.0.0.1:9590", "127.0.0.1:9590", "localhost", false, false},
		{"127.0.0.1:9590", "127.0.0.1:9590", "", false, false},
		{"127.0.0.1:9590", "127.0.0.1:9590", "localhost:9590.evil.example", false, false},
		{"localhost:80", "127.0.0.1:80", "localhost", true, true},
		{"0.0.0.0:9590", "0.0.0.0:9590", "localhost:9590", true, false},
		{"10.0.0.7:9590", "10.0.0.7:9590", "10.0.0.7:9590", true, false},
	} {
		n := namesOf(test.listen, address(test.addr), []string{"wv.example"})
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = test.host
		if n.have(r) != test.have || n.near(r) != test.near {
			t.Errorf("%+v: have %v, near %v", test, n.have(r), n.near(r))
		}
	}
}

// A handler that fails takes neither the process with it nor passes off half an answer as a whole one.
func TestHandlerFails(t *testing.T) {
	var log lockedBuffer
	s := &Server{log: zerolog.New(&log), names: namesOf("127.0.0.1:9590", address("127.0.0.1:9590"), nil)}
	ask := func(serve http.HandlerFunc) (w *httptest.ResponseRecorder, cut any) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = "localhost:9590"
		w = httptest.NewRecorder()
		defer func() { cut = recover() }()
		s.guard(serve).ServeHTTP(w, r)
		return w, nil
	}
	w, cut := ask(func(http.ResponseWriter, *http.Request) { panic("oops") })
	if w.Code != http.StatusInternalServerError || cut != nil || strings.Contains(w.Body.String(), "oops") || !strings.Contains(log.String(), "oops") {
		t.Errorf("%d, %v, %s; log %s", w.Code, cut, w.Body, log.String())
	}
	_, cut = ask(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("half")); panic("oops") })
	if cut != http.ErrAbortHandler {
		t.Errorf("after half an answer: %v", cut)
	}
}

// The page of every route comes with the headers that bound what a browser does with it.
func TestHeaders(t *testing.T) {
	r := newRig(t, nil)
	for _, path := range []string{"/healthz", "/no-such-page", "/login"} {
		res := r.ask("GET", path, "", nil)
		for name, part := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if !strings.Contains(res.Header.Get(name), part) {
				t.Errorf("%s: %s: %q", path, name, res.Header.Get(name))
			}
		}
	}
}

func TestSessions(t *testing.T) {
	var s sessions
	now := time.Unix(1e9, 0)
	first := s.begin([32]byte{1}, now)
	for i := range mostSessions {
		s.begin([32]byte{2}, now.Add(time.Duration(i+1)*time.Second))
	}
	if n := s.count(now.Add(time.Hour)); n != mostSessions {
		t.Errorf("%d sessions are open", n)
	}
	if _, ok := s.token(hashOf(first), now); ok {
		t.Error("the oldest did not give way")
	}
	later := now.Add(time.Hour)
	id := s.begin([32]byte{3}, later)
	if token, ok := s.token(hashOf(id), later.Add(sessionTime-1)); !ok || token != [32]byte{3} {
		t.Errorf("within its time: %v %v", token, ok)
	}
	if _, ok := s.token(hashOf(id), later.Add(sessionTime)); ok {
		t.Error("a session outlives its time")
	}
	s.end(hashOf(id))
	if _, ok := s.token(hashOf(id), later); ok {
		t.Error("a session outlives its end")
	}
	if n := s.count(later.Add(sessionTime)); n != 0 {
		t.Errorf("%d sessions outlive their time", n)
	}
}
