package web

import (
	"fmt"
	"net/http"
)

func (s *Server) healthRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/healthz", anybody: true, serve: s.healthz},
		{method: http.MethodGet, path: "/readyz", anybody: true, serve: s.readyz},
	}
}

// healthz tells whether a restart would help: it is 200 while every loop of the bridge
// goes round, however its modems fare.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	if stuck := s.bridge.Stuck(); stuck != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "these do not go on:", stuck)
		return
	}
	fmt.Fprintln(w, "alive")
}

// readyz tells whether a message could be sent now.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if why := s.bridge.Ready(r.Context()); why != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		if !s.names.near(r) {
			why = "not ready" // why is nothing for everybody
		}
		fmt.Fprintln(w, why)
		return
	}
	fmt.Fprintln(w, "ready")
}
