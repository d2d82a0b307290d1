package pdu

import (
	"bytes"
	"fmt"
	"strings"
)

// An Address is a TP-OA, TP-DA or TP-RA (9.1.2.5), or the SMSC of PDU mode:
//
//	+--------+----------------------+---------------------------------+
//	| length | 1 | TON 3b | NPI 4b | value: swapped semi-octets, or  |
//	|        |   |        |        | GSM 7-bit text for TON 5        |
//	+--------+----------------------+---------------------------------+
//
// The length counts semi-octets of the value; that of an SMSC counts octets from
// the type of address on.
type Address struct {
	TON    TON
	NPI    NPI
	Digits string // 0-9*#abc, unless TON is Alphanumeric
	Text   string // if TON is Alphanumeric
}

// TON is the type of number.
type TON byte

// Types of number.
const (
	UnknownTON TON = iota
	International
	National
	NetworkSpecific
	Subscriber
	Alphanumeric
	Abbreviated
	ReservedTON
)

// NPI is the numbering plan, 0-15.
type NPI byte

// Numbering plans that a program may want by name.
const (
	UnknownNPI NPI = 0
	ISDN       NPI = 1 // E.164
)

// maxSemiOctets is the most that the 12 octets of an address hold.
const maxSemiOctets = 20

const semiOctets = "0123456789*#abc" // 1111 is filler (TS 24.011 8.2.5.2)

// ParseNumber reads a number as people write it: "+" and digits is international, anything else of
// 0-9*#abc is of unknown type; both of the ISDN plan.
func ParseNumber(s string) (Address, error) {
	a := Address{NPI: ISDN, Digits: s}
	if digits, ok := strings.CutPrefix(s, "+"); ok {
		a.TON, a.Digits = International, digits
	}
	if a.Digits == "" {
		return Address{}, fmt.Errorf("parse number %q: it has no digits", s)
	}
	if len(a.Digits) > maxSemiOctets {
		return Address{}, fmt.Errorf("parse number %q: %d digits, at most %d fit", s, len(a.Digits), maxSemiOctets)
	}
	if i := strings.IndexFunc(a.Digits, func(r rune) bool { return !strings.ContainsRune(semiOctets, r) }); i >= 0 {
		return Address{}, fmt.Errorf("parse number %q: %s is no digit of 0-9*#abc", s, quoteAt(a.Digits, i))
	}
	return a, nil
}

// String returns the number, with "+" if it is international, or the text.
func (a Address) String() string {
	switch {
	case a.TON == Alphanumeric:
		return a.Text
	case a.TON == International && a.Digits != "":
		return "+" + a.Digits
	default:
		return a.Digits
	}
}

// parseAddress warns wherever AppendBinary would not give the same octets back.
func parseAddress(c *cursor, field string) Address {
	at := c.pos
	semi := int(c.octet(field))
	toa := c.octet(field)
	value := c.octets(field, (semi+1)/2)
	if c.fault != nil {
		return Address{}
	}
	if semi > maxSemiOctets {
		c.warnAt(field, at, "%d semi-octets, at most %d are allowed", semi, maxSemiOctets)
	}
	a := readAddress(c, field, at+1, toa, value, semi)
	if semi%2 != 0 && a.TON != Alphanumeric && value[len(value)-1] < 0xf0 {
		c.warnAt(field, c.pos-1, "the filler nibble is %x, not f", value[len(value)-1]>>4)
	}
	if a.TON == Alphanumeric {
		warnText(c, field, at, a, semi, value)
	}
	return a
}

// warnText warns of a text that would be written otherwise.
func warnText(c *cursor, field string, at int, a Address, semi int, value []byte) {
	var buf [2 + maxSemiOctets/2]byte
	again, err := a.AppendBinary(buf[:0])
	switch {
	case err != nil:
	case int(again[0]) != semi:
		c.warnAt(field, at, "%d semi-octets, the text has %d", semi, again[0])
	case !bytes.Equal(again[2:], value):
		c.warnAt(field, at+2, "the text is not as it would be written")
	}
}

// readAddress reads the value; at is the offset of the type of address.
func readAddress(c *cursor, field string, at int, toa byte, value []byte, semi int) Address {
	if toa&0x80 == 0 {
		c.warnAt(field, at, "the high bit of the type of address is 0")
	}
	a := Address{TON: TON(toa >> 4 & 7), NPI: NPI(toa & 0x0f)}
	if a.TON == Alphanumeric {
		var buf [maxSeptets]byte
		a.Text = defaultAlphabet.decode(unpackSeptets(buf[:0], value, 0, semi*4/7))
		return a
	}
	var buf [32]byte
	digits := buf[:0]
	for i := range semi {
		nibble := value[i/2] >> (i % 2 * 4) & 0x0f
		if nibble == 0x0f {
			c.warnAt(field, at+1+i/2, "a filler nibble ends the number after %d of %d digits", i, semi)
			break
		}
		digits = append(digits, semiOctets[nibble])
	}
	a.Digits = string(digits)
	return a
}

// AppendBinary appends the address with its length in semi-octets.
func (a Address) AppendBinary(b []byte) ([]byte, error) {
	value, semi, err := a.appendValue(append(b, 0))
	if err != nil {
		return b, err
	}
	value[len(b)] = byte(semi)
	return value, nil
}

// appendValue appends the type of address and the value, and tells the semi-octets of the latter.
func (a Address) appendValue(b []byte) ([]byte, int, error) {
	if a.TON > 7 || a.NPI > 15 {
		return b, 0, fmt.Errorf("append address %q: no such TON %d or NPI %d", a, a.TON, a.NPI)
	}
	b = append(b, 0x80|byte(a.TON)<<4|byte(a.NPI))
	if a.TON == Alphanumeric {
		septets, err := defaultAlphabet.encode(nil, a.Text)
		if err != nil {
			return b, 0, fmt.Errorf("append address %q: %w", a, err)
		}
		semi := (len(septets)*7 + 3) / 4
		if semi > maxSemiOctets {
			return b, 0, fmt.Errorf("append address %q: %d septets, at most 11 fit", a, len(septets))
		}
		return packSeptets(b, septets, 0), semi, nil
	}
	semi := len(a.Digits)
	if semi > maxSemiOctets {
		return b, 0, fmt.Errorf("append address %q: %d digits, at most %d fit", a, semi, maxSemiOctets)
	}
	for i := range semi {
		nibble := strings.IndexByte(semiOctets, a.Digits[i])
		switch {
		case nibble < 0:
			return b, 0, fmt.Errorf("append address %q: %s is no digit of 0-9*#abc", a, quoteAt(a.Digits, i))
		case i%2 == 0:
			b = append(b, 0xf0|byte(nibble))
		default:
			b[len(b)-1] &= byte(nibble)<<4 | 0x0f
		}
	}
	return b, semi, nil
}
