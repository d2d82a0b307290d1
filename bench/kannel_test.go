package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

var kannelPeer = peer{
	name: "kannel", programs: []string{"bearerbox", "smsbox"}, many: 20, open: openKannel,
}

// kannel is bearerbox, which has the modem and the spool, and smsbox, which has the
// programs.
type kannel struct {
	conf           string
	admin, sendsms string // where they answer
	bearer, smsbox *process
}

func openKannel(b *testing.B, s seat) gateway {
	folders(b, s.dir, "spool")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	// get-url brings the message; an empty answer sends nothing back.
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.arrived([]byte(r.URL.Query().Get("data")))
	})}
	go server.Serve(l)
	b.Cleanup(func() { server.Close() })
	k := &kannel{admin: freePort(b), sendsms: freePort(b)}
	k.conf = configure(b, "kannel.conf", s.dir, map[string]any{
		"Device": s.device, "Dir": s.dir, "Direct": s.direct,
		"Admin": port(k.admin), "Boxes": port(freePort(b)), "SendSMS": port(k.sendsms), "Consumer": l.Addr().String(),
	})
	return k
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// start waits until smsbox has found bearerbox: a request before that ends it.
func (k *kannel) start(b *testing.B) {
	k.bearer = start(b, nil, "bearerbox", "-v", "4", k.conf)
	k.until(b, "Status: running")
	k.smsbox = start(b, nil, "smsbox", "-v", "4", k.conf)
	k.until(b, "smsbox:")
}

// until bearerbox's status has a word in it.
func (k *kannel) until(b *testing.B, word string) {
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if said, err := get("http://" + k.admin + "/status.txt?password=bench"); err == nil && strings.Contains(said, word) {
			return
		}
		if time.Since(begun) > 30*time.Second {
			b.Fatalf("the status of bearerbox has no %q", word)
		}
	}
}

func (k *kannel) processes() []*process { return []*process{k.bearer, k.smsbox} }

// submit has the message in bearerbox's spool when it is answered. Kannel cuts it and
// adds the concatenation to the header.
func (k *kannel) submit(to string, payload []byte) error {
	q := url.Values{
		"username": {"bench"}, "password": {"bench"}, "from": {"+491700000001"}, "to": {to},
		"coding": {"1"}, "udh": {"\x06\x05\x04\x0e\x06\x0e\x06"}, "text": {string(payload)},
	}
	said, err := get("http://" + k.sendsms + "/cgi-bin/sendsms?" + q.Encode())
	if err != nil {
		return fmt.Errorf("sendsms: %w: %s", err, said)
	}
	return nil
}

func get(url string) (string, error) {
	resp, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = errors.New(resp.Status)
	}
	return string(said), err
}
