package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// playBridge plays the bridge's side of the socket: one script a connection, one after
// the other. `C:` is a line that must come (with `<n>` octets of payload after a SEND),
// `S:` one that is sent; a script's end closes the connection.
func playBridge(t *testing.T, scripts ...string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var played sync.WaitGroup
	played.Go(func() {
		for _, script := range scripts {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			if err := playOnce(nc, script); err != nil {
				t.Error(err)
			}
			nc.Close()
		}
	})
	t.Cleanup(func() { l.Close(); played.Wait() })
	return l.Addr().String()
}

func playOnce(nc net.Conn, script string) error {
	in := bufio.NewReader(nc)
	io.WriteString(nc, "WVSMS 1 ready max=32640\r\n")
	for step := range strings.SplitSeq(strings.TrimSpace(script), "\n") {
		side, text, _ := strings.Cut(strings.TrimSpace(step), ": ")
		if side == "S" {
			s, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `\r\n"`)
			if err != nil {
				return fmt.Errorf("%s: %w", step, err)
			}
			io.WriteString(nc, s)
			continue
		}
		got, err := in.ReadString('\n')
		if strings.TrimRight(got, "\n") != text {
			return fmt.Errorf("%s: %q came (%v)", step, got, err)
		}
	}
	return nil
}

func run(t *testing.T, in string, command interface {
	Run(context.Context, *stdio) error
}) (out string, err error) {
	t.Helper()
	var o bytes.Buffer
	err = command.Run(t.Context(), &stdio{In: strings.NewReader(in), Out: &o, Err: io.Discard})
	return o.String(), err
}

func TestSend(t *testing.T) {
	const line = "C: SEND +49171 5 port=3590 from-port=3590"
	tests := []struct {
		name    string
		cmd     sendCmd
		script  string
		out     string
		refused string
	}{
		{"words", sendCmd{}, line + "\nC: hello\nS: OK A1 segments=1", "A1 accepted, 1 segment\n", ""},
		{"json", sendCmd{JSON: true}, line + "\nC: hello\nS: OK A1 segments=2", `{"id":"A1","segments":2,"duplicate":false}` + "\n", ""},
		{"keys", sendCmd{Key: "a b", TTL: "10m", Modem: "m1", Report: true, Unknown: "hold"},
			line + ` key="a\\x20b" ttl=10m modem=m1 report=yes unknown=hold` + "\nC: hello\nS: OK A1 segments=1 duplicate=yes",
			"A1 accepted, 1 segment (this key stood for it already)\n", ""},
		{"cost", sendCmd{}, line + "\nC: hello\nS: OK A1 segments=3 cost=\"0.27" + `\\\x20EUR"`, "A1 accepted, 3 segments for 0.27 EUR\n", ""},
		{"dry run", sendCmd{DryRun: true}, line + " dry=yes\nC: hello\nS: OK - segments=3 cost=0.27 dry=yes", "it would be accepted: 3 segments for 0.27\n", ""},
		{"dry run, json", sendCmd{DryRun: true, JSON: true}, line + " dry=yes\nC: hello\nS: OK - segments=1 dry=yes",
			`{"id":"-","segments":1,"duplicate":false,"dry":true}` + "\n", ""},
		{"dry run of a duplicate", sendCmd{DryRun: true, Key: "k"}, line + " key=k dry=yes\nC: hello\nS: OK A1 segments=1 duplicate=yes dry=yes",
			"it would be accepted: 1 segment (this key stood for it already): A1\n", ""},
		{"refused", sendCmd{}, line + "\nC: hello\nS: ERR budget 500 segments in 24 h", "", "budget"},
		{"wait", sendCmd{Wait: true}, "C: EVENTS\nS: OK\n" + line +
			"\nC: hello\nS: OK A1 segments=2\nS: EVT 1 A1 sent segment=1/2\nS: EVT 2 B2 failed\nS: NEWS ignored\nS: EVT 3 A1 sent",
			"A1 accepted, 2 segments\nA1 sent\n", ""},
		{"wait for the report", sendCmd{Wait: true, Report: true, JSON: true}, "C: EVENTS\nS: OK\n" + line +
			" report=yes\nC: hello\nS: OK A1 segments=1\nS: EVT 1 A1 sent\nS: EVT 2 A1 delivered",
			`{"id":"A1","segments":1,"duplicate":false}` + "\n" + `{"id":"A1","event":"delivered"}` + "\n", ""},
		{"wait for a duplicate", sendCmd{Wait: true, Key: "k"}, "C: EVENTS\nS: OK\n" + line +
			" key=k\nC: hello\nS: OK A1 segments=1 duplicate=yes\nC: SHOW A1\nS: DATA 16\\r\\n" + `{"state":"sent"}`,
			"A1 accepted, 1 segment (this key stood for it already)\nA1 sent\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cmd.To, tt.cmd.File, tt.cmd.Port, tt.cmd.FromPort = "+49171", "-", 3590, 3590
			tt.cmd.Socket = playBridge(t, strings.ReplaceAll(tt.script, `\\x`, `\x`))
			out, err := run(t, "hello", &tt.cmd)
			var refused *refusedError
			if errors.As(err, &refused) != (tt.refused != "") || refused == nil && err != nil || refused != nil && refused.code != tt.refused {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.out, out); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSendWaitsForABadEnd(t *testing.T) {
	c := sendCmd{To: "1", File: "-", Wait: true, Socket: playBridge(t,
		"C: EVENTS\nS: OK\nC: SEND 1 0 port=0 from-port=0\nC: \nS: OK A1 segments=1\n"+`S: EVT 9 A1 failed why="barred\\x0A"`)}
	out, err := run(t, "", &c)
	if err == nil || out != "A1 accepted, 1 segment\nA1 failed: barred\\x0a\n" {
		t.Fatalf("%q, %v", out, err)
	}
}

func TestSendTooLarge(t *testing.T) {
	_, err := run(t, strings.Repeat("x", longestPayload+1), &sendCmd{To: "1", File: "-", Socket: "127.0.0.1:0"})
	var refused *refusedError
	if !errors.As(err, &refused) || refused.code != "too-large" {
		t.Fatal(err)
	}
}

func TestListen(t *testing.T) {
	const msg = `S: MSG A1 "Bad\\x1BName" 6 port=3590 from-port=0 to="" alphabet=8bit modem=m0 received=2026-01-02T03:04:05Z later=key\r\n\x1b[2Jhi`
	addr := playBridge(t, "C: RECV max=64 port=3590\nS: OK\n"+msg+"\nC: ACK A1\nS: OK")
	out, err := run(t, "", &listenCmd{Max: 64, Count: 1, Ports: "3590", Socket: addr})
	if err != nil {
		t.Fatal(err)
	}
	want := "A1 from Bad\\x1bName, port 3590, 6 octets, 8bit, 2026-01-02T03:04:05Z\n\\x1b[2Jhi\n"
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
}

// What a message says as CSP means it: a secret only if it is asked for, and nothing that
// a terminal obeys. What is no CSP may be anything, a text to a person too.
func TestListenPretty(t *testing.T) {
	const (
		keys  = " port=3590 from-port=0 to=+1 alphabet=8bit modem=m0 received=2026-01-02T03:04:05Z"
		login = `S: MSG A1 +49171 41` + keys + `\r\nWV12LR1 PW=se\x1b[2Jcret ZZ=\x1b[2J UI=wv:a@b.c`
		text  = `S: MSG A2 +49171 8` + keys + `\r\nhi\x1b[2Jhi`
		part  = `S: MSG A3 +49171 16` + keys + `\r\nWV12LR1bc secret`
		head  = " from +49171, port 3590, "
		rest  = " octets, 8bit, 2026-01-02T03:04:05Z\n"
	)
	for _, tt := range []struct {
		payload bool
		want    string
	}{
		{false, "A1" + head + "41" + rest + `  PTS 1.2 Login-Request, transaction 1
    Login-Request
      Password = (hidden)
      ZZ = (hidden)
      UserID = wv:a@b.c
` + "A2" + head + "8" + rest + "  opaque\n" + "A3" + head + "16" + rest + `  PTS 1.2 Login-Request, transaction 1, part 2 of 3
    [6 octets]
`},
		{true, "A1" + head + "41" + rest + `  PTS 1.2 Login-Request, transaction 1
    Login-Request
      Password = se\x1b[2Jcret
      ZZ = \x1b[2J
      UserID = wv:a@b.c
` + "A2" + head + "8" + rest + "  opaque\n    hi\\x1b[2Jhi\n" + "A3" + head + "16" + rest + `  PTS 1.2 Login-Request, transaction 1, part 2 of 3
    secret
`},
	} {
		addr := playBridge(t, "C: RECV max=64\nS: OK\n"+strings.Join([]string{login, text, part}, "\n")+
			"\nC: ACK A1\nC: ACK A2\nC: ACK A3\nS: OK\nS: OK\nS: OK")
		out, err := run(t, "", &listenCmd{Max: 64, Count: 3, Pretty: true, Payload: tt.payload, Socket: addr})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, out); diff != "" {
			t.Error(diff)
		}
	}
}

// Programs are told what a message is beside the message.
func TestListenJSON(t *testing.T) {
	addr := playBridge(t, "C: RECV max=64\nS: OK\nS: MSG A1 +49171 7 port=3590\\r\\nWV12ST7\nC: ACK A1\nS: OK")
	out, err := run(t, "", &listenCmd{Max: 64, Count: 1, JSON: true, Socket: addr})
	want := `"csp":{"syntax":"PTS","version":"1.2","transactions":[{"id":"7","code":"ST","primitive":"Status","mode":"Response"}]}}` + "\n"
	if err != nil || !strings.HasSuffix(out, want) {
		t.Errorf("%v\n%s", err, out)
	}
}

// What is written and not acknowledged when the connection breaks is acknowledged
// after it, and not written twice.
func TestListenReconnects(t *testing.T) {
	const keys = " port=3590 from-port=0 to=+1 alphabet=8bit modem=m0 received=2026-01-02T03:04:05Z"
	addr := playBridge(t,
		"C: RECV max=64\nS: OK\nS: MSG A1 +49171 2"+keys+`\r\nhi`+"\nC: ACK A1",
		"C: ACK A1\nS: OK\nC: RECV max=64\nS: OK\nS: MSG A2 +49171 2"+keys+` redelivered=yes\r\nho`+"\nC: ACK A2\nS: ERR gone already")
	out, err := run(t, "", &listenCmd{Max: 64, Count: 2, JSON: true, Socket: addr})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"A1","from":"+49171","to":"+1","port":3590,"from_port":0,"alphabet":"8bit","modem":"m0","received":"2026-01-02T03:04:05Z","redelivered":false,"octets":2,"payload":"aGk="}
{"id":"A2","from":"+49171","to":"+1","port":3590,"from_port":0,"alphabet":"8bit","modem":"m0","received":"2026-01-02T03:04:05Z","redelivered":true,"octets":2,"payload":"aG8="}
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// What could not be written is not acknowledged.
func TestListenAcknowledgesOnlyWhatIsWritten(t *testing.T) {
	addr := playBridge(t, "C: RECV max=64\nS: OK\n"+`S: MSG A1 +49171 2 port=3590\r\nhi`+"\nC: ")
	err := (&listenCmd{Max: 64, Socket: addr}).Run(t.Context(), &stdio{Out: brokenPipe{}, Err: io.Discard})
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Fatal(err)
	}
}

func TestListenRefused(t *testing.T) {
	addr := playBridge(t, "C: RECV max=64 port=x\nS: ERR syntax port=: no number")
	_, err := run(t, "", &listenCmd{Max: 64, Ports: "x", Socket: addr})
	if err == nil {
		t.Fatal("no error")
	}
}

func TestDialSomethingElse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if nc, err := l.Accept(); err == nil {
			io.WriteString(nc, "220 mail.example ESMTP\r\n")
			nc.Close()
		}
	}()
	if _, err := dial(t.Context(), l.Addr().String()); err == nil || !strings.Contains(err.Error(), "220 mail") {
		t.Fatal(err)
	}
}
