package csp

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// A date-time of CSP is text, "20010925T134013Z", or six octets of WBXML. In text there
// may be hyphens and colons, seconds may be missing, and the zone is a letter, an offset
// or nothing, which is not known to be UTC. Offsets and fractions have no octets.

var dateTimeText = regexp.MustCompile(`^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d)(?::?(\d\d))?([A-IK-Z]|[+-]\d\d(?::?\d\d)?)?$`)

// normalDateTime writes a date-time without hyphens and colons and with seconds; ok is
// false if s is none that exists, which stays as it is.
func normalDateTime(s string) (normal string, ok bool) {
	m := dateTimeText.FindStringSubmatch(s)
	if m == nil {
		return s, false
	}
	if m[6] == "" {
		m[6] = "00"
	}
	digits := strings.Join(m[1:4], "") + "T" + strings.Join(m[4:7], "")
	if _, err := time.Parse("20060102T150405", digits); err != nil {
		return s, false
	}
	return digits + strings.ReplaceAll(m[7], ":", ""), true
}

// dateTimeOctets packs a date-time: 2 bits zero, 12 year, 4 month, 5 day, 5 hour,
// 6 minute, 6 second, 8 zone letter.
func dateTimeOctets(s string) ([]byte, bool) {
	s, ok := normalDateTime(s)
	zone := s[min(len(s), len("20010925T134013")):]
	if !ok || len(zone) > 1 {
		return nil, false
	}
	var year, month, day, hour, minute, second uint64
	fmt.Sscanf(s, "%4d%2d%2dT%2d%2d%2d", &year, &month, &day, &hour, &minute, &second)
	if year > 1<<12-1 {
		return nil, false
	}
	bits := year<<26 | month<<22 | day<<17 | hour<<12 | minute<<6 | second
	octets := []byte{byte(bits >> 32), byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits), 0}
	if zone != "" {
		octets[5] = zone[0]
	}
	return octets, true
}

// dateTimeOf unpacks six octets.
func dateTimeOf(octets []byte) (string, bool) {
	if len(octets) != 6 {
		return "", false
	}
	var bits uint64
	for _, o := range octets[:5] {
		bits = bits<<8 | uint64(o)
	}
	s := fmt.Sprintf("%04d%02d%02dT%02d%02d%02d",
		bits>>26&0xFFF, bits>>22&0xF, bits>>17&0x1F, bits>>12&0x1F, bits>>6&0x3F, bits&0x3F)
	if octets[5] != 0 {
		s += string(rune(octets[5]))
	}
	_, ok := normalDateTime(s)
	return s, ok && bits>>38 == 0
}
