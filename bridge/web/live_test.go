package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/rs/zerolog"

	"wvsms/bridge"
	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

const adminToken = "a-token-that-may-tend"

// newLiveRig is a bridge with what the page shows, a token, and a handset that answers.
func newLiveRig(t *testing.T) (r *rig, socket string) {
	t.Helper()
	// A Unix socket's path may be no longer than 107 octets.
	dir, err := os.MkdirTemp("", "wv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte(adminToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	r = newMeteredRig(t, NewMeter(), func(c *bridge.Config, o *Options) {
		c.Socket.Unix = socket
		c.Tokens = []bridge.TokenConfig{{Name: "operator", File: file, Rights: bridge.MayTend}}
		o.Tail = &LogTail{}
		o.Log = zerolog.New(io.MultiWriter(o.Tail, &lockedBuffer{})).With().Timestamp().Logger()
	})
	r.air.NewHandset(phone, func(h *modemtest.Handset, from string, d wdp.Datagram) {
		id := strings.TrimPrefix(strings.Fields(string(d.Data))[0], "WV12PN")
		h.Send(from, wdp.Datagram{Dst: 3590, Src: 3590, Data: []byte("WV12ST" + id + " ST=200")})
	})
	r.until("a modem that sends", func() bool { return r.Ready(t.Context()) == "" })
	return r, socket
}

// A talker is a program at the socket.
type talker struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func talk(t *testing.T, socket string) *talker {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &talker{t, conn, bufio.NewReader(conn)}
	c.line("WVSMS 1 ready")
	return c
}

func (c *talker) line(want string) string {
	c.t.Helper()
	text, err := c.r.ReadString('\n')
	if err != nil || !strings.HasPrefix(text, want) {
		c.t.Fatalf("%q, %v; want %s", text, err, want)
	}
	return text
}

func (c *talker) send(payload string) (id string) {
	c.t.Helper()
	fmt.Fprintf(c.conn, "SEND %s %d\r\n%s\r\n", phone, len(payload), payload)
	return strings.Fields(c.line("OK "))[1]
}

// consume takes messages and acknowledges them until the connection ends.
func (c *talker) consume() {
	fmt.Fprint(c.conn, "RECV\r\n")
	for {
		text, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		if words := strings.Fields(text); len(words) > 3 && words[0] == "MSG" {
			c.r.ReadString('\n') // the payload: it has no line end in it
			fmt.Fprintf(c.conn, "ACK %s\r\n", words[1])
		}
	}
}

// One browser looks at made-up bridges and at one that works.
func TestPage(t *testing.T) {
	b := newBrowser(t)
	for _, part := range []struct {
		name string
		test func(*testing.T, *browser)
	}{{"gallery", gallerySeen}, {"live", lookedAt}} {
		t.Run(part.name, func(t *testing.T) {
			b.t = t
			defer func() { b.do(chromedp.Navigate("about:blank")) }() // no stream keeps a server from its end
			part.test(t, b)
			for _, text := range b.heard() {
				t.Error("the console says: " + text)
			}
		})
	}
}

// A bridge under load on a page that somebody looks at, and what its
// operator does there with a token, and may not do without.
func lookedAt(t *testing.T, b *browser) {
	r, socket := newLiveRig(t)
	program := talk(t, socket)
	consumer := talk(t, socket)
	var on sync.WaitGroup
	on.Go(consumer.consume)
	t.Cleanup(func() { consumer.conn.Close(); on.Wait() })
	state := func(id, want string) string {
		return fmt.Sprintf(`document.querySelector('#messages [data-key="%s"] .state')?.textContent === %q`, id, want)
	}
	life := func(what string) string {
		return fmt.Sprintf(`document.querySelector("#panel[open] #life")?.innerText.includes(%q)`, what)
	}

	b.use(deskScreen, "light")
	b.do(chromedp.Navigate("http://" + r.addr + "/"))
	b.until(`document.querySelector("#verdict h1").textContent === "All well: 1 modem ready, nothing waits."`)

	// Figures move while messages go both ways, and what has the focus keeps it.
	first := program.send("WV12PN0 hello")
	b.until(state(first, "sent"))
	b.do(chromedp.Focus(chromedp.CSS(`#messages [data-key="` + first + `"] a`)))
	for i := range 11 {
		program.send(fmt.Sprintf("WV12PN%d %s", i+1, strings.Repeat("x", 40*i)))
	}
	b.until(`document.querySelectorAll("#messages .out").length === 12 && document.querySelectorAll("#messages .in").length === 12`)
	b.until(`[...document.querySelectorAll("#messages .state")].every(e => /sent|acked/.test(e.textContent))`)
	b.until(`/Sent, the network has it\s*12/.test(byId("queue").textContent) && /median/.test(byId("pace").textContent)`)
	b.until(`!/–\s*–/.test([...document.querySelectorAll("#pace tbody tr")].filter(e => !/Delivery/.test(e.textContent)).map(e => e.textContent).join())`)
	b.until(`byId("log").textContent.includes("accepted")`)
	if had := value[string](b, `document.activeElement.parentNode.dataset.key ?? ""`); had != first {
		t.Errorf("the focus went from %s to %q", first, had)
	}
	b.atHome("live")

	// The life of a message, in a panel that goes on while it is open.
	b.do(chromedp.KeyEvent("\r"))
	b.until(life("the network has all of it"))
	b.do(chromedp.KeyEvent("\x1b"))
	b.until(`!byId("panel").open`)

	// Without a token nothing can be done: not by a button, nor without one.
	r.sim.Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: -1})
	waits := program.send("WV12PN77 waits")
	b.until(state(waits, "queued"))
	b.use(deskScreen, "light")
	b.do(chromedp.Click(chromedp.CSS(`#messages [data-key="` + waits + `"] a`)))
	b.until(life("congestion"))
	b.until(`document.querySelectorAll("#life button:disabled").length === 2 && !document.querySelector("#life button:enabled")`)
	if status := fetched(b, "/message/"+waits+"/cancel"); status != 401 {
		t.Errorf("cancel without a token: %d", status)
	}
	if said := b.heard(); len(said) != 1 || !strings.Contains(said[0], "401") {
		t.Errorf("the console says %q", said)
	}
	b.until(state(waits, "queued"))
	b.do(chromedp.KeyEvent("\x1b"))

	// A wrong one is none.
	b.do(chromedp.Click(chromedp.CSS(".who summary")), chromedp.SendKeys(chromedp.CSS("#token"), "wrong"), chromedp.Click(chromedp.CSS(".who form button")))
	b.until(`document.querySelector(".door [role=alert]")?.textContent.includes("no [[token]]")`)
	b.atHome("door")
	b.heard() // that the answer is 401

	// With one it can.
	b.use(deskScreen, "light")
	b.do(chromedp.Navigate("http://" + r.addr + "/"))
	b.until(state(waits, "queued"))
	b.do(chromedp.Click(chromedp.CSS(".who summary")), chromedp.SendKeys(chromedp.CSS("#token"), adminToken), chromedp.Click(chromedp.CSS(".who form button")))
	b.until(`document.querySelector(".who")?.textContent.includes("operator")`)
	b.do(chromedp.Click(chromedp.CSS(`#messages [data-key="` + waits + `"] a`)))
	b.until(life("Segments"))
	b.shoot("live-tend")
	b.use(deskScreen, "light")
	b.do(chromedp.Click(chromedp.CSS("#life button.cancel:enabled")))
	b.until(life("What is on air already cannot be called back") + "||" + life("by the operator"))
	b.until(state(waits, "cancelled"))
	r.sim.ClearFaults()
	b.do(chromedp.Click(chromedp.CSS("#life button.retry:enabled")))
	b.until(state(waits, "sent"))
	b.until(life("put back into the queue by the operator"))
	b.do(chromedp.KeyEvent("\x1b"))
	b.until(`!byId("panel").open`)
	b.shoot("live")

	// What was shown stays when the connection is lost, and it says so.
	b.do(chromedp.Evaluate[chromedp.Void](`stream.dispatchEvent(new Event("error"))`))
	b.until(`/^Connection lost since \d\d:\d\d:\d\d/.test(byId("lost").textContent) && !byId("lost").hidden`)
	b.do(chromedp.Evaluate[chromedp.Void](`stream.dispatchEvent(new Event("open"))`))
	b.until(`byId("lost").hidden`)

	// Without a script it is the same by links and forms.
	b.do(chromedp.Navigate("http://" + r.addr + "/message/" + first))
	b.until(`document.querySelector("main > #life h1").textContent.includes("to " + "` + phone + `")`)
	b.atHome("message")
	b.shoot("message")
}

// fetched is the status of a POST that the page itself makes.
func fetched(b *browser, path string) int {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`window.status_ = 0; fetch("` + path + `", {method: "POST"}).then(a => { window.status_ = a.status })`))
	b.until(`window.status_`)
	return value[int](b, `window.status_`)
}
