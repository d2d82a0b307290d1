package bridge

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"wvsms/csp"
	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	var b []byte
	if _, err := fmt.Sscanf(strings.ReplaceAll(s, " ", ""), "%x", &b); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return b
}

// counted is the form of Android's HELO: the number of septets, and these packed.
func counted(t *testing.T, text string) []byte {
	t.Helper()
	ud, err := pdu.GSM7UserData(text)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte{byte(ud.Septets)}, ud.Data...)
}

// Messages of the CIR channel as they are on air: those of the vectors, whole, as the
// modem gives them (of the one that is a SUBMIT, what the network makes of it).
func TestCIRVectors(t *testing.T) {
	t.Parallel()
	const from, stamp = "0C9153481032547600", "62904021000080"
	tests := []struct{ name, tpdu, port, want string }{
		{"7-bit", "44" + from + "00" + stamp + "150605040E840E8457EB30098AB96420DA2D1603", "3716", "WVCI 1.2 4711"},
		{"8-bit", "44" + from + "F5" + stamp + "140605040E840E845756434920312E322034373131", "3716", "WVCI 1.2 4711"},
		{"push", "44" + from + "F5" + stamp + "1A0605040B8423F0010603C6AF8A5756434920312E322034373131", "2948", "WVCI 1.2 4711"},
		{"HELO, 7-bit", "44" + from + "00" + stamp + "100605040E840E84C822F3099AD264", "3716", "HELO S42"},
		{"HELO, counted", "44" + from + "04" + stamp + "0F0605040E84000008C822F3099AD264", "3716", "HELO S42"},
	}
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		for i, test := range tests {
			r.air.Inject(ownNumber, unhex(t, test.tpdu))
			r.settle(time.Minute)
			list := r.messages()
			if len(list) != i+1 {
				t.Fatalf("%s: %d arrived", test.name, len(list)-i)
			}
			if m := list[i]; string(m.Payload) != test.want || m.Alphabet != "gsm7" || fmt.Sprint(m.Port) != test.port {
				t.Errorf("%s: %q, %s, port %d", test.name, m.Payload, m.Alphabet, m.Port)
			}
		}
	})
}

// What only looks like one comes as it is.
func TestCarried(t *testing.T) {
	t.Parallel()
	const text = "WVCI 1.3 cookie-of-15"
	eighth := counted(t, "HELO 012") // 8 septets: 7 octets, to the last bit
	push := func(headers, body string) string {
		return "\x01\x06" + string(rune(len(headers))) + headers + body
	}
	const ours = "\xC6\xAF\x8A"
	tests := []struct {
		name string
		port uint16
		dcs  pdu.DCS
		data string
		want string // "": as it is
	}{
		{"text", portCIR, 0x00, text, text},
		{"UCS-2", portCIR, 0x08, text, ""},
		{"octets", portCIR, 0x04, text, text},
		{"octets, class 1", portCIR, 0xF5, text, text},
		{"octets, marked for deletion", portCIR, 0x44, text, text},
		{"lower case", portCIR, 0x04, "wvci 1.1 x", "wvci 1.1 x"},
		{"a line end", portCIR, 0x04, text + "\r\n", text + "\r\n"},
		{"a fourth field", portCIR, 0x04, text + " x", ""},
		{"no cookie", portCIR, 0x04, "WVCI 1.2 ", ""},
		{"NUL in the cookie", portCIR, 0x04, "WVCI 1.2 a\x00b", ""},
		{"beyond ASCII", portCIR, 0x04, "WVCI 1.2 ü", ""},
		{"PTS", portCIR, 0x04, "WV12PO0", ""},
		{"nothing", portCIR, 0x04, "", ""},
		{"counted", portCIR, 0x04, string(counted(t, text)), text},
		{"counted, eight septets", portCIR, 0x04, string(eighth), "HELO 012"},
		{"counted, characters of the extension", portCIR, 0x04, string(counted(t, "HELO [ü]@")), "HELO [ü]@"},
		{"one too few", portCIR, 0x04, "\x07" + string(eighth[1:]), "HELO 01"}, // the eighth may be padding
		{"two too few", portCIR, 0x04, "\x06" + string(eighth[1:]), ""},
		{"one too many", portCIR, 0x04, "\x09" + string(eighth[1:]), ""},
		{"an octet too many", portCIR, 0x04, string(eighth) + "\x00", ""},
		{"an octet too few", portCIR, 0x04, string(eighth[:7]), ""},
		{"counted, and no CIR", portCIR, 0x04, string(counted(t, "HELP S42")), ""},
		{"only a count", portCIR, 0x04, "\x00", ""},
		{"pushed", portPush, 0x04, push(ours, text), text},
		{"pushed with more headers", portPush, 0xF5, push(ours+"\xB0\x81", text), text},
		{"pushed, and no CIR", portPush, 0x04, push(ours, "WV12PO0"), ""},
		{"pushed, counted", portPush, 0x04, push(ours, string(counted(t, text))), ""},
		{"pushed, empty", portPush, 0x04, push(ours, ""), ""},
		{"bare on the push port", portPush, 0x04, text, ""},
		{"on the port of data", 3590, 0x04, text, ""},
		{"a push on the port of CIR", portCIR, 0x04, push(ours, text), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want, alphabet := test.want, "gsm7"
			if want == "" {
				want, alphabet = test.data, alphabetName(test.dcs)
			}
			got, name := Carried(wdp.Datagram{Dst: test.port, Data: []byte(test.data)}, test.dcs)
			if string(got) != want || name != alphabet {
				t.Errorf("%q as %s, want %q as %s", got, name, want, alphabet)
			}
		})
	}
}

// Each form from a handset, in either mode of receiving, and in several segments where
// that is possible, the last one first.
func TestCIRFromHandset(t *testing.T) {
	t.Parallel()
	long := "WVCI 1.2 " + strings.Repeat("0123456789abcdef", 12)
	forms := []struct {
		name string
		dst  uint16
		dcs  pdu.DCS
		data []byte
		want string
	}{
		{"8-bit", portCIR, 0x04, []byte("WVCI 1.2 4711"), "WVCI 1.2 4711"},
		{"counted", portCIR, 0x04, counted(t, "HELO S42"), "HELO S42"},
		{"push", portPush, 0xF5, []byte("\x01\x06\x03\xC6\xAF\x8AWVCI 1.2 4711"), "WVCI 1.2 4711"},
		{"8-bit in segments", portCIR, 0x04, []byte(long), long},
		{"push in segments", portPush, 0xF5, []byte("\x01\x06\x03\xC6\xAF\x8A" + long), long},
	}
	for _, mode := range []modem.ReceiveMode{modem.ReceiveStore, modem.ReceiveDirect} {
		inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Modems[0].Receive = mode }, func(r *rig) {
			h := r.air.NewHandset(phone, nil)
			send := func(dcs pdu.DCS, ud pdu.UserData) {
				if err := h.SendUserData(ownNumber, dcs, ud); err != nil {
					t.Fatal(err)
				}
				r.settle(10 * time.Second)
			}
			text, err := pdu.GSM7UserData("HELO S42", pdu.PortIE(portCIR, portCIR))
			if err != nil {
				t.Fatal(err)
			}
			send(pdu.DCSGSM7, text)
			want := []string{"HELO S42"}
			for i, form := range forms {
				segments, err := wdp.Datagram{Dst: form.dst, Data: form.data}.Segment(wdp.Ref{Value: uint16(i), Wide: true})
				if err != nil {
					t.Fatal(err)
				}
				for j := len(segments) - 1; j >= 0; j-- {
					send(form.dcs, segments[j])
				}
				want = append(want, form.want)
			}
			list := r.messages()
			if fmt.Sprint(payloads(list)) != fmt.Sprint(want) {
				t.Errorf("%v: %q, want %q", mode, payloads(list), want)
			}
			for _, m := range list {
				if m.Alphabet != "gsm7" {
					t.Errorf("%v: %q came as %s", mode, m.Payload, m.Alphabet)
				}
			}
		})
	}
}

// Of any octets Carried returns what they are, or the text of a message of the CIR channel.
func FuzzCarried(f *testing.F) {
	for _, seed := range []string{"WVCI 1.2 4711", "\x08\xC8\x22\xF3\x09\x9A\xD2\x64", "\x01\x06\x03\xC6\xAF\x8AWVCI 1.2 4711", "\x01\x06\xFF\xFF\xFF\xFF\x7F\xAF\x8A", "\xFF"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, port := range []uint16{portCIR, portPush, 3590} {
			payload, alphabet := Carried(wdp.Datagram{Dst: port, Data: b}, pdu.DCSOctet)
			switch alphabet {
			case "8bit":
				if !bytes.Equal(payload, b) {
					t.Errorf("port %d: %x became %x", port, b, payload)
				}
			case "gsm7":
				if _, ok := csp.ParseCIR(payload); !ok || port == 3590 {
					t.Errorf("port %d: %x became %q, which is no message of the CIR channel", port, b, payload)
				}
			default:
				t.Errorf("port %d: %x has the alphabet %q", port, b, alphabet)
			}
		}
	})
}
