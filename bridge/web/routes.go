package web

import (
	"net/http"

	"wvsms/bridge"
)

// A route is one thing that can be asked for.
type route struct {
	method  string        // GET, which is HEAD too, or POST
	path    string        // as http.ServeMux has it
	needs   bridge.Rights // 0: reading is enough
	anybody bool          // also of those who do not say who they are, wherever they come from
	most    int64         // octets of a body; 0: there is none
	stream  bool          // the answer goes on until the client leaves
	serve   http.HandlerFunc
}

// routes are all of them: what is not here cannot be asked for.
func (s *Server) routes() (all []route) {
	all = append(all, s.healthRoutes()...)
	all = append(all, s.metricsRoutes()...)
	all = append(all, s.apiRoutes()...)
	all = append(all, s.loginRoutes()...)
	all = append(all, s.pageRoutes()...)
	return all
}

// mux finds the route of a request, and says in words where there is none.
func (s *Server) mux() http.Handler {
	mux, methods := http.NewServeMux(), []string{http.MethodGet, http.MethodPost}
	for _, r := range s.routes() {
		mux.Handle(r.method+" "+r.path, s.gate(r))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		for _, method := range methods {
			other := &http.Request{Method: method, Host: r.Host, URL: r.URL}
			if _, pattern = mux.Handler(other); pattern != "" {
				w.Header().Set("Allow", method)
				deny(w, r, http.StatusMethodNotAllowed, "syntax", r.URL.Path+" wants "+method)
				return
			}
		}
		deny(w, r, http.StatusNotFound, "no-such-id", "there is no such page")
	})
}
