package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"wvsms/bridge"
)

// mostSend is what the largest payload and its keys take in base64 and JSON.
const mostSend = 64 << 10

// A sendRequest is the body of send. What is left out is as SEND has it.
type sendRequest struct {
	To       string  `json:"to"`
	Payload  []byte  `json:"payload"`
	Port     *uint16 `json:"port"`
	FromPort *uint16 `json:"from_port"`
	Key      *string `json:"key"`
	TTL      *string `json:"ttl"`
	Report   *bool   `json:"report"`
	Modem    *string `json:"modem"`
	Unknown  *string `json:"unknown"`
	Dry      *bool   `json:"dry"`
}

// keys are those of SEND.
func (q *sendRequest) keys() map[string]string {
	keys := map[string]string{}
	for key, value := range map[string]*string{"key": q.Key, "ttl": q.TTL, "modem": q.Modem, "unknown": q.Unknown} {
		if value != nil {
			keys[key] = *value
		}
	}
	for key, value := range map[string]*uint16{"port": q.Port, "from-port": q.FromPort} {
		if value != nil {
			keys[key] = strconv.Itoa(int(*value))
		}
	}
	for key, value := range map[string]*bool{"report": q.Report, "dry": q.Dry} {
		if value != nil {
			keys[key] = map[bool]string{true: "yes", false: "no"}[*value]
		}
	}
	return keys
}

// A sendAnswer is OK to SEND.
type sendAnswer struct {
	ID        string `json:"id,omitempty"` // a dry run gives out none
	Segments  int    `json:"segments"`
	Duplicate bool   `json:"duplicate,omitempty"` // the key stood for this message already
	Cost      string `json:"cost,omitempty"`      // where a price is known
	Dry       bool   `json:"dry,omitempty"`       // nothing was kept
}

// send is SEND.
func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	accepted, err := s.accept(r)
	if err != nil {
		s.bridge.Refused(err)
	}
	if accepted.Dry {
		accepted.ID = ""
	}
	tell(w, sendAnswer{ID: accepted.ID, Segments: accepted.Segments, Duplicate: accepted.Duplicate, Cost: accepted.Cost, Dry: accepted.Dry}, err)
}

func (s *Server) accept(r *http.Request) (bridge.Accepted, error) {
	q, err := readSend(r)
	if err != nil {
		return bridge.Accepted{}, err
	}
	request, err := bridge.ParseRequest(q.To, q.keys())
	if err != nil {
		return bridge.Accepted{}, err
	}
	request.Payload, request.Origin = q.Payload, "http"
	return s.bridge.Accept(r.Context(), request)
}

func readSend(r *http.Request) (q sendRequest, err error) {
	wrong := func(code, text string) (sendRequest, error) { return q, &bridge.Refusal{Code: code, Text: text} }
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return wrong("syntax", "Content-Type is application/json") // which no form of a page can send
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err = d.Decode(&q)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.Join(more, errors.New("something follows the object"))
		}
	}
	switch tooLarge := (*http.MaxBytesError)(nil); {
	case errors.As(err, &tooLarge):
		return wrong("too-large", fmt.Sprintf("a request has at most %d octets", tooLarge.Limit))
	case err != nil:
		return wrong("syntax", "read the body: "+err.Error())
	case len(q.Payload) > bridge.MaxPayload:
		return wrong("too-large", fmt.Sprintf("a payload has at most %d octets", bridge.MaxPayload))
	}
	return q, nil
}
