package pdu

import (
	"sync"
	"unicode/utf8"
)

// A table gives each septet its character; 0 is none.
type table struct {
	runes   [128]rune
	once    sync.Once
	septets map[rune]byte // the inverse, made when first asked for
}

// septet returns the code of r. The escape is no character.
func (t *table) septet(r rune) (byte, bool) {
	t.once.Do(func() {
		t.septets = make(map[rune]byte, len(t.runes))
		for s, r := range t.runes {
			if _, twice := t.septets[r]; r != 0 && s != escape && !twice {
				t.septets[r] = byte(s)
			}
		}
	})
	s, ok := t.septets[r]
	return s, ok
}

// locking makes a table of its 128 characters in order.
func locking(characters string) (runes [128]rune) {
	i := 0
	for _, r := range characters {
		runes[i] = r
		i++
	}
	if i != len(runes) {
		panic("a locking table has 128 characters")
	}
	return runes
}

// shift makes a table of the characters that stand in each row of 16, "·" for none.
func shift(rows [8]string) (runes [128]rune) {
	for y, row := range rows {
		x := 0
		for _, r := range row {
			if r != '·' {
				runes[y*16+x] = r
			}
			x++
		}
		if x > 16 || !utf8.ValidString(row) {
			panic("a row of a shift table has at most 16 characters")
		}
	}
	return runes
}

// The GSM 7-bit default alphabet and its extension table (TS 23.038 6.2.1).
var (
	defaultTable = table{runes: locking("" +
		"@£$¥èéùìòÇ\nØø\rÅå" +
		"Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ" +
		" !\"#¤%&'()*+,-./" +
		"0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNO" +
		"PQRSTUVWXYZÄÖÑÜ§" +
		"¿abcdefghijklmno" +
		"pqrstuvwxyzäöñüà")}
	defaultShift = table{runes: shift([8]string{
		"··········\f",
		"····^",
		"········{}·····\\",
		"············[~]",
		"|",
		"",
		"·····€",
	})}
)
