package pdu

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// DecodeHex returns the octets of hex digits in either case. What is no hex is a *Fault of
// the field "hex": empty, an odd number of digits, any other character.
func DecodeHex(s string) ([]byte, error) {
	if s == "" {
		return nil, &Fault{Field: "hex", Reason: "there are no digits"}
	}
	for i := range len(s) {
		if c := s[i] | 0x20; (s[i] < '0' || s[i] > '9') && (c < 'a' || c > 'f') {
			return nil, &Fault{Field: "hex", Octet: i / 2, Reason: "character " + quoteAt(s, i) + " is no hex digit"}
		}
	}
	if len(s)%2 != 0 {
		return nil, &Fault{Field: "hex", Octet: len(s) / 2, Reason: "half an octet: the number of digits is odd"}
	}
	return hex.DecodeString(s)
}

// quoteAt quotes the character of s that starts at octet i.
func quoteAt(s string, i int) string {
	r, size := utf8.DecodeRuneInString(s[i:])
	if r == utf8.RuneError && size <= 1 {
		return fmt.Sprintf("0x%02x", s[i])
	}
	return strconv.QuoteRune(r)
}
