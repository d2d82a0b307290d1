package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"wvsms/bridge"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// hostile is what a sender, a modem or a client may have a line hold.
const hostile = "a\x1b[2J\x1b]0;title\x07\r\n15:04:05.000 ERR forged\n<0>forged\x7f\u009b31m\u202ez\u2028\xff"

// saysAll logs a line with something hostile wherever it can stand.
func saysAll(log zerolog.Logger) {
	log.Error().Str("from", hostile).Err(errors.New(hostile)).Strs("lines", []string{hostile}).
		AnErr("cause", errors.New(hostile)).Any("object", map[string]any{"x": []string{hostile}}).
		Bytes("raw", []byte(hostile)).Msg(hostile)
}

// One line of the log is one line of the output, and holds nothing that a terminal obeys.
func TestLogIsTame(t *testing.T) {
	for _, format := range []string{"console", "json"} {
		for _, journal := range []bool{false, true} {
			var out, others bytes.Buffer
			c := bridge.LogConfig{Format: format}
			saysAll(zerolog.New(newLogWriter(&out, c, journal, &others)).With().Timestamp().Logger())
			line, ended := strings.CutSuffix(out.String(), "\n")
			if !ended || strings.ContainsFunc(line, func(r rune) bool { return visible(string(r)) != string(r) }) {
				t.Errorf("%s, journal %v: %q", format, journal, line)
			}
			if !strings.Contains(line, "forged") || strings.HasPrefix(line, "<3>") != journal {
				t.Errorf("%s, journal %v: %q", format, journal, line)
			}
			var is struct{ Message, From, Error string }
			if format == "json" {
				if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "<3>")), &is); err != nil || is.Message != strings.ToValidUTF8(hostile, "\ufffd") || is.From != is.Message || is.Error != is.Message {
					t.Errorf("%q: %v", line, err)
				}
			}
			if err := json.Unmarshal(others.Bytes(), &is); err != nil {
				t.Errorf("others get %q: %v", others.Bytes(), err)
			}
		}
	}
}

// With colours too: those of ours are the only ones.
func TestLogKeepsItsColours(t *testing.T) {
	var out bytes.Buffer
	w := newLogWriter(&out, bridge.LogConfig{Format: "console"}, false)
	w.console.NoColor = false
	saysAll(zerolog.New(w))
	line := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(strings.TrimSuffix(out.String(), "\n"), "")
	if line == out.String() || strings.ContainsFunc(line, func(r rune) bool { return visible(string(r)) != string(r) }) {
		t.Errorf("%q", line)
	}
	if strings.Contains(out.String(), "\x1b[2J") {
		t.Errorf("%q", out.String())
	}
}

// The journal reads the level from the begin of a line, and knows the time.
func TestLogForTheJournal(t *testing.T) {
	var out bytes.Buffer
	log := zerolog.New(newLogWriter(&out, bridge.LogConfig{Format: "console"}, true)).With().Timestamp().Logger()
	log.Debug().Msg("d")
	log.Info().Int("n", 1).Msg("i")
	log.Warn().Msg("w")
	log.Error().Msg("e")
	log.Log().Msg("l")
	want := "<7>DBG d\n<6>INF i n=1\n<4>WRN w\n<3>ERR e\n<6>??? l\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// Only where stderr is the stream that systemd names, and not in a pipe behind it.
func TestJournalIsKnown(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	for stream, known := range map[string]bool{fmt.Sprintf("%d:%d", st.Dev, st.Ino): true, fmt.Sprintf("%d:%d", st.Dev, st.Ino+1): false, "": false} {
		t.Setenv("JOURNAL_STREAM", stream)
		if isJournal(f) != known {
			t.Errorf("%q is the journal: %v", stream, !known)
		}
	}
	if isJournal(&bytes.Buffer{}) {
		t.Error("memory is the journal")
	}
}

// A daemon that redacts tells no number at any level, with a trace, to people and to
// programs; and does not begin with --payload, which would.
func TestDaemonRedacts(t *testing.T) {
	for _, format := range []string{"json", "console"} {
		air := newTestNet(t, modemtest.AirOptions{})
		_, device := air.modem(modemtest.ModemOptions{Number: numberA})
		b := newTestBridge(t, device, "direct", "level = \"debug\"\nnumbers = \"redact\"\n")
		text, err := os.ReadFile(b.config)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.Replace(text, []byte(`format = "json"`), []byte(`format = "`+format+`"`), 1)
		if err := os.WriteFile(b.config, text, 0o600); err != nil {
			t.Fatal(err)
		}
		b.args = []string{"--trace"}
		b.start()
		client := b.connect()
		defer client.close()
		client.do("EVENTS", "OK")
		client.do("RECV", "OK")
		id, _ := client.send(phone, []byte("hello"), "")
		client.event(id, "sent")
		h := air.air.NewHandset(phone, nil)
		ud, err := pdu.GSM7UserData("not for the bridge, from " + phone)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.SendUserData(numberA, pdu.DCSGSM7, ud); err != nil {
			t.Fatal(err)
		}
		if err := h.Send(numberA, wdp.Datagram{Dst: 3590, Data: []byte("hi")}); err != nil {
			t.Fatal(err)
		}
		if m := client.message(); m.peer != phone {
			t.Errorf("a client is told %s", m.peer)
		}
		b.kill()
		said := b.log.String()
		for _, number := range []string{phone[3:], numberA[3:], "71214365" /* of phone in a PDU */} {
			if strings.Contains(said, number) {
				t.Errorf("%s: %s is told:\n%s", format, number, said)
			}
		}
		for _, want := range []string{"+49…", "AT+CMGS=", id, "accepted"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: the log never says %s", format, want)
			}
		}
		out, err := exec.Command("wvsms", "run", "--config", b.config, "--trace", "--payload").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "--payload prints the numbers") {
			t.Errorf("%v: %s", err, out)
		}
	}
}
