package pdu

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// escape leads to the extension table (TS 23.038 6.2.1).
const escape = 0x1b

// maxSeptets is what an octet of TP-UDL can count.
const maxSeptets = 255

// An alphabet is a pair of tables: the locking one for plain septets and the shifted one for those after an escape.
type alphabet struct{ locking, shift *table }

var defaultAlphabet = alphabet{&defaultTable, &defaultShift}

// decode reads septets as text, by these rules of TS 23.038: an escape to nothing known shows the
// character of the main table; an escape to an escape, and one at the very end, show a space, and so
// does a septet that a national table gives no character.
func (a alphabet) decode(septets []byte) string {
	var s strings.Builder
	s.Grow(len(septets))
	for i := 0; i < len(septets); i++ {
		r := a.locking.runes[septets[i]&0x7f]
		if septets[i] == escape {
			r = ' '
			if i++; i < len(septets) && septets[i] != escape {
				if r = a.shift.runes[septets[i]&0x7f]; r == 0 {
					r = a.locking.runes[septets[i]&0x7f]
				}
			}
		}
		if r == 0 {
			r = ' '
		}
		s.WriteRune(r)
	}
	return s.String()
}

// encode appends the septets of text.
func (a alphabet) encode(septets []byte, text string) ([]byte, error) {
	for i, r := range text {
		if s, ok := a.locking.septet(r); ok {
			septets = append(septets, s)
		} else if s, ok := a.shift.septet(r); ok {
			septets = append(septets, escape, s)
		} else if _, n := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && n == 1 {
			return septets, fmt.Errorf("octet %d of the text is not UTF-8", i)
		} else {
			return septets, fmt.Errorf("%q (U+%04X) is not in the GSM 7-bit alphabet", r, r)
		}
	}
	return septets, nil
}

// packSeptets appends septets as octets, the first septet in the low bits, after fill zero bits (TS 23.038 6.1.2.1).
func packSeptets(b, septets []byte, fill int) []byte {
	acc, bits := uint(0), fill
	for _, s := range septets {
		acc |= uint(s&0x7f) << bits
		for bits += 7; bits >= 8; bits -= 8 {
			b = append(b, byte(acc))
			acc >>= 8
		}
	}
	if bits > 0 {
		b = append(b, byte(acc))
	}
	return b
}

// unpackSeptets appends n septets out of packed octets that start with fill bits, or as many as are there.
func unpackSeptets(septets, packed []byte, fill, n int) []byte {
	acc, bits := uint(0), -fill
	for _, o := range packed {
		acc |= uint(o) << (bits + fill)
		for bits += 8; bits >= 7 && n > 0; bits -= 7 {
			septets = append(septets, byte(acc>>fill)&0x7f)
			acc >>= 7
			n--
		}
	}
	return septets
}

// fillBits returns how many bits stand between a header of n octets and the next septet boundary (9.2.3.24).
func fillBits(n int) int { return (7 - n*8%7) % 7 }

// packedLen returns the octets that n septets take after fill bits.
func packedLen(n, fill int) int { return (fill + n*7 + 7) / 8 }
