package pdu

// DCS is TP-Data-Coding-Scheme (TS 23.038 4). Its high bits choose a coding group:
//
//	00ca lltt   general: c compressed, a class meaningful, ll alphabet, tt class
//	01ca lltt   as general, and marked for automatic deletion
//	1000…1011   reserved
//	1100 i0tt   message waiting, discard: i active, tt what waits; GSM 7-bit
//	1101 i0tt   message waiting, store; GSM 7-bit
//	1110 i0tt   message waiting, store; UCS-2
//	1111 0ltt   l alphabet (GSM 7-bit, 8-bit), tt class
type DCS byte

// DCS values that need no derivation.
const (
	DCSGSM7  DCS = 0x00
	DCSOctet DCS = 0x04
	DCSUCS2  DCS = 0x08
)

// Alphabet is how user data codes text.
type Alphabet byte

// The alphabets of TS 23.038.
const (
	GSM7 Alphabet = iota
	Octet
	UCS2
)

// String returns gsm7, 8bit or ucs2.
func (a Alphabet) String() string { return [...]string{"gsm7", "8bit", "ucs2"}[a] }

// general reports whether the group is 00xx or 01xx.
func (d DCS) general() bool { return d&0x80 == 0 }

// Alphabet returns the alphabet; a reserved value is read as GSM 7-bit (TS 23.038 4).
func (d DCS) Alphabet() Alphabet {
	switch {
	case d.general() && d&0x0c == 0x04, d&0xf4 == 0xf4:
		return Octet
	case d.general() && d&0x0c == 0x08, d&0xf0 == 0xe0:
		return UCS2
	default:
		return GSM7
	}
}

// Compressed reports whether the user data is compressed (TS 23.042).
func (d DCS) Compressed() bool { return d.general() && d&0x20 != 0 }

// AutoDelete reports whether the message is marked for automatic deletion.
func (d DCS) AutoDelete() bool { return d&0xc0 == 0x40 }

// Reserved reports whether the group or the alphabet is reserved.
func (d DCS) Reserved() bool {
	return d&0xc0 == 0x80 || d.general() && d&0x0c == 0x0c
}

// Class returns the message class 0-3, if there is one.
func (d DCS) Class() (int, bool) {
	if d.general() && d&0x10 != 0 || d&0xf0 == 0xf0 {
		return int(d & 3), true
	}
	return 0, false
}

// MWI is a message waiting indication.
type MWI struct {
	Store  bool // the message is to be kept, not only shown
	Active bool // something is waiting
	Type   MWIType
}

// MWIType is what waits.
type MWIType byte

// What may wait.
const (
	Voicemail MWIType = iota
	Fax
	Email
	OtherMessage
)

// String returns voicemail, fax, email or other.
func (t MWIType) String() string { return [...]string{"voicemail", "fax", "email", "other"}[t&3] }

// MWI returns the message waiting indication, if the group is one of 1100 to 1110.
func (d DCS) MWI() (MWI, bool) {
	if d < 0xc0 || d >= 0xf0 {
		return MWI{}, false
	}
	return MWI{Store: d >= 0xd0, Active: d&8 != 0, Type: MWIType(d & 3)}, true
}

func parseDCS(c *cursor) DCS {
	d := DCS(c.octet("TP-DCS"))
	if d.Reserved() {
		c.warnAt("TP-DCS", c.pos-1, "reserved value 0x%02x, read as GSM 7-bit", byte(d))
	}
	return d
}

// Septets reports whether TP-UDL counts septets: GSM 7-bit that is not compressed (9.2.3.16).
func (d DCS) Septets() bool { return d.Alphabet() == GSM7 && !d.Compressed() }
