package pdu

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// Text returns the user data as UTF-8, and whether it is text: 8-bit and compressed
// data are not. A surrogate without its other half is U+FFFD.
func (u UserData) Text(d DCS) (string, bool) {
	switch {
	case d.Compressed() || d.Alphabet() == Octet:
		return "", false
	case d.Alphabet() == UCS2:
		return decodeUCS2(u.Data), true
	default:
		var buf [maxSeptets]byte
		return u.alphabet().decode(unpackSeptets(buf[:0], u.Data, fillBits(u.headerLen()), u.Septets)), true
	}
}

// GSM7UserData packs text in GSM 7-bit: the default alphabet and its extension, or the
// national tables that elements of udh choose. The error names a character that is in neither.
func GSM7UserData(text string, udh ...IE) (UserData, error) {
	u := UserData{UDHI: len(udh) > 0, UDH: udh}
	septets, err := u.alphabet().encode(make([]byte, 0, len(text)), text)
	if err != nil {
		return UserData{}, fmt.Errorf("encode text: %w", err)
	}
	u.Data, u.Septets = packSeptets(nil, septets, fillBits(u.headerLen())), len(septets)
	return u, nil
}

// UCS2UserData holds text in UTF-16; what is not UTF-8 becomes U+FFFD.
func UCS2UserData(text string, udh ...IE) UserData {
	u := UserData{UDHI: len(udh) > 0, UDH: udh}
	for _, r := range text {
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			u.Data = binary.BigEndian.AppendUint16(u.Data, uint16(high))
			r = low
		}
		u.Data = binary.BigEndian.AppendUint16(u.Data, uint16(r))
	}
	return u
}

// decodeUCS2 reads UTF-16; an odd last octet is no character.
func decodeUCS2(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
