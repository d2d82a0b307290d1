package bridge

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"wvsms/pdu"
)

// Implementation. What a line of the log shows of a number where it shows none: how it
// begins, for the country, and how it ends, to tell two of them apart.
const (
	shortestNumber = 6 // digits; a short code is nobody's
	numberHead     = 3 // characters, with the plus
	numberTail     = 2
	shortestPDU    = 14 // hex digits: SMSC of 0 octets, TPDU of a type, an address
)

// Redact gives a line of the log, in JSON, without the numbers of people, SIMs and
// modems: whatever may be one, six digits or more, in any of its strings, and the
// addresses of PDUs in hex. Ids, times and durations are left, and so is what is no string.
func Redact(line []byte) []byte {
	out := make([]byte, 0, len(line)+16)
	for i := 0; i < len(line); {
		if line[i] != '"' {
			out = append(out, line[i])
			i++
			continue
		}
		end := i + 1
		for end < len(line) && line[end] != '"' {
			if line[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(line))
		out = append(out, '"')
		out = appendRedacted(out, string(line[i+1:end]))
		i = end
		if i < len(line) {
			out = append(out, '"')
			i++
		}
	}
	return out
}

// appendRedacted appends what stands between the quotes of a JSON string.
func appendRedacted(out []byte, text string) []byte {
	sent := strings.HasPrefix(text, "AT > ") // a line of the trace
	for i := 0; i < len(text); {
		switch {
		case text[i] == '\\': // an escape is no part of a word
			n := 2
			if strings.HasPrefix(text[i:], `\u`) {
				n = 6
			}
			n = min(n, len(text)-i)
			out = append(out, text[i:i+n]...)
			i += n
		case !alphanumeric(text[i]):
			out = append(out, text[i])
			i++
		default:
			end := i + 1
			for end < len(text) && alphanumeric(text[end]) {
				end++
			}
			out = appendWord(out, text[:i], text[i:end], sent)
			i = end
		}
	}
	return out
}

func alphanumeric(c byte) bool {
	return digit(c) || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

var (
	anID      = regexp.MustCompile(`^[0-7][0-9A-HJKMNP-TV-Z]{25}$`) // a ULID, as the spool gives them
	aTime     = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z?$`)         // as in the name of a file that was set aside
	aFraction = regexp.MustCompile(`^[0-9]{1,9}m?s$`)               // of a duration: 1.234567s
	allHex    = regexp.MustCompile(`^[0-9A-Fa-f]+$`)
)

// appendWord appends letters and digits that stand together, after what stands before.
func appendWord(out []byte, before, word string, sent bool) []byte {
	longest := longestNumber(word)
	switch n := len(before); {
	case longest < shortestNumber:
		return append(out, word...)
	case longest == len(word):
		return appendNumber(out, word, strings.HasSuffix(before, "+"))
	case anID.MatchString(word), aTime.MatchString(word),
		aFraction.MatchString(word) && n > 1 && before[n-1] == '.' && digit(before[n-2]):
		return append(out, word...)
	case len(word) >= shortestPDU && allHex.MatchString(word):
		return append(out, withoutAddresses(word, sent)...)
	}
	for len(word) > 0 {
		n := 0
		for n < len(word) && digit(word[n]) == digit(word[0]) {
			n++
		}
		if digit(word[0]) {
			out = appendNumber(out, word[:n], false)
		} else {
			out = append(out, word[:n]...)
		}
		word = word[n:]
	}
	return out
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// longestNumber is the length of the longest run of digits.
func longestNumber(word string) (longest int) {
	n := 0
	for i := range len(word) {
		n++
		if !digit(word[i]) {
			n = 0
		}
		longest = max(longest, n)
	}
	return longest
}

func appendNumber(out []byte, number string, plus bool) []byte {
	if len(number) < shortestNumber {
		return append(out, number...)
	}
	head := numberHead
	if plus {
		head--
	}
	out = append(out, number[:head]...)
	out = append(out, "…"...)
	return append(out, number[len(number)-numberTail:]...)
}

// withoutAddresses is the beginning of a PDU in hex, as Masked leaves it, with an x for
// each digit of its addresses. Of what is none, or damaged, no digit is left.
func withoutAddresses(word string, sent bool) string {
	hidden := fmt.Sprintf("<%d hex digits>", len(word))
	b, err := hex.DecodeString(word)
	if err != nil {
		return hidden
	}
	at := 1 + int(b[0]) // TS 27.005 3.1: the SMSC's length in octets, and its type
	if b[0] == 1 || at >= len(b) {
		return hidden
	}
	shown := []byte(word)
	cross := func(from, to int) {
		for i := 2 * from; i < 2*to; i++ {
			shown[i] = 'x'
		}
	}
	cross(2, at)
	switch mti := pdu.MTI(b[at] & 3); {
	case sent && mti == pdu.MTISubmit, !sent && mti == pdu.MTISubmit, !sent && mti == pdu.MTIStatusReport:
		at += 2 // TP-MR
	case !sent && mti == pdu.MTIDeliver:
		at++
	default:
		return hidden
	}
	if at+2 > len(b) {
		return hidden
	}
	// TS 23.040 9.1.2.5: the address's length in semi-octets, and its type.
	end := at + 2 + (int(b[at])+1)/2
	if end > len(b) {
		return hidden
	}
	cross(at+2, end)
	return string(shown)
}
