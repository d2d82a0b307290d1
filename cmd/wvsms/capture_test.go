package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket/pcapgo"

	"wvsms/bridge"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// A packet is one of a capture, as another program reads it.
type packet struct {
	data     []byte
	modem    string
	in       bool // to the network
	comments []string
	dropped  uint64
}

func packets(t *testing.T, capture []byte) (all []packet) {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(capture), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, info, o, err := r.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // it is being written
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		modem, err := r.Interface(info.InterfaceIndex)
		if err != nil {
			t.Fatal(err)
		}
		p := packet{data: data, modem: modem.Name, in: o.Flags.Direction == pcapgo.NgEpbFlagDirectionInbound, comments: o.Comments}
		if o.DropCount != nil {
			p.dropped = *o.DropCount
		}
		all = append(all, p)
	}
}

// captured has a capture going while f does something, until it has so many packets.
func (o *operated) captured(c captureCmd, most int, f func()) string {
	o.t.Helper()
	c.Write, c.operatorFlags = filepath.Join(o.t.TempDir(), "c.pcapng"), o.flags()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	var said logBuffer
	go func() { ended <- c.Run(ctx, &stdio{Out: io.Discard, Err: &said}) }()
	for !strings.Contains(said.String(), "capturing") {
		time.Sleep(10 * time.Millisecond)
	}
	f()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		b, err := os.ReadFile(c.Write)
		if err == nil && len(b) > 0 && len(packets(o.t, b)) >= most {
			break
		}
		if time.Now().After(deadline) {
			o.t.Fatalf("%d packets do not come: %v", most, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		o.t.Error(err)
	}
	if want := fmt.Sprintf("%d TPDUs captured, 0 dropped", most); !strings.Contains(said.String(), want) {
		o.t.Errorf("it says %q, want %s", said.String(), want)
	}
	return c.Write
}

// What passes is in the capture, and Wireshark reads it: ports, concatenation, payload, both
// directions and reports.
func TestCaptureInTshark(t *testing.T) {
	t.Parallel()
	program(t, "tshark")
	o := operateOn(t, modemtest.AirOptions{Delay: time.Second}) // reports come when all has been sent
	h := o.air.NewHandset(phone, nil)
	payload := unique(7, 200)
	capture := o.captured(captureCmd{}, 7, func() {
		o.c.do("RECV", "OK")
		id, _ := o.c.send(phone, payload, "report=yes")
		o.c.event(id, "delivered")
		if err := h.Send(numberA, wdp.Datagram{Dst: 3590, Src: 3590, Data: unique(8, 300)}); err != nil {
			t.Fatal(err)
		}
		if m := o.c.message(); len(m.payload) != 300 {
			t.Fatalf("%d octets came", len(m.payload))
		}
	})
	names := []string{"frame.interface_name", "frame.packet_flags_direction", "gsm_sms.tp-mti", "gsm_sms.destination_port", "gsm_sms.udh.mm.msg_parts", "gsm_sms.udh.mm.msg_part", "gsm_sms.sms_body", "_ws.malformed", "frame.comment"}
	var sent, came []byte
	var kinds []string
	for i, p := range dissect(t, capture, names) {
		field := func(name string) string { return strings.Join(p[name], ",") }
		body, err := hex.DecodeString(strings.ReplaceAll(field("gsm_sms.sms_body"), ":", ""))
		if err != nil {
			t.Fatal(err)
		}
		kind := strings.Join([]string{field("frame.interface_name"), field("frame.packet_flags_direction"), field("gsm_sms.tp-mti"),
			field("gsm_sms.destination_port"), field("gsm_sms.udh.mm.msg_part") + "/" + field("gsm_sms.udh.mm.msg_parts")}, " ")
		kinds = append(kinds, kind)
		switch {
		case field("_ws.malformed") != "":
			t.Errorf("packet %d is malformed", i+1)
		case i < 2:
			sent = append(sent, body...)
			if c := field("frame.comment"); !strings.Contains(c, "modem m0, message ") || !strings.Contains(c, ": accepted by the network, TP-MR ") {
				t.Errorf("packet %d is commented %q", i+1, c)
			}
		default:
			came = append(came, body...)
		}
	}
	want := []string{
		"m0 0x00000001 1 3590 1/2", "m0 0x00000001 1 3590 2/2", // SMS-SUBMIT, inbound to the SC
		"m0 0x00000002 2  /", "m0 0x00000002 2  /", // SMS-STATUS-REPORT, outbound
		"m0 0x00000002 0 3590 1/3", "m0 0x00000002 0 3590 2/3", "m0 0x00000002 0 3590 3/3", // SMS-DELIVER
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("packets (-want +got):\n%s", diff)
	}
	if !bytes.Equal(sent, payload) || !bytes.Equal(came, unique(8, 300)) {
		t.Errorf("payloads %x and %x", sent, came)
	}
}

// With --redact nothing of what messages hold is in the file, and all lengths are true.
func TestCaptureRedacted(t *testing.T) {
	t.Parallel()
	o := operate(t)
	o.air.NewHandset(phone, nil)
	secret := bytes.Repeat([]byte("secret"), 30)
	capture := o.captured(captureCmd{Redact: true}, 3, func() {
		id, _ := o.c.send(phone, secret, "")
		o.c.event(id, "sent")
		o.air.Inject(numberA, []byte("\x44\x0Csecret")) // no short message
	})
	b, err := os.ReadFile(capture)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("secr")) {
		t.Error("the file tells the secret")
	}
	octets := 0
	for _, p := range packets(t, b)[:2] {
		tpdu, warnings, err := pdu.ParseMO(p.data)
		if err != nil || len(warnings) > 0 {
			t.Fatalf("%x: %v %v", p.data, err, warnings)
		}
		octets += len(tpdu.(*pdu.Submit).UD.Data)
		if ports, ok := tpdu.(*pdu.Submit).UD.Ports(); !ok || ports.Dst != 3590 {
			t.Errorf("%x: its header is gone", p.data)
		}
	}
	if octets != len(secret) {
		t.Errorf("%d octets are left of %d", octets, len(secret))
	}
}

// A submission waits for its outcome, but not for long; what was dropped is told.
func TestPacketSink(t *testing.T) {
	var b bytes.Buffer
	s, err := newPacketSink(&b, []string{"m0", "m1"})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	put := func(p bridge.Passage) {
		t.Helper()
		p.At, p.MR = at, max(p.MR, -1)
		if err := s.put(p); err != nil {
			t.Fatal(err)
		}
	}
	put(bridge.Passage{Modem: "m0", Kind: "submit", ID: "A", TPDU: []byte{1}})
	put(bridge.Passage{Modem: "m1", Kind: "submit", ID: "B", TPDU: []byte{2}})
	put(bridge.Passage{Modem: "m1", Kind: "result", ID: "B", Outcome: "refused", MR: -1, Why: "+CMS ERROR: 1"})
	put(bridge.Passage{Kind: "dropped", Dropped: 5})
	put(bridge.Passage{Modem: "new", In: true, Kind: "undecodable", TPDU: []byte{3}})
	put(bridge.Passage{Modem: "m0", In: true, Kind: "undecodable"}) // no PDU at all
	if got := packets(t, b.Bytes()); len(got) != 2 {
		t.Errorf("%d packets are there before the outcome of the first is", len(got))
	}
	if err := s.tick(time.Now().Add(resultWait)); err != nil {
		t.Fatal(err)
	}
	put(bridge.Passage{Modem: "m0", Kind: "result", ID: "A", Outcome: "accepted", MR: 7}) // too late
	put(bridge.Passage{Modem: "m0", Kind: "submit", ID: "C", TPDU: []byte{4}})
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	want := []packet{
		{[]byte{2}, "m1", true, []string{"modem m1, message B: refused: +CMS ERROR: 1 after 0s"}, 0},
		{[]byte{3}, "new", false, []string{"modem new: undecodable"}, 5},
		{[]byte{1}, "m0", true, []string{"modem m0, message A: no answer yet"}, 0},
		{[]byte{4}, "m0", true, []string{"modem m0, message C: no answer yet"}, 0},
	}
	if diff := cmp.Diff(want, packets(t, b.Bytes()), cmp.AllowUnexported(packet{})); diff != "" {
		t.Error(diff)
	}
}

// What people and programs read of each kind of passage. A sender's name cannot pass for a
// line of ours, nor move the cursor.
func TestCaptureLines(t *testing.T) {
	oa := pdu.Address{TON: pdu.Alphanumeric, Text: "A\r\nB@"}
	deliver, err := (&pdu.Deliver{OA: oa, DCS: pdu.DCSOctet, SCTS: pdu.NewTimestamp(time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)),
		UD: pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(3590, 9200)}, Data: []byte("\x1b[2J\x07")}}).AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	submit, err := hex.DecodeString("51000C919471214365870004A7080605040E060E0678")
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{
		`S: OK`,
		`S: TPDU m0 out 22 time=2026-11-26T12:00:00.5Z kind=submit id=01A\r\n` + escaped(submit),
		`S: TPDU m0 out 0 time=2026-11-26T12:00:01Z kind=result id=01A outcome=accepted mr=7\r\n`,
		`S: TPDU m0 out 0 time=2026-11-26T12:00:01Z kind=result id=01A outcome=refused why="+CMS\\x20\\x1B[2J"\r\n`,
		fmt.Sprintf(`S: TPDU m0 in %d time=2026-11-26T12:00:02Z kind=deliver\r\n`, len(deliver)) + escaped(deliver),
		`S: TPDU m0 in 4 time=2026-11-26T12:00:02Z kind=undecodable\r\n` + escaped([]byte("\x44\x0C\x91\xFF")),
		`S: DROPPED 3 time=2026-11-26T12:00:03Z`,
	}
	script := "C: INFO\nS: DATA 26\\r\\n{\"modems\":[{\"name\":\"m0\"}]}\nC: CAPTURE\n" + strings.Join(lines, "\n")
	out, err := run(t, "", &captureCmd{operatorFlags: operatorFlags{Socket: playBridge(t, script)}})
	if err == nil || !strings.Contains(err.Error(), "connection to the bridge lost") {
		t.Errorf("it ends with %v", err)
	}
	want := `2026-11-26 12:00:00.500 UTC  m0     > SMS-SUBMIT to +491712345678, port 3590 (from 3590), 1 octet of 8bit  [01A]
2026-11-26 12:00:01.000 UTC  m0     >   accepted by the network, TP-MR 7  [01A]
2026-11-26 12:00:01.000 UTC  m0     >   refused: +CMS \x1b[2J  [01A]
2026-11-26 12:00:02.000 UTC  m0     < SMS-DELIVER from A\x0d\x0aB@, port 3590 (from 9200), 5 octets of 8bit, stamped 2026-11-26 12:00:00 UTC
2026-11-26 12:00:02.000 UTC  m0     < 4 octets that cannot be read: TP-OA: octet 4: the octets end here, 5 of 6 are missing
2026-11-26 12:00:03.000 UTC  3 more passed and were not shown: this program was too slow
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	out, _ = run(t, "", &captureCmd{operatorFlags: operatorFlags{JSON: true, Socket: playBridge(t, script)}})
	var kinds []string
	for line := range strings.Lines(out) {
		var o struct {
			Kind, Direction, Outcome, TPDU string
			Dropped                        int
			PDU                            struct{ Type, Address string }
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		kinds = append(kinds, strings.Join([]string{o.Kind, o.Direction, o.Outcome, o.PDU.Type, o.PDU.Address, fmt.Sprint(len(o.TPDU)/2, " ", o.Dropped)}, " "))
	}
	if want := []string{
		"submit out  SMS-SUBMIT +491712345678 22 0", "result out accepted   0 0", "result out refused   0 0",
		fmt.Sprintf("deliver in  SMS-DELIVER %s %d 0", oa.Text, len(deliver)), "undecodable in  SMS-DELIVER  4 0", "dropped     0 3",
	}; !slices.Equal(kinds, want) {
		t.Errorf("%q, want %q", kinds, want)
	}
}

// escaped are octets as playBridge reads them.
func escaped(b []byte) (s string) {
	for _, octet := range b {
		s += fmt.Sprintf(`\x%02x`, octet)
	}
	return s
}

func TestCaptureUsage(t *testing.T) {
	for _, c := range []captureCmd{{Write: "x", operatorFlags: operatorFlags{JSON: true}}} {
		var usage usageError
		if _, err := run(t, "", &c); !errors.As(err, &usage) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
