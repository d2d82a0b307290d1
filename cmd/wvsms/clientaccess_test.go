package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func fileOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// writeCertificate writes cert.pem and key.pem of a bridge on this machine.
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4zero, net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The token is shown before anything else.
func TestClientShowsToken(t *testing.T) {
	access := accessFlags{TokenFile: fileOf(t, " open\"sesame \n")}
	addr := playBridge(t, `C: AUTH "open\"sesame"`+"\nS: OK rights=send\nC: SEND +49171 5 port=3590 from-port=3590\nC: hello\nS: OK A1 segments=1")
	out, err := run(t, "hello", &sendCmd{To: "+49171", File: "-", Port: 3590, FromPort: 3590, Socket: addr, accessFlags: access})
	if err != nil || out != "A1 accepted, 1 segment\n" {
		t.Errorf("%q, %v", out, err)
	}
	addr = playBridge(t, `C: AUTH "open\"sesame"`+"\nS: OK rights=admin\nC: CANCEL A1\nS: OK")
	if out, err := run(t, "", &queueCancelCmd{IDs: []string{"A1"}, operatorFlags: operatorFlags{Socket: addr, accessFlags: access}}); err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// A wrong or missing token is told, and listen does not go on guessing.
func TestClientIsRefused(t *testing.T) {
	access := accessFlags{TokenFile: fileOf(t, "sesame")}
	for _, c := range []struct {
		script string
		access accessFlags
	}{
		{"C: AUTH sesame\nS: ERR auth no such token", access},
		{"C: AUTH sesame\nS: OK rights=send\nC: RECV max=64\nS: ERR rights no", access},
		{"C: RECV max=64\nS: ERR auth AUTH token comes first", accessFlags{}},
	} {
		_, err := run(t, "", &listenCmd{Max: 64, Socket: playBridge(t, c.script), accessFlags: c.access})
		if err == nil || !strings.Contains(err.Error(), "refused: ") || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", c.script, err)
		}
	}
}

// What the flags name must be there, before anybody is asked.
func TestClientReadsItsFiles(t *testing.T) {
	for want, access := range map[string]accessFlags{
		"read the token: open ":        {TokenFile: "/nonexistent/token"},
		"is empty":                     {TokenFile: fileOf(t, " \n")},
		"read --ca: open ":             {CA: "/nonexistent/ca"},
		"read --ca: no certificate (P": {CA: fileOf(t, "-----BEGIN NOTHING-----")},
	} {
		if _, err := access.dial(t.Context(), "192.0.2.1:3590"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Beyond this machine nothing is said before the bridge has shown who it is.
func TestClientWantsTLS(t *testing.T) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan string)
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		nc.Write([]byte("WVSMS 1 ready max=32640\r\n"))
		b := make([]byte, 1000)
		n, _ := nc.Read(b)
		nc.Close()
		heard <- string(b[:n])
	}()
	_, err = accessFlags{TokenFile: fileOf(t, "sesame")}.dial(t.Context(), l.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "tls: ") {
		t.Errorf("%v", err)
	}
	if said := <-heard; !strings.HasPrefix(said, "\x16\x03") || strings.Contains(said, "sesame") {
		t.Errorf("it said %q", said)
	}
	for addr, here := range map[string]bool{
		"127.0.0.1:3590": true, "127.8.9.1:1": true, "[::1]:3590": true, "localhost:3590": true,
		"0.0.0.0:3590": false, "raspberrypi:3590": false, "localhost.example.org:1": false, "10.0.0.1:3590": false, "[fe80::1%eth0]:3590": false,
	} {
		if onThisMachine(addr) != here {
			t.Errorf("%s is on this machine: %v", addr, !here)
		}
	}
}

// A listener beyond loopback speaks TLS to this machine, too: the client is told how, and
// --ca makes it.
func TestClientSpeaksTLSOnThisMachine(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if nc, err := l.Accept(); err == nil {
			nc.Close() // as a bridge does to a stranger from whom no handshake comes
		}
		if nc, err := l.Accept(); err == nil {
			io.WriteString(nc, "WVSMS 1 ready max=32640\r\n")
			defer nc.Close()
			nc.Read(make([]byte, 1))
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // one that speaks no TLS waits for ever
	defer cancel()
	if _, err := (accessFlags{}).dial(ctx, l.Addr().String()); err == nil || !strings.Contains(err.Error(), "--ca FILE") {
		t.Errorf("without --ca: %v", err)
	}
	c, err := accessFlags{CA: filepath.Join(dir, "cert.pem")}.dial(ctx, l.Addr().String())
	if err != nil {
		t.Fatalf("with --ca: %v", err)
	}
	c.Close()
}
