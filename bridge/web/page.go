package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"wvsms/bridge"
)

// The page is whole without a script: page.js only puts what is new in the place of what
// was there. Templates, styles and the script are in the program.
//
//go:embed static
var static embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"v":       func(text string) string { return visible(text, 64) },
	"long":    func(text string) string { return visible(text, 400) },
	"span":    span,
	"spoken":  spoken,
	"took":    took,
	"ms":      func(ms int64) string { return took(time.Duration(ms) * time.Millisecond) },
	"many":    many,
	"n":       grouped,
	"percent": percent,
	"signal":  signalPlot,
	"word":    signalWord,
	"bars":    newBars,
	"last":    func(list []int) int { return list[len(list)-1] },
	"peak":    peak,
	"clock":   func(t time.Time) string { return t.UTC().Format("15:04:05") },
	"date":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"logtime": logTime,
	"numbers": numbers,
	"gauge":   newGauge,
	"what":    whatOf,
	"level":   levelOf,
}).ParseFS(static, "static/*.html"))

// fragments are the parts of the page that change while somebody looks; each is a
// template, and the content of the element with that id.
var fragments = []string{"verdict", "modems", "queue", "pace", "messages", "aside", "log"}

func (s *Server) pageRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/{$}", serve: s.page},
		{method: http.MethodGet, path: "/message/{id}", serve: s.message},
		{method: http.MethodPost, path: "/message/{id}/retry", needs: bridge.MayTend, serve: s.tend(s.bridge.Retry)},
		{method: http.MethodPost, path: "/message/{id}/cancel", needs: bridge.MayTend, serve: s.tend(s.bridge.Cancel)},
		{method: http.MethodGet, path: "/events", stream: true, serve: s.events},
		{method: http.MethodGet, path: "/static/{file}", anybody: true, serve: s.file},
	}
}

// forPeople tells whether an answer is a page.
func forPeople(r *http.Request) bool {
	return r.URL.Path == "/" || r.URL.Path == "/login" || r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/message/")
}

// A pager renders the fragments, once for all who look.
type pager struct {
	mu   sync.Mutex
	at   time.Time
	last map[string]template.HTML
}

// fresh are the fragments as they are now, or were at since or later.
func (s *Server) fresh(ctx context.Context, since time.Time) (map[string]template.HTML, error) {
	s.pager.mu.Lock()
	defer s.pager.mu.Unlock()
	if s.pager.last != nil && !s.pager.at.Before(since) {
		return s.pager.last, nil
	}
	now := time.Now()
	view := s.look(s.bridge.Snapshot(ctx), now)
	if err := ctx.Err(); err != nil {
		return nil, err // what was left out for it must not be shown to others
	}
	all := map[string]template.HTML{}
	for _, name := range fragments {
		html, err := rendered(name, view)
		if err != nil {
			return nil, err
		}
		all[name] = html
	}
	s.pager.at, s.pager.last = now, all
	return all, nil
}

func rendered(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil
}

// A visitor is who looks at a page, and what he may do.
type visitor struct {
	Name         string
	Known, Tends bool
	Tokens       bool // there are some with which one can log in
}

func (s *Server) visitor(r *http.Request) visitor {
	caller := callerOf(r)
	return visitor{caller.Name, caller.Rights != 0, caller.Rights&bridge.MayTend != 0, s.bridge.HasTokens()}
}

// page is the one screen.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	parts, err := s.fresh(r.Context(), time.Now().Add(-shortest))
	s.show(w, http.StatusOK, "page", struct {
		visitor
		Parts map[string]template.HTML
	}{s.visitor(r), parts}, err)
}

// A life is one message, with all that is known of it.
type life struct {
	visitor
	ID      string
	Out     *bridge.OutboundView
	In      *bridge.InboundView
	Story   []moment
	Refused string // why what was asked for was not done
}

// message is the life of one.
func (s *Server) message(w http.ResponseWriter, r *http.Request) {
	s.tell(w, r, http.StatusOK, "")
}

// tell shows the life of the message that a request is about; refused is why what it
// wanted was not done.
func (s *Server) tell(w http.ResponseWriter, r *http.Request, status int, refused string) {
	l := life{visitor: s.visitor(r), ID: r.PathValue("id"), Refused: refused}
	view, err := s.bridge.Show(r.Context(), l.ID)
	var gone *bridge.Refusal
	switch m := view.(type) {
	case *bridge.OutboundView:
		l.Out, l.Story = m, story(m)
	case *bridge.InboundView:
		l.In = m
	default:
		if !errors.As(err, &gone) {
			break
		}
		status, err = http.StatusNotFound, nil
		if l.Refused == "" {
			l.Refused = gone.Text
		}
	}
	s.show(w, status, "message", l, err)
}

// tend does to a message what its operator wants.
func (s *Server) tend(do func(context.Context, string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := do(r.Context(), r.PathValue("id"))
		var refused *bridge.Refusal
		switch {
		case err == nil:
			s.log.Info().Str("token", callerOf(r).Name).Str("id", r.PathValue("id")).Str("did", path.Base(r.URL.Path)).Msg("tended on the page")
			http.Redirect(w, r, "/message/"+r.PathValue("id"), http.StatusSeeOther)
		case errors.As(err, &refused):
			s.tell(w, r, http.StatusConflict, "It was not done: "+refused.Text+".")
		default:
			s.show(w, 0, "", nil, err)
		}
	}
}

// show answers with a page. It is whole before the first octet goes out.
func (s *Server) show(w http.ResponseWriter, status int, name string, data any, err error) {
	var html template.HTML
	if err == nil {
		html, err = rendered(name, data)
	}
	if err != nil {
		s.log.Error().Err(err).Str("page", name).Msg("cannot make a page")
		http.Error(w, "the page cannot be made; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(html))
}

// types of the files that are served. What is not here is not there.
var types = map[string]string{"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"}

func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	kind, known := types[name]
	if !known {
		deny(w, r, http.StatusNotFound, "no-such-id", "there is no such file")
		return
	}
	text, err := static.ReadFile("static/" + name)
	if err != nil {
		panic(err) // it is in the program
	}
	w.Header().Set("Content-Type", kind)
	w.Write(text)
}
