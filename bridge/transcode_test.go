package bridge

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"wvsms/csp"
	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

const loginXML = `<?xml version="1.0"?>
<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2">
  <Session>
    <SessionDescriptor><SessionType>Outband</SessionType></SessionDescriptor>
    <Transaction>
      <TransactionDescriptor><TransactionMode>Request</TransactionMode><TransactionID>1</TransactionID></TransactionDescriptor>
      <TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2">
        <Login-Request><UserID>wv:alice@example.com</UserID><TimeToLive>7200</TimeToLive></Login-Request>
      </TransactionContent>
    </Transaction>
  </Session>
</WV-CSP-Message>`

func canonical(t *testing.T, xml []byte) string {
	t.Helper()
	c, err := csp.Canonical(xml)
	if err != nil {
		t.Fatalf("%v: %s", err, xml)
	}
	return string(c)
}

func wbxml(c *Config) {
	c.Peers = []PeerConfig{{Number: phone, Choice: Choice{Transcode: "wbxml"}}}
}

// The program writes XML and reads XML; on air there is WBXML.
func TestTranscode(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, wbxml, func(r *rig) {
		var heard []byte
		h := r.air.NewHandset(phone, func(_ *modemtest.Handset, _ string, d wdp.Datagram) { heard = d.Data })
		m := r.outbound(r.accept(Request{Payload: []byte(loginXML), Key: "login"}))
		r.settle(time.Minute)
		if csp.Detect(heard) != csp.WBXML || len(m.Segments) >= 5 {
			t.Fatalf("on air, in %d segments: %.40q", len(m.Segments), heard)
		}
		back, err := csp.ToXML(heard)
		if err != nil || canonical(t, back) != canonical(t, []byte(loginXML)) {
			t.Errorf("on air: %s, %v", back, err)
		}
		if again := r.accept(Request{Payload: []byte(loginXML), Key: "login"}); again != m.ID {
			t.Errorf("the same under its key became %s, it was %s", again, m.ID)
		}
		if err := h.Send(ownNumber, datagram(string(heard))); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Minute)
		if got := r.messages(); len(got) != 1 || canonical(t, got[0].Payload) != canonical(t, []byte(loginXML)) {
			t.Errorf("messages: %q", payloads(got))
		}
	})
}

// What cannot be translated there and back goes as it is, both ways, and so does
// everything of whoever has no transcode.
func TestTranscodeLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, wbxml, func(r *rig) {
		binary, err := csp.ToWBXML([]byte(loginXML))
		if err != nil {
			t.Fatal(err)
		}
		strange := append(bytes.Clone(binary[:4]), 0x00, 0x1F, 0x7F, 0x01) // a code page that nobody knows
		broken := []byte("<WV-CSP-Message xmlns='http://www.openmobilealliance.org/DTD/WV-CSP1.2'><Sess")
		for _, payload := range [][]byte{
			broken, strange, binary, []byte("<html><body>hunter2</body></html>"), []byte("WV12PO1"), {}, {0, 1, 2},
		} {
			m := r.outbound(r.accept(Request{Payload: payload}))
			if !bytes.Equal(m.Payload, payload) {
				t.Errorf("%q goes as %q", payload, m.Payload)
			}
		}
		other := r.outbound(r.accept(Request{To: "+4470001", Payload: []byte(loginXML)}))
		if string(other.Payload) != loginXML {
			t.Errorf("to another number goes %q", other.Payload)
		}
		if strings.Contains(r.said.String(), "hunter2") {
			t.Error("the log quotes the document")
		}
		h, stranger := r.air.NewHandset(phone, nil), r.air.NewHandset("+4470001", nil)
		for _, payload := range [][]byte{strange, binary[:len(binary)-3]} {
			if err := h.Send(ownNumber, datagram(string(payload))); err != nil {
				t.Fatal(err)
			}
		}
		if err := stranger.Send(ownNumber, datagram(string(binary))); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Hour)
		want := []string{string(strange), string(binary[:len(binary)-3]), string(binary)}
		if got := payloads(r.messages()); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("came %q, want %q", got, want)
		}
	})
}

// A handset that has spoken PTS, once and for all restarts, is sent no WBXML until it
// speaks that itself.
func TestNoWBXMLForPTS(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, wbxml, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		goes := func() csp.Syntax {
			return csp.Detect(r.outbound(r.accept(Request{Payload: []byte(loginXML)})).Payload)
		}
		says := func(text string) {
			t.Helper()
			if err := h.Send(ownNumber, datagram(text)); err != nil {
				t.Fatal(err)
			}
			r.settle(time.Minute)
		}
		if got := goes(); got != csp.WBXML {
			t.Errorf("to a handset that never spoke goes %v", got)
		}
		says("WV12PO0 SI=S42")
		says("and what is no CSP changes nothing")
		r.stop()
		r.start()
		if got := goes(); got != csp.XML {
			t.Errorf("to a handset that speaks PTS goes %v", got)
		}
		binary, err := csp.ToWBXML([]byte(loginXML))
		if err != nil {
			t.Fatal(err)
		}
		says(string(binary))
		if got := goes(); got != csp.WBXML {
			t.Errorf("to a handset that speaks WBXML goes %v", got)
		}
	})
}

// Few octets of WBXML are very many of XML. What no UDP datagram can hold must not keep
// what comes behind it from the program: it goes to the TCP socket.
func TestTranscodedTooLargeForUDP(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, wbxml, func(r *rig) {
		role := UDPConfig{Port: 3590, Listen: "127.0.0.1:0", Peer: phone}
		r.Bridge.cfg.UDP = []UDPConfig{role}
		var groups strings.Builder
		for range 5000 {
			groups.WriteString("<TransactionContent/>")
		}
		xml := `<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2">` + groups.String() + `</WV-CSP-Message>`
		binary, err := csp.ToWBXML([]byte(xml))
		if err != nil {
			t.Fatal(err)
		}
		h := r.air.NewHandset(phone, nil)
		for _, payload := range []string{string(binary), "WV12ST8 ST=200"} {
			if err := h.Send(ownNumber, datagram(payload)); err != nil {
				t.Fatal(err)
			}
		}
		r.settle(time.Hour)
		if err := r.reroute(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := r.messages(); len(got) != 1 || got[0].Octets <= 65_507 { // of IPv4, behind the heads of IP and UDP
			t.Errorf("%d messages for TCP", len(got))
		}
		r.view(func(tx *spool.Tx) error {
			if heads, err := tx.Ready(role.route(), nil, 0, 10); err != nil || len(heads) != 1 {
				t.Errorf("%d messages for UDP, %v", len(heads), err)
			}
			return nil
		})
	})
}

// What could not be translated is told once it is durable, and not with the spool held.
func TestUntranslatedIsToldAfterTheCommit(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, wbxml, func(r *rig) {
		const line = "WBXML cannot be handed over as XML"
		r.stop()
		r.probe = func(point string) {
			if point == "commit arrival" && strings.Contains(r.said.String(), line) {
				t.Error("it is told before the commit")
			}
		}
		r.start()
		binary, err := csp.ToWBXML([]byte(loginXML))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.air.NewHandset(phone, nil).Send(ownNumber, datagram(string(binary[:len(binary)-3]))); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Minute)
		if n := strings.Count(r.said.String(), line); n != 1 {
			t.Errorf("it is told %d times", n)
		}
	})
}
