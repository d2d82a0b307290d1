package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// evil is hostile, and reaches for the clipboard.
const evil = hostile + "\x1b]52;c;cm0gLXJmIC8=\x07\r\nIt is sent.\b\b\x00\u0085\u2066\u200f\ufeff\x9b2J"

// A runner is a command.
type runner interface {
	Run(context.Context, *stdio) error
}

// mustBeTame finds what a terminal might obey, or show otherwise than it stands there, and lines of a
// sender's own.
func mustBeTame(t *testing.T, what, out string) {
	t.Helper()
	if out == "" {
		t.Errorf("%s: nothing is printed", what)
	}
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if strings.ContainsFunc(line, func(r rune) bool { return visible(string(r)) != string(r) }) || strings.HasPrefix(line, "It is sent.") {
			t.Errorf("%s: %q", what, line)
		}
	}
}

// A sender of short messages puts escape sequences into bodies and into its name. Whatever
// shows them to people shows what they are, and goes on in its own lines.
func TestNothingFromAfarMovesTheCursor(t *testing.T) {
	t.Parallel()
	o := operate(t)
	var captured, said logBuffer
	ctx, stop := context.WithCancel(t.Context())
	capturing := make(chan error, 1)
	go func() {
		capturing <- (&captureCmd{operatorFlags: o.flags()}).Run(ctx, &stdio{Out: &captured, Err: &said})
	}()
	name := pdu.Address{TON: pdu.Alphanumeric, Text: "A\r\nIs\f["} // GSM 7-bit has these
	inject := func(dcs pdu.DCS, ud pdu.UserData) {
		o.inject(&pdu.Deliver{OA: name, DCS: dcs, SCTS: pdu.NewTimestamp(time.Now()), UD: ud})
	}
	single := pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(3590, 3590)}, Data: []byte(evil)}
	if len(single.Data) > 133 {
		t.Fatalf("%d octets are no short message", len(single.Data))
	}
	// Until it looks on; a copy is dropped.
	for deadline := time.Now().Add(patience); captured.String() == ""; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("capture shows nothing")
		}
		inject(pdu.DCSOctet, single)
	}
	segments, err := wdp.Datagram{Dst: 3590, Src: 3590, Data: append([]byte(evil), make([]byte, 200)...)}.Segment(wdp.Ref{Value: 7})
	if err != nil {
		t.Fatal(err)
	}
	inject(pdu.DCSOctet, segments[0])
	inject(pdu.DCSOctet, segments[0])
	inject(0x08, pdu.UCS2UserData("\u009b2J\u202e\x1b]52;c;eA==\x07\r\nIt is sent."))
	inject(pdu.DCSOctet, pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(3590, 3590)}, Data: []byte("WV12LR1 PW=\"" + evil[:60] + "\"")})
	o.await("LIST quarantine", `"reason":"text"`)
	o.await("LIST partials", `"have":[1]`)
	o.await("INFO", `"unclaimed":2`)
	stop()
	if err := <-capturing; err != nil {
		t.Error(err)
	}
	mustBeTame(t, "capture", captured.String())

	var inbox []struct{ ID string }
	if err := json.Unmarshal([]byte(o.c.data("LIST inbox")), &inbox); err != nil {
		t.Fatal(err)
	}
	flags := o.flags()
	for what, command := range map[string]runner{
		"inbox": &queueListCmd{Inbox: true, operatorFlags: flags}, "partials": &queueListCmd{Partials: true, operatorFlags: flags},
		"quarantine": &queueListCmd{Quarantine: true, Payload: true, operatorFlags: flags}, "show": &queueShowCmd{ID: inbox[0].ID, operatorFlags: flags},
		"explain": &explainCmd{ID: inbox[0].ID, operatorFlags: flags}, "status": &statusCmd{operatorFlags: flags},
	} {
		mustBeTame(t, what, o.says(command))
	}
	pretty := &listenCmd{Max: 1, Count: 1, Pretty: true, Payload: true, Socket: o.socket}
	mustBeTame(t, "listen --pretty", o.says(pretty))
	mustBeTame(t, "listen", o.says(&listenCmd{Max: 1, Count: 1, Socket: o.socket}))
}

// A bridge passes on what modems, networks and clients said: names of networks, answers to a
// command, keys.
func TestNothingOfABridgeMovesTheCursor(t *testing.T) {
	object := func(form string) string {
		text, err := json.Marshal(strings.ToValidUTF8(evil, "?"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(form, "EVIL", string(text))
	}
	script := func(command, form string) string {
		o := object(form)
		return fmt.Sprintf("C: %s\nS: DATA %d\\r\\n%s", command, len(o), strings.ReplaceAll(o, `\`, `\\`))
	}
	const message = `{"id":"A1","direction":"%s","from":EVIL,"to":EVIL,"state":"queued","why":EVIL,"key":EVIL,"origin":EVIL,"route":EVIL,"csp":EVIL,"modem":EVIL,` +
		`"segments_total":1,"attempts":[{"segment":1,"modem":EVIL,"outcome":"refused","why":EVIL}],"events":[{"word":"note","why":EVIL}],` +
		`"dialogue":[{"segment":1,"modem":EVIL,"lines":[EVIL]}],"arrivals":[{"segment":1,"modem":EVIL}],"next":EVIL,"never":EVIL,"can":[{"command":"retry","effect":EVIL}]}`
	for _, test := range []struct {
		command, form string
		run           func(operatorFlags) runner
	}{
		{"INFO", `{"uptime":EVIL,"clock":EVIL,"cost_24h":EVIL,"cost_30d":EVIL,"modems":[{"name":EVIL,"sends":true,"verdict":EVIL,"recovery":EVIL,"operator":EVIL,"carries":EVIL}],"loops":[{"peer":EVIL}],"counters":{EVIL:1}}`,
			func(f operatorFlags) runner { return &statusCmd{operatorFlags: f} }},
		{"SHOW A1", fmt.Sprintf(message, "out"), func(f operatorFlags) runner { return &explainCmd{ID: "A1", operatorFlags: f} }},
		{"SHOW A1", fmt.Sprintf(message, "in"), func(f operatorFlags) runner { return &explainCmd{ID: "A1", operatorFlags: f} }},
		{"SHOW A1", fmt.Sprintf(message, "out"), func(f operatorFlags) runner { return &queueShowCmd{ID: "A1", operatorFlags: f} }},
		{"SHOW A1", fmt.Sprintf(message, "in"), func(f operatorFlags) runner { return &queueShowCmd{ID: "A1", operatorFlags: f} }},
	} {
		out, err := run(t, "", test.run(operatorFlags{Socket: playBridge(t, script(test.command, test.form))}))
		if err != nil {
			t.Errorf("%s: %v", test.command, err)
		}
		mustBeTame(t, test.command, out)
	}
}
