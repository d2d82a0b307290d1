package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// names are the values of Host under which the server is asked. A page of another site
// can have its own name lead here, but it cannot have the browser say another one.
type names struct {
	loopback map[string]bool // of this machine, for itself
	others   map[string]bool // of the configuration
	local    bool            // the listener is on loopback
}

func namesOf(listen string, addr net.Addr, hosts []string) names {
	n := names{loopback: map[string]bool{}, others: map[string]bool{}}
	if at, err := netip.ParseAddrPort(addr.String()); err == nil {
		n.local = at.Addr().IsLoopback()
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return n
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
		n.loopback[net.JoinHostPort(host, port)] = true
	}
	own := n.others
	if n.local {
		own = n.loopback
	}
	own[addr.String()] = true
	if host, _, err := net.SplitHostPort(listen); err == nil && host != "" {
		own[strings.ToLower(net.JoinHostPort(host, port))] = true
	}
	for _, host := range hosts {
		host = strings.ToLower(host)
		n.others[host] = true
		if _, _, err := net.SplitHostPort(host); err != nil {
			n.others[net.JoinHostPort(host, port)] = true
		}
	}
	return n
}

// have tells whether the name is one of the server's. An address in it is always the
// one that the connection came to: there is nothing to be rebound.
func (n names) have(r *http.Request) bool {
	host := asked(r)
	if n.loopback[host] || n.others[host] || n.others[strings.ToLower(r.Host)] {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && local.String() == host
}

// near tells whether a request is made on this machine for it: to a listener on
// loopback, under a name of loopback. One under another name was passed on.
func (n names) near(r *http.Request) bool { return n.local && n.loopback[asked(r)] }

// asked is Host with the port that a browser leaves out.
func asked(r *http.Request) string {
	host, port := strings.ToLower(r.Host), ":80"
	if r.TLS != nil {
		port = ":443"
	}
	if i := strings.LastIndexByte(host, ':'); i < 0 || strings.HasSuffix(host, "]") {
		host += port
	}
	return host
}
