package csp

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// What is built by hand is read as what it was built of, and written to the same octets.
func TestPTSRandom(t *testing.T) {
	random := ptsRandom{rand.New(rand.NewPCG(3590, 3716))}
	for i := range 10_000 {
		m := random.message()
		b, err := m.AppendText(nil)
		if err != nil {
			t.Fatalf("%+v: %v", m, err)
		}
		read, err := ParsePTS(b)
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		for _, p := range m.Params {
			ptsQuote(p.Value)
		}
		if !reflect.DeepEqual(m, read) { // cmp takes ages for what nests
			t.Fatalf("%q: read as %+v, want %+v", b, read, m)
		}
		if again, err := read.AppendText(nil); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%q is written back as %q, %v", b, again, err)
		}
		if i%8 == 0 {
			checkOctets(t, b)
		}
	}
}

// ptsQuote says of texts that must be quoted that they are.
func ptsQuote(v *Value) {
	if v == nil {
		return
	}
	v.Quoted = v.Quoted || strings.ContainsAny(v.Text, mustQuote)
	for i := range v.Group {
		ptsQuote(&v.Group[i])
	}
}

type ptsRandom struct{ *rand.Rand }

func (r ptsRandom) one(of ...string) string { return of[r.IntN(len(of))] }

func (r ptsRandom) message() *PTSMessage {
	m := &PTSMessage{Preamble: Preamble{
		Version:    r.one("11", "12", "13", "XX", "99"),
		Code:       r.one("LR", "RL", "CP", "pn", "UP", "CL", "ML", "ST", "SM", "Zz"),
		ID:         r.one("0", "7", "42", "007", "999"),
		Identifier: r.one("", "", "", "ab", "Zz"),
	}}
	for range r.IntN(6) {
		p := Param{Code: r.one("SI", "si", "UI", "PW", "ST", "CA", "RF", "CP", "UN", "PS", "UV", "PR", "XY", "odd-code", `"`)}
		if r.IntN(8) > 0 {
			v := r.value(maxNesting)
			p.Value = &v
		}
		m.Params = append(m.Params, p)
	}
	return m
}

func (r ptsRandom) value(nesting int) (v Value) {
	if nesting == 0 || r.IntN(2) > 0 {
		return Value{Text: r.text(), Quoted: r.IntN(3) == 0}
	}
	for range 1 + r.IntN(3) {
		v.Group = append(v.Group, r.value(nesting-1))
	}
	return v
}

func (r ptsRandom) text() (s string) {
	for range r.IntN(4) {
		s += r.one("a", "CT", "MP", "UA", "T", "é", "漢", " ", `"`, ",", "(", ")", "=", "&", "\r\n", "\x00", "\xff", "\xc3", "\u202e", `\`, "\x1b[2J")
	}
	return s
}

// Any octets are told about, drawn and hidden without a panic, in any syntax.
func FuzzMessage(f *testing.F) {
	for _, seed := range messageSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(checkOctets)
}

// messageSeeds are of all syntaxes, and of all forms of PTS.
var messageSeeds = []string{
	`WV12CL7 SI=S42 UN=(("Bob, the ""B""",wv:bob@example.com),(,wv:carol@example.com)) CP=((DN,"My friends"),(DE,T)) CL=wv:alice/friends@example.com`,
	`WV12PG5 SI=S42 PR=((wv:bob@example.com,((UA,T,AV))),(wv:carol@example.com,((ST,"x"))))`,
	`WV12UP6 UV=((UA,T,AV),(CF,T,((CT,MP),(CP,MOKIA))))`,
	`WV12GP5 PS=(OS,(CF,(CT,CP))) XY=() AR`,
	`WV12CL123bc ple.com),(nick3,wv:user3@example.com)`,
	"WVCI 1.2 4711",
	"HELO S42\r\n",
	`<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1"><Session/></WV-CSP-Message>`,
	"\x03\x11\x6a\x00\xc9\x08\x031.2\x00\x01\x6d\x6e\x70\x80\x19\x01\x01\x01\x01",
}
