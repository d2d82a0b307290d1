package bridge

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// guarded runs f with a bridge that strangers reach: a token and TLS are wanted. There
// are two tokens, goodToken (send, receive) and otherToken (admin).
func guarded(t *testing.T, f func(*rig, *x509.CertPool)) {
	t.Helper()
	dir := t.TempDir()
	pool := writeCertificate(t, dir, 1)
	writeFile(t, filepath.Join(dir, "good"), goodToken)
	writeFile(t, filepath.Join(dir, "other"), otherToken)
	inRig(t, modemtest.AirOptions{}, func(c *Config) {
		c.TLS = TLSConfig{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
		c.Tokens = []TokenConfig{
			{"im", filepath.Join(dir, "good"), MaySend | MayReceive},
			{"boss", filepath.Join(dir, "other"), MayTend},
		}
	}, func(r *rig) { f(r, pool) })
}

// A visitor is a connection from afar.
type visitor struct {
	t  *testing.T
	nc net.Conn
	in *bufio.Reader
}

// far is the bridge's end of it.
type far struct {
	*duplex
	from net.Addr
}

func from(nc *duplex, ip netip.Addr) far {
	return far{nc, net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 40000))}
}

func (f far) RemoteAddr() net.Addr { return f.from }

// visit connects from an address; what comes is read as the test asks for it.
func (r *rig) visit(ip netip.Addr, e entrance) *visitor {
	near, theirs := newDuplex()
	r.server.enter(r.ctx, from(theirs, ip), e)
	return &visitor{r.t, near, bufio.NewReader(near)}
}

// visitTLS connects as friends do.
func (r *rig) visitTLS(from netip.Addr, pool *x509.CertPool) *visitor {
	v := r.visit(from, entrance{token: true, tls: r.TLS()})
	v.nc = tls.Client(v.nc, &tls.Config{RootCAs: pool, ServerName: "localhost"})
	v.in = bufio.NewReader(v.nc)
	return v
}

func (v *visitor) say(text string) { io.WriteString(v.nc, text) }

// line is what comes next; an error, if nothing does any more.
func (v *visitor) line() string {
	line, err := v.in.ReadString('\n')
	if err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(line, "\r\n")
}

func (v *visitor) expect(prefixes ...string) {
	v.t.Helper()
	for _, prefix := range prefixes {
		if line := v.line(); !strings.HasPrefix(line, prefix) {
			v.t.Errorf("%q came, want %s", line, prefix)
		}
	}
}

// serves tells whether a friend, who connects anew, can send a message.
func (r *rig) serves(from netip.Addr, pool *x509.CertPool) {
	r.t.Helper()
	v := r.visitTLS(from, pool)
	defer v.nc.Close()
	go v.say("AUTH " + goodToken + "\nSEND " + phone + " 5\nhello\n")
	v.expect("WVSMS 1 ready", "OK rights=send,receive", "OK ")
}

// address number n of a botnet.
func bot(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{100, byte(n >> 16), byte(n >> 8), byte(n)})
}

// Guessing is slow, says nothing, is logged and counted, and keeps no friend out. Not
// even a right guess helps who has to wait.
func TestAttackGuessing(t *testing.T) {
	guarded(t, func(r *rig, pool *x509.CertPool) {
		r.serves(friend, pool)
		begin := time.Now()
		looked, guesses := 0, 0
		for time.Since(begin) < 5*time.Minute {
			v := r.visit(stranger, entrance{token: true})
			guesses++
			token := fmt.Sprintf("guess-number-%d", guesses)
			if guesses == 20 {
				token = goodToken
			}
			go v.say("AUTH " + token + "\n")
			v.expect("WVSMS 1 ready")
			switch line := v.line(); {
			case strings.HasPrefix(line, "ERR auth no [[token]]"):
				looked++
			case !strings.HasPrefix(line, "ERR auth too many failures: wait "):
				t.Fatalf("guess %d: %q", guesses, line)
			}
			v.expect("EOF")
			v.nc.Close()
		}
		if looked > 5+5*6 {
			t.Errorf("%d of %d guesses were looked at", looked, guesses)
		}
		if _, err := r.Authenticate(friend, goodToken); err != nil {
			t.Error(err)
		}
		r.serves(friend, pool)
		r.settle(2 * time.Minute)
		if n := r.counters()["auth.failed"]; n != int64(guesses) {
			t.Errorf("%d are counted of %d", n, guesses)
		}
		r.stop()
		if n := strings.Count(r.said.String(), "a wrong token was shown"); n < 20 || n > 40 {
			t.Errorf("%d lines in the log", n)
		}
		for _, secret := range []string{goodToken, otherToken, "guess-number"} {
			if strings.Contains(r.said.String(), secret) {
				t.Errorf("the log has %s", secret)
			}
		}
	})
}

// A token that was taken away opens nothing, and what it had opened is closed: a stream of
// all that passes, too. Who has another one does not notice; nor does who may more now.
func TestTokenTakenAway(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"the token":    func(c *Config) { c.Tokens = c.Tokens[:1] },
		"its right":    func(c *Config) { c.Tokens[1].Rights = MaySend },
		"its contents": func(c *Config) { writeFile(t, c.Tokens[1].File, "another-token-0123456789") },
	} {
		t.Run(name, func(t *testing.T) {
			guarded(t, func(r *rig, pool *x509.CertPool) {
				other, kept := r.visitTLS(stranger, pool), r.visitTLS(friend, pool)
				go other.say("AUTH " + otherToken + "\nCAPTURE\n")
				other.expect("WVSMS 1 ready", "OK rights=admin", "OK")
				go kept.say("AUTH " + goodToken + "\n")
				kept.expect("WVSMS 1 ready", "OK rights=send,receive")

				c := r.cfg
				c.Tokens = slices.Clone(c.Tokens)
				c.Tokens[0].Rights |= MayTend
				change(&c)
				if _, _, err := r.Reload(context.Background(), c); err != nil {
					t.Fatal(err)
				}
				r.settle(time.Second)
				other.nc.SetReadDeadline(time.Now().Add(time.Minute))
				if line := other.line(); !strings.HasSuffix(line, "EOF") {
					t.Errorf("it goes on: %q", line)
				}
				go kept.say("PING\n")
				kept.expect("PONG")
				kept.nc.Close()
				r.settle(time.Second)
				if n := len(r.server.guests.all); n != 0 {
					t.Errorf("%d are remembered", n)
				}
			})
		})
	}
}

// Many that do nothing, or nothing fast, or no handshake, have a few of the connections
// for a few seconds. Who has a connection keeps it; who was let in before gets a new one.
func TestAttackSlowLoris(t *testing.T) {
	hello := clientHello(t)
	for name, slow := range map[string]struct {
		entrance func(*rig) entrance
		octets   string
	}{
		"lines":      {func(*rig) entrance { return entrance{token: true} }, strings.Repeat("A", 900)},
		"payload":    {func(*rig) entrance { return entrance{token: true} }, "SEND " + phone + " 30000\n" + strings.Repeat("A", 900)},
		"handshakes": {func(r *rig) entrance { return entrance{token: true, tls: r.TLS()} }, hello},
		"silence":    {func(r *rig) entrance { return entrance{token: true, tls: r.TLS()} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			guarded(t, func(r *rig, pool *x509.CertPool) {
				at := r.visitTLS(friend, pool)
				go at.say("AUTH " + goodToken + "\n")
				at.expect("WVSMS 1 ready", "OK rights")

				begin := time.Now()
				ends := make(chan time.Duration, 300)
				for n := range 300 {
					near, theirs := newDuplex()
					r.on.Go(func() {
						io.Copy(io.Discard, near)
						ends <- time.Since(begin)
					})
					r.on.Go(func() {
						for i := range len(slow.octets) {
							if _, err := io.WriteString(near, slow.octets[i:i+1]); err != nil {
								return
							}
							time.Sleep(time.Second)
						}
					})
					r.server.enter(r.ctx, from(theirs, bot(n)), slow.entrance(r))
				}
				r.settle(3 * time.Second)
				if n := len(r.server.slots); n > maxStrangers+1 {
					t.Errorf("%d connections are served", n)
				}
				go at.say("PING\n")
				at.expect("PONG")
				r.serves(friend, pool)
				r.settle(10 * time.Second)
				for range 300 {
					if life := <-ends; life > strangerTime+lingerTime {
						t.Fatalf("one lived for %v", life)
					}
				}
				r.serves(bot(1000), pool)
				go at.say("PING\n")
				at.expect("PONG")
				if n := r.sent(); n != 2 {
					t.Errorf("%d messages were accepted", n)
				}
				at.nc.Close()
				r.settle(time.Minute)
				if s := &r.server.strangers; s.n != 0 || len(s.each) != 0 || len(r.server.slots) != 0 {
					t.Errorf("%d strangers, %d addresses, %d connections are left", s.n, len(s.each), len(r.server.slots))
				}
			})
		})
	}
}

// One address cannot take all that strangers may have.
func TestAttackOneAddress(t *testing.T) {
	guarded(t, func(r *rig, pool *x509.CertPool) {
		for range 100 {
			near, theirs := newDuplex()
			go io.Copy(io.Discard, near)
			r.server.enter(r.ctx, from(theirs, stranger), entrance{token: true})
		}
		r.settle(lingerTime + time.Second) // those that are turned away are gone
		if n := r.server.strangers.n; n != strangersEach {
			t.Errorf("it has %d connections", n)
		}
		v := r.visit(stranger, entrance{token: true})
		v.expect("ERR busy ")
		r.serves(friend, pool)
	})
}

// A web page that posts to the port gets nothing done, with TLS and without, and what is
// behind the head of its request is no command.
func TestAttackCrossSitePost(t *testing.T) {
	guarded(t, func(r *rig, pool *x509.CertPool) {
		body := "\r\nAUTH " + goodToken + "\r\nSEND " + phone + " 5\r\nhello\r\n"
		post := "POST / HTTP/1.1\r\nHost: bridge:3590\r\nContent-Length: 100\r\n\r\n" + body
		v := r.visitTLS(stranger, pool)
		go v.say(post)
		v.expect("WVSMS 1 ready", `ERR syntax unknown command "POST"`, "EOF")

		v = r.visit(stranger, entrance{token: true})
		go v.say(post)
		v.expect("WVSMS 1 ready", `ERR syntax unknown command "POST"`, "EOF")

		// Plain HTTP where TLS is spoken.
		v = r.visit(stranger, entrance{token: true, tls: r.TLS()})
		go v.say(post)
		if said, _ := io.ReadAll(v.in); strings.Contains(string(said), "WVSMS") {
			t.Errorf("it was greeted: %q", said)
		}

		// A page on this machine, where no token is wanted.
		v = r.visit(netip.MustParseAddr("127.0.0.1"), entrance{})
		go v.say(post)
		v.expect("WVSMS 1 ready", `ERR syntax unknown command "POST"`, "EOF")
		if n := r.sent(); n != 0 {
			t.Errorf("%d messages were accepted", n)
		}
		r.serves(friend, pool)
	})
}

// Too long is too long for strangers, too, and costs no more than for friends.
func TestAttackOversize(t *testing.T) {
	guarded(t, func(r *rig, pool *x509.CertPool) {
		for _, c := range []struct{ said, want string }{
			{"AUTH " + strings.Repeat("x", 100_000), "ERR line-too-long "},
			{strings.Repeat("x", 100_000), "ERR line-too-long "},
			{"SEND " + phone + " 65537\n" + strings.Repeat("x", 65537) + "\n", "ERR too-large "},
			{"SEND " + phone + " 99999999999999999999\n", "ERR too-large "},
			{"SEND " + phone + " -1\n", "ERR syntax "},
			{"\x00\x01\x02\xFF\n", "ERR syntax "},
			{"SEND " + phone + " 65536\n" + strings.Repeat("x", 65536) + "\n", "ERR auth "},
		} {
			v := r.visitTLS(stranger, pool)
			go v.say(c.said)
			v.expect("WVSMS 1 ready", c.want)
			v.nc.Close()
		}
		r.settle(time.Minute)
		r.serves(friend, pool)
	})
}

// No value that a client chooses makes a line of its own in an answer or an event.
func TestAttackInjection(t *testing.T) {
	guarded(t, func(r *rig, pool *x509.CertPool) {
		const evil = `"x\x0D\x0AOK\x20rights=admin\x0D\x0AEVT\x201\x20\x1B[2J"`
		v := r.visitTLS(friend, pool)
		go func() {
			v.say("AUTH " + goodToken + "\nEVENTS\n")
			v.say("SEND " + evil + " 2\nhi\n")
			for _, key := range []string{"key", "ttl", "report", "modem", "unknown", "port", "x"} {
				v.say("SEND " + phone + " 2 " + key + "=" + evil + "\nhi\n")
			}
			v.say("LIST " + evil + "\nSHOW " + evil + "\nACK " + evil + "\nRECV port=" + evil + "\nAUTH x " + evil + "\nAUTH " + evil + "\n")
		}()
		v.expect("WVSMS 1 ready", "OK rights=send,receive", "OK", "ERR bad-number")
		for _, want := range []string{"OK ", "ERR syntax", "ERR syntax", "ERR no-modem", "ERR syntax", "ERR syntax", "ERR syntax",
			"ERR syntax", "ERR no-such-id", "ERR no-such-id", "ERR syntax", "ERR syntax", "ERR auth", "EOF"} {
			line := v.line()
			for strings.HasPrefix(line, "EVT ") {
				line = v.line()
			}
			if !strings.HasPrefix(line, want) || strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c > '~' }) {
				t.Errorf("%q came, want %s", line, want)
			}
		}
	})
}

// clientHello is how a handshake begins.
func clientHello(t *testing.T) string {
	t.Helper()
	near, far := net.Pipe()
	go tls.Client(near, &tls.Config{ServerName: "localhost"}).HandshakeContext(context.Background())
	b := make([]byte, 100)
	if _, err := io.ReadFull(far, b); err != nil {
		t.Fatal(err)
	}
	far.Close()
	return string(b)
}

// sent counts the messages that were accepted.
func (r *rig) sent() (n int) {
	r.t.Helper()
	r.view(func(tx *spool.Tx) error {
		list, err := tx.Outbounds("", 0, 1000)
		n = len(list)
		return err
	})
	return n
}
