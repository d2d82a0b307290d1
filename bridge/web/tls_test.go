package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"wvsms/bridge"
)

// An elsewhere is a listener on loopback that says it is not.
type elsewhere struct{ net.Listener }

func (e elsewhere) Addr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: e.Listener.Addr().(*net.TCPAddr).Port}
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"wv.example"}}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Beyond loopback there is TLS or nothing, everything wants a token under whatever name it
// is asked, and the cookie of a browser goes over TLS only.
func TestTLS(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), nil, Options{Passed: elsewhere{l}}); err == nil {
		t.Error("it is served beyond loopback without TLS")
	}
	if l, err = net.Listen("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(c *bridge.Config, o *Options) {
		c.Tokens = []bridge.TokenConfig{{Name: "boss", File: tokenFile(t, goodToken), Rights: bridge.MayTend}}
		o.Passed, o.Hosts, o.TLS = elsewhere{l}, []string{"wv.example"}, &tls.Config{Certificates: []tls.Certificate{certificate(t)}}
	})
	r.addr = l.Addr().String()
	if said := r.raw("GET /healthz HTTP/1.1\r\nHost: wv.example\r\n\r\n"); strings.Contains(said, "alive") {
		t.Errorf("without TLS: %s", said)
	}
	over := &http.Client{Timeout: patience, CheckRedirect: client.CheckRedirect, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // it is its own authority
	}}
	defer over.CloseIdleConnections()
	plain := client
	client = over
	defer func() { client = plain }()
	host := "wv.example:" + r.addr[strings.LastIndexByte(r.addr, ':')+1:]
	ask := func(method, path, body, host string, change func(*http.Request)) reply {
		return r.ask(method, path, body, func(req *http.Request) {
			req.URL.Scheme, req.Host = "https", host
			if change != nil {
				change(req)
			}
		})
	}
	if res := ask("GET", "/healthz", "", host, nil); res.StatusCode != http.StatusOK {
		t.Errorf("healthz: %s %s", res.Status, res.body)
	}
	for _, name := range []string{host, r.addr, strings.Replace(host, "wv.example", "localhost", 1)} {
		if res := ask("GET", "/api/v1/info", "", name, nil); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("as %s without a token: %s", name, res.Status)
		}
		if res := ask("GET", "/api/v1/info", "", name, with(goodToken)); res.StatusCode != http.StatusOK {
			t.Errorf("as %s with a token: %s", name, res.Status)
		}
	}
	form := url.Values{"token": {goodToken}}.Encode()
	login := func(scheme string) reply {
		return ask("POST", "/login", form, host, func(req *http.Request) {
			req.Header.Set("Origin", scheme+"://"+host)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		})
	}
	if res := login("https"); res.StatusCode != http.StatusSeeOther || !strings.Contains(res.Header.Get("Set-Cookie"), "Secure") {
		t.Errorf("log in: %s %v", res.Status, res.Header)
	}
	if res := login("http"); res.StatusCode != http.StatusForbidden {
		t.Errorf("log in from a page without TLS: %s", res.Status)
	}
}
