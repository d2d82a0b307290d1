package pdu

import "testing"

func BenchmarkParse(b *testing.B) {
	v := vectors(b)[3] // a segment of 159 octets with two header elements
	b.ReportAllocs()
	for b.Loop() {
		m, err := ParseMode(v.mode)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := ParseMT(m.TPDU); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	v := vectors(b)[3]
	m, err := ParseMode(v.mode)
	if err != nil {
		b.Fatal(err)
	}
	p, _, err := ParseMT(m.TPDU)
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.AppendBinary(buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkText(b *testing.B) {
	u, err := GSM7UserData("The quick brown fox jumps over the lazy dog {€} and back again.", PortIE(3716, 3716))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := u.Text(DCSGSM7); !ok {
			b.Fatal("no text")
		}
	}
}
