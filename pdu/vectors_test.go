package pdu

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

// A vector is a line of testdata/vectors/sms-pdus.txt: a PDU that a generator of its own made and that
// tshark decodes without fault.
type vector struct {
	name    string
	mode    []byte
	tpduLen int
}

func vectors(t testing.TB) []vector {
	f, err := os.Open("testdata/vectors/sms-pdus.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var vs []vector
	for s := bufio.NewScanner(f); s.Scan(); {
		var v vector
		var digits string
		if _, err := fmt.Sscanf(s.Text(), "%s TPDUlen=%d %s", &v.name, &v.tpduLen, &digits); err != nil {
			t.Fatalf("%q: %v", s.Text(), err)
		}
		if v.mode, err = DecodeHex(digits); err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
		vs = append(vs, v)
	}
	if len(vs) != 21 {
		t.Fatalf("%d vectors", len(vs))
	}
	return vs
}

// direction tells the direction of a vector by its name.
func (v vector) direction() Direction {
	if strings.HasPrefix(v.name, "submit") {
		return MO
	}
	return MT
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.name, func(t *testing.T) {
			m, err := ParseMode(v.mode)
			if err != nil || len(m.Warnings) > 0 || len(m.TPDU) != v.tpduLen {
				t.Fatalf("ParseMode: TPDU of %d octets, want %d; %v %v", len(m.TPDU), v.tpduLen, m.Warnings, err)
			}
			p, warnings, err := Parse(m.TPDU, v.direction(), RPUnknown)
			if err != nil || len(warnings) > 0 {
				t.Fatalf("Parse: %v %v", warnings, err)
			}
			again, err := p.AppendBinary(nil)
			if err != nil || string(again) != string(m.TPDU) {
				t.Errorf("append: %x, %v\n   want: %x", again, err, m.TPDU)
			}
			mode, err := m.AppendBinary(nil)
			if err != nil || string(mode) != string(v.mode) {
				t.Errorf("append mode: %x, %v\n        want: %x", mode, err, v.mode)
			}
		})
	}
}

func TestVectorFields(t *testing.T) {
	for _, v := range vectors(t) {
		m, _ := ParseMode(v.mode)
		p, _, _ := Parse(m.TPDU, v.direction(), RPUnknown)
		var address Address
		var u UserData
		var d DCS
		switch p := p.(type) {
		case *Deliver:
			address, u, d = p.OA, p.UD, p.DCS
			if at, ok := p.SCTS.Time(); !ok || at.Format("2006-01-02T15:04:05-07:00") != "2026-09-04T12:00:00+02:00" {
				t.Errorf("%s: SCTS %v", v.name, at)
			}
			if m.SMSC.String() != "+85501000000" {
				t.Errorf("%s: SMSC %v", v.name, m.SMSC)
			}
		case *Submit:
			address, u, d = p.DA, p.UD, p.DCS
		}
		if address.String() != "+358401234567" {
			t.Errorf("%s: address %v", v.name, address)
		}
		ports, ok := u.Ports()
		if !ok || ports.Bits != 16 || ports.Dst != 3590 && ports.Dst != 3716 && ports.Dst != 2948 {
			t.Errorf("%s: ports %+v, %v", v.name, ports, ok)
		}
		concat, ok := u.Concat()
		if want := strings.Contains(v.name, "concat"); ok != want {
			t.Errorf("%s: concat %+v, %v", v.name, concat, ok)
		}
		if text, ok := u.Text(d); ok != strings.Contains(v.name, "7bit") {
			t.Errorf("%s: text %q, %v", v.name, text, ok)
		}
	}
}
