package csp

import (
	"strconv"
	"strings"
)

// printable is a text for a line of a display. What a terminal might obey, what cannot
// be seen and what is no UTF-8 stands as Go writes it: \n, \x1b, \u202e; \\ is a backslash.
func printable(s string) string {
	q := strconv.Quote(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}
