package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"wvsms/bridge"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"+491712345678":               "+491712345678",
		"Müller & Söhne <x> 東京 🙂":     "Müller & Söhne <x> 東京 🙂", // html/template does its part
		"a\x00b\x1b[31mc\r\n":         "a⟨U+0000⟩b⟨U+001B⟩[31mc⟨U+000D⟩⟨U+000A⟩",
		"\u202egnp\u2066\u2069":       "⟨U+202E⟩gnp⟨U+2066⟩⟨U+2069⟩",
		"a\u200bb\u00adc\ufeff\u2028": "a⟨U+200B⟩b⟨U+00AD⟩c⟨U+FEFF⟩⟨U+2028⟩",
		"\u3164\u2800\u00a0":          "⟨U+3164⟩⟨U+2800⟩⟨U+00A0⟩", // look like nothing
		"e\u0301\u0301\u0301\u0301":   "e\u0301\u0301⟨U+0301⟩⟨U+0301⟩",
		"\xff\xfe \ufffd":             "⟨FF⟩⟨FE⟩ \ufffd",
		strings.Repeat("ä", 66):       strings.Repeat("ä", 64) + "… 2 more",
	} {
		if got := visible(text, 64); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Whatever is hostile in whatever somebody else may have written, the page has no element
// and no attribute of its making, and no character that is not seen.
func TestHostile(t *testing.T) {
	s := &Server{meter: NewMeter(), tail: &LogTail{}}
	log := zerolog.New(s.tail)
	log.Warn().Str("why", hostile).Str(hostile, hostile).Strs("list", []string{hostile}).Msg(hostile)
	s.tail.Write([]byte(hostile))
	s.tail.Write([]byte(`{"level":"info","message":"` + strings.Repeat(hostile, 400)))
	v := calm()
	looks["hostile"](v)
	pages := map[string]any{}
	for _, name := range fragments {
		pages[name] = s.look(v, time.Now())
	}
	pages["page"] = struct {
		visitor
		Parts map[string]template.HTML
	}{visitor: visitor{Name: hostile, Known: true}}
	pages["message"] = life{ID: hostile, Refused: hostile}
	for name, data := range pages {
		html, err := rendered(name, data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		harmless(t, name, string(html))
	}
}

// A sender without scruples: what he sends and what he calls himself.
func TestHostileSender(t *testing.T) {
	tail := &LogTail{}
	r := newRig(t, func(_ *bridge.Config, o *Options) { o.Tail = tail; o.Log = zerolog.New(tail) })
	h := r.air.NewHandset(phone, nil)
	r.until("the modem is ready", func() bool { return r.Snapshot(t.Context()).Modems[0].Sends })
	ports := pdu.IE{ID: pdu.IEPorts16, Data: []byte{3590 >> 8, 3590 & 0xff, 0, 0}}
	d := pdu.Deliver{
		OA:  pdu.Address{TON: pdu.Alphanumeric, Text: "<b>\"&'\r\n"},
		DCS: 0x04, SCTS: pdu.NewTimestamp(time.Now()),
		UD: pdu.UserData{UDHI: true, UDH: []pdu.IE{ports}, Data: []byte("WV12LR<img/src=x>\x1b\u202e")},
	}
	tpdu, err := d.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	r.air.Inject(ownNumber, tpdu)
	if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Data: []byte(`<WV-CSP-Message><Session><Transaction><TransactionDescriptor><TransactionID>"><script>` + "\u202e" + hostile)}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Accept(t.Context(), bridge.Request{To: phone, Port: 3590, Payload: []byte(hostile), Key: hostile, TTL: time.Hour, Origin: "tcp"}); err != nil {
		t.Fatal(err)
	}
	r.until("all of it is there", func() bool { return len(r.Snapshot(t.Context()).Newest) == 3 })
	page := r.ask("GET", "/", "", nil)
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, "&lt;b&gt;") {
		t.Errorf("%s:\n%s", page.Status, page.body)
	}
	harmless(t, "the page", page.body)
	for _, m := range r.Snapshot(t.Context()).Newest {
		life := r.ask("GET", "/message/"+m.ID, "", nil)
		if life.StatusCode != http.StatusOK || !strings.Contains(life.body, m.ID) {
			t.Errorf("%s:\n%s", life.Status, life.body)
		}
		harmless(t, "message of "+m.Peer, life.body)
	}
	if gone := r.ask("GET", "/message/X", "", nil); gone.StatusCode != http.StatusNotFound || !strings.Contains(gone.body, "never given out") {
		t.Errorf("%s:\n%s", gone.Status, gone.body)
	}
}

var (
	unseen = regexp.MustCompile(`[\x00-\x09\x0b-\x1f\x7f-\x9f\p{Cf}\x{2028}\x{2029}]`)
	tags   = regexp.MustCompile(`<[^>]*>`)
	strict = regexp.MustCompile(`^<(!doctype html|/?[a-z][a-z0-9]*( [a-zA-Z-]+(="[^"<>]*")?)*)/?>$`)
	forbid = regexp.MustCompile(`(?i) (on[a-z]+|style)=|^<(style|img|b/|iframe|object)|javascript:`)
	script = `<script src="/static/page.js" defer>`
)

// harmless holds HTML to this: every tag in it is written as the templates write them, none has
// what the policy forbids, and there is no character that is not seen.
func harmless(t *testing.T, name, html string) {
	t.Helper()
	if found := unseen.FindString(html); found != "" {
		t.Errorf("%s has %q", name, found)
	}
	for _, tag := range tags.FindAllString(html, -1) {
		bare := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(tag, `""`)
		if !strict.MatchString(tag) || forbid.MatchString(bare) || strings.HasPrefix(tag, "<script") && tag != script {
			t.Errorf("%s has %s", name, tag)
		}
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name, level, text string
		change            func(*bridge.Snapshot)
	}{
		{"calm", "good", "All well: 2 modems ready, 3 messages on the way, 1 for a program.", func(*bridge.Snapshot) {}},
		{"idle", "good", "All well: 2 modems ready, nothing waits.", func(v *bridge.Snapshot) { v.Info.Queued, v.Info.Unclaimed = 0, 0 }},
		{"one is down", "warn", "1 of 2 modems cannot send: m1.", func(v *bridge.Snapshot) { v.Modems[1].Sends = false }},
		{"all are down", "bad", "Nothing can be sent: none of 2 modems is ready.", func(v *bridge.Snapshot) { v.Modems[0].Sends, v.Modems[1].Sends = false, false }},
		{"just started", "warn", "The bridge has just started: no modem is ready yet.", func(v *bridge.Snapshot) {
			v.Modems[0].Sends, v.Modems[1].Sends, v.Info.Uptime = false, false, "9s"
		}},
		{"the budget", "warn", "The budget of 500 segments in 24 h is spent.", func(v *bridge.Snapshot) { v.Info.Spent = 500 }},
		{"the budget of a month", "warn", "The budget of 900 segments in 30 days is spent.", func(v *bridge.Snapshot) { v.Info.Spent30d, v.Info.Month = 900, 900 }},
		{"a loop", "bad", "Programs answer each other without end: nothing more is accepted for 491712345678, until an hour of silence or wvsms queue resume.", func(v *bridge.Snapshot) {
			v.Info.Loops = append(v.Info.Loops, bridge.LoopInfo{Peer: "491712345678"})
		}},
		{"a modem's budget", "warn", "1 of 2 modems cannot send for want of a budget: m1.", func(v *bridge.Snapshot) { v.Modems[1].Spent = 250 }},
		{"nobody listens", "warn", "1 message waits for a program, the oldest for 2 h 00.", func(v *bridge.Snapshot) { v.Unclaimed = 2 * time.Hour }},
		{"the queue stands", "warn", "3 messages wait to be sent, the oldest for 11 min.", func(v *bridge.Snapshot) { v.Oldest = 11 * time.Minute }},
		{"the worst first", "bad", "The spool cannot be read: disk.", func(v *bridge.Snapshot) { v.Weak, v.Trouble, v.Info.Spent = true, "disk", 500 }},
	} {
		v := calm()
		c.change(v)
		if got := judge(v); got.Level != c.level || got.Text != c.text {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestWindow(t *testing.T) {
	w, now := &window{}, time.Date(2026, 1, 1, 12, 0, 30, 0, time.UTC)
	for i := range 300 {
		w.took(now.Add(time.Duration(i)*time.Second), bridge.SubmitToFinal, time.Duration(i)*time.Millisecond)
	}
	p := w.pace(now.Add(5*time.Minute), bridge.SubmitToFinal)
	if got := fmt.Sprint(p.Minutes[windowMinutes-7:]); got != "[0 30 60 60 60 60 30]" {
		t.Errorf("by minute: %s", got)
	}
	if p.N != windowLast || p.Median != 171*time.Millisecond || p.P99 != 297*time.Millisecond {
		t.Errorf("of the last %d: median %v, 99 %% %v", p.N, p.Median, p.P99)
	}
	if p = w.pace(now.Add(3*time.Hour), bridge.SubmitToFinal); peak(p.Minutes) != 0 || p.N != windowLast {
		t.Errorf("hours later: %v", p)
	}
	if p = w.pace(now, bridge.AcceptToReport); p.N != 0 || p.Median != 0 {
		t.Errorf("of nothing: %v", p)
	}
}

func TestLogTail(t *testing.T) {
	tail := &LogTail{}
	log := zerolog.New(tail)
	log.Debug().Msg("not for the page")
	for i := range 250 {
		log.Info().Str("b", "x y").Int("a", i).Msg("m")
	}
	all := tail.newest()
	if len(all) != tailLines || all[0].N != 249 || fmt.Sprint(all[0]) != "{249  info m [{b x y} {a 249}]}" || all[199].N != 50 {
		t.Errorf("%d lines, from %v to %v", len(all), all[0], all[len(all)-1])
	}
	if got := (*LogTail)(nil).newest(); got != nil {
		t.Errorf("of none: %v", got)
	}
	cut := readLine([]byte(`{"level":"info","id":"X","why":"a long one that en`))
	if fmt.Sprint(cut) != "{0  info  [{id X} {why …}]}" {
		t.Errorf("cut: %v", cut)
	}
}

func TestSignalPlot(t *testing.T) {
	for want, dbm := range map[string][]int{
		"":                   {0, 0},
		"M0 1H1H2V39H3H4":    {-50, -50, -120, -120},
		"M1 1H2V39H3M4 39H5": {0, -40, -120, 0, -140},
		"M0 20H1":            {-85},
	} {
		if got := signalPlot(dbm); got != want {
			t.Errorf("%v: %s, want %s", dbm, got, want)
		}
	}
}

// Whoever has the page open is told what has changed, when it does; nobody else costs
// anything.
func TestEvents(t *testing.T) {
	r := newRig(t, nil)
	h := r.air.NewHandset(phone, nil)
	r.until("the modem is ready", func() bool {
		return len(r.Snapshot(t.Context()).Modems) == 1 && r.Snapshot(t.Context()).Modems[0].Sends
	})
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+r.addr+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if kind := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("%s, %s", res.Status, kind)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	next := func() (parts map[string]string) {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &parts); err != nil {
					t.Fatal(err)
				}
				return parts
			}
		}
		t.Fatal("the stream ended: ", lines.Err())
		return nil
	}
	if first := next(); len(first) != len(fragments) || !strings.Contains(first["messages"], "No message") {
		t.Errorf("at first: %d fragments, messages %s", len(first), first["messages"])
	}
	if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Data: []byte("WV12PO7 SI=S42")}); err != nil {
		t.Fatal(err)
	}
	for {
		parts := next()
		if strings.Contains(parts["messages"], "Polling-Request <small>7 · PTS 1.2") {
			break
		}
		if _, all := parts["modems"]; all && len(parts) == len(fragments) {
			t.Error("everything is sent again")
		}
	}
	stop()
	r.until("the stream has ended on this side, too", func() bool { return len(r.web.streams) == 0 })
}
