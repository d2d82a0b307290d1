package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Implementation.
const (
	mostSessions = 64
	sessionTime  = 12 * time.Hour
	mostToken    = 4 << 10 // octets of the form
)

// sessions are the browsers that have shown a token. They are kept in memory only, and of
// what a browser has to send, and of its token, only hashes.
type sessions struct {
	mu   sync.Mutex
	open map[[sha256.Size]byte]session // by the hash of the id
}

type session struct {
	token [sha256.Size]byte
	ends  time.Time
}

// begin opens a session and returns its id. Where there are too many the one that ends
// first gives way.
func (s *sessions) begin(token [sha256.Size]byte, now time.Time) string {
	id := make([]byte, 32)
	rand.Read(id)
	text := base64.RawURLEncoding.EncodeToString(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[[sha256.Size]byte]session{}
	}
	var first [sha256.Size]byte
	for hash, one := range s.open {
		if !now.Before(one.ends) {
			delete(s.open, hash)
		} else if other, ok := s.open[first]; !ok || one.ends.Before(other.ends) {
			first = hash
		}
	}
	if len(s.open) >= mostSessions {
		delete(s.open, first)
	}
	s.open[hashOf(text)] = session{token, now.Add(sessionTime)}
	return text
}

// token is the hash of the token with which a session was opened.
func (s *sessions) token(id [sha256.Size]byte, now time.Time) (token [sha256.Size]byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.open[id]
	return one.token, ok && now.Before(one.ends)
}

func (s *sessions) end(id [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
}

func (s *sessions) count(now time.Time) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.open {
		if now.Before(one.ends) {
			n++
		}
	}
	return n
}

func (s *Server) loginRoutes() []route {
	return []route{
		{method: http.MethodPost, path: "/login", anybody: true, most: mostToken, serve: s.login},
		{method: http.MethodPost, path: "/logout", anybody: true, serve: s.logout},
	}
}

// login takes the token of a form, which is in the body only, and gives a cookie for it.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		deny(w, r, http.StatusBadRequest, "syntax", "the form cannot be read: it has one field, token")
		return
	}
	token := r.PostForm.Get("token")
	if !s.bridge.HasTokens() {
		deny(w, r, http.StatusForbidden, "rights", "nobody can log in until the configuration has a [[token]]")
		return
	}
	caller, err := s.bridge.Authenticate(source(r), token)
	if err != nil {
		s.stranger(w, r, err.Error())
		return
	}
	s.forget(r)
	now := time.Now()
	id := s.sessions.begin(hashOf(token), now)
	s.setCookie(w, r, id, int(sessionTime/time.Second))
	s.log.Info().Str("token", caller.Name).Stringer("from", source(r)).Msg("logged in")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	s.forget(r)
	s.setCookie(w, r, "", -1)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// forget ends the session that a request comes with.
func (s *Server) forget(r *http.Request) {
	if cookie, err := r.Cookie(s.cookieName()); err == nil {
		s.sessions.end(hashOf(cookie.Value))
	}
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://"),
	})
}

// cookieName has the port in it: browsers keep cookies by host only, and two bridges on
// one machine would take each other's away.
func (s *Server) cookieName() string {
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	return "wvsms_" + port
}

func hashOf(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }
