package pdu

import "fmt"

// UserData is TP-UDL and TP-UD (9.2.3.16, 9.2.3.24):
//
//	+-----+------+----+---+----+-----------+------+
//	| UDL | UDHL | IE | … | IE | fill bits | text |
//	+-----+------+----+---+----+-----------+------+
//	      |<-- if UDHI, UDHL octets -->|
//
// TP-UDL counts the octets after it. For GSM 7-bit it counts septets, header and fill bits
// included; the fill bits put the text on a septet boundary.
type UserData struct {
	UDHI    bool
	UDH     []IE
	Data    []byte // octets on air after the header: GSM 7-bit stays packed, fill bits included
	Septets int    // septets of text in Data, for GSM 7-bit only
}

// headerLen returns the octets of the header, UDHL included.
func (u UserData) headerLen() int {
	if !u.UDHI {
		return 0
	}
	n := 1
	for _, ie := range u.UDH {
		n += 2 + len(ie.Data)
	}
	return n
}

// Length returns TP-UDL.
func (u UserData) Length(d DCS) int {
	if d.Septets() {
		return (u.headerLen()*8+6)/7 + u.Septets
	}
	return u.headerLen() + len(u.Data)
}

// SeptetRange returns how many septets of text the octets of Data may be: where the last seven bits may
// as well be padding, the two numbers differ by one, and only TP-UDL tells.
func (u UserData) SeptetRange() (least, most int) {
	fill := fillBits(u.headerLen())
	most = max(0, (len(u.Data)*8-fill)/7)
	if least = most; most > 0 && packedLen(most-1, fill) == len(u.Data) {
		least--
	}
	return least, most
}

// parseUserData reads TP-UDL and TP-UD.
func parseUserData(c *cursor, udhi bool, dcs DCS) UserData {
	udl := int(c.octet("TP-UDL"))
	return parseCounted(c, "TP-UD", udhi, udl, dcs.Septets())
}

// parseCounted reads the octets that udl counts, in septets or octets.
func parseCounted(c *cursor, field string, udhi bool, udl int, septets bool) UserData {
	u := UserData{UDHI: udhi}
	if c.fault != nil {
		return u
	}
	length, within := udl, udl // octets, and whole octets that a header may fill
	if septets {
		length, within = packedLen(udl, 0), udl*7/8
	}
	if udhi && udl == 0 {
		c.failAt(field, c.pos, "a header is announced, but there is no user data")
		return u
	}
	ud := c.upTo(length)
	if udhi {
		u.parseHeader(&ud, field, within)
	}
	if missing := length - (ud.end - ud.pos) - u.headerLen(); missing > 0 {
		c.failAt(field, ud.end, "the octets end here, %d of %d are missing", missing, length)
	}
	if c.fault != nil {
		return u
	}
	u.Data = ud.octets(field, ud.rest())
	if septets {
		u.Septets = udl - (u.headerLen()*8+6)/7
	}
	return u
}

// parseHeader reads UDHL and the elements, which must stay within the UDHL octets.
func (u *UserData) parseHeader(ud *cursor, field string, within int) {
	at := ud.pos
	udhl := int(ud.octet(field))
	if ud.fault == nil && udhl+1 > within {
		ud.failAt(field, at, "a header of 1+%d octets runs beyond the %d octets of user data", udhl, within)
		return
	}
	h := ud.upTo(udhl)
	whole := at+1+udhl == h.end
	for h.fault == nil && h.rest() > 0 {
		at := h.pos
		id := h.octet(field)
		if h.rest() == 0 && whole {
			h.failAt(field, at, "element 0x%02x has no length within the header", id)
			return
		}
		n := int(h.octet(field))
		if n > h.rest() && whole {
			h.failAt(field, at, "element 0x%02x of %d octets runs beyond the header, which has %d left", id, n, h.rest())
			return
		}
		if data := h.octets(field, n); h.fault == nil {
			if u.UDH == nil {
				u.UDH = make([]IE, 0, 2) // reference and ports, as a rule
			}
			u.UDH = append(u.UDH, IE{id, data})
		}
	}
}

// append appends TP-UDL and TP-UD.
func (u UserData) append(b []byte, dcs DCS) ([]byte, error) {
	if dcs.Septets() {
		fill := fillBits(u.headerLen())
		if want := packedLen(u.Septets, fill); u.Septets < 0 || len(u.Data) != want {
			return b, fmt.Errorf("append TP-UD: %d septets with %d fill bits take %d octets, not %d", u.Septets, fill, want, len(u.Data))
		}
	}
	udl := u.Length(dcs)
	if udl > maxSeptets {
		return b, fmt.Errorf("append TP-UD: TP-UDL cannot count %d", udl)
	}
	return u.appendOctets(append(b, byte(udl)))
}

// appendOctets appends the header and the data.
func (u UserData) appendOctets(b []byte) ([]byte, error) {
	if !u.UDHI && len(u.UDH) > 0 {
		return b, fmt.Errorf("append user data: %d header elements without TP-UDHI", len(u.UDH))
	}
	if n := u.headerLen(); n > maxSeptets {
		return b, fmt.Errorf("append user data: a header of %d octets", n)
	} else if u.UDHI {
		b = append(b, byte(n-1))
	}
	for _, ie := range u.UDH {
		b = append(append(b, ie.ID, byte(len(ie.Data))), ie.Data...)
	}
	return append(b, u.Data...), nil
}

// check refuses more than DELIVER and SUBMIT may hold.
func (u UserData) check() error {
	if n := u.headerLen() + len(u.Data); n > MaxUserData {
		return fmt.Errorf("append TP-UD: %d octets, at most %d fit", n, MaxUserData)
	}
	return nil
}

// warnUserData warns of user data that is too long, or half a UCS-2 character.
func warnUserData(c *cursor, u UserData, d DCS) {
	n := u.headerLen() + len(u.Data)
	if n > MaxUserData {
		c.warnAt("TP-UD", c.pos-n, "%d octets, at most %d are allowed", n, MaxUserData)
	}
	warnOddUCS2(c, u, d)
}

// warnLongTPDU warns of a report or command that is too long: no limit is set for their user data alone.
func warnLongTPDU(c *cursor) {
	if c.pos > MaxTPDU {
		c.warnAt("TP-UD", MaxTPDU, "the message has %d octets, at most %d are allowed", c.pos, MaxTPDU)
	}
}

// warnOddUCS2 warns of half a UCS-2 character, which is left out of the text.
func warnOddUCS2(c *cursor, u UserData, d DCS) {
	if len(u.Data)%2 != 0 && d.Alphabet() == UCS2 && !d.Compressed() {
		c.warnAt("TP-UD", c.pos-1, "half a UCS-2 character at the end")
	}
}
