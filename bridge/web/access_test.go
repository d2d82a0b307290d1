package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"wvsms/bridge"
)

// newTokenRig is a bridge with a token for each right, named like it, whose file holds its
// name four times.
func newTokenRig(t *testing.T) *rig {
	return newRig(t, func(c *bridge.Config, _ *Options) {
		for name, right := range map[string]bridge.Rights{"send": bridge.MaySend, "receive": bridge.MayReceive, "admin": bridge.MayTend} {
			c.Tokens = append(c.Tokens, bridge.TokenConfig{Name: name, File: tokenFile(t, secretOf(name)), Rights: right})
		}
	})
}

func secretOf(name string) string { return strings.Repeat(name, 4) }

func with(token string) func(*http.Request) {
	return func(req *http.Request) { req.Header.Set("Authorization", "Bearer "+token) }
}

// What changes something wants a right: nobody, a wrong token and a token for other
// things get nowhere, on every route.
func TestRights(t *testing.T) {
	r := newTokenRig(t)
	names := map[bridge.Rights]string{bridge.MaySend: "send", bridge.MayTend: "admin"}
	own := func(req *http.Request) { req.Header.Set("Origin", "http://"+r.addr) }
	tried := 0
	for _, rt := range r.web.routes() {
		if rt.needs == 0 {
			continue
		}
		tried++
		path, right := fill(rt.path), names[rt.needs]
		for _, test := range []struct {
			as     string
			change func(*http.Request)
			status int
		}{
			{"nobody", own, http.StatusUnauthorized},
			{"a token of other rights", with(secretOf("receive")), http.StatusForbidden},
			{"basic authentication", func(req *http.Request) { own(req); req.SetBasicAuth(right, secretOf(right)) }, http.StatusUnauthorized},
			{"a session that is none", func(req *http.Request) { own(req); req.AddCookie(&http.Cookie{Name: r.web.cookieName(), Value: "x"}) }, http.StatusUnauthorized},
			{"a token in the query", func(req *http.Request) { own(req); req.URL.RawQuery = "token=" + secretOf(right) }, http.StatusUnauthorized},
		} {
			if res := r.ask(rt.method, path, "", test.change); res.StatusCode != test.status || strings.HasPrefix(path, apiRoot) != strings.Contains(res.body, `"code":"`) {
				t.Errorf("%s as %s: %s %s", path, test.as, res.Status, res.body)
			}
		}
		if res := r.ask(rt.method, path, "{}", with(secretOf(right))); res.StatusCode == http.StatusUnauthorized || strings.Contains(res.body, `"rights"`) {
			t.Errorf("%s with the right token: %s %s", path, res.Status, res.body)
		}
	}
	if tried < 3 {
		t.Errorf("%d routes want a right", tried)
	}
}

// Who guesses is made to wait, and neither log nor answer has what was guessed.
func TestGuessing(t *testing.T) {
	r := newTokenRig(t)
	waits := false
	for i := range 20 {
		res := r.ask("GET", "/api/v1/info", "", with(fmt.Sprintf("guess-number-%04d", i)))
		if res.StatusCode != http.StatusUnauthorized || strings.Contains(res.body, "guess-number") {
			t.Fatalf("a guess: %s %s", res.Status, res.body)
		}
		waits = waits || strings.Contains(res.body, "too many failures")
	}
	if !waits {
		t.Error("20 guesses in a row are answered at once")
	}
	if strings.Contains(r.log.String(), "guess-number") {
		t.Error("what was guessed is in the log")
	}
	if _, m := r.metrics(); m["wvsms_auth_failures_total"] != 20 {
		t.Errorf("%v wrong tokens are counted", m["wvsms_auth_failures_total"])
	}
}

// A browser shows its token once, has a cookie for it that no script and no other site
// gets, and is forgotten when it logs out.
func TestLogin(t *testing.T) {
	r := newTokenRig(t)
	own := func(req *http.Request) {
		req.Header.Set("Origin", "http://"+r.addr)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	form := url.Values{"token": {secretOf("admin")}}.Encode()

	for name, body := range map[string]string{"a wrong token": "token=wrong", "no token": ""} {
		if res := r.ask("POST", "/login", body, own); res.StatusCode != http.StatusUnauthorized || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %s %v", name, res.Status, res.Header)
		}
	}
	if res := r.ask("POST", "/login?"+form, "", own); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token in the query, which logs keep: %s", res.Status)
	}
	if res := r.ask("POST", "/login", "token="+strings.Repeat("x", 1<<20), own); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a form of 1 MiB: %s", res.Status)
	}

	res := r.ask("POST", "/login", form, own)
	set := res.Header.Get("Set-Cookie")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" {
		t.Fatalf("the right token: %s %v", res.Status, res.Header)
	}
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} {
		if !strings.Contains(set, part) {
			t.Errorf("%s is missing in %s", part, set)
		}
	}
	cookie := res.Cookies()[0]
	if len(cookie.Value) < 43 || strings.Contains(set, secretOf("admin")) {
		t.Errorf("the cookie is %s", set)
	}

	in := func(req *http.Request) { own(req); req.AddCookie(cookie) }
	if res := r.ask("GET", "/api/v1/who", "", in); !strings.Contains(res.body, `"name":"admin"`) {
		t.Errorf("logged in as %s", res.body)
	}
	if res := r.ask("POST", "/api/v1/cancel/X", "", in); res.StatusCode != http.StatusNotFound {
		t.Errorf("logged in, cancel: %s %s", res.Status, res.body)
	}
	elsewhere := func(req *http.Request) { req.AddCookie(cookie); req.Header.Set("Origin", "http://evil.example") }
	if res := r.ask("POST", "/api/v1/cancel/X", "", elsewhere); res.StatusCode != http.StatusForbidden {
		t.Errorf("logged in, for another site's page: %s %s", res.Status, res.body)
	}
	if res := r.ask("POST", "/logout", "", in); res.StatusCode != http.StatusSeeOther || !strings.Contains(res.Header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("log out: %s %v", res.Status, res.Header)
	}
	if res := r.ask("POST", "/api/v1/cancel/X", "", in); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("logged out, with the old cookie: %s %s", res.Status, res.body)
	}
	if strings.Contains(r.log.String(), secretOf("admin")) || strings.Contains(r.log.String(), cookie.Value) {
		t.Error("a secret is in the log")
	}
}

// Under a name beyond loopback somebody passes requests on: all of them want a token, but
// for health, which then tells no details.
func TestBeyondLoopback(t *testing.T) {
	r := newRig(t, func(c *bridge.Config, o *Options) {
		o.Hosts = []string{"wv.example"}
		c.Tokens = []bridge.TokenConfig{{Name: "a", File: tokenFile(t, goodToken), Rights: bridge.MaySend}}
	})
	far := func(req *http.Request) { req.Host = "wv.example" }
	for _, rt := range r.web.routes() {
		if rt.method != http.MethodGet {
			continue
		}
		res := r.ask("GET", fill(rt.path), "", far)
		if rt.anybody != (res.StatusCode != http.StatusUnauthorized) {
			t.Errorf("%s: %s %s", rt.path, res.Status, res.body)
		}
		if rt.path == "/readyz" && strings.Contains(res.body, "m0") {
			t.Errorf("everybody may know %s", res.body)
		}
	}
	if res := r.ask("GET", "/api/v1/info", "", func(req *http.Request) { far(req); with(goodToken)(req) }); res.StatusCode != http.StatusOK {
		t.Errorf("with a token: %s %s", res.Status, res.body)
	}
}

// Nothing that a request or an SMS has in it leaves its place in an answer: no header is
// begun by a line end, and text of others stays text of JSON.
func TestInjection(t *testing.T) {
	r := newTokenRig(t)
	for _, path := range []string{
		"/api/v1/show/X%0d%0aSet-Cookie:a=b", "/api/v1/list/queue?state=%0d%0aSet-Cookie:a=b", "/api/v1/list/queue?%0d%0aX=1",
		"/api/v1/events?after=%0d%0aSet-Cookie:a=b", "/api/v1/list/%3Cscript%3E",
	} {
		res := r.ask("GET", path, "", nil)
		if res.StatusCode/100 != 4 || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %s %v", path, res.Status, res.Header)
		}
	}
	for _, host := range []string{"a\r\nX: y", "a b", "\"><script>"} {
		if said := r.raw("GET /healthz HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"); strings.HasPrefix(said, "HTTP/1.1 200") || strings.Contains(said, "<script>") {
			t.Errorf("Host %q: %.200s", host, said)
		}
	}
	const evil = `</script><script>alert(1)</script>`
	body, _ := json.Marshal(map[string]string{"to": phone, "key": evil})
	res := r.ask("POST", "/api/v1/send", string(body), func(req *http.Request) {
		with(secretOf("send"))(req)
		req.Header.Set("Content-Type", "application/json")
	})
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", res.Status, res.body)
	}
	res = r.ask("GET", "/api/v1/list/queue", "", nil)
	if strings.ContainsAny(res.body, "<>") || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: %s", res.Header.Get("Content-Type"), res.body)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(res.body), &list); err != nil || len(list) != 1 || list[0]["key"] != evil {
		t.Errorf("%v %v", err, list)
	}
}

// What send takes no message of.
func TestSendRefuses(t *testing.T) {
	r := newTokenRig(t)
	large, _ := json.Marshal(map[string]any{"to": phone, "payload": make([]byte, bridge.MaxPayload)})
	larger, _ := json.Marshal(map[string]any{"to": phone, "payload": make([]byte, bridge.MaxPayload+1)})
	for _, test := range []struct {
		body, kind, code string
		status           int
	}{
		{string(large), "application/json", "", http.StatusOK},
		{string(larger), "application/json", "too-large", http.StatusRequestEntityTooLarge},
		{`{"to":"` + strings.Repeat("1", 1<<20) + `"}`, "application/json", "too-large", http.StatusRequestEntityTooLarge},
		{`{"to":"` + phone + `","key":"` + strings.Repeat("k", 2000) + `"}`, "application/json", "line-too-long", http.StatusBadRequest},
		{`{"to":"` + phone + `"}`, "text/plain", "syntax", http.StatusBadRequest},
		{`{"to":"` + phone + `"}`, "application/x-www-form-urlencoded", "syntax", http.StatusBadRequest},
		{`{"to":"` + phone + `","prot":1}`, "application/json", "syntax", http.StatusBadRequest},
		{`{"to":"` + phone + `"} {}`, "application/json", "syntax", http.StatusBadRequest},
		{`{"to":"` + phone + `","payload":"?"}`, "application/json", "syntax", http.StatusBadRequest},
		{`{"to":"` + phone + `","port":70000}`, "application/json", "syntax", http.StatusBadRequest},
		{`{"to":"` + phone + `","ttl":"5"}`, "application/json", "syntax", http.StatusBadRequest},
		{`{"to":"` + phone + `","unknown":"maybe"}`, "application/json", "syntax", http.StatusBadRequest},
		{`[`, "application/json", "syntax", http.StatusBadRequest},
		{`null`, "application/json", "bad-number", http.StatusBadRequest},
		{`{"to":"+49\r\nQUIT"}`, "application/json", "bad-number", http.StatusBadRequest},
		{`{"to":"` + phone + `","modem":"nobody"}`, "application/json", "no-modem", http.StatusServiceUnavailable},
	} {
		res := r.ask("POST", "/api/v1/send", test.body, func(req *http.Request) {
			with(secretOf("send"))(req)
			req.Header.Set("Content-Type", test.kind)
		})
		if res.StatusCode != test.status || test.code != "" && !strings.Contains(res.body, `"code":"`+test.code+`"`) {
			t.Errorf("%.60s: %s %s", test.body, res.Status, res.body)
		}
	}
}

// A stream from beyond this machine ends when its session does, or when its token is taken
// out of the configuration; until then it goes on.
func TestStreamEndsWithItsRight(t *testing.T) {
	const name = "bridge.example"
	for _, test := range []struct {
		what  string
		login bool
		end   func(*rig, bridge.Config, *http.Cookie)
	}{
		{"the token goes", false, func(r *rig, c bridge.Config, _ *http.Cookie) { r.withoutFirstToken(c) }},
		{"the token of the session goes", true, func(r *rig, c bridge.Config, _ *http.Cookie) { r.withoutFirstToken(c) }},
		{"logged out", true, func(r *rig, _ bridge.Config, cookie *http.Cookie) {
			r.ask("POST", "/logout", "", func(req *http.Request) {
				req.AddCookie(cookie)
				req.Host = name
				req.Header.Set("Origin", "http://"+name)
			})
		}},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			var cfg bridge.Config
			r := newRig(t, func(c *bridge.Config, o *Options) {
				for _, right := range []string{"admin", "send"} {
					c.Tokens = append(c.Tokens, bridge.TokenConfig{Name: right, File: tokenFile(t, secretOf(right)), Rights: bridge.MayTend})
				}
				cfg, o.Hosts = *c, []string{name}
			})
			var cookie *http.Cookie
			if test.login {
				res := r.ask("POST", "/login", "token="+secretOf("admin"), func(req *http.Request) {
					req.Host = name
					req.Header.Set("Origin", "http://"+name)
					req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				})
				cookie = res.Cookies()[0]
			}
			req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+r.addr+"/events", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = name
			if cookie != nil {
				req.AddCookie(cookie)
			} else {
				with(secretOf("admin"))(req)
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			in := bufio.NewReader(res.Body)
			for range 2 { // the second one comes after a look whether it may go on
				for line := "data"; line != "\n"; {
					if line, err = in.ReadString('\n'); err != nil {
						t.Fatalf("%s, and then %v", res.Status, err)
					}
				}
			}
			test.end(r, cfg, cookie)
			if _, err := io.Copy(io.Discard, in); err != nil {
				t.Errorf("it goes on: %v", err)
			}
		})
	}
}

// withoutFirstToken takes the first token out of the configuration.
func (r *rig) withoutFirstToken(c bridge.Config) {
	r.t.Helper()
	c.Tokens = c.Tokens[1:]
	if _, _, err := r.Reload(r.t.Context(), c); err != nil {
		r.t.Fatal(err)
	}
}
