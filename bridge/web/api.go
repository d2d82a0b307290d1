package web

import (
	"encoding/json"
	"net/http"
)

// apiRoot is where the JSON interface is, in its first version.
const apiRoot = "/api/v1/"

// say answers with an object.
func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// sayError answers with an error as docs/api.md has it.
func sayError(w http.ResponseWriter, status int, code, text string) {
	say(w, status, map[string]any{"error": map[string]string{"code": code, "text": text}})
}
