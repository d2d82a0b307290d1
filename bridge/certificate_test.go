package bridge

import (
	"bufio"
	"bytes"
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
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// writeCertificate writes cert.pem and key.pem, and returns who trusts them. They are
// good in a bubble's year 2000, too.
func writeCertificate(t *testing.T, dir string, serial int64) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		text := pem.EncodeToMemory(block)
		writeFile(t, filepath.Join(dir, name), string(text))
		pool.AppendCertsFromPEM(text)
	}
	return pool
}

func guardedConfig(dir string) Config {
	return Config{
		TLS:    TLSConfig{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")},
		Tokens: []TokenConfig{{"a", filepath.Join(dir, "token"), MaySend}},
	}
}

// What is beyond loopback is TLS and wants a token; what is not is as it was.
func TestBeyondLoopback(t *testing.T) {
	dir := t.TempDir()
	pool := writeCertificate(t, dir, 1)
	writeFile(t, filepath.Join(dir, "token"), goodToken)
	secure, err := newCertificate(guardedConfig(dir), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	passed := listenOn(t, "tcp", "0.0.0.0:0")
	s := startServer(t, serverConfig{Listen: []string{"127.0.0.1:0", "0.0.0.0:0"}, TLS: secure, Passed: []net.Listener{passed}})
	s.b.(*desk).tokens = map[string]Rights{goodToken: MaySend}
	if len(s.listeners) != 3 {
		t.Fatalf("%d listeners", len(s.listeners))
	}
	for _, l := range s.listeners {
		addr := "127.0.0.1:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		if !Beyond(l.Addr()) {
			nc, in := dialServer(t, l)
			expectLine(t, in, "WVSMS")
			io.WriteString(nc, "RECV\n")
			expectLine(t, in, "OK")
			continue
		}
		nc, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool})
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		in := bufio.NewReader(nc)
		expectLine(t, in, "WVSMS")
		io.WriteString(nc, "RECV\nAUTH "+goodToken+"\nSEND +49171 2\nhi\nQUIT\n")
		for _, want := range []string{"ERR auth", "OK rights=send", "OK ", "BYE"} {
			expectLine(t, in, want)
		}
		if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
			t.Errorf("%q after BYE (%v)", rest, err)
		}
		if _, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}); err == nil {
			t.Error("TLS 1.1 is spoken")
		}
		plain, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer plain.Close()
		io.WriteString(plain, "PING\r\n")
		if said, _ := io.ReadAll(plain); strings.Contains(string(said), "WVSMS") {
			t.Errorf("without TLS came %q", said)
		}
	}
}

// Who is turned away is told so under TLS, too.
func TestBusyUnderTLS(t *testing.T) {
	dir := t.TempDir()
	pool := writeCertificate(t, dir, 1)
	secure, err := newCertificate(guardedConfig(dir), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	s := startServer(t, serverConfig{Listen: []string{"0.0.0.0:0"}, TLS: secure})
	for i := range strangersEach + 1 {
		nc, err := tls.Dial("tcp", "127.0.0.1:"+strconv.Itoa(s.listeners[0].Addr().(*net.TCPAddr).Port), &tls.Config{RootCAs: pool})
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		expectLine(t, bufio.NewReader(nc), map[bool]string{true: "WVSMS", false: "ERR busy"}[i < strangersEach])
	}
}

// A certificate that is renewed is used; while its files do not fit together, the old one is.
func TestCertificateIsReadAnew(t *testing.T) {
	dir, next := t.TempDir(), t.TempDir()
	writeCertificate(t, dir, 1)
	writeCertificate(t, next, 2)
	var log bytes.Buffer
	cfg, err := newCertificate(guardedConfig(dir), zerolog.New(&log))
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		c, err := cfg.GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.SerialNumber.Int64()
	}
	move := func(name string) {
		if err := os.Rename(filepath.Join(next, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if n := serial(); n != 1 || log.Len() > 0 {
		t.Errorf("serial %d, %s", n, &log)
	}
	move("cert.pem")
	if n, m := serial(), serial(); n != 1 || m != 1 || strings.Count(log.String(), "cannot read the new certificate") != 1 {
		t.Errorf("serial %d, then %d, %s", n, m, &log)
	}
	move("key.pem")
	if n := serial(); n != 2 || !strings.Contains(log.String(), "was read anew") {
		t.Errorf("serial %d, %s", n, &log)
	}
	os.Remove(filepath.Join(dir, "key.pem"))
	if n := serial(); n != 2 {
		t.Errorf("serial %d", n)
	}
}

// What is wrong with the files is a fault of the configuration, under its key.
func TestCertificateFaults(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir, 1)
	for want, c := range map[string]TLSConfig{
		"tls.cert: read the certificate /nonexistent": {"/nonexistent", filepath.Join(dir, "key.pem")},
		"tls.key: tls.key is \"credential:key\", and": {filepath.Join(dir, "cert.pem"), "credential:key"},
		"tls.cert: read the certificate " + dir:       {filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")},
	} {
		_, err := newCertificate(Config{TLS: c, Tokens: []TokenConfig{{}}}, zerolog.Nop())
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if cfg, err := newCertificate(Config{TLS: TLSConfig{"/nonexistent", "/nonexistent"}}, zerolog.Nop()); cfg != nil || err != nil {
		t.Errorf("without a token: %v, %v", cfg, err)
	}
}
