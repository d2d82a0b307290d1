package bridge

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"wvsms/spool"
)

// The files in testdata/socket are dialogues, one for each sentence of product.md's
// "The TCP socket". Each runs in a bubble of its own, where time passes only by `wait`.
//
//	== name                    a dialogue begins
//	C: text                    client 1 sends a line that ends with LF (C2: client 2 …)
//	C= text                    it sends exactly this; \r \n \xHH are octets
//	S: text                    a line with CRLF comes; <a> is an id (the same wherever it stands),
//	                           <time> a time, <*> anything
//	S= text                    exactly these octets come
//	S: (nothing)  S: (closed)  S: (reset)
//	C: (half-close)  C: (close)  C: (stop reading)  C: (read)
//	! verb …                   the bridge's side, see run
//
// {x*100} is a hundred times x.
func TestSocketDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/socket/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no dialogues", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split("\n"+string(text), "\n== ")[1:] {
			name, script, _ := strings.Cut(part, "\n")
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { newDialogue(t).play(script) })
			})
		}
	}
}

type dialogue struct {
	t       *testing.T
	desk    *desk
	server  *server
	stop    context.CancelFunc
	running sync.WaitGroup
	clients map[string]*client
	names   map[string]string // <name> → what it stands for
}

func newDialogue(t *testing.T) *dialogue {
	d := &dialogue{t: t, desk: newDesk(t), clients: map[string]*client{}, names: map[string]string{}}
	d.start()
	t.Cleanup(d.end)
	return d
}

func (d *dialogue) start() {
	ctx, stop := context.WithCancel(d.t.Context())
	d.stop = stop
	hub := newHub(d.desk)
	d.server = newServer(serverConfig{Ports: []uint16{3590, 3716, 2948}}, d.desk, hub, zerolog.Nop())
	d.running.Go(func() { hub.Run(ctx) })
	synctest.Wait() // it has seen which messages are old
}

func (d *dialogue) end() {
	for name, c := range d.clients {
		c.nc.Close()
		delete(d.clients, name)
	}
	d.stop()
	d.server.conns.Wait()
	d.running.Wait()
}

func (d *dialogue) play(script string) {
	for i, line := range strings.Split(script, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		if err := d.step(line); err != nil {
			d.t.Fatalf("line %d: %s\n%v", i+2, line, err)
		}
		synctest.Wait()
	}
}

func (d *dialogue) step(line string) error {
	if verb, ok := strings.CutPrefix(line, "! "); ok {
		return d.run(strings.Fields(verb))
	}
	m := stepForm.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("this is no step")
	}
	side, exact, text := m[1], m[3] == "=", expand(m[4])
	c := d.client(m[2])
	switch {
	case side == "S" && text == "(nothing)":
		return c.expect(nothing)
	case side == "S" && text == "(closed)":
		return c.expectEnd()
	case side == "S" && exact:
		return c.expect(regexp.MustCompile("^" + regexp.QuoteMeta(unquote(text))))
	case side == "S":
		return d.expectLine(c, text)
	case text == "(half-close)":
		return c.nc.CloseWrite()
	case text == "(close)":
		return c.nc.Close()
	case text == "(stop reading)":
		c.hold <- struct{}{}
		return nil
	case text == "(read)":
		<-c.hold
		return nil
	case exact:
		return c.send(unquote(d.fill(text)))
	}
	return c.send(d.fill(text) + "\n")
}

var (
	stepForm = regexp.MustCompile(`^([CS])([0-9]*)([:=]) ?(.*)$`)
	repeat   = regexp.MustCompile(`\{(.)\*(\d+)\}`)
	place    = regexp.MustCompile(`<(\*|[a-z0-9]+)>`)
	nothing  = regexp.MustCompile(`^$`)
)

func expand(s string) string {
	return repeat.ReplaceAllStringFunc(s, func(m string) string {
		p := repeat.FindStringSubmatch(m)
		n, _ := strconv.Atoi(p[2])
		return strings.Repeat(p[1], n)
	})
}

func unquote(s string) string {
	out, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", s, err))
	}
	return out
}

// fill puts in what the names stand for.
func (d *dialogue) fill(s string) string {
	return place.ReplaceAllStringFunc(s, func(m string) string {
		if value, ok := d.names[m]; ok {
			return value
		}
		return m
	})
}

func (d *dialogue) expectLine(c *client, text string) error {
	var fresh []string
	pattern := "^"
	at := 0
	for _, m := range place.FindAllStringIndex(text, -1) {
		pattern += regexp.QuoteMeta(text[at:m[0]])
		name := text[m[0]:m[1]]
		switch value, known := d.names[name]; {
		case known:
			pattern += regexp.QuoteMeta(value)
		case name == "<*>":
			pattern += `[^\r\n]*`
		case name == "<time>":
			pattern += `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`
		default:
			pattern += `([A-Za-z0-9-]{1,64})`
			fresh = append(fresh, name)
		}
		at = m[1]
	}
	pattern += regexp.QuoteMeta(text[at:]) + "\r\n"
	got, err := c.match(regexp.MustCompile(pattern))
	if err != nil {
		return err
	}
	for i, name := range fresh {
		d.names[name] = got[i+1]
	}
	return nil
}

// run executes a verb of the bridge's side.
func (d *dialogue) run(words []string) error {
	option := func(name, otherwise string) string {
		for _, w := range words {
			if value, ok := strings.CutPrefix(w, name+"="); ok {
				v, err := ParseValue(expand(value))
				if err != nil {
					panic(fmt.Sprintf("%s: %v", w, err))
				}
				return v
			}
		}
		return otherwise
	}
	switch words[0] {
	case "message": // message <a> from=… port=… payload=… scts=…
		port, _ := strconv.ParseUint(option("port", "3590"), 10, 16)
		m := spool.Message{
			Peer: option("from", "+491700000001"), Port: uint16(port), Payload: []byte(option("payload", "hello")),
			To: option("to", "+4915000000"), Alphabet: option("alphabet", "8bit"), Modem: "m0", Route: option("route", tcpRoute),
		}
		if scts := option("scts", ""); scts != "" {
			m.SCTS, _ = time.Parse(time.RFC3339, scts)
		}
		d.names[words[1]] = d.desk.arrive(m)
		d.server.hub.messageReady()
	case "event": // event <a> sent segment=1/3 why=…
		e := spool.Event{ID: d.fill(words[1]), Word: words[2], Why: option("why", "")}
		fmt.Sscanf(option("segment", ""), "%d/%d", &e.Segment, &e.Total)
		d.desk.happen(e)
		d.server.events.published()
	case "instant": // what is accepted is sent in the same moment
		d.desk.instant = func() {
			d.server.events.published()
			// A real moment, which the bubble's time has none of, for an EVT that overtakes.
			syscall.Nanosleep(&syscall.Timespec{Nsec: 20e6}, nil)
		}
	case "guard": // guard token rights: everybody is to show this one
		var rights Rights
		for name := range strings.SplitSeq(words[2], ",") {
			rights |= parseRight(name)
		}
		d.desk.tokens = map[string]Rights{words[1]: rights}
		d.server.cfg.AuthAlways = true
	case "open": // nobody needs to
		d.server.cfg.AuthAlways = false
	case "refuse": // refuse code text: the next SEND
		d.desk.refuse = &Refusal{words[1], strings.Join(words[2:], " ")}
	case "accepted": // accepted n: SENDs so far
		if got := strconv.Itoa(len(d.desk.accepted)); got != words[1] {
			return fmt.Errorf("accepted %s", got)
		}
	case "wait":
		wait, err := time.ParseDuration(words[1])
		time.Sleep(wait)
		return err
	case "restart": // as after kill -9: all but the spool is new
		d.end()
		d.start()
	case "purge":
		later := d.desk.Now().Add(time.Second)
		return d.desk.s.Update(d.t.Context(), func(tx *spool.Tx) error {
			_, err := tx.Purge(spool.Horizon{Outbound: later, Messages: later, Events: later, InSegments: later, Spend: later, Peers: later}, 1000)
			return err
		})
	default:
		return fmt.Errorf("no such verb")
	}
	return nil
}

// A client has its own end of a connection that can be half closed.
type client struct {
	nc   *duplex
	hold chan struct{} // full: it does not read

	mu    sync.Mutex
	got   bytes.Buffer
	ended error
}

func (d *dialogue) client(name string) *client {
	if c := d.clients[name]; c != nil {
		return c
	}
	near, far := newDuplex()
	c := &client{nc: near, hold: make(chan struct{}, 1)}
	d.clients[name] = c
	d.server.admit(d.t.Context(), far)
	d.running.Go(c.read)
	synctest.Wait()
	return c
}

func (c *client) read() {
	b := make([]byte, 1000)
	for {
		c.hold <- struct{}{}
		<-c.hold
		n, err := c.nc.Read(b)
		c.mu.Lock()
		c.got.Write(b[:n])
		if err != nil {
			c.ended = err
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
	}
}

func (c *client) send(s string) error {
	_, err := io.WriteString(c.nc, s)
	return err
}

func (c *client) expect(p *regexp.Regexp) error {
	_, err := c.match(p)
	return err
}

// match takes what p describes from the front of what came.
func (c *client) match(p *regexp.Regexp) ([]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := p.FindStringSubmatch(c.got.String())
	if m == nil || p == nothing && (c.got.Len() > 0 || c.ended != nil) {
		return nil, fmt.Errorf("there is %.300q (%v)", c.got.String(), c.ended)
	}
	c.got.Next(len(m[0]))
	return m, nil
}

func (c *client) expectEnd() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.got.Len() > 0 || c.ended == nil {
		return fmt.Errorf("there is %.300q (%v)", c.got.String(), c.ended)
	}
	return nil
}

// A duplex is one end of a connection in memory with two directions that close apart, as TCP's do.
type duplex struct {
	net.Conn // reads
	w        net.Conn
}

func newDuplex() (a, b *duplex) {
	r1, w1 := net.Pipe()
	r2, w2 := net.Pipe()
	return &duplex{r1, w2}, &duplex{r2, w1}
}

func (d *duplex) Write(b []byte) (int, error)        { return d.w.Write(b) }
func (d *duplex) SetWriteDeadline(t time.Time) error { return d.w.SetWriteDeadline(t) }
func (d *duplex) SetDeadline(t time.Time) error {
	d.w.SetWriteDeadline(t)
	return d.Conn.SetDeadline(t)
}
func (d *duplex) CloseWrite() error { return d.w.Close() }
func (d *duplex) Close() error      { d.w.Close(); return d.Conn.Close() }
