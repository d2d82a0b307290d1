package web

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Implementation.
const (
	mostMarks   = 2        // combining marks on one letter: more of them climb over the lines around
	narrowSpace = '\u202f' // between groups of digits
)

// visible is a text that somebody else wrote, as it can be shown: what is not seen itself
// but changes how the rest is seen (control and format characters, those that turn the
// direction round, blanks that look like nothing) stands as its number, and there are no
// more than most characters. html/template does the rest.
func visible(text string, most int) string {
	var b strings.Builder
	n, marks := 0, 0
	for i, r := range text {
		if n++; n > most {
			fmt.Fprintf(&b, "… %d more", utf8.RuneCountInString(text[i:]))
			break
		}
		if unicode.In(r, unicode.Mn, unicode.Me) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, "⟨%02X⟩", text[i])
		case r != ' ' && r != narrowSpace && !unicode.IsPrint(r), marks > mostMarks, unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r), r == '\u2800':
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
