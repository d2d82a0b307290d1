package pdutest

import (
	"pgregory.net/rapid"

	"wvsms/pdu"
)

// gsm7 is what can be drawn of the default alphabet and its extension.
const gsm7 = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€"

// Addresses draws addresses of every TON and NPI: numbers, short codes, text.
func Addresses() *rapid.Generator[pdu.Address] {
	return rapid.Custom(func(t *rapid.T) pdu.Address {
		a := pdu.Address{
			TON: pdu.TON(rapid.ByteRange(0, 7).Draw(t, "TON")),
			NPI: pdu.NPI(rapid.ByteRange(0, 15).Draw(t, "NPI")),
		}
		if a.TON == pdu.Alphanumeric {
			a.Text = shortText(t)
		} else {
			a.Digits = rapid.StringOfN(rapid.RuneFrom([]rune("0123456789*#abc")), 0, 20, -1).Draw(t, "digits")
		}
		return a
	})
}

// shortText draws a text of at most 11 septets.
func shortText(t *rapid.T) string {
	text := []rune(rapid.StringOfN(rapid.RuneFrom([]rune(gsm7)), 0, 11, -1).Draw(t, "text"))
	for {
		if u, err := pdu.GSM7UserData(string(text)); err == nil && u.Septets <= 11 {
			return string(text)
		}
		text = text[:len(text)-1]
	}
}

// UserData draws user data of the coding, of at most limit octets.
func UserData(d pdu.DCS, limit int) *rapid.Generator[pdu.UserData] {
	return rapid.Custom(func(t *rapid.T) pdu.UserData {
		u := pdu.UserData{UDHI: flag(t)}
		room := limit
		if u.UDHI {
			room--
			u.UDH, room = header(t, room)
		}
		switch {
		case d.Alphabet() == pdu.GSM7 && !d.Compressed():
			return septets(t, u, limit, room)
		case d.Alphabet() == pdu.UCS2 && !d.Compressed():
			u.Data = rapid.SliceOfN(rapid.Byte(), 0, room/2*2).Draw(t, "UCS-2")
			u.Data = u.Data[:len(u.Data)/2*2]
		default:
			u.Data = rapid.SliceOfN(rapid.Byte(), 0, room).Draw(t, "octets")
		}
		return u
	})
}

// septets draws packed text after the header of u. The bits around it are 0, as a sender leaves them.
func septets(t *rapid.T, u pdu.UserData, limit, room int) pdu.UserData {
	h := limit - room
	fill := (7 - h*8%7) % 7 // 9.2.3.24: to the next septet boundary
	u.Septets = rapid.IntRange(0, max(0, (room*8-fill)/7)).Draw(t, "septets")
	u.Data = make([]byte, (fill+u.Septets*7+7)/8)
	for i := range u.Septets {
		s := uint(rapid.ByteRange(0, 127).Draw(t, "septet"))
		at := fill + 7*i
		u.Data[at/8] |= byte(s << (at % 8))
		if at%8 > 1 {
			u.Data[at/8+1] |= byte(s >> (8 - at%8))
		}
	}
	return u
}

// header draws elements of any kind in any order and tells the octets that are left.
func header(t *rapid.T, room int) ([]pdu.IE, int) {
	var ies []pdu.IE
	for range rapid.IntRange(0, 4).Draw(t, "elements") {
		ie := element().Draw(t, "IE")
		if n := 2 + len(ie.Data); n <= room {
			ies, room = append(ies, ie), room-n
		}
	}
	return ies, room
}

func element() *rapid.Generator[pdu.IE] {
	word := func(t *rapid.T) uint16 { return rapid.Uint16().Draw(t, "word") }
	return rapid.Custom(func(t *rapid.T) pdu.IE {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return pdu.PortIE(word(t), word(t))
		case 1:
			return pdu.IE{ID: pdu.IEPorts8, Data: []byte{octet(t), octet(t)}}
		case 2:
			return pdu.ConcatIE(pdu.Concat{Ref: word(t) & 0xff, Bits: 8, Total: octet(t), Seq: octet(t)})
		case 3:
			return pdu.ConcatIE(pdu.Concat{Ref: word(t), Bits: 16, Total: octet(t), Seq: octet(t)})
		case 4:
			id := rapid.SampledFrom([]byte{pdu.IESingleShift, pdu.IELockingShift}).Draw(t, "shift")
			return pdu.IE{ID: id, Data: []byte{rapid.ByteRange(0, 15).Draw(t, "language")}}
		default:
			return pdu.IE{ID: octet(t), Data: rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "data")}
		}
	})
}
