package pdu

import "sync"

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

// grid makes a table of its rows of 16 characters, "·" for none.
func grid(rows ...string) (runes [128]rune) {
	for y, row := range rows {
		x := 0
		for _, r := range row {
			if r != '·' {
				runes[y*16+x] = r
			}
			x++
		}
		if x > 16 {
			panic("a row of a table has at most 16 characters")
		}
	}
	return runes
}

// southAsianShift makes a single shift table of the kind that all but Turkish, Spanish and Portuguese have:
// they differ in the second to the fourth row only.
func southAsianShift(second, third, fourth string) [128]rune {
	return grid("@£$¥¿\"¤%&'\f*+·-/", second, third, fourth, "|ABCDEFGHIJKLMNO", "PQRSTUVWXYZ", "·····€")
}

// The GSM 7-bit default alphabet and its extension table (TS 23.038 6.2.1).
var (
	defaultTable = table{runes: grid(
		"@£$¥èéùìòÇ\nØø\rÅå",
		"Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ",
		" !\"#¤%&'()*+,-./",
		"0123456789:;<=>?",
		"¡ABCDEFGHIJKLMNO",
		"PQRSTUVWXYZÄÖÑÜ§",
		"¿abcdefghijklmno",
		"pqrstuvwxyzäöñüà",
	)}
	defaultShift = table{runes: grid(
		"··········\f",
		"····^",
		"········{}·····\\",
		"············[~]",
		"|",
		"",
		"·····€",
	)}
)
