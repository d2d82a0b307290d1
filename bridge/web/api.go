package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"wvsms/bridge"
)

// apiRoot is where the JSON interface is, in its first version: docs/api.md. It says what
// the socket says, and asks the same methods for it.
const apiRoot = "/api/v1/"

func (s *Server) apiRoutes() []route {
	get := func(path string, ask func(*http.Request) (any, error)) route {
		return route{method: http.MethodGet, path: apiRoot + path, serve: func(w http.ResponseWriter, r *http.Request) {
			v, err := ask(r)
			tell(w, v, err)
		}}
	}
	tend := func(path, name string, do func(context.Context, string) error) route {
		return route{method: http.MethodPost, path: apiRoot + path + "/{" + name + "}", needs: bridge.MayTend, serve: func(w http.ResponseWriter, r *http.Request) {
			what := r.PathValue(name)
			err := do(r.Context(), what)
			if err == nil {
				s.log.Info().Str("token", callerOf(r).Name).Str("what", path).Str(name, what).Msg("done by HTTP")
			}
			tell(w, map[string]string{name: what}, err)
		}}
	}
	return []route{
		get("info", func(*http.Request) (any, error) { return s.bridge.Info(), nil }),
		get("list/{what}", func(r *http.Request) (any, error) {
			opts, err := options(r, "state", "after", "before", "limit")
			if err != nil {
				return nil, err
			}
			return s.bridge.List(r.Context(), r.PathValue("what"), opts)
		}),
		get("show/{id}", func(r *http.Request) (any, error) { return s.bridge.Show(r.Context(), r.PathValue("id")) }),
		get("events", func(r *http.Request) (any, error) {
			opts, err := options(r, "after", "limit")
			if err != nil {
				return nil, err
			}
			return s.bridge.Events(r.Context(), opts)
		}),
		get("who", func(r *http.Request) (any, error) {
			caller := callerOf(r)
			return map[string]string{"name": caller.Name, "rights": caller.Rights.String()}, nil
		}),
		tend("cancel", "id", s.bridge.Cancel),
		tend("retry", "id", s.bridge.Retry),
		tend("resume", "number", s.bridge.Resume),
		{method: http.MethodPost, path: apiRoot + "send", needs: bridge.MaySend, most: mostSend, serve: s.send},
	}
}

// options are the keys of a query. One that is not known, or stands twice, is an error,
// as it is on the socket.
func options(r *http.Request, known ...string) (map[string]string, error) {
	all := map[string]string{}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &bridge.Refusal{Code: "syntax", Text: "read the query: " + err.Error()}
	}
	for key, list := range values {
		switch {
		case !slices.Contains(known, key):
			return nil, &bridge.Refusal{Code: "syntax", Text: "unknown key " + key}
		case len(list) > 1:
			return nil, &bridge.Refusal{Code: "syntax", Text: key + " stands twice"}
		}
		all[key] = list[0]
	}
	return all, nil
}

// statuses are those of HTTP for the codes of ERR.
var statuses = map[string]int{
	"syntax": http.StatusBadRequest, "line-too-long": http.StatusBadRequest, "bad-number": http.StatusBadRequest,
	"auth": http.StatusUnauthorized, "rights": http.StatusForbidden, "not-allowed": http.StatusForbidden,
	"no-such-id": http.StatusNotFound, "key-conflict": http.StatusConflict, "gone": http.StatusGone,
	"too-large": http.StatusRequestEntityTooLarge, "budget": http.StatusTooManyRequests, "queue-full": http.StatusTooManyRequests,
	"disk": http.StatusServiceUnavailable, "busy": http.StatusServiceUnavailable, "no-modem": http.StatusServiceUnavailable,
	"internal": http.StatusInternalServerError,
}

// tell answers with v or, where there is one, the error.
func tell(w http.ResponseWriter, v any, err error) {
	if err == nil {
		say(w, http.StatusOK, v)
		return
	}
	refused := &bridge.Refusal{Code: "internal", Text: err.Error()}
	errors.As(err, &refused)
	status, ok := statuses[refused.Code]
	if !ok {
		status = http.StatusInternalServerError
	}
	sayError(w, status, refused.Code, refused.Text)
}

// say answers with an object.
func say(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		sayError(w, http.StatusInternalServerError, "internal", err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(text, '\n'))
}

// sayError answers with an error as docs/api.md has it.
func sayError(w http.ResponseWriter, status int, code, text string) {
	say(w, status, map[string]any{"error": map[string]string{"code": code, "text": text}})
}
