package pdu

import (
	"testing"

	"github.com/warthog618/sms/encoding/gsm7/charset"
)

// tableDifferences are the characters in which the oracle's tables differ from those of TS 23.038.
var tableDifferences = map[Language]map[byte]string{
	Hindi:      {0x00: "A.3.6 has U+0901", 0x01: "A.3.6 has U+0902", 0x02: "A.3.6 has U+0903"},
	Kannada:    {0x24: "A.3.7 has U+0CAA, as again at 0x3D"},
	Portuguese: {0x1f: "A.2.3 has Ê"},
}

// Each septet of each national language, plain and after an escape, is as in the oracle's tables.
func TestTablesAgreeWithTPDU(t *testing.T) {
	for l := Language(0); l <= 14; l++ {
		locking, shift := charset.NewDecoder(int(l)), charset.NewExtDecoder(int(l))
		for s := byte(0); s < 128; s++ {
			if s == escape {
				continue
			}
			plain, ok := locking[s]
			if !ok {
				plain = ' '
			}
			if got := (alphabet{l.locking(), l.shift()}).decode([]byte{s}); got != string(plain) && tableDifferences[l][s] == "" {
				t.Errorf("language %d, locking %02x: %q (%U), the oracle has %q", l, s, got, []rune(got), plain)
			}
			shifted, ok := shift[s]
			if !ok {
				shifted = plain
			}
			if s == '\r' {
				shifted = '\r' // a control character that stands in no table of ours
			}
			if got := (alphabet{l.locking(), l.shift()}).decode([]byte{escape, s}); got != string(shifted) && tableDifferences[l][s] == "" {
				t.Errorf("language %d, shift %02x: %q (%U), the oracle has %q", l, s, got, []rune(got), shifted)
			}
		}
	}
}

// What the tables decode they encode again.
func TestTablesEncode(t *testing.T) {
	for l := Language(0); l <= 14; l++ {
		a := alphabet{l.locking(), l.shift()}
		for _, table := range []*table{a.locking, a.shift} {
			for s, r := range table.runes {
				if r == 0 || s == escape {
					continue
				}
				septets, err := a.encode(nil, string(r))
				if err != nil || a.decode(septets) != string(r) {
					t.Errorf("language %d: %q at %02x encodes as %x, %v", l, r, s, septets, err)
				}
			}
		}
	}
}
