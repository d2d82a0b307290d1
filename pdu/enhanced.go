package pdu

import "time"

// Enhanced is the meaning of an enhanced validity (9.2.3.12.3):
//
//	+------------------------+---------------------------+
//	| 0 S 0 0 0 | format 3b  | 0, 1 or 3 octets, then 0s |
//	+------------------------+---------------------------+
//	  1                        6
type Enhanced struct {
	SingleShot bool // S: the SC tries once
	Format     EnhancedFormat
	Period     time.Duration // 0 for EnhancedNone
}

// EnhancedFormat tells how the period is written.
type EnhancedFormat byte

// Formats of the period; others are reserved.
const (
	EnhancedNone     EnhancedFormat = iota
	EnhancedRelative                // one octet as a relative validity
	EnhancedSeconds                 // one octet of seconds
	EnhancedClock                   // three octets: swapped digits of hours, minutes, seconds
)

// EnhancedValidity returns the validity, and whether its format can express the period.
func EnhancedValidity(e Enhanced) (Validity, bool) {
	v := Validity{Format: VPEnhanced}
	v.raw[0] = bit(e.SingleShot, 0x40) | byte(e.Format)
	switch s := int(e.Period / time.Second); e.Format {
	case EnhancedRelative:
		v.raw[1] = RelativeValidity(e.Period).raw[0]
	case EnhancedSeconds:
		v.raw[1] = byte(s)
	case EnhancedClock:
		v.raw[1], v.raw[2], v.raw[3] = swapped(s/3600%100), swapped(s/60%60), swapped(s%60)
	}
	again, ok := v.Enhanced()
	return v, ok && again == e
}

// Enhanced returns the meaning, if the format is enhanced and the octets have one.
func (v Validity) Enhanced() (Enhanced, bool) {
	e := Enhanced{SingleShot: v.raw[0]&0x40 != 0, Format: EnhancedFormat(v.raw[0] & 7)}
	if v.Format != VPEnhanced || v.raw[0]&0x80 != 0 || e.Format > EnhancedClock {
		return Enhanced{}, false
	}
	switch e.Format {
	case EnhancedRelative:
		e.Period = relative(v.raw[1])
	case EnhancedSeconds:
		e.Period = time.Duration(v.raw[1]) * time.Second
	case EnhancedClock:
		h, okH := unswapped(v.raw[1])
		m, okM := unswapped(v.raw[2])
		s, okS := unswapped(v.raw[3])
		if !okH || !okM || !okS || m > 59 || s > 59 {
			return Enhanced{}, false
		}
		e.Period = time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	}
	return e, true
}

// warnEnhanced warns of octets without meaning, and of those that would be written otherwise.
func warnEnhanced(c *cursor, at int, v Validity) {
	e, ok := v.Enhanced()
	if !ok {
		c.warnAt("TP-VP", at, "%x is no enhanced validity known", v.raw[:])
	} else if again, _ := EnhancedValidity(e); again != v {
		c.warnAt("TP-VP", at, "unused bits of %x are set", v.raw[:])
	} else if e.Format == EnhancedSeconds && e.Period == 0 {
		c.warnAt("TP-VP", at+1, "reserved value of 0 seconds")
	}
}
