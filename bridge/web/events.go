package web

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"time"
)

// Implementation.
const (
	shortest   = time.Second     // between two looks at the bridge, however much happens
	refresh    = 5 * time.Second // so that ages go on where nothing happens
	streamTime = 10 * time.Second
)

// events gives whoever looks the fragments that have changed, as server-sent events (HTML
// 9.2). Between two of them it sleeps until the bridge moves; without a client there is
// nothing that sleeps.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy in between is to pass on each
	client := http.NewResponseController(w)
	shown := map[string]template.HTML{}
	for since := time.Now(); ; {
		moved := s.bridge.Moved() // before looking, so that nothing falls between
		all, err := s.fresh(r.Context(), since)
		if err != nil {
			return
		}
		looked := time.Now()
		client.SetWriteDeadline(looked.Add(streamTime)) // one that takes nothing is gone
		if _, err := w.Write(news(shown, all)); err != nil || client.Flush() != nil {
			return
		}
		timer := time.NewTimer(refresh)
		select {
		case <-r.Context().Done():
		case <-moved:
		case <-timer.C:
		}
		timer.Stop()
		since = time.Now()
		if !rest(r, shortest-time.Since(looked)) || !s.stays(r) {
			return
		}
	}
}

// rest waits for d; false: the client has left.
func rest(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-timer.C:
		return r.Context().Err() == nil
	}
}

// news is one event: the fragments that are not as they were shown. Without any it is a
// comment, by which a client that is gone is noticed.
func news(shown, all map[string]template.HTML) []byte {
	changed := map[string]template.HTML{}
	for name, html := range all {
		if shown[name] != html {
			changed[name], shown[name] = html, html
		}
	}
	if len(changed) == 0 {
		return []byte(":\n\n")
	}
	var b bytes.Buffer
	b.WriteString("data: ")
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(changed) // it has no line end in it, and one behind it
	b.WriteString("\n")
	return b.Bytes()
}
