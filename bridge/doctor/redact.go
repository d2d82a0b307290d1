package doctor

import (
	"regexp"
	"strings"
)

// masked leaves the last four characters of an identity or a number: enough to tell
// two apart, and not whose it is.
func masked(s string) string {
	if s == "" {
		return "not told"
	}
	keep := min(4, len(s)/2)
	return strings.Repeat("*", len(s)-keep) + s[len(s)-keep:]
}

// numbers are what may be an identity or somebody's number in a text of somebody else's.
var numbers = regexp.MustCompile(`\+?[0-9]{9,}`)

// discreet masks all that may be one.
func discreet(text string) string { return numbers.ReplaceAllStringFunc(text, masked) }
