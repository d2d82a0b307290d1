package pdu

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseNumber(t *testing.T) {
	for s, want := range map[string]Address{
		"+491712345678": {TON: International, NPI: ISDN, Digits: "491712345678"},
		"4912":          {NPI: ISDN, Digits: "4912"},
		"*100#":         {NPI: ISDN, Digits: "*100#"},
		"abc":           {NPI: ISDN, Digits: "abc"},
	} {
		a, err := ParseNumber(s)
		if err != nil || a != want || a.String() != s {
			t.Errorf("%q: %+v (%s), %v", s, a, a, err)
		}
	}
	for _, s := range []string{"", "+", "+49 17", "49d", "++49", "Vodafone", strings.Repeat("1", 21), "４９"} {
		if a, err := ParseNumber(s); err == nil {
			t.Errorf("%q is read as %+v", s, a)
		}
	}
}

// A TP-OA and what it reads as; after | the warning that it gives.
func TestAddress(t *testing.T) {
	for _, test := range []struct{ hex, want string }{
		{"0c91534810325476", "1/1 +358401234567"},
		{"0b915348103254f6", "1/1 +35840123456"},
		{"0481 2143", "0/1 1234"},
		{"05a1 2143f5", "2/1 12345"},
		{"03812" + "1f3", "0/1 123"},
		{"0f81 2143658709badcfe", "0/1 1234567890*#abc"},
		{"0091", "1/1 "},
		{"0bd0 d4f29c0e5a01", "5/0 Test +"},
		{"07d0 d4f29cfe", "5/0 Test | TP-OA: octet 3: the text is not as it would be written"},
		{"07d0 d4f29c0e", "5/0 Test"},
		{"08d0 d4f29c0e", "5/0 Test | TP-OA: octet 1: 8 semi-octets, the text has 7"},
		{"04d0 9b0d", "5/0   | TP-OA: octet 1: 4 semi-octets, the text has 2"},
		{"0481 21f3", "0/1 123 | TP-OA: octet 4: a filler nibble ends the number after 3 of 4 digits"},
		{"0481 213f", "0/1 12 | TP-OA: octet 4: a filler nibble ends the number after 2 of 4 digits"},
		{"0481 21f4", "0/1 124 | TP-OA: octet 4: a filler nibble ends the number after 3 of 4 digits"},
		{"0381 2143", "0/1 123 | TP-OA: octet 4: the filler nibble is 4, not f"},
		{"0411 2143", "1/1 +1234 | TP-OA: octet 2: the high bit of the type of address is 0"},
		{"16912143658709214365870921", "1/1 +1234567890123456789012 | TP-OA: octet 1: 22 semi-octets, at most 20 are allowed"},
	} {
		want, warning, _ := strings.Cut(test.want, " | ")
		b, err := DecodeHex("04" + strings.ReplaceAll(test.hex, " ", "") + "0000" + "62904021000000" + "00")
		if err != nil {
			t.Fatal(err)
		}
		p, warnings, err := ParseMT(b)
		if err != nil {
			t.Errorf("%s: %v", test.hex, err)
			continue
		}
		a := p.(*Deliver).OA
		if got := fmt.Sprintf("%d/%d %s", a.TON, a.NPI, a); got != want {
			t.Errorf("%s: %q, want %q", test.hex, got, want)
		}
		if got := fmt.Sprint(warnings); (len(warnings) > 0) != (warning != "") || !strings.Contains(got, warning) {
			t.Errorf("%s warns %s, want %q", test.hex, got, warning)
		}
	}
}

func TestAddressRefusesToAppend(t *testing.T) {
	for _, a := range []Address{
		{Digits: strings.Repeat("1", 21)},
		{Digits: "+49"},
		{Digits: "12d"},
		{TON: Alphanumeric, Text: "twelve chars"},
		{TON: Alphanumeric, Text: "Ж"},
		{TON: 8},
		{NPI: 16},
	} {
		if b, err := a.AppendBinary(nil); err == nil {
			t.Errorf("%+v: %x", a, b)
		}
	}
}

func TestMode(t *testing.T) {
	for _, test := range []struct{ hex, smsc, warning string }{
		{"0001", "", ""},
		{"07915805010000f0 01", "+85501000000", ""},
		{"06915805010020 01", "+8550100002", ""},
		{"0581214301", "", "SMSC: octet 5: the octets end here, 1 of 5 are missing"},
		{"03d0c834 01", "Hi", ""},
		{"0391f1f2 01", "+1", "a filler nibble ends the number"},
		{"0191 01", "", ""},
		{"0180 01", "", "the address is not as it would be written"},
	} {
		b, err := DecodeHex(strings.ReplaceAll(test.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		m, err := ParseMode(b)
		said := fmt.Sprint(m.Warnings)
		if err != nil {
			said = err.Error()
		}
		if m.SMSC.String() != test.smsc || !strings.Contains(said, test.warning) || test.warning == "" && said != "[]" {
			t.Errorf("%s: %q, %s", test.hex, m.SMSC, said)
		}
		if err == nil && (len(m.TPDU) != 1 || m.TPDU[0] != 1) {
			t.Errorf("%s: TPDU %x", test.hex, m.TPDU)
		}
	}
}

func TestDecodeHex(t *testing.T) {
	if b, err := DecodeHex("0aAF"); err != nil || string(b) != "\x0a\xaf" {
		t.Errorf("%x %v", b, err)
	}
	for s, want := range map[string]string{
		"":      "hex: octet 0: there are no digits",
		"0":     "hex: octet 0: half an octet: the number of digits is odd",
		"00 1":  `hex: octet 1: character ' ' is no hex digit`,
		"001g":  `hex: octet 1: character 'g' is no hex digit`,
		"0x00":  `hex: octet 0: character 'x' is no hex digit`,
		"00@0":  `hex: octet 1: character '@' is no hex digit`,
		"00é":   `hex: octet 1: character 'é' is no hex digit`,
		"\xff0": `hex: octet 0: character 0xff is no hex digit`,
		"00\n":  `hex: octet 1: character '\n' is no hex digit`,
	} {
		if b, err := DecodeHex(s); err == nil || err.Error() != want {
			t.Errorf("%q: %x, %v", s, b, err)
		}
	}
}
