package bridge

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/csp"
	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// What nobody may find in a log. Each is long enough that half of it is in one segment,
// wherever it is cut.
var secrets = map[string]string{
	"password":   "tr0ub4dor-correct-horse-battery",
	"cookie":     "KeksDose-77810-zimtstern-4711",
	"digest":     "q1Vx9ZfMbT0kLwPp3sJcRg5YhUeNaD",
	"text":       "meet me at the old mill at dawn",
	"document":   "the will of aunt Petunia, page 3",
	"balance":    "Your balance is 31415.92 EUR now",
	"conflict":   "another-parcel-under-one-key-99",
	"refused":    "what-was-refused-stays-unsaid-55",
	"damaged":    "whatever-the-line-makes-of-it-88",
	"other-port": "not-for-us-but-secret-all-alike-1",
}

const seen = 8 // characters of a secret that are too many

// traces are how a run of characters may stand in a log: as it is, in hex, or in hex of
// packed septets that begin at any bit.
func traces(t *testing.T, run string) (all []string) {
	t.Helper()
	all = append(all, strings.ToLower(run), hex.EncodeToString([]byte(run)))
	for before := range 8 {
		ud, err := pdu.GSM7UserData(strings.Repeat("@", before) + run)
		if err != nil {
			t.Fatal(err)
		}
		from, to := (before*7+7)/8, ud.Septets*7/8 // of octets without a neighbour's bits
		all = append(all, hex.EncodeToString(ud.Data[from:to]))
	}
	return all
}

// told returns the names of the secrets of which runs stand in what was said. Of hex
// that is not on an octet's boundary the digits are the same.
func told(t *testing.T, said string) map[string]string {
	t.Helper()
	said = strings.ToLower(said)
	found := map[string]string{}
	for name, secret := range secrets {
		for at := 0; at+seen <= len(secret); at += seen / 2 {
			for _, trace := range traces(t, secret[at:at+seen]) {
				if i := strings.Index(said, trace); i >= 0 {
					from := strings.LastIndexByte(said[:i], '\n') + 1
					line, _, _ := strings.Cut(said[from:], "\n")
					found[name] = line
				}
			}
		}
	}
	return found
}

// A chewer damages every other message that a modem hands on.
type chewer struct {
	net.Conn
	mu sync.Mutex
	n  int
}

func (c *chewer) Write(b []byte) (int, error) {
	c.mu.Lock()
	if i := bytes.Index(b, []byte("+CMT:")); i >= 0 && len(b) > i+80 {
		at := i + 40
		switch c.n++; c.n % 6 {
		case 1: // half an octet is lost
			b = append(bytes.Clone(b[:at]), b[at+1:]...)
		case 3: // an octet, and a character is another
			b = append(bytes.Clone(b[:at]), b[at+2:]...)
			b[at+10] = '~'
		case 5: // the line ends early
			b = bytes.Join([][]byte{b[:at], b[at:]}, []byte("\r\n"))
		}
	}
	c.mu.Unlock()
	n, err := c.Conn.Write(b)
	return min(n, len(b)), err
}

// A whole bridge at level debug with a trace, in which secrets go both ways in every
// form, and wrongly: the log and the masked trace tell none of them, the bare trace all.
func TestSecretsStayUnsaid(t *testing.T) {
	t.Parallel()
	change := func(c *Config) {
		c.Modems = []ModemConfig{{Name: "m0", Receive: modem.ReceiveStore}, {Name: "m1", Receive: modem.ReceiveDirect}}
		c.Peers = []PeerConfig{{Number: ddPeer, Choice: Choice{Long: "dd"}}, {Number: xmlPeer, Choice: Choice{Transcode: "wbxml"}}}
	}
	inRig(t, modemtest.AirOptions{Duplicate: 0.3, Reorder: 0.3}, change, func(r *rig) {
		r.stop()
		var bare, masked bytes.Buffer
		record := func(b *bytes.Buffer) func(string, bool, string) {
			var mu sync.Mutex
			return func(modem string, sent bool, line string) {
				mu.Lock()
				defer mu.Unlock()
				fmt.Fprintln(b, modem, sent, line)
			}
		}
		open, veiled := record(&bare), Masked(record(&masked))
		r.trace = func(modem string, sent bool, line string) {
			open(modem, sent, line)
			veiled(modem, sent, line)
		}
		r.line = func(c net.Conn) net.Conn { return &chewer{Conn: c} }
		r.start()
		r.settle(time.Minute)
		r.sims["m0"].Fault(
			modemtest.Fault{On: "+CMGR", Kind: modemtest.Split, Text: "+CREG: 1", Times: 2},
			modemtest.Fault{On: "+CMGR", Kind: modemtest.LateAnswer, After: 31 * time.Second, Times: 4},
			modemtest.Fault{On: "+CMGS", Kind: modemtest.LoseAnswer, Times: 1},
			modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 41", Times: 2},
		)
		secretsOut(r)
		secretsIn(r)
		r.settle(10 * time.Minute)
		r.stop()

		onTheLine := told(t, bare.String())
		for name := range secrets {
			if onTheLine[name] == "" && name != "refused" && name != "conflict" {
				t.Errorf("%s never went over the line: it proves nothing", name)
			}
		}
		for name, line := range told(t, masked.String()) {
			t.Errorf("the masked trace tells the %s: %s", name, line)
		}
		for name, line := range told(t, r.said.String()) {
			t.Errorf("the log tells the %s: %s", name, line)
		}
		for _, want := range []string{`"accepted"`, `"received"`, "set aside", "damaged", "came late", "cannot go as WBXML", "cannot be handed over as XML", `"level":"debug"`} {
			if !strings.Contains(r.said.String(), want) {
				t.Errorf("the log never says %s", want)
			}
		}
		if n := strings.Count(masked.String(), " octets>"); n < 30 {
			t.Errorf("the masked trace has %d PDUs", n)
		}
	})
}

const (
	ddPeer  = "+491718888888"
	xmlPeer = "+491717777777"
)

// login is a message that is too long for one segment.
func login() []byte {
	return fmt.Appendf(nil, `WV12LR7 CI=alice TL=7200 SC="%s" SH=MD5 PW="%s" DB="%s" UI=wv:alice@example.com`,
		secrets["cookie"], secrets["password"], secrets["digest"])
}

func document() []byte {
	return fmt.Appendf(nil, `<?xml version="1.0"?><WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1"><Session><SessionDescriptor><SessionType>Inband</SessionType>`+
		`</SessionDescriptor><Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode><TransactionID>9</TransactionID></TransactionDescriptor>`+
		`<TransactionContent xmlns="http://www.wireless-village.org/TRC1.1"><SendMessage-Request><ContentData>%s</ContentData></SendMessage-Request></TransactionContent></Transaction></Session></WV-CSP-Message>`,
		secrets["document"])
}

// secretsOut has a program send them.
func secretsOut(r *rig) {
	binary, err := csp.ToWBXML(document())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, payload := range [][]byte{
		[]byte("WV12LR1 PW=" + secrets["password"]), login(), document(), binary, []byte(secrets["text"]),
		bytes.Repeat([]byte(secrets["text"]+" "), 20),
	} {
		for _, to := range []string{phone, ddPeer} {
			r.accept(Request{To: to, Payload: payload})
		}
	}
	broken := bytes.Replace(document(), []byte("</ContentData>"), []byte("&"+secrets["document"]+";</ContentData>"), 1)
	for _, payload := range [][]byte{document(), broken} {
		r.accept(Request{To: xmlPeer, Payload: payload})
	}
	for _, text := range []string{"WVCI 1.2 " + secrets["cookie"], "WVCI 1.2 ç" + secrets["cookie"]} {
		r.accept(Request{Port: portCIR, FromPort: portCIR, Payload: []byte(text)})
	}
	once := Request{To: phone, Port: 3590, TTL: time.Hour, Key: "once", Payload: login()}
	for range 2 {
		if _, err := r.Accept(context.Background(), once); err != nil {
			r.t.Error(err)
		}
	}
	once.Payload = []byte(secrets["conflict"])
	for _, refused := range []Request{
		once,
		{To: "nobody", Port: 3590, TTL: time.Hour, Payload: []byte(secrets["refused"])},
		{To: phone, Port: 3590, TTL: time.Hour, Modem: "m9", Payload: []byte(secrets["refused"])},
		{To: phone, Port: 3590, TTL: time.Hour, Payload: bytes.Repeat([]byte(secrets["refused"]), 2000)},
	} {
		if _, err := r.Accept(context.Background(), refused); err == nil {
			r.t.Errorf("%.40q is taken", refused.Payload)
		}
	}
}

// secretsIn has a handset send them, to both modems.
func secretsIn(r *rig) {
	t := r.t
	h, program := r.air.NewHandset(phone, nil), r.air.NewHandset(xmlPeer, nil)
	binary, err := csp.ToWBXML(document())
	if err != nil {
		t.Fatal(err)
	}
	parts, err := csp.Split(login(), 133)
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string, port ...pdu.IE) pdu.UserData {
		ud, err := pdu.GSM7UserData(s, port...)
		if err != nil {
			t.Fatal(err)
		}
		return ud
	}
	on := func(port uint16, data []byte) pdu.UserData {
		return pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(port, 9200)}, Data: data}
	}
	for _, m := range []string{"m0", "m1"} {
		number := r.sims[m].Number()
		send := func(dcs pdu.DCS, ud pdu.UserData) {
			if err := h.SendUserData(number, dcs, ud); err != nil {
				t.Fatal(err)
			}
			r.settle(3 * time.Second)
		}
		for _, data := range [][]byte{login(), document(), binary, []byte("WV12LR3 PW=" + secrets["password"]), []byte(secrets["damaged"])} {
			if err := h.Send(number, wdp.Datagram{Dst: 3590, Src: 3590, Data: data}); err != nil {
				t.Fatal(err)
			}
			r.settle(10 * time.Second)
		}
		for _, data := range [][]byte{binary, binary[:len(binary)-3]} {
			if err := program.Send(number, wdp.Datagram{Dst: 3590, Src: 3590, Data: data}); err != nil {
				t.Fatal(err)
			}
			r.settle(10 * time.Second)
		}
		for _, part := range parts {
			send(pdu.DCSOctet, on(3590, part))
		}
		cir := "WVCI 1.2 " + secrets["cookie"]
		send(pdu.DCSOctet, on(portCIR, []byte(cir)))
		send(pdu.DCSOctet, on(portCIR, counted(t, cir)))
		send(pdu.DCSOctet, on(portPush, []byte("\x01\x06\x03\xC6\xAF\x8A"+cir)))
		send(pdu.DCSOctet, on(portPush, []byte("\x01\x06\x03\xAE\xAF\x82"+secrets["other-port"])))
		send(pdu.DCSGSM7, text(cir, pdu.PortIE(portCIR, 0)))
		send(pdu.DCSOctet, on(5060, []byte(secrets["other-port"])))
		send(pdu.DCSGSM7, text(secrets["balance"]))
		send(pdu.DCSGSM7, text("x"+secrets["balance"]))
		send(pdu.DCSUCS2, pdu.UCS2UserData(secrets["balance"]))

		whole := deliver(t, pdu.Deliver{DCS: 0x04, UD: on(3590, []byte("WV12LR4 PW="+secrets["damaged"]))})
		for _, cut := range []int{len(whole) - 1, len(whole) - 9, 24} {
			r.air.Inject(number, whole[:cut])
		}
		r.air.Inject(number, append(bytes.Clone(whole), whole...))
		shifted := append(bytes.Clone(whole[:10]), whole[11:]...) // an octet of the address is lost
		r.air.Inject(number, shifted)
		r.settle(time.Minute)
	}
}
