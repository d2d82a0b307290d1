package web

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"wvsms/bridge"
)

// gate lets through to a route who may have it, with no more body than it wants.
func (s *Server) gate(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var caller bridge.Caller
		if !rt.anybody {
			var err error
			if caller, err = s.who(r); err != nil {
				s.stranger(w, r, err.Error())
				return
			}
		}
		switch known := caller.Rights != 0; {
		case rt.anybody, rt.needs == 0 && (known || s.names.near(r)):
		case !s.bridge.HasTokens():
			deny(w, r, http.StatusForbidden, "rights", "this is read-only: nobody may change anything until the configuration has a [[token]]")
			return
		case !known:
			s.stranger(w, r, "say who you are: Authorization: Bearer and a token of the configuration, or log in")
			return
		case rt.needs&^caller.Rights != 0:
			deny(w, r, http.StatusForbidden, "rights", "the token "+caller.Name+" may "+caller.Rights.String()+"; this wants "+rt.needs.String())
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, rt.most)
		if rt.stream && r.Method == http.MethodHead {
			return
		}
		if rt.stream {
			select {
			case s.streams <- struct{}{}:
				defer func() { <-s.streams }()
			default:
				deny(w, r, http.StatusServiceUnavailable, "busy", "too many streams are open: close one")
				return
			}
			// Its client says nothing more, and each write has a deadline of its own.
			c := http.NewResponseController(w)
			c.SetReadDeadline(time.Time{})
			c.SetWriteDeadline(time.Time{})
		}
		rt.serve(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, caller)))
	})
}

// stranger tells somebody to say who he is.
func (s *Server) stranger(w http.ResponseWriter, r *http.Request, text string) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="wvsms"`)
	if forPeople(r) && s.bridge.HasTokens() {
		s.show(w, http.StatusUnauthorized, "door", text, nil)
		return
	}
	deny(w, r, http.StatusUnauthorized, "auth", text)
}

type callerKey struct{}

// callerOf is who asks; without rights, nobody has said.
func callerOf(r *http.Request) bridge.Caller {
	caller, _ := r.Context().Value(callerKey{}).(bridge.Caller)
	return caller
}

// who finds out who asks: by the token of a program, or by the session of a browser. One
// who says nothing is nobody; an error is a wrong token.
func (s *Server) who(r *http.Request) (bridge.Caller, error) {
	if !s.bridge.HasTokens() {
		return bridge.Caller{}, nil
	}
	if token := bearer(r); token != "" {
		return s.bridge.Authenticate(source(r), token)
	}
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return bridge.Caller{}, nil
	}
	hash, ok := s.sessions.token(hashOf(cookie.Value), time.Now())
	if !ok {
		return bridge.Caller{}, nil
	}
	caller, _ := s.bridge.CallerOf(hash) // the configuration may have lost it
	return caller, nil
}

// stays tells whether one who was let in to a stream would be still: a session ends, and a
// token may be taken away.
func (s *Server) stays(r *http.Request) bool {
	if s.names.near(r) {
		return true
	}
	hash := hashOf(bearer(r))
	if cookie, err := r.Cookie(s.cookieName()); err == nil && bearer(r) == "" {
		var ok bool
		if hash, ok = s.sessions.token(hashOf(cookie.Value), time.Now()); !ok {
			return false
		}
	}
	_, ok := s.bridge.CallerOf(hash)
	return ok
}

// bearer is the token in Authorization (RFC 6750 2.1); "" none.
func bearer(r *http.Request) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// source is the address that a request comes from.
func source(r *http.Request) netip.Addr {
	at, _ := netip.ParseAddrPort(r.RemoteAddr)
	return at.Addr().Unmap()
}
