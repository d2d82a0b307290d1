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

// SetText codes text after the header that u has, for a coding that Text reads; GSM 7-bit in the tables that
// the header chooses. The error names a character that these do not have.
func (u *UserData) SetText(d DCS, text string) error {
	switch {
	case d.Compressed() || d.Alphabet() == Octet:
		return fmt.Errorf("encode text: the data coding scheme 0x%02x holds octets, not text", byte(d))
	case d.Alphabet() == UCS2:
		u.Data, u.Septets = encodeUCS2(text), 0
		return nil
	}
	septets, err := u.alphabet().encode(make([]byte, 0, len(text)), text)
	if err != nil {
		return fmt.Errorf("encode text: %w", err)
	}
	u.Data, u.Septets = packSeptets(nil, septets, fillBits(u.headerLen())), len(septets)
	return nil
}

// GSM7UserData packs text in GSM 7-bit: the default alphabet and its extension, or the
// national tables that elements of udh choose. The error names a character that is in neither.
func GSM7UserData(text string, udh ...IE) (UserData, error) {
	u := UserData{UDHI: len(udh) > 0, UDH: udh}
	if err := u.SetText(DCSGSM7, text); err != nil {
		return UserData{}, err
	}
	return u, nil
}

// UCS2UserData holds text in UTF-16; what is not UTF-8 becomes U+FFFD.
func UCS2UserData(text string, udh ...IE) UserData {
	return UserData{UDHI: len(udh) > 0, UDH: udh, Data: encodeUCS2(text)}
}

func encodeUCS2(text string) []byte {
	b := make([]byte, 0, 2*len(text))
	for _, r := range text {
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			b = binary.BigEndian.AppendUint16(b, uint16(high))
			r = low
		}
		b = binary.BigEndian.AppendUint16(b, uint16(r))
	}
	return b
}

// decodeUCS2 reads UTF-16; an odd last octet is no character.
func decodeUCS2(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
