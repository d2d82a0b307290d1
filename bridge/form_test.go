package bridge

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/spool"
)

func TestTextForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		port uint16
		text string
		want bool
	}{
		{"CIR", portCIR, "WVCI 1.2 4711", true},
		{"the port of data", 3590, "WVCI 1.2 4711", false},
		{"the longest", portCIR, strings.Repeat("x", 152), true},
		{"too long", portCIR, strings.Repeat("x", 153), false},
		{"two octets a character", portCIR, strings.Repeat("ü", 152), true},
		{"two septets a character", portCIR, strings.Repeat("[", 76), true},
		{"two septets too many", portCIR, strings.Repeat("[", 77), false},
		{"a character that it lacks", portCIR, "WVCI 1.2 ç", false},
		{"no UTF-8", portCIR, "WVCI 1.2 \xFC", false},
		{"a septet for padding", portCIR, strings.Repeat("x", 7) + "\r", true},
		{"octets", portCIR, "\x08\xC8\x22\xF3\x09\x9A\xD2\x64", false},
		{"nothing", portCIR, "", false},
	}
	for _, test := range tests {
		if got := textForm(test.port, []byte(test.text)); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// CIR goes out as the text that clients read, in one short message, and what does not fit
// that as octets. Every attempt has the same TP-UD.
func TestCIROut(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		var got []*pdu.Deliver
		h.OnMessage(func(_ *modemtest.Handset, d *pdu.Deliver) { got = append(got, d) })
		long := "WVCI 1.3 " + strings.Repeat("c", 150)
		for _, test := range []struct {
			text     string
			dcs      pdu.DCS
			form     spool.OutForm
			segments int
		}{
			{"WVCI 1.2 4711", pdu.DCSGSM7, spool.FormText, 1},
			{strings.Repeat("ü", 152), pdu.DCSGSM7, spool.FormText, 1},
			{"WVCI 1.2 ç", pdu.DCSOctet, spool.FormData, 1},
			{long, pdu.DCSOctet, spool.FormData, 2},
		} {
			got = nil
			id := r.accept(Request{Port: portCIR, FromPort: 3590, Payload: []byte(test.text)})
			r.settle(time.Minute)
			m := r.outbound(id)
			if m.Form != test.form || len(m.Segments) != test.segments || m.State != spool.StateSent {
				t.Errorf("%.12q: form %q, %d segments, %s", test.text, m.Form, len(m.Segments), m.State)
			}
			text := ""
			for _, d := range got {
				part, ok := d.UD.Text(d.DCS)
				if !ok {
					part = string(d.UD.Data)
				}
				text += part
				ports, _ := d.UD.Ports()
				if d.DCS != test.dcs || ports.Dst != portCIR || ports.Src != 3590 {
					t.Errorf("%.12q went with DCS %02x to port %d from %d", test.text, byte(d.DCS), ports.Dst, ports.Src)
				}
			}
			if text != test.text {
				t.Errorf("%q came as %q", test.text, text)
			}
		}
	})
}

func TestCIRRetried(t *testing.T) {
	t.Parallel()
	m := &spool.Outbound{Peer: phone, Port: portCIR, FromPort: portCIR, Payload: []byte("WVCI 1.2 4711"), Form: spool.FormText, Segments: make([]spool.OutSegment, 1)}
	want := "" // TP-UDL and TP-UD
	for _, left := range []time.Duration{time.Hour, 20 * time.Minute, 5 * time.Minute} {
		o := outbound{Outbound: m, now: time.Unix(0, 0)}
		m.Expires = o.now.Add(left)
		mode, err := o.encode(1)
		if err != nil {
			t.Fatal(err)
		}
		at := strings.Index(string(mode), "\x15\x06\x05\x04")
		if at < 0 {
			t.Fatalf("%x has no TP-UDL of 21 septets", mode)
		}
		if ud := string(mode[at:]); want == "" {
			want = ud
		} else if ud != want {
			t.Errorf("%x, before it was %x", ud, want)
		}
	}
}

// What is refused for its size is so whatever the port.
func TestCIRTooLarge(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		_, err := r.Accept(context.Background(), Request{To: phone, Port: portCIR, TTL: time.Hour, Payload: make([]byte, 32641)})
		if refused := (*Refusal)(nil); !errors.As(err, &refused) || refused.Code != "too-large" {
			t.Errorf("%v", err)
		}
	})
}
