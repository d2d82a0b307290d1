package pdu

import (
	"fmt"
	"time"
)

// Validity is TP-VPF and TP-VP (9.2.3.3, 9.2.3.12): how long the SC keeps trying. The zero value
// leaves it to the SC. Its octets are kept as they are on air; what they mean tell
// Relative, Enhanced and Absolute.
type Validity struct {
	Format VPF
	raw    [7]byte // 1 octet if relative, 7 if enhanced or absolute
}

// VPF is TP-Validity-Period-Format, bits 4 and 3 of the first octet.
type VPF byte

// Formats.
const (
	NoValidity VPF = iota
	VPEnhanced
	VPRelative
	VPAbsolute
)

// String returns none, enhanced, relative or absolute.
func (f VPF) String() string { return [...]string{"none", "enhanced", "relative", "absolute"}[f&3] }

// MaxRelativeValidity is the longest relative validity: 63 weeks.
const MaxRelativeValidity = 63 * week

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// RelativeValidity returns the smallest relative validity that is not below d, at most 63 weeks.
func RelativeValidity(d time.Duration) Validity {
	v := Validity{Format: VPRelative}
	for n := range 256 {
		if v.raw[0] = byte(n); relative(byte(n)) >= d {
			break
		}
	}
	return v
}

// relative returns what the octet of a relative validity means (9.2.3.12.1).
func relative(octet byte) time.Duration {
	switch n := time.Duration(octet); {
	case n <= 143:
		return (n + 1) * 5 * time.Minute
	case n <= 167:
		return 12*time.Hour + (n-143)*30*time.Minute
	case n <= 196:
		return (n - 166) * day
	default:
		return (n - 192) * week
	}
}

// AbsoluteValidity is valid until t.
func AbsoluteValidity(t Timestamp) Validity { return Validity{VPAbsolute, t} }

// Relative returns the duration, if the format is relative.
func (v Validity) Relative() (time.Duration, bool) {
	return relative(v.raw[0]), v.Format == VPRelative
}

// Absolute returns the time, if the format is absolute.
func (v Validity) Absolute() (Timestamp, bool) { return v.raw, v.Format == VPAbsolute }

// ParseValidity reads the octets of TP-VP in a format: 0, 1 or 7.
func ParseValidity(f VPF, b []byte) (Validity, error) {
	v := Validity{Format: f}
	if len(b) != len(v.octets()) {
		return Validity{}, fmt.Errorf("parse TP-VP: %d octets, the %s format has %d", len(b), f, len(v.octets()))
	}
	copy(v.raw[:], b)
	return v, nil
}

// Octets returns TP-VP as it is on air.
func (v Validity) Octets() []byte { return v.octets() }

func (v *Validity) octets() []byte {
	switch v.Format {
	case NoValidity:
		return nil
	case VPRelative:
		return v.raw[:1]
	default:
		return v.raw[:]
	}
}

func parseValidity(c *cursor, f VPF) Validity {
	v := Validity{Format: f}
	switch f {
	case VPRelative:
		v.raw[0] = c.octet("TP-VP")
	case VPAbsolute:
		v.raw = parseTimestamp(c, "TP-VP")
	case VPEnhanced:
		at := c.pos
		copy(v.raw[:], c.octets("TP-VP", len(v.raw)))
		if c.fault == nil {
			warnEnhanced(c, at, v)
		}
	}
	return v
}
