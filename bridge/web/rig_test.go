package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"wvsms/bridge"
	"wvsms/modem"
	"wvsms/modem/modemtest"
)

const (
	ownNumber = "+491700000001"
	phone     = "+491712345678"
)

// patience bounds every wait of a test for something that must come.
const patience = 60 * time.Second

// A rig is a bridge over one simulated modem and its HTTP side on a real socket.
type rig struct {
	*bridge.Bridge
	t    *testing.T
	web  *Server
	air  *modemtest.Air
	sim  *modemtest.Modem
	addr string // of the HTTP side
	log  lockedBuffer
}

// newRig runs a bridge until the test ends; change may change its configuration and what
// the HTTP side is told.
func newRig(t *testing.T, change func(*bridge.Config, *Options)) *rig {
	t.Helper()
	return newMeteredRig(t, nil, change)
}

// newMeteredRig is newRig with a Meter.
func newMeteredRig(t *testing.T, meter *Meter, change func(*bridge.Config, *Options)) *rig {
	t.Helper()
	r := &rig{t: t, air: modemtest.NewAir(modemtest.AirOptions{})}
	r.sim = r.air.NewModem(modemtest.ModemOptions{Number: ownNumber, Profile: modemtest.Generic})
	net, stopNet := context.WithCancel(context.Background())
	var on sync.WaitGroup
	on.Go(func() { r.air.Run(net) })

	cfg, o := bridge.Defaults(), Options{Listen: "127.0.0.1:0", Log: zerolog.New(&r.log)}
	cfg.Spool.Path = filepath.Join(t.TempDir(), "spool.db")
	cfg.Socket.Listen = []string{"127.0.0.1:0"}
	cfg.Modems = []bridge.ModemConfig{{Name: "m0"}}
	if change != nil {
		change(&cfg, &o)
	}
	ctx, stop := context.WithCancel(context.Background())
	told := bridge.Options{Log: o.Log, Sys: t.TempDir(), Run: t.TempDir(), Dial: func(_ context.Context, c bridge.ModemConfig) (modem.Port, error) {
		if c.Name != "m0" {
			return nil, errors.New("there is no such modem")
		}
		ours, theirs := pair()
		on.Go(func() { r.sim.Serve(net, theirs) })
		return ours, nil
	}}
	if o.Meter = meter; meter != nil {
		told.Meter = meter
	}
	b, err := bridge.Open(ctx, cfg, told)
	if err != nil {
		t.Fatal(err)
	}
	r.Bridge = b
	if r.web, err = Listen(ctx, b, o); err != nil {
		t.Fatal(err)
	}
	r.addr = r.web.listener.Addr().String()
	on.Go(func() {
		if err := b.Run(ctx); err != nil {
			t.Errorf("the bridge ended: %v", err)
		}
	})
	on.Go(func() {
		if err := r.web.Run(ctx); err != nil {
			t.Errorf("the HTTP side ended: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		stopNet()
		on.Wait()
		if t.Failed() {
			t.Logf("log:\n%s", r.log.String())
		}
	})
	return r
}

func pair() (ours, theirs net.Conn) { return net.Pipe() }

// until waits for something that must come.
func (r *rig) until(what string, is func() bool) {
	r.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("it never comes: %s", what)
		}
	}
}

// A reply is an answer that was read to its end.
type reply struct {
	*http.Response
	body string
}

// client follows no redirect: where one leads is looked at.
var client = &http.Client{
	Timeout:       patience,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask makes one request; change may change it before it goes.
func (r *rig) ask(method, path, body string, change func(*http.Request)) reply {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.addr+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	res, err := client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return reply{res, string(text)}
}

// raw writes octets to the server as they are and returns what it says until it closes.
func (r *rig) raw(octets string) string {
	r.t.Helper()
	nc, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(nc, octets); err != nil {
		r.t.Fatal(err)
	}
	said, err := io.ReadAll(bufio.NewReader(nc))
	if err != nil && len(said) == 0 {
		return fmt.Sprint("nothing: ", err)
	}
	return string(said)
}

// A lockedBuffer takes a log while others look at it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
