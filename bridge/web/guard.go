package web

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"path"
	"runtime/debug"
	"strings"

	"github.com/rs/zerolog"
)

// policy lets a page load what this server has and nothing else, and be shown in no frame.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// guard is passed by every request before anything looks at what it wants.
//
// A browser on this machine reaches the server for any page that it shows. Three things
// keep such a page out: the name it reached the server under (DNS rebinding), the place
// it says it comes from (forms and scripts of others), and that it may not read, frame
// or load what it is answered.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(plain http.ResponseWriter, r *http.Request) {
		w := &answer{ResponseWriter: plain}
		defer s.caught(w, r)
		protect(w.Header())
		switch why := s.fromElsewhere(r); {
		case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
			w.Header().Set("Allow", "GET, HEAD, POST")
			deny(w, r, http.StatusMethodNotAllowed, "syntax", "only GET, HEAD and POST are served")
		case !s.names.have(r):
			deny(w, r, http.StatusMisdirectedRequest, "not-allowed", "nothing is served under this name: use the address of http.listen, or add the name to http.hosts")
		case why != "":
			deny(w, r, http.StatusForbidden, "not-allowed", why)
		case r.URL.EscapedPath() != r.URL.Path || path.Clean(r.URL.Path) != r.URL.Path:
			deny(w, r, http.StatusNotFound, "no-such-id", "there is no such page") // none has such a path, and nobody is sent elsewhere
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func protect(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// fromElsewhere tells what is wrong with where a request comes from; "" nothing.
//
// Sec-Fetch-Site and Origin are written by the browser, and no page can change them. A
// program sends neither: it changes something with a token in its header, which no page
// can make a browser send, and without the cookie that a browser sends by itself.
func (s *Server) fromElsewhere(r *http.Request) string {
	const another = "another site's page asks for this"
	site, own := r.Header.Get("Sec-Fetch-Site"), false
	switch site {
	case "same-origin":
		own = true
	case "", "none": // none: typed, or a bookmark
	default:
		if r.Method != http.MethodGet || r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			return another // a link to a page may be followed
		}
	}
	switch origins := r.Header.Values("Origin"); {
	case len(origins) == 0:
	case len(origins) > 1:
		return another
	case origins[0] == "null" && own: // a form of a page that names no referrer: Fetch, "append a request Origin header"
	case !s.sameOrigin(origins[0], r):
		return another
	default:
		own = true
	}
	if r.Method == http.MethodPost && !own && (bearer(r) == "" || r.Header.Get("Cookie") != "") {
		return "what changes something wants an Origin that is this server, or a token in Authorization and no cookie"
	}
	return ""
}

// sameOrigin tells whether an Origin is the one that a request is made to. Under a name
// beyond loopback there may be a proxy before this server that ends TLS.
func (s *Server) sameOrigin(origin string, r *http.Request) bool {
	switch scheme, host, _ := strings.Cut(origin, "://"); {
	case host != r.Host:
		return false
	case r.TLS != nil:
		return scheme == "https"
	default:
		return scheme == "http" || scheme == "https" && !s.names.near(r)
	}
}

// caught keeps the process alive where a handler has failed.
func (s *Server) caught(w *answer, r *http.Request) {
	failed := recover()
	if failed == nil {
		return
	}
	if failed != http.ErrAbortHandler {
		s.log.Error().Str("method", r.Method).Str("path", r.URL.Path).Str("failed", fmt.Sprint(failed)).
			Bytes("stack", debug.Stack()).Msg("a request failed inside: please report it")
	}
	if w.begun || failed == http.ErrAbortHandler {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one: net/http cuts the connection
	}
	deny(w, r, http.StatusInternalServerError, "internal", "it failed inside; the log says where")
}

// An answer knows whether it has begun.
type answer struct {
	http.ResponseWriter
	begun bool
}

func (a *answer) WriteHeader(status int) {
	a.begun = true
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// deny answers with an error, to programs in the form that they know.
func deny(w http.ResponseWriter, r *http.Request, status int, code, text string) {
	if strings.HasPrefix(r.URL.Path, apiRoot) {
		sayError(w, status, code, text)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, text+"\n")
}

// quiet is net/http's own log: what clients do wrong is nobody's business here.
func quiet(to zerolog.Logger) *log.Logger {
	return log.New(writer(func(line []byte) { to.Debug().Msg(string(bytes.TrimSpace(line))) }), "", 0)
}

type writer func(line []byte)

func (f writer) Write(line []byte) (int, error) { f(line); return len(line), nil }
