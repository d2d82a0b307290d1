package pdu_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"wvsms/pdu"
	"wvsms/pdu/pdutest"
)

// A message that is well made: append → parse gives the same message, without a warning.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := pdutest.Samples().Draw(t, "sample")
		b, err := s.TPDU.AppendBinary(nil)
		if err != nil {
			t.Fatalf("append %+v: %v", s.TPDU, err)
		}
		p, warnings, err := pdu.Parse(b, s.Direction, pdu.RPUnknown)
		if err != nil || len(warnings) > 0 {
			t.Fatalf("parse %x: %v %v", b, warnings, err)
		}
		if d := cmp.Diff(s.TPDU, p, cmpopts.EquateEmpty(), cmp.AllowUnexported(pdu.Validity{})); d != "" {
			t.Fatalf("parse %x: %s", b, d)
		}
		again, err := p.AppendBinary([]byte("before"))
		if err != nil || !bytes.Equal(again, append([]byte("before"), b...)) {
			t.Fatalf("append again: %x %v, want %x", again, err, b)
		}
	})
}

// Cut anywhere, a message is an error or (a status report at TP-ST) another whole message;
// and what was read does not depend on the octets behind the cut.
func TestTruncated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := pdutest.Samples().Draw(t, "sample")
		b, err := s.TPDU.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		for n := range b {
			p, warnings, err := pdu.Parse(b[:n], s.Direction, pdu.RPUnknown)
			q, warnings2, err2 := pdu.Parse(bytes.Clone(b[:n]), s.Direction, pdu.RPUnknown)
			if d := cmp.Diff(p, q, cmp.AllowUnexported(pdu.Validity{})); d != "" || len(warnings) != len(warnings2) || (err == nil) != (err2 == nil) {
				t.Fatalf("%x reads behind its end: %s", b[:n], d)
			}
			if err == nil {
				checkAppends(t, b[:n], p, warnings)
				continue
			}
			f, ok := err.(*pdu.Fault)
			if !ok || f.Octet > n || f.Field == "" || f.Reason == "" {
				t.Fatalf("%x: error %#v", b[:n], err)
			}
			if (p == nil) != (n == 0) {
				t.Fatalf("%x: %v", b[:n], p)
			}
		}
	})
}

type fataler interface{ Fatalf(string, ...any) }

// checkAppends holds the promise that without a warning, the octets come back.
func checkAppends(t fataler, b []byte, p pdu.TPDU, warnings []pdu.Fault) {
	if len(warnings) > 0 {
		return
	}
	again, err := p.AppendBinary(nil)
	if err != nil || !bytes.Equal(again, b) {
		t.Fatalf("parsed without a warning:\n%x\nappended: %v\n%x", b, err, again)
	}
}

func fuzzParse(f *testing.F, d pdu.Direction) {
	for seed := range 200 {
		s := pdutest.Samples().Example(seed)
		if b, err := s.TPDU.AppendBinary(nil); err == nil && s.Direction == d {
			f.Add(b)
			f.Add(b[:len(b)/2])
		}
	}
	f.Add(append([]byte{0x00, 0xd3, 0x06, 0x04, 160}, make([]byte, 160)...)) // longer than a TPDU may be
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		for _, rp := range []pdu.RP{pdu.RPUnknown, pdu.RPAck, pdu.RPError} {
			p, warnings, err := pdu.Parse(b, d, rp)
			if err == nil {
				checkAppends(t, b, p, warnings)
				use(p)
			}
		}
		if !bytes.Equal(b, before) {
			t.Fatalf("parsing wrote to %x", before)
		}
	})
}

// use calls what reads out of user data.
func use(p pdu.TPDU) {
	switch p := p.(type) {
	case *pdu.Deliver:
		p.UD.Text(p.DCS)
		p.UD.Ports()
		p.UD.Concat()
	case *pdu.Submit:
		p.UD.Text(p.DCS)
	case *pdu.StatusReport:
		p.UD.Text(p.DCS)
	}
}

func FuzzParseMT(f *testing.F) { fuzzParse(f, pdu.MT) }

func FuzzParseMO(f *testing.F) { fuzzParse(f, pdu.MO) }

// FuzzUDH parses octets as the 8-bit user data of a DELIVER with a header.
func FuzzUDH(f *testing.F) {
	f.Add([]byte("\x06\x05\x04\x0e\x06\x0e\x06data"))
	f.Add([]byte("\x0b\x00\x03\x42\x02\x01\x05\x04\x0e\x06\x0e\x06"))
	f.Add([]byte("\x05\x05\x04\x0e\x06\x0e"))
	f.Add([]byte("\x00"))
	f.Fuzz(func(t *testing.T, ud []byte) {
		if len(ud) > 255 {
			return
		}
		b := append([]byte("\x44\x00\x91\x00\x04\x62\x90\x40\x21\x00\x00\x80"), byte(len(ud)))
		b = append(b, ud...)
		p, warnings, err := pdu.ParseMT(b)
		if err != nil {
			return
		}
		checkAppends(t, b, p, warnings)
		u := p.(*pdu.Deliver).UD
		if c, ok := u.Concat(); ok && (c.Seq == 0 || c.Seq > c.Total || c.Bits == 8 && c.Ref > 255) {
			t.Fatalf("%x: %+v", ud, c)
		}
		if p, ok := u.Ports(); ok && (p.Bits == 16 && p.Dst > 49151 || p.Bits == 8 && p.Dst < 240) {
			t.Fatalf("%x: %+v", ud, p)
		}
	})
}

// FuzzMode parses the SMSC field in front.
func FuzzMode(f *testing.F) {
	f.Add([]byte("\x07\x91\x58\x05\x01\x00\x00\xf0\x44"))
	f.Add([]byte("\x00\x01"))
	f.Add([]byte("\x05\xd0\xd4\xf2\x9c\x0e"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := pdu.ParseMode(b)
		if err != nil || len(m.Warnings) > 0 {
			return
		}
		if again, err := m.AppendBinary(nil); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x appended: %x %v", b, again, err)
		}
	})
}
