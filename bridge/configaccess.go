package bridge

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// TokenConfig is one [[token]].
type TokenConfig struct {
	Name   string
	File   string // or "credential:NAME"
	Rights Rights
}

func readToken(t *table) TokenConfig {
	c := TokenConfig{Name: fmt.Sprintf("t%d", t.index)}
	t.text("name", &c.Name)
	if !validName(c.Name) {
		t.fault("name", fmt.Sprintf("%q: 1 to 32 letters, digits, - and _", c.Name))
	}
	t.secretFile("file", &c.File)
	if c.File == "" && !t.faulty("file") {
		t.fault("file", "is missing: the file that holds the token")
	}
	var names []string
	t.texts("rights", &names)
	for i, name := range names {
		right := parseRight(name)
		if at := fmt.Sprintf("rights[%d]", i); right == 0 && !t.faulty(at) {
			t.fault(at, fmt.Sprintf("%q: send, receive or admin", name))
		}
		c.Rights |= right
	}
	if len(names) == 0 && !t.faulty("rights") {
		t.fault("rights", `is missing: send, receive, admin or several, as ["send", "receive"]`)
	}
	return c
}

// secretFile is the path of a file with a secret, or a credential that systemd passes on.
func (t *table) secretFile(key string, to *string) {
	t.text(key, to)
	name, credential := strings.CutPrefix(*to, credentialPrefix)
	switch {
	case credential && name == "":
		t.fault(key, fmt.Sprintf("%q: the name of the credential is missing", *to))
	case credential && !validCredential(name):
		t.fault(key, fmt.Sprintf("%q: a credential's name has no slash", *to))
	}
}

// TLSConfig is [tls]: the bridge's certificate and its key, in PEM.
type TLSConfig struct{ Cert, Key string }

func (c *TLSConfig) read(t *table) {
	t.secretFile("cert", &c.Cert)
	t.secretFile("key", &c.Key)
	switch {
	case c.Cert == "" && c.Key != "" && !t.faulty("cert"):
		t.fault("cert", "is missing beside key: the certificate, with those between it and its authority")
	case c.Key == "" && c.Cert != "" && !t.faulty("key"):
		t.fault("key", "is missing beside cert: the private key")
	}
}

func (c *SocketConfig) readUnix(t *table) {
	t.text("unix", &c.Unix)
	if len(c.Unix) > 107 {
		t.fault("unix", "is longer than the 107 octets that a Unix socket's path may have")
	}
	mode := fmt.Sprintf("%04o", c.UnixMode)
	t.text("unix_mode", &mode)
	n, err := strconv.ParseUint(mode, 8, 32)
	switch {
	case err != nil || n > 0o777:
		t.fault("unix_mode", fmt.Sprintf(`%q: three octal digits, as "0660"`, mode))
	case n&0o600 != 0o600:
		t.fault("unix_mode", fmt.Sprintf("%q: the bridge's own user could not use it", mode))
	default:
		c.UnixMode = fs.FileMode(n)
	}
	t.text("unix_group", &c.UnixGroup)
}

func (c *SocketConfig) readAuth(t *table) {
	auth := "remote"
	t.text("auth", &auth)
	if c.AuthAlways = auth == "always"; !c.AuthAlways && auth != "remote" {
		t.fault("auth", fmt.Sprintf("%q: remote or always", auth))
	}
}

// checkAccess finds listeners that nobody, or everybody, could use.
func (c *Config) checkAccess(t *table) {
	names := map[string]int{}
	for i, token := range c.Tokens {
		if first, ok := names[token.Name]; ok {
			t.fault(fmt.Sprintf("token[%d].name", i), fmt.Sprintf("%q is token[%d]'s already", token.Name, first))
		}
		names[token.Name] = i
	}
	if c.Socket.AuthAlways && len(c.Tokens) == 0 && !t.faulty("token") {
		t.fault("socket.auth", "is always, and there is no [[token]]: nobody could be let in")
	}
	if c.guarded() || t.faulty("tls") || t.faulty("token") {
		return
	}
	for i, addr := range c.Socket.Listen {
		if beyond, err := checkAddress(addr); err == nil && beyond {
			t.fault(fmt.Sprintf("socket.listen[%d]", i), fmt.Sprintf("%q %v", addr, ErrBeyond))
		}
	}
	if beyond, err := checkAddress(c.HTTP.Listen); err == nil && beyond {
		t.fault("http.listen", fmt.Sprintf("%q %v", c.HTTP.Listen, ErrBeyond))
	}
}

// guarded tells whether others than this machine may be listened to.
func (c *Config) guarded() bool { return c.TLS.Cert != "" && c.TLS.Key != "" && len(c.Tokens) > 0 }

// ErrBeyond is why nobody listens to others than this machine.
var ErrBeyond = errors.New("is beyond loopback, which needs [tls] with cert and key, and at least one [[token]]")

// Beyond tells whether others than this machine reach what listens on an address.
func Beyond(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && !tcp.IP.IsLoopback()
}

// address is one on which the bridge may listen: whether it may be beyond loopback only
// the whole configuration tells.
func (t *table) address(key, addr string) {
	if _, err := checkAddress(addr); err != nil && !t.faulty(key) {
		t.fault(key, err.Error())
	}
}

// checkAddress checks host:port, where host is an IP address, nothing (all addresses) or
// localhost: what another name stands for may change.
func checkAddress(addr string) (beyond bool, err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false, fmt.Errorf("%q is no host:port", addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false, fmt.Errorf("%q: a port number is from 0 to 65535", addr)
	}
	if host == "localhost" {
		return false, nil
	}
	if host == "" {
		return true, nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false, fmt.Errorf("%q: the host is no IP address", addr)
	}
	return !ip.Unmap().IsLoopback(), nil
}

// CheckLoopback checks host:port of what has no authentication and so may not be reached
// from beyond this machine.
func CheckLoopback(addr string) error {
	beyond, err := checkAddress(addr)
	if err == nil && beyond {
		err = fmt.Errorf("%q is beyond loopback: use 127.0.0.1 or [::1]", addr)
	}
	return err
}

func parseRight(name string) Rights {
	i := slices.IndexFunc(rightNames, func(n rightName) bool { return n.name == name })
	if i < 0 {
		return 0
	}
	return rightNames[i].right
}
