package web

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wvsms/bridge"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

var update = flag.Bool("update", false, "write the answers of the examples in docs/api.md anew")

// example is a request of docs/api.md and the answer behind it.
var example = regexp.MustCompile("(?s)```http\n(.*?)```\n```json ([0-9]+)\n(.*?)```\n")

// Every example of docs/api.md does what stands there: its status and the keys of its
// answer, no more and no less.
func TestAPIExamples(t *testing.T) {
	const doc = "../../docs/api.md"
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	r, ids := newExampleRig(t)
	examples := example.FindAllSubmatchIndex(text, -1)
	if len(examples) < 15 {
		t.Fatalf("%d examples were found", len(examples))
	}
	var written []byte
	from, known := 0, map[string]string{}
	for _, at := range examples {
		request, status, want := string(text[at[2]:at[3]]), string(text[at[4]:at[5]]), text[at[6]:at[7]]
		var got []byte
		answered := func() bool {
			got = r.example(request, status, ids)
			return *update || slices.Equal(keysOf(t, want), keysOf(t, got))
		}
		if strings.HasPrefix(request, "POST") {
			if !answered() {
				r.differ(request, want, got)
			}
		} else {
			r.patiently(answered, func() { r.differ(request, want, got) })
		}
		written = append(append(written, text[from:at[6]]...), settled(got, known)...)
		from = at[7]
	}
	if *update {
		if err := os.WriteFile(doc, append(written, text[from:]...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// varying are what is another thing each time, and what stands in the examples for it.
var varying = []struct {
	is      *regexp.Regexp
	written string
}{
	{regexp.MustCompile(`20[0-9-]{8}T[0-9:.]+Z`), "2026-03-01T12:00:00Z"},
	{regexp.MustCompile(`("took": )"[^"]*"`), `$1"2.4s"`},
	{regexp.MustCompile(`("after_ms": )[0-9]+`), `${1}2600`},
	{regexp.MustCompile(`("(uptime|age)": )"[^"]*"`), `$1"1h2m3s"`},
	{regexp.MustCompile(`("(deadline|expires|due)_in": )"[^"]*"`), `$1"22h57m57s"`},
}

// ulid is an id of a message.
var ulid = regexp.MustCompile(`\b01[0-9A-Z]{24}\b`)

// settled is an answer as it is written: the same one each time. known are the ids that
// were written before, and what stands for each.
func settled(answer []byte, known map[string]string) []byte {
	for _, v := range varying {
		answer = v.is.ReplaceAll(answer, []byte(v.written))
	}
	return ulid.ReplaceAllFunc(answer, func(id []byte) []byte {
		if known[string(id)] == "" {
			known[string(id)] = fmt.Sprintf("01JN8QZ9T0%016d", len(known)+1)
		}
		return []byte(known[string(id)])
	})
}

func (r *rig) differ(request string, want, got []byte) {
	r.t.Helper()
	r.t.Errorf("%s\nhas the keys %v,\nwant %v (-update writes them)", request, keysOf(r.t, got), keysOf(r.t, want))
}

// newExampleRig is a bridge in which there is something of everything that the examples
// show, and what the names in their paths stand for.
func newExampleRig(t *testing.T) (*rig, map[string]string) {
	r := newRig(t, func(c *bridge.Config, _ *Options) {
		c.Tokens = []bridge.TokenConfig{{Name: "im", File: tokenFile(t, goodToken), Rights: bridge.MaySend | bridge.MayTend}}
		c.Modems = append(c.Modems, bridge.ModemConfig{Name: "m1"})
	})
	r.until("a modem that sends", func() bool { return r.Ready(t.Context()) == "" })
	handset := r.air.NewHandset(phone, nil)
	if err := handset.Send(ownNumber, wdp.Datagram{Dst: 3590, Src: 3590, Data: []byte("WV12LR1 answer")}); err != nil {
		t.Fatal(err)
	}
	oa, err := pdu.ParseNumber(phone)
	if err != nil {
		t.Fatal(err)
	}
	segments, err := (wdp.Datagram{Dst: 3590, Src: 3590, Data: make([]byte, 400)}).Segment(wdp.Ref{Value: 7, Wide: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, ud := range []pdu.UserData{segments[0], {Data: []byte("hello")}} {
		tpdu, err := (&pdu.Deliver{OA: oa, SCTS: pdu.NewTimestamp(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), DCS: 4, UD: ud}).AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		r.air.Inject(ownNumber, tpdu)
	}
	ids := map[string]string{}
	r.until("a message", func() bool {
		var list []struct{ ID string }
		r.json("/api/v1/list/inbox", &list)
		for _, m := range list {
			ids["received"] = m.ID
		}
		return len(list) > 0
	})
	return r, ids
}

const goodToken = "correct-horse-battery-staple"

func tokenFile(t *testing.T, token string) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(token); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

func (r *rig) json(path string, to any) {
	r.t.Helper()
	res := r.ask("GET", path, "", nil)
	if err := json.Unmarshal([]byte(res.body), to); err != nil {
		r.t.Fatalf("%s: %s: %v", path, res.body, err)
	}
}

// example makes the request of an example, and returns its answer as it may stand there.
func (r *rig) example(request, status string, ids map[string]string) []byte {
	r.t.Helper()
	head, body, _ := strings.Cut(request, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	method, path, _ := strings.Cut(lines[0], " ")
	for name, id := range ids {
		path = strings.ReplaceAll(path, "{"+name+"}", id)
	}
	res := r.ask(method, path, body, func(req *http.Request) {
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ": ")
			req.Header.Set(name, strings.ReplaceAll(value, "$TOKEN", goodToken))
		}
	})
	if strconv.Itoa(res.StatusCode) != status {
		r.t.Fatalf("%s\nis answered %s, want %s: %s", request, res.Status, status, res.body)
	}
	if strings.HasPrefix(request, "POST /api/v1/send\n") && status == "200" {
		var accepted struct{ ID string }
		if err := json.Unmarshal([]byte(res.body), &accepted); err != nil {
			r.t.Fatal(err)
		}
		switch accepted.ID {
		case "", ids["sent"]: // a dry run, or the key again
		default:
			name := "sent"
			if ids[name] != "" {
				name = "waiting"
			}
			ids[name] = accepted.ID
		}
	}
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(strings.TrimSpace(res.body)), "", "  "); err != nil {
		r.t.Fatalf("%s: %v", res.body, err)
	}
	return append(out.Bytes(), '\n')
}

// patiently asks until it is so, and says what is wrong where it never is. Where the
// examples are written anew, what is under way is waited for.
func (r *rig) patiently(is func() bool, wrong func()) {
	r.t.Helper()
	if *update {
		time.Sleep(time.Second)
	}
	for end := time.Now().Add(patience / 4); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			wrong()
			return
		}
	}
}

// keysOf are the keys of an object, those of the objects in it behind a dot. What is
// counted has other keys each time.
func keysOf(t *testing.T, text []byte) []string {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	all := map[string]bool{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				all[at+key] = true
				if key != "counters" {
					walk(at+key+".", value)
				}
			}
		case []any:
			for _, one := range v {
				walk(at, one)
			}
			all[fmt.Sprint(at, len(v) > 0)] = true
		}
	}
	walk("", v)
	return slices.Sorted(maps.Keys(all))
}
