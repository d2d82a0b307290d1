package web

import (
	"flag"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/rs/zerolog"

	"wvsms/bridge"
)

var galleryShot = flag.Bool("gallery", false, "write what the gallery looks like, too")

// hostile is what an SMS sender or a modem may say of itself.
const hostile = "<script>alert(1)</script>\x1b[31m\u202egnp.exe\u2066\u200b\" onload=x \x00\xff{{.}} a\u0301\u0301\u0301\u0301"

// looks are bridges as one may be.
var looks = map[string]func(*bridge.Snapshot){
	"calm": func(*bridge.Snapshot) {},
	"empty": func(v *bridge.Snapshot) {
		*v = bridge.Snapshot{Wall: v.Wall, Info: bridge.Info{Uptime: "4s"}, States: map[string]int{}, Modems: v.Modems[:1]}
		v.Modems[0] = bridge.ModemSnapshot{ModemInfo: bridge.ModemInfo{Name: "m0"}}
	},
	"trouble": func(v *bridge.Snapshot) {
		m := &v.Modems[1]
		m.Ready, m.Sends, m.Alarm = true, false, "the SIM is not subscribed to sending: ask its operator"
		m.Recovery = "recovery, restart: the modem is restarted"
		m.Verdict = "the network denies this SIM (cause: “IMSI unknown in HLR”): ask its operator whether it is blocked"
		v.Modems[0].Signal[200], v.Info.Spent, v.Modems[0].Spent, v.Modems[0].Budget = 0, 500, 431, 431
		v.Oldest, v.Unclaimed, v.Info.Queued, v.Info.Unclaimed = 3*time.Hour+4*time.Minute, 26*time.Hour, 1204, 17
		v.Weak, v.Info.Clock = true, "never set: times are shown wrong"
		v.Partials = []bridge.PartialView{{N: 4, From: "+491712345678", Total: 7, Have: []int{1, 2, 5}, Port: 3590, Age: "3h12m", Deadline: "20h48m"}}
		for i := range v.Newest {
			if i%4 == 0 {
				v.Newest[i].State, v.Newest[i].Why = "failed", "CMS ERROR 28 (the network does not know the number)"
			}
		}
	},
	"ten": func(v *bridge.Snapshot) {
		for i := 2; i < 10; i++ {
			m := v.Modems[i%2]
			m.Name, m.Spent = fmt.Sprint("m", i), i*57
			v.Modems = append(v.Modems, m)
		}
	},
	"hostile": func(v *bridge.Snapshot) {
		long := hostile + strings.Repeat("Donaudampfschifffahrtsgesellschaft", 12)
		m := &v.Modems[0]
		m.Verdict, m.Operator, m.Serving, m.Number, m.SIM, m.Model, m.Alarm, m.Recovery, m.Carries = long, long, long, long, long, long, long, long, long
		v.Stuck, v.Trouble = long, long
		for i := range v.Newest {
			n := &v.Newest[i]
			n.Peer, n.CSP, n.Why, n.State = long, "PTS 1.2 "+long, long, "queued"
		}
		v.Partials = []bridge.PartialView{{From: long, Total: 255, Have: make([]int, 200), Age: "1s"}}
		v.Info.Loops = []bridge.LoopInfo{{Peer: long, Segments: 31, Since: &v.Wall}}
		v.Quarantine = []bridge.QuarantineView{{From: long, Reason: long, PDU: strings.Repeat("07", 170) + "<140 octets>", Text: long, Modem: long}}
	},
}

func calm() *bridge.Snapshot {
	v := &bridge.Snapshot{
		Wall:   time.Date(2026, 11, 26, 14, 3, 9, 0, time.UTC),
		Info:   bridge.Info{Uptime: "312h4m7s", Queued: 3, Unclaimed: 1, Partials: 1, Cost24h: "5.49 EUR"},
		States: map[string]int{"queued": 3, "sent": 18, "delivered": 10482, "failed": 12, "unknown": 2, "expired": 1, "cancelled": 0},
		Oldest: 4 * time.Second, Unclaimed: time.Second,
		Partials: []bridge.PartialView{{N: 4, From: "+491712345678", Total: 3, Have: []int{1}, Port: 3590, Age: "2s", Deadline: "24h"}},
		Quarantine: []bridge.QuarantineView{
			{N: 9, From: "Telekom", Reason: "text: it is for people", Modem: "m1", PDU: "07919471227210F0040BD0D4329B5E9603<38 octets>", At: time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)},
			{N: 8, From: "+4915112345678", Reason: "WDP port 2948 without application id 0x0A", Modem: "m0", PDU: "07919471227210F0440D91945111325476F8<66 octets>", At: time.Date(2026, 11, 25, 22, 11, 5, 0, time.UTC)},
		},
	}
	v.Info.Spent, v.Info.Budget, v.Info.Spent30d, v.Info.Month = 61, 500, 2210, 9000
	for i, operator := range []string{"Telekom.de", "Vodafone.de"} {
		m := bridge.ModemSnapshot{ModemInfo: bridge.ModemInfo{
			Name: fmt.Sprint("m", i), Ready: true, Registered: true, Sends: true, Operator: operator, Serving: fmt.Sprint("2620", i+1),
			Verdict: "ready, registered on " + operator + fmt.Sprintf(", signal -%d dBm", 73+16*i), RSSI: -73 - 16*i,
			Number: fmt.Sprint("+49170000000", i), SIM: fmt.Sprint("26201000000000", i), Model: "Quectel EC25", StoreUsed: 2 * i, StoreTotal: 25,
		}}
		m.Spent, m.Budget = 20+21*i, 250*i
		for s := range 288 {
			m.Signal = append(m.Signal, -73-16*i-(s*s/97+s/3)%11+(s/40)%5*3)
		}
		v.Modems = append(v.Modems, m)
	}
	csps := []string{"PTS 1.2 Login-Request, transaction 1", "WBXML 1.2 Status 200, transaction 14", "", "XML 1.3 SendMessage-Request, transaction tx-77; SendMessage-Response 200, transaction tx-78", "PTS 1.2 Presence-Notification-Request, transaction 9"}
	states := []string{"queued", "acked", "sent", "ready", "delivered", "acked", "delivered"}
	for i := range 24 {
		out := i%7 != 1 && i%7 != 3 && i%7 != 5
		v.Newest = append(v.Newest, bridge.Brief{
			ID: fmt.Sprintf("01KB%04d", i), Peer: fmt.Sprintf("+49171234%04d", i*i*37%10000), Out: out, Octets: 31 + i*40, Segments: 1 + i%4, Accepted: i % 2,
			CSP: csps[i%len(csps)], State: states[i%7], Age: time.Duration(i*i*i) * 3 * time.Second, Modem: "m0",
		})
	}
	return v
}

// gallery serves the page of each of the looks as the server itself would.
func gallery(t *testing.T) *httptest.Server {
	t.Helper()
	s := &Server{meter: NewMeter(), tail: &LogTail{}}
	now := time.Now()
	for i := range 400 {
		s.meter.window.took(now.Add(time.Duration(i-400)*8*time.Second-time.Duration(i*i%500)*time.Second), bridge.SubmitToFinal, time.Duration(1200+i*17%900)*time.Millisecond)
		if i%3 == 0 {
			s.meter.window.took(now.Add(time.Duration(i-400)*8*time.Second), bridge.ArriveToCommit, time.Duration(3+i%5)*time.Millisecond)
			s.meter.window.took(now, bridge.AcceptToSubmit, time.Duration(i*31)*time.Millisecond)
		}
	}
	log := zerolog.New(s.tail).With().Timestamp().Logger()
	for i := range 40 {
		log.Info().Str("id", fmt.Sprintf("01KB%04d", i)).Str("peer", "+491712345678").Int("octets", 31+i).Str("csp", "Login-Request").Msg("accepted")
		if i%9 == 8 {
			log.Warn().Str("modem", "m1").Str("why", "CMS ERROR 42 (congestion) "+hostile).Msg("failed")
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/{file}", s.file)
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("GET /look/{name}", func(w http.ResponseWriter, r *http.Request) {
		v := calm()
		looks[r.PathValue("name")](v)
		parts := map[string]template.HTML{}
		for _, name := range fragments {
			html, err := rendered(name, s.look(v, now))
			if err != nil {
				t.Error(err)
			}
			parts[name] = html
		}
		protect(w.Header())
		s.show(w, http.StatusOK, "page", struct {
			visitor
			Parts map[string]template.HTML
		}{visitor{Tokens: true}, parts}, nil)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// The page is at home on a phone and on a desk whatever there is to show.
func gallerySeen(t *testing.T, b *browser) {
	server := gallery(t)
	for name := range looks {
		b.use(deskScreen, "light")
		b.do(chromedp.Navigate(server.URL + "/look/" + name))
		b.until(`document.querySelector("#verdict h1")`)
		b.atHome(name)
		if *galleryShot {
			b.shoot("look-" + name)
		}
	}
}
