package bridge

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Specification: product.md, "The TCP socket".
const (
	maxLine   = 1024  // octets of a client's line, its end not counted
	maxSend   = 32640 // octets of a payload that can be carried
	maxLength = 65536 // octets of a payload that are still consumed before ERR too-large
	maxID     = 64
	maxPort   = 49151
)

// splitLine cuts a line at its spaces. Values hold none, so that this is always right.
func splitLine(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return r == ' ' })
}

// AppendValue appends s as it stands in a line of the socket: bare if it is printable
// ASCII without space and quote, else quoted. Octets that are no UTF-8 become U+FFFD.
func AppendValue(b []byte, s string) []byte {
	if s == "" {
		return append(b, `""`...)
	}
	for i := range len(s) {
		if !printable(s[i]) || s[i] == '"' {
			return appendQuoted(b, s)
		}
	}
	return append(b, s...)
}

func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	s = strings.ToValidUTF8(s, "\uFFFD")
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case printable(c):
			b = append(b, c)
		default:
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		}
	}
	return append(b, '"')
}

// printable: what stands for itself in a value, the space excluded.
func printable(c byte) bool { return 0x21 <= c && c <= 0x7E }

// ParseValue reads what AppendValue wrote.
func ParseValue(token string) (string, error) {
	if !strings.HasPrefix(token, `"`) {
		for i := range len(token) {
			if !printable(token[i]) || token[i] == '"' {
				return "", fmt.Errorf("octet 0x%02X in a value without quotes", token[i])
			}
		}
		if token == "" {
			return "", fmt.Errorf(`a value is missing ("" is the empty one)`)
		}
		return token, nil
	}
	value := make([]byte, 0, len(token))
	rest := token[1:]
	for {
		if rest == "" {
			return "", fmt.Errorf("a quote is not closed")
		}
		c := rest[0]
		rest = rest[1:]
		switch {
		case c == '"' && rest == "":
			if !utf8.Valid(value) {
				return "", fmt.Errorf("a quoted value is not UTF-8")
			}
			return string(value), nil
		case c == '"':
			return "", fmt.Errorf("octets follow a closing quote")
		case !printable(c):
			return "", fmt.Errorf(`octet 0x%02X in quotes: write \x%02X`, c, c)
		case c != '\\':
			value = append(value, c)
		default:
			octet, n, err := parseEscape(rest)
			if err != nil {
				return "", err
			}
			value = append(value, octet)
			rest = rest[n:]
		}
	}
}

// parseEscape reads what follows a backslash: itself, a quote or xHH. It returns the
// octet and how many characters name it.
func parseEscape(s string) (octet byte, n int, err error) {
	switch {
	case strings.HasPrefix(s, `\`), strings.HasPrefix(s, `"`):
		return s[0], 1, nil
	case len(s) >= 3 && s[0] == 'x':
		if v, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			return byte(v), 3, nil
		}
	}
	return 0, 0, fmt.Errorf(`a backslash stands before neither \, " nor xHH`)
}

// parseOptions reads key=value tokens. A key that is not among the known ones, or
// stands twice, is an error.
func parseOptions(tokens []string, known ...string) (map[string]string, error) {
	options := make(map[string]string, len(tokens))
	for _, token := range tokens {
		key, value, ok := strings.Cut(token, "=")
		if !ok {
			return nil, fmt.Errorf("%.40q is not key=value", token)
		}
		if !slices.Contains(known, key) {
			return nil, fmt.Errorf("unknown key %.40q", key)
		}
		if _, twice := options[key]; twice {
			return nil, fmt.Errorf("%s= stands twice", key)
		}
		v, err := ParseValue(value)
		if err != nil {
			return nil, fmt.Errorf("%s=: %w", key, err)
		}
		options[key] = v
	}
	return options, nil
}

// parseDuration reads a whole number and s, m, h or d.
func parseDuration(s string) (time.Duration, error) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	if s == "" {
		return 0, fmt.Errorf("a duration is missing")
	}
	unit, ok := units[s[len(s)-1]]
	if !ok {
		return 0, fmt.Errorf("%.40q: a duration is a whole number and s, m, h or d", s)
	}
	n, err := parseWhole(s[:len(s)-1], uint64(math.MaxInt64/unit))
	if err != nil {
		return 0, fmt.Errorf("%.40q: a duration is a whole number and s, m, h or d: %w", s, err)
	}
	return time.Duration(n) * unit, nil
}

// parseWhole reads decimal digits, and nothing but digits.
func parseWhole(s string, most uint64) (uint64, error) {
	if s == "" {
		return 0, fmt.Errorf("a number is missing")
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, fmt.Errorf("%.40q is no whole number", s)
		}
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > most {
		return 0, fmt.Errorf("%.40s is more than %d", s, most)
	}
	return n, nil
}

// parsePort reads a destination port: one of those that a receiver may use (TS
// 23.040 9.2.3.24.4).
func parsePort(s string) (uint16, error) {
	n, err := parseWhole(s, maxPort)
	switch {
	case err != nil:
		return 0, fmt.Errorf("port: %w", err)
	case n == 0:
		return 0, errors.New("port: 1 to 49151")
	}
	return uint16(n), nil
}

// parseSource reads a source port, of which 0 is what phones send.
func parseSource(s string) (uint16, error) {
	n, err := parseWhole(s, math.MaxUint16)
	if err != nil {
		return 0, fmt.Errorf("port: %w", err)
	}
	return uint16(n), nil
}

func parsePorts(s string) ([]uint16, error) {
	var ports []uint16
	for one := range strings.SplitSeq(s, ",") {
		port, err := parsePort(one)
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// appendTime appends t as RFC 3339 in UTC.
func appendTime(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, time.RFC3339)
}

// validID tells whether s can be an id at all.
func validID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '-') {
			return false
		}
	}
	return s != "" && len(s) <= maxID
}
