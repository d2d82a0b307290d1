package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wvsms/modem/modemtest"
)

// playInfo is a script in which each INFO asked for is answered by the next of these, an event
// coming in between.
func playInfo(begin string, objects ...string) string {
	for i, o := range objects {
		if i > 0 {
			begin += "S: EVT 7 01A sent\n"
		}
		begin += fmt.Sprintf("C: INFO\nS: DATA %d\\r\\n%s\n", len(o), o)
	}
	return begin
}

const (
	infoGood = `{"name":"wvsms","uptime":"3h0m1s","modems":[{"name":"m0","sends":true,"verdict":"ready, registered on Test Net, signal -73 dBm","operator":"Test Net","rssi_dbm":-73,"carries":"8-bit data passes","segments_24h":12,"segments_per_day":100},` +
		`{"name":"m1","verdict":"no-modem: /dev/ttyUSB9 is not there","recovery":"usb: 2 times"}],"queued":3,"waiting":5,"unclaimed":1,"partials":2,"quarantine":4,` +
		`"segments_24h":12,"segments_per_day":500,"spent_30d":90,"cost_24h":"1.20 EUR","cost_30d":"9.00 EUR","clock":"never set: times are shown wrong",` +
		`"loops":[{"peer":"+49171","since":"2026-11-26T12:00:00Z","segments":20}],"counters":{"duplicate":3,"parked":0,"csp.answered":1}}`
	infoBad = `{"uptime":"1s","modems":[{"name":"m0","verdict":"the network refuses this SIM"}]}`
)

func TestStatus(t *testing.T) {
	const want = `The bridge at SOCKET is up for 3h0m1s.
It can send.
The machine's clock: never set: times are shown wrong.

MODEM  SENDS  NETWORK   SIGNAL   SEGMENTS IN 24 H  VERDICT
m0     yes    Test Net  -73 dBm  12 of 100         ready, registered on Test Net, signal -73 dBm
                                                   of the network: 8-bit data passes
m1     no     -         -        0                 no-modem: /dev/ttyUSB9 is not there
                                                   recovery: usb: 2 times

to be sent  3 messages, with 5 segments to go
segments    12 of 500 in 24 h, 90 in 30 d; for 1.20 EUR and 9.00 EUR
received    1 message without an acknowledgement
in part     2 messages with segments that are missed
set aside   4 short messages (wvsms queue list --quarantine)
loop        +49171 is sent nothing since 2026-11-26 12:00:00 UTC: programs answered each other with 20 segments (wvsms queue resume)
counted     csp.answered 1, duplicate 3
`
	addr := playBridge(t, playInfo("", infoGood))
	out, err := run(t, "", &statusCmd{operatorFlags: operatorFlags{Socket: addr}})
	if diff := cmp.Diff(strings.ReplaceAll(want, "SOCKET", addr), out); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	out, err = run(t, "", &statusCmd{operatorFlags: operatorFlags{JSON: true, Socket: playBridge(t, playInfo("", infoGood))}})
	if err != nil || out != infoGood+"\n" {
		t.Errorf("%s, %v", out, err)
	}
	out, err = run(t, "", &statusCmd{operatorFlags: operatorFlags{Socket: playBridge(t, playInfo("", infoBad))}})
	if err == nil || err.Error() != "no modem can send: m0: the network refuses this SIM" || !strings.Contains(out, "It cannot send: no modem can.\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// It tells again what has changed, and only that; an interrupt is no fault.
func TestStatusWatch(t *testing.T) {
	same := strings.Replace(infoBad, "1s", "2s", 1)
	addr := playBridge(t, playInfo("C: EVENTS\nS: OK\n", infoBad, same, infoGood))
	out, err := run(t, "", &statusCmd{Watch: true, operatorFlags: operatorFlags{Socket: addr}})
	if err == nil || !strings.Contains(err.Error(), "connection to the bridge lost") {
		t.Errorf("it ends with %v", err)
	}
	blocks := strings.Split(out, " UTC\nThe bridge at ")
	if len(blocks) != 3 || !strings.Contains(blocks[1], "It cannot send") || !strings.Contains(blocks[2], "up for 3h0m1s.\nIt can send") || strings.Contains(out, "\x1b") {
		t.Errorf("it tells:\n%s", out)
	}

	o := operate(t)
	ctx, stop := context.WithCancel(t.Context())
	var told logBuffer
	ended := make(chan error, 1)
	watch := &statusCmd{Watch: true, operatorFlags: o.flags()}
	watch.JSON = true
	go func() { ended <- watch.Run(ctx, &stdio{Out: &told}) }()
	for !strings.Contains(told.String(), `"verdict":"ready`) {
		o.c.do("PING", "PONG")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// On a terminal nothing of the last screen is left, and nothing flickers.
func TestStatusRedraws(t *testing.T) {
	var b bytes.Buffer
	if err := (redrawer{&b}).show("one\ntwo\n"); err != nil || b.String() != "\x1b[Hone\x1b[K\ntwo\x1b[K\n\x1b[J" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// Scripts see by the exit code whether it can send.
func TestStatusExits(t *testing.T) {
	t.Parallel()
	net := newTestNet(t, modemtest.AirOptions{})
	m, device := net.modem(modemtest.ModemOptions{Number: numberA})
	b := newTestBridge(t, device, "store", "")
	code := func() int {
		err := exec.Command("wvsms", "status", "--socket", b.socket).Run()
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			return exit.ExitCode()
		}
		return 0
	}
	if got := code(); got != exitFailed {
		t.Errorf("no bridge: %d", got)
	}
	b.start()
	o := &operated{testBridge: b, air: net.air, modem: m, c: b.connect()}
	defer o.c.close()
	o.await("INFO", `"sends":true`)
	if got := code(); got != 0 {
		t.Errorf("a modem that sends: %d", got)
	}
	m.SetRegistration(3, 3)
	o.await("INFO", `"sends":false`)
	if got := code(); got != exitFailed {
		t.Errorf("a modem that is denied: %d", got)
	}
}
