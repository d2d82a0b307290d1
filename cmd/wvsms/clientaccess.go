package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"wvsms/bridge"
)

// accessFlags are those of each command that talks to a bridge: what it shows there, and
// by what it knows it. The token is in a file: a command line is seen by everybody.
type accessFlags struct {
	TokenFile string `placeholder:"FILE" env:"WVSMS_TOKEN_FILE" help:"A file that holds the token, where the bridge wants one."`
	CA        string `name:"ca" placeholder:"FILE" help:"Certificates (PEM) to know the bridge by; beyond this machine the system's by default."`
}

// args are the flags as they stand on a command line.
func (f accessFlags) args() (line string) {
	if f.TokenFile != "" {
		line += " --token-file " + f.TokenFile
	}
	if f.CA != "" {
		line += " --ca " + f.CA
	}
	return line
}

// dial connects to host:port, or to the Unix socket at a path, and shows the token if
// there is one. Beyond this machine it is TLS, and where --ca says by what to know the bridge.
func (f accessFlags) dial(ctx context.Context, addr string) (*client, error) {
	token, err := f.token()
	if err != nil {
		return nil, err
	}
	nc, err := f.connect(ctx, addr)
	if err != nil {
		hint := ""
		if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
			hint = " (is wvsms run running?)"
		}
		if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
			hint = " (--ca FILE names whom to trust)"
		}
		return nil, fmt.Errorf("connect to the bridge: %w%s", err, hint)
	}
	c, err := greet(ctx, nc, addr)
	if errors.Is(err, io.ErrUnexpectedEOF) && f.CA == "" && !strings.Contains(addr, "/") {
		err = fmt.Errorf("%w (if it speaks TLS there, --ca FILE says by what to know it)", err)
	}
	if err != nil || token == "" {
		return c, err
	}
	if err := c.command(string(bridge.AppendValue([]byte("AUTH "), token))); err != nil {
		c.Close()
		return nil, fmt.Errorf("show the token of %s: %w", f.TokenFile, err)
	}
	return c, nil
}

func (f accessFlags) connect(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	switch {
	case strings.Contains(addr, "/"):
		return d.DialContext(ctx, "unix", addr)
	case onThisMachine(addr) && f.CA == "": // --ca: a listener beyond loopback speaks TLS to everybody
		return d.DialContext(ctx, "tcp", addr)
	}
	roots, err := f.roots()
	if err != nil {
		return nil, err
	}
	secure := tls.Dialer{Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	return secure.DialContext(ctx, "tcp", addr)
}

// onThisMachine: localhost or an address of loopback. What another name stands for, the
// network may say.
func onThisMachine(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return true // Dial says what is wrong with it
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// roots are the certificates of --ca; nil: the system's.
func (f accessFlags) roots() (*x509.CertPool, error) {
	if f.CA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("read --ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read --ca: no certificate (PEM) is in %s", f.CA)
	}
	return pool, nil
}

func (f accessFlags) token() (string, error) {
	if f.TokenFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(f.TokenFile)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("read the token: %s is empty", f.TokenFile)
	}
	return token, nil
}
