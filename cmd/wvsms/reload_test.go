package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// says waits until the log of the bridge has a line with all of these.
func (b *testBridge) says(want ...string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		for line := range strings.Lines(b.log.String()) {
			found := true
			for _, w := range want {
				found = found && strings.Contains(line, w)
			}
			if found {
				return
			}
		}
	}
	b.t.Fatalf("nothing says %q", want)
}

// hup has the bridge read its configuration again, with what stands in it replaced.
func (b *testBridge) hup(old, new string) {
	b.t.Helper()
	text, err := os.ReadFile(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		b.t.Fatalf("%q is not in the configuration", old)
	}
	if err := os.WriteFile(b.config, []byte(strings.Replace(string(text), old, new, 1)), 0o600); err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Process.Signal(unix.SIGHUP); err != nil {
		b.t.Fatal(err)
	}
}

// SIGHUP: limits and the level of the log count at once, what does not is named, and a
// faulty file changes nothing.
func TestSIGHUP(t *testing.T) {
	t.Parallel()
	net := newTestNet(t, modemtest.AirOptions{})
	_, device := net.modem(modemtest.ModemOptions{Number: numberA})
	handset := net.air.NewHandset(phone, nil)
	b := newTestBridge(t, device, "store", "level = \"info\"\n")
	b.start()
	c := b.connect()
	defer c.close()
	c.send(phone, []byte("1"), "")

	b.hup("segments_per_day = 0", "segments_per_day = 1\nprice = \"0.5 EUR\"")
	b.says(`"level":"info"`, `"changed":["limits.segments_per_day","limits.price"]`, "the configuration is read again")
	c.do(fmt.Sprintf("SEND %s 1\r\n2", phone), "ERR budget ")

	b.hup("segments_per_day = 1", "segments_per_day = -1\nallow_to = [\"+49*1\"]")
	b.says(`"key":"limits.segments_per_day"`, "nothing has changed")
	b.says(`"key":"limits.allow_to[0]"`, "nothing has changed")
	c.do(fmt.Sprintf("SEND %s 1\r\n2", phone), "ERR budget ")

	b.hup("segments_per_day = -1\nallow_to = [\"+49*1\"]", "segments_per_day = 9\ndeny_to = [\"+48*\"]\nmax_octets = 2")
	b.says(`"changed":["limits.segments_per_day","limits.max_octets","limits.deny_to"]`)
	c.do(fmt.Sprintf("SEND %s 2 dry=yes\r\n22", phone), `OK - segments=1 cost="0.50\x20EUR" dry=yes`)
	c.do(fmt.Sprintf("SEND %s 3\r\n222", phone), "ERR too-large ")
	c.do("SEND +481 1\r\n2", "ERR not-allowed ")

	b.hup("name = \"m0\"", "name = \"m0\"\nbaud = 9600")
	b.says(`"level":"warn"`, `"after_restart":["modem[0].baud"]`, "the configuration is read again")

	c.do("RECV", "OK")
	acknowledge := func(body string) { // which the log tells at level debug
		if err := handset.Send(numberA, wdp.Datagram{Dst: 3590, Data: []byte(body)}); err != nil {
			t.Fatal(err)
		}
		c.do("ACK "+c.message().id, "OK")
	}
	acknowledge("first")
	b.hup("level = \"info\"", "level = \"debug\"")
	b.says(`"changed":["log.level"]`)
	if strings.Contains(b.log.String(), "acknowledged") {
		t.Error("debug lines at level info")
	}
	acknowledge("second")
	b.says(`"level":"debug"`, "acknowledged")
}

func TestQueueResume(t *testing.T) {
	addr := playBridge(t, "C: RESUME +49171\nS: OK\nC: RESUME +49172\nS: ERR not-allowed no loop with this number is stopped")
	out, err := run(t, "", &queueResumeCmd{Numbers: []string{"+49171", "+49172"}, operatorFlags: operatorFlags{Socket: addr}})
	if want := "+49171: messages go again\n+49172: refused: not-allowed: no loop with this number is stopped\n"; out != want || err == nil {
		t.Errorf("%q, %v, want %q", out, err, want)
	}
}
