package pdu

import (
	"fmt"
	"strings"
	"testing"
)

// deliver makes the octets of an SMS-DELIVER with a coding and all from TP-UDL on.
func deliver(t *testing.T, udhi bool, dcs byte, ud string) []byte {
	t.Helper()
	b, err := DecodeHex(strings.ReplaceAll(ud, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	head := []byte{bitMMS | bit(udhi, bitUDHI), 0, 0x91, 0, dcs, 0x62, 0x90, 0x40, 0x21, 0, 0, 0}
	return append(head, b...) // TP-UDL is octet 12
}

func TestUserDataFaults(t *testing.T) {
	for _, test := range []struct {
		udhi     bool
		dcs      byte
		ud, want string
	}{
		{false, 4, "02 0102", ""},
		{false, 4, "03 0102", "TP-UD: octet 15: the octets end here, 1 of 3 are missing"},
		{false, 0, "08 c8329bfd065d", "TP-UD: octet 19: the octets end here, 1 of 7 are missing"},
		{false, 8, "04 0041", "TP-UD: octet 15: the octets end here, 2 of 4 are missing"},
		{true, 4, "00", "TP-UD: octet 13: a header is announced, but there is no user data"},
		{true, 4, "01 00", ""},
		{true, 4, "01 01", "TP-UD: octet 13: a header of 1+1 octets runs beyond the 1 octets of user data"},
		{true, 4, "07 06 05040e060e06", ""},
		{true, 4, "06 06 05040e060e06", "TP-UD: octet 13: a header of 1+6 octets runs beyond the 6 octets of user data"},
		{true, 0, "07 06 05040e060e06", "TP-UD: octet 13: a header of 1+6 octets runs beyond the 6 octets of user data"},
		{true, 0, "08 06 05040e060e06", ""},
		{true, 4, "07 06 05050e060e06", "TP-UD: octet 14: element 0x05 of 5 octets runs beyond the header, which has 4 left"},
		{true, 4, "09 06 05030e060e 06 6869", "TP-UD: octet 19: element 0x06 has no length within the header"},
		{true, 4, "0c 0b 0003420201 05040e060e", "TP-UD: octet 24: the octets end here, 1 of 4 are missing"},
		{true, 4, "0a 03 0001", "TP-UD: octet 16: the octets end here, 1 of 1 are missing"},
	} {
		_, warnings, err := ParseMT(deliver(t, test.udhi, test.dcs, test.ud))
		if fmt.Sprint(err) != test.want && (err != nil || test.want != "") || len(warnings) > 0 {
			t.Errorf("%s: %v %v, want %s", test.ud, err, warnings, test.want)
		}
	}
}

func TestUserDataWarnings(t *testing.T) {
	for _, test := range []struct {
		dcs      byte
		ud, want string
	}{
		{4, "01 0102", "TP-UD: octet 14: 1 octets follow the message"},
		{8, "03 004100", "TP-UD: octet 15: half a UCS-2 character at the end"},
		{0x0c, "01 41", "TP-DCS: octet 4: reserved value 0x0c, read as GSM 7-bit"},
		{0x9f, "01 41", "TP-DCS: octet 4: reserved value 0x9f, read as GSM 7-bit"},
		{4, "8d" + strings.Repeat("61", 141), "TP-UD: octet 13: 141 octets, at most 140 are allowed"},
		{0, "ff" + strings.Repeat("61", 224), "TP-UD: octet 13: 224 octets, at most 140 are allowed"},
	} {
		_, warnings, err := ParseMT(deliver(t, false, test.dcs, test.ud))
		if err != nil || len(warnings) != 1 || warnings[0].String() != test.want {
			t.Errorf("%.20s: %v %v, want %s", test.ud, err, warnings, test.want)
		}
	}
}

// A report has no limit of its own for user data, but its TPDU has.
func TestTooLongATPDU(t *testing.T) {
	for n, want := range map[int]string{159: "[]", 160: "[TP-UD: octet 164: the message has 165 octets, at most 164 are allowed]"} {
		b := append([]byte{0, 0x06, byte(DCSOctet), byte(n)}, make([]byte, n)...)
		b = append([]byte{b[0], 0xd3}, b[1:]...)
		p, warnings, err := ParseMO(b)
		if err != nil || fmt.Sprint(warnings) != want {
			t.Errorf("%d octets: %v %v", n, warnings, err)
		}
		if _, err := p.AppendBinary(nil); (err == nil) != (len(b) <= MaxTPDU) {
			t.Errorf("%d octets: append: %v", n, err)
		}
	}
}

// A fault leaves what was read: the elements before it.
func TestUserDataBeforeAFault(t *testing.T) {
	p, _, err := ParseMT(deliver(t, true, 4, "0c 0b 0003420201 05040e060e"))
	u := p.(*Deliver).UD
	if err == nil || len(u.UDH) != 1 || u.UDH[0].ID != 0 || u.Data != nil {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		udhi     bool
		dcs      byte
		ud, want string
	}{
		{false, 0, "05 c8329bfd06", `"Hello"`},
		{false, 0, "00", `""`},
		{false, 0, "07 00000000000000", `"@@@@@@@"`},
		{false, 0, "08 00000000000000", `"@@@@@@@@"`},
		{false, 0, "02 9b32", `"€"`},
		{false, 0, "02 1b20", `"|"`},
		{false, 0, "02 9b20", `"A"`}, // an escape to nothing: the main character
		{false, 0, "02 9b0d", `" "`}, // an escape to an escape
		{false, 0, "01 1b", `" "`},   // an escape to the end
		{false, 0, "02 1b05", "\"\\f\""},
		{true, 0, "0c 06 05040e840e84 c8329b0d", `"Hell"`}, // no fill bits
		{true, 0, "0b 05 0003420201 9065361b", `"Hell"`},   // one fill bit
		{true, 0, "07 03 240101 d84c01", `"Ş"`},            // Turkish single shift, three fill bits
		{false, 8, "04 00410416", `"AЖ"`},
		{false, 8, "04 d83dde00", `"😀"`},
		{false, 8, "04 d83d0041", `"�A"`},
		{false, 8, "02 de00", `"�"`},
		{false, 8, "03 004100", `"A"`},
		{false, 4, "02 4142", "none"},
		{false, 0xf5, "02 4142", "none"},
		{false, 0x20, "02 4142", "none"},
		{false, 0x28, "02 4142", "none"},
	} {
		p, _, err := ParseMT(deliver(t, test.udhi, test.dcs, test.ud))
		if err != nil {
			t.Errorf("%s: %v", test.ud, err)
			continue
		}
		d := p.(*Deliver)
		got := "none"
		if text, ok := d.UD.Text(d.DCS); ok {
			got = fmt.Sprintf("%q", text)
		}
		if got != test.want {
			t.Errorf("%02x %s: %s, want %s", test.dcs, test.ud, got, test.want)
		}
	}
}

// Text goes into user data and comes out, with every header length and so every number of fill bits.
func TestTextRoundTrip(t *testing.T) {
	for n := range 12 {
		for _, text := range []string{"", "@", "x", "Hello wörld", "{€}", "1234567", "12345678", strings.Repeat("ß", 100)} {
			u, err := GSM7UserData(text, IE{ID: 0x7f, Data: make([]byte, n)})
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := u.Text(DCSGSM7); !ok || got != text {
				t.Errorf("header of %d, %q: %q", n, text, got)
			}
			b, err := (&Submit{DA: Address{Digits: "1"}, UD: u}).AppendBinary(nil)
			if err != nil {
				t.Errorf("header of %d, %q: %v", n, text, err)
				continue
			}
			p, warnings, err := ParseMO(b)
			if err != nil || len(warnings) > 0 {
				t.Errorf("%x: %v %v", b, err, warnings)
				continue
			}
			if got, _ := p.(*Submit).UD.Text(DCSGSM7); got != text {
				t.Errorf("%x: %q, want %q", b, got, text)
			}
		}
	}
	u := UCS2UserData("A😀Ж")
	if text, ok := u.Text(DCSUCS2); !ok || text != "A😀Ж" {
		t.Errorf("%q", text)
	}
}

func TestGSM7UserDataNamesTheCharacter(t *testing.T) {
	for text, want := range map[string]string{
		"aЖb":    `encode text: 'Ж' (U+0416) is not in the GSM 7-bit alphabet`,
		"\x1b":   `encode text: '\x1b' (U+001B) is not in the GSM 7-bit alphabet`,
		"a\xffb": `encode text: octet 1 of the text is not UTF-8`,
	} {
		if u, err := GSM7UserData(text); err == nil || err.Error() != want {
			t.Errorf("%q: %+v, %v", text, u, err)
		}
	}
}

func TestNationalText(t *testing.T) {
	for _, test := range []struct {
		text string
		udh  []IE
	}{
		{"ğüşiöç İstanbul", []IE{{IESingleShift, []byte{1}}, {IELockingShift, []byte{1}}}},
		{"áÍÓç", []IE{{IESingleShift, []byte{2}}}},
		{"ãõÊ∞", []IE{{IELockingShift, []byte{3}}, {IESingleShift, []byte{3}}}},
		{"नमस्ते", []IE{{IELockingShift, []byte{6}}}},
		{"௧தமிழ்", []IE{{IELockingShift, []byte{11}}, {IESingleShift, []byte{11}}}},
		{"سلام٫", []IE{{IELockingShift, []byte{13}}, {IESingleShift, []byte{13}}}},
	} {
		u, err := GSM7UserData(test.text, test.udh...)
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if got, ok := u.Text(DCSGSM7); !ok || got != test.text {
			t.Errorf("%q: %q", test.text, got)
		}
	}
	// The last element of a kind counts, and one of another length than 1 does not.
	u, err := GSM7UserData("ğ", IE{IESingleShift, []byte{2}}, IE{IESingleShift, []byte{1}}, IE{IESingleShift, nil})
	if err != nil || u.Septets != 2 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestPortsAndConcat(t *testing.T) {
	for _, test := range []struct{ udh, ports, concat string }{
		{"05040e060e06", "{3590 3590 16}", ""},
		{"05040e060000", "{3590 0 16}", ""},
		{"0402f001", "{240 1 8}", ""},
		{"0402ef01", "", ""},
		{"0504c0000e06", "", ""},
		{"0504bfffffff", "{49151 65535 16}", ""},
		{"05040e060e06 0402f0f1", "{240 241 8}", ""},
		{"0402f0f1 05040e060e06 0504ffff0e06", "{3590 3590 16}", ""},
		{"05030e060e", "", ""},
		{"0003420201", "", "{66 8 2 1}"},
		{"0003420001", "", ""},
		{"0003420200", "", ""},
		{"0003420203", "", ""},
		{"080412340301", "", "{4660 16 3 1}"},
		{"0804123403010003420202 0003ff0000", "", "{66 8 2 2}"},
		{"05040e840e84 0003420202", "{3716 3716 16}", "{66 8 2 2}"},
	} {
		octets := strings.ReplaceAll(test.udh, " ", "")
		n := len(octets) / 2
		p, _, err := ParseMT(deliver(t, true, 4, fmt.Sprintf("%02x%02x%s", n+1, n, octets)))
		if err != nil {
			t.Fatalf("%s: %v", test.udh, err)
		}
		u := p.(*Deliver).UD
		var ports, concat string
		if p, ok := u.Ports(); ok {
			ports = fmt.Sprint(p)
		}
		if c, ok := u.Concat(); ok {
			concat = fmt.Sprint(c)
		}
		if ports != test.ports || concat != test.concat {
			t.Errorf("%s: %s %s, want %s %s", test.udh, ports, concat, test.ports, test.concat)
		}
	}
}

func TestUserDataRefusesToAppend(t *testing.T) {
	for name, u := range map[string]UserData{
		"141 octets":               {Data: make([]byte, 141)},
		"140 octets and a header":  {UDHI: true, UDH: []IE{PortIE(1, 2)}, Data: make([]byte, 134)},
		"elements without UDHI":    {UDH: []IE{PortIE(1, 2)}},
		"an element of 256 octets": {UDHI: true, UDH: []IE{{1, make([]byte, 256)}}},
	} {
		b, err := (&Deliver{DCS: DCSOctet, UD: u}).AppendBinary([]byte("before"))
		if err == nil || string(b) != "before" {
			t.Errorf("%s: %x, %v", name, b, err)
		}
	}
	if b, err := (&Deliver{UD: UserData{Data: []byte{1, 2}, Septets: 1}}).AppendBinary(nil); err == nil {
		t.Errorf("1 septet in 2 octets: %x", b)
	}
	if b, err := (&Command{CD: UserData{Data: make([]byte, 160)}}).AppendBinary(nil); err == nil {
		t.Errorf("a command of %d octets", len(b))
	}
	if b, err := (&DeliverReport{Params: Params{PI: PI{0x80}}}).AppendBinary(nil); err == nil {
		t.Errorf("TP-PI that announces an octet: %x", b)
	}
	if b, err := (&DeliverReport{Params: Params{UD: UserData{Data: []byte{1}}}}).AppendBinary(nil); err == nil {
		t.Errorf("user data without TP-PI: %x", b)
	}
}
