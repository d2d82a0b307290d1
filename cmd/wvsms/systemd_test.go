package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"wvsms/modem/modemtest"
)

// A manager is systemd's end of sd_notify.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
	env  []string

	mu   sync.Mutex
	told []string // assignments, in order
}

func newManager(t *testing.T) *manager {
	t.Helper()
	dir, err := os.MkdirTemp("", "wv") // a path of 107 octets at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{t: t, conn: conn, env: []string{"NOTIFY_SOCKET=" + path}}
	var listening sync.WaitGroup
	listening.Go(m.listen)
	t.Cleanup(func() { conn.Close(); listening.Wait() })
	return m
}

func (m *manager) listen() {
	buffer := make([]byte, 4096)
	for {
		n, err := m.conn.Read(buffer)
		if err != nil {
			return
		}
		m.mu.Lock()
		m.told = append(m.told, strings.Split(string(buffer[:n]), "\n")...)
		m.mu.Unlock()
	}
}

// await waits for an assignment that contains text, after the first from of them; it
// returns how many there were then.
func (m *manager) await(from int, text string) int {
	m.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		m.mu.Lock()
		told := m.told
		m.mu.Unlock()
		for i := from; i < len(told); i++ {
			if strings.Contains(told[i], text) {
				return i + 1
			}
		}
	}
	m.t.Fatalf("systemd is not told %s: %q", text, m.all())
	return 0
}

func (m *manager) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.told...)
}

// What systemd is told: READY when the sockets are open, whatever the modem does; STATUS
// in plain words; the watchdog is fed; STOPPING.
func TestNotify(t *testing.T) {
	m := newManager(t)
	n := newTestNet(t, modemtest.AirOptions{})
	_, device := n.modem(modemtest.ModemOptions{Number: numberA})
	b := newTestBridge(t, device, "auto", "")
	b.env = append(m.env, "WATCHDOG_USEC=600000")
	b.start()
	at := m.await(0, "READY=1")
	m.await(0, "STATUS=m0: ready, registered on Test Net")
	at = m.await(at, "WATCHDOG=1")
	m.await(at, "WATCHDOG=1")
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	m.await(at, "STOPPING=1")
	if err := b.cmd.Wait(); err != nil {
		t.Error(err)
	}
	b.cmd = nil
}

// Without a modem the bridge is ready all the same, and says what it waits for.
func TestNotifyWithoutAModem(t *testing.T) {
	m := newManager(t)
	b := newTestBridge(t, filepath.Join(t.TempDir(), "ttyUSB2"), "auto", "")
	b.env = m.env
	b.start()
	m.await(0, "READY=1")
	m.await(0, "STATUS=m0: open the line to modem m0: open")
	for _, told := range m.all() {
		if told == "WATCHDOG=1" {
			t.Error("a watchdog is fed that nobody has set")
		}
	}
}

// Sockets that systemd has bound are used; one beyond loopback is refused.
func TestSocketActivation(t *testing.T) {
	b := newTestBridge(t, "/dev/null/none", "auto", "")
	start := func(l net.Listener) *exec.Cmd {
		t.Helper()
		return activate(t, b, "wvsms.socket", l)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// A client that comes before the program is served by it.
	early, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer early.Close()
	b.cmd = start(l)
	early.SetDeadline(time.Now().Add(patience))
	greeting := make([]byte, 13)
	if _, err := early.Read(greeting); err != nil || string(greeting) != "WVSMS 1 ready" {
		t.Errorf("%q, %v", greeting, err)
	}
	b.connect().close() // the configured one is served too
	b.kill()

	open, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	cmd := start(open)
	if err := cmd.Wait(); err == nil || !strings.Contains(b.log.String(), "is beyond loopback") {
		t.Errorf("%v: %s", err, b.log)
	}
}

// activate starts the program as systemd does with sockets of these names.
func activate(t *testing.T, b *testBridge, names string, sockets ...net.Listener) *exec.Cmd {
	t.Helper()
	// LISTEN_PID is the pid that the program will have.
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec wvsms run --config "$0"`, b.config)
	cmd.Env = append(os.Environ(), fmt.Sprintf("LISTEN_FDS=%d", len(sockets)), "LISTEN_FDNAMES="+names)
	for _, l := range sockets {
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	cmd.Stderr = b.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// The socket that is named http is the page's, and both may be beyond loopback where
// there are a certificate and a token.
func TestSocketsOfBothKinds(t *testing.T) {
	certs := t.TempDir()
	writeCertificate(t, certs)
	b := newTestBridge(t, "/dev/null/none", "auto", fmt.Sprintf(`
[tls]
cert = %q
key = %q
[[token]]
file = %q
rights = ["receive"]
`, certs+"/cert.pem", certs+"/key.pem", fileOf(t, testToken)))
	var sockets []net.Listener
	for range 2 {
		l, err := net.Listen("tcp", "0.0.0.0:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		sockets = append(sockets, l)
	}
	b.cmd = activate(t, b, "http:wvsms.socket", sockets...)
	b.connect().close()
	access := accessFlags{CA: certs + "/cert.pem", TokenFile: fileOf(t, testToken)}
	addr := sockets[1].Addr().(*net.TCPAddr)
	out, err := run(t, "", &queueListCmd{operatorFlags: operatorFlags{Socket: fmt.Sprintf("0.0.0.0:%d", addr.Port), accessFlags: access}})
	if err != nil {
		t.Errorf("%q, %v", out, err)
	}
	_, err = run(t, "", &queueCancelCmd{IDs: []string{"x"}, operatorFlags: operatorFlags{Socket: fmt.Sprintf("0.0.0.0:%d", addr.Port), accessFlags: access}})
	if err == nil {
		t.Error("it may cancel")
	}
	stranger := access
	stranger.CA = ""
	if _, err := stranger.dial(t.Context(), fmt.Sprintf("0.0.0.0:%d", addr.Port)); err == nil || !strings.Contains(err.Error(), "--ca FILE") {
		t.Errorf("%v", err)
	}

	roots, err := access.roots()
	if err != nil {
		t.Fatal(err)
	}
	web := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	answer, err := web.Get(fmt.Sprintf("https://127.0.0.1:%d/healthz", sockets[0].Addr().(*net.TCPAddr).Port))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("GET /healthz: %s", answer.Status)
	}
}

const testToken = "correct-horse-battery-staple"

// A disk that is full, or not mounted to be written, when the bridge starts: it says so
// and serves nothing, and is ready when there is room; systemd is asked for patience.
func TestWaitsForTheDisk(t *testing.T) {
	if os.Getuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("only root can mount a small disk")
		}
		t.Skip("only root can mount a small disk")
	}
	for _, c := range []struct {
		name, options, status string
		filled                bool
		comes                 func(dir string) error
	}{
		{"full", "size=512k", "disk full", true, func(dir string) error { return os.Remove(filepath.Join(dir, "ballast")) }},
		{"read-only", "size=16m,ro", "not writable", false, func(dir string) error { return syscall.Mount("", dir, "", syscall.MS_REMOUNT, "size=16m") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newManager(t)
			b := newTestBridge(t, "/dev/null/none", "auto", "")
			disk := filepath.Join(b.dir, "disk")
			if err := os.Mkdir(disk, 0o700); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(b.config)
			if err != nil {
				t.Fatal(err)
			}
			moved := strings.Replace(string(text), filepath.Join(b.dir, "spool.db"), filepath.Join(disk, "spool.db"), 1)
			if err := os.WriteFile(b.config, []byte(moved), 0o600); err != nil {
				t.Fatal(err)
			}
			flags := uintptr(0)
			size, readOnly := strings.CutSuffix(c.options, ",ro")
			if readOnly {
				flags = syscall.MS_RDONLY
			}
			if err := syscall.Mount("tmpfs", disk, "tmpfs", flags, size); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				b.kill()
				syscall.Unmount(disk, syscall.MNT_DETACH)
			})
			if c.filled {
				if err := fill(filepath.Join(disk, "ballast")); err != nil {
					t.Fatal(err)
				}
			}
			b.cmd = exec.Command("wvsms", "run", "--config", b.config)
			b.cmd.Stderr = b.log
			b.cmd.Env = append(os.Environ(), m.env...)
			if err := b.cmd.Start(); err != nil {
				t.Fatal(err)
			}
			m.await(0, "EXTEND_TIMEOUT_USEC=")
			at := m.await(0, "STATUS=waiting: ")
			if told := strings.Join(m.all(), "\n"); !strings.Contains(told, c.status) || strings.Contains(told, "READY=1") {
				t.Errorf("systemd is told %q", told)
			}
			if c, err := dialTest(b.socket); err == nil {
				c.close()
				t.Error("it serves without a disk")
			}
			m.await(at, "STATUS=waiting: ") // it goes on waiting
			if err := c.comes(disk); err != nil {
				t.Fatal(err)
			}
			m.await(at, "READY=1")
			b.connect().close()
			if n := strings.Count(b.log.String(), "nothing is served until the spool opens"); n != 1 {
				t.Errorf("the log tells %d times that it waits", n)
			}
		})
	}
}

// fill writes until the disk is full.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return nil
		}
	}
}

// A damaged spool is not waited for: that would hide it.
func TestDamagedSpoolIsNotWaitedFor(t *testing.T) {
	b := newTestBridge(t, "/dev/null/none", "auto", "")
	if err := os.WriteFile(filepath.Join(b.dir, "spool.db"), []byte("SQLite format 3\x00"+strings.Repeat("x", 8192)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("wvsms", "run", "--config", b.config).CombinedOutput()
	if err == nil || strings.Contains(string(out), "waiting") {
		t.Errorf("%v: %s", err, out)
	}
}

// With a root that cannot be written and only the spool's folder that can, all is as ever.
func TestReadOnlyRoot(t *testing.T) {
	if _, err := exec.LookPath("unshare"); err != nil || os.Getuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("root and unshare are needed")
		}
		t.Skip("root and unshare are needed")
	}
	n := newTestNet(t, modemtest.AirOptions{})
	_, device := n.modem(modemtest.ModemOptions{Number: numberA})
	n.air.NewHandset(phone, nil)
	b := newTestBridge(t, device, "auto", "")
	script := fmt.Sprintf(`set -e
mount --bind %[1]s %[1]s
mount --bind %[2]s %[2]s
mount -o remount,bind,ro /
! touch /var/lib/x 2>/dev/null
exec wvsms run --config %[3]s`, b.dir, filepath.Dir(b.socket), b.config)
	b.cmd = exec.Command("unshare", "-m", "--propagation", "private", "/bin/sh", "-c", script)
	b.cmd.Stderr = b.log
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := b.connect()
	defer c.close()
	c.do("EVENTS", "OK")
	id, _ := c.send(phone, []byte("from a read-only root"), "")
	c.event(id, "sent")
}

// A fakeBridge is well until a loop of it is stuck.
type fakeBridge struct{ stuck atomic.Value }

func (b *fakeBridge) Summary() (string, <-chan struct{}) { return "m0: dead\nfor a year", nil }
func (b *fakeBridge) Stuck() string                      { return b.stuck.Load().(string) }

// The watchdog is fed while every loop goes round, whatever the modems do; not while one
// is stuck; and again when it goes on.
func TestWatchdogIsFed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var fed atomic.Int64
		b, told := &fakeBridge{}, []string{}
		b.stuck.Store("")
		notify := func(states ...string) {
			for _, s := range states {
				if s == "WATCHDOG=1" {
					fed.Add(1)
				} else {
					told = append(told, s)
				}
			}
		}
		var log bytes.Buffer
		go report(ctx, b, time.Minute, notify, zerolog.New(&log))
		feeds := func(d time.Duration) int64 {
			before := fed.Load()
			time.Sleep(d)
			synctest.Wait()
			return fed.Load() - before
		}
		if n := feeds(time.Hour); n < 120 {
			t.Errorf("in an hour it is fed %d times, and wants it each minute", n)
		}
		b.stuck.Store("timers")
		feeds(time.Minute)
		if n := feeds(time.Hour); n != 0 || strings.Count(log.String(), "timers") != 1 {
			t.Errorf("with a stuck loop it is fed %d times; the log: %s", n, log.String())
		}
		b.stuck.Store("")
		feeds(time.Minute)
		if n := feeds(time.Hour); n < 120 {
			t.Errorf("the loop goes on, and it is fed %d times in an hour", n)
		}
		stop()
		synctest.Wait()
		if want := []string{"READY=1", "STATUS=m0: dead for a year", "STOPPING=1", "STATUS=stopping"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

// A status is one line of bounded length.
func TestStatusLine(t *testing.T) {
	if got := status("a\n b\x00" + strings.Repeat("ü", 1000)); strings.ContainsAny(got, "\n") || len(got) > statusLine+20 || !utf8.ValidString(got) {
		t.Errorf("%q", got)
	}
}
