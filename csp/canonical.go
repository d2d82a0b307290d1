package csp

import (
	"slices"
	"strings"
)

// Canonical writes a document in XML in the one form that all that mean the same have:
// no declaration, document type, comment, processing instruction or white space alone;
// of an element's spellings the one that we write; a namespace where it differs from the
// one around, by default and not by prefix; attributes in order; integers without zeros
// before and date-times without hyphens and colons and with seconds, both without white
// space around. All other text stays as it is, and all in ContentData: white space in it
// may be a user's.
func Canonical(doc []byte) ([]byte, error) {
	r, w := newXMLReader(doc), &xmlWriter{}
	err := copyTo(func(e event) error {
		if r.lang != nil {
			e.name = r.lang.spelling(e.name)
		}
		if e.kind == textEvent && e.leaf {
			e.text = normalText(e.name, e.text)
		}
		slices.SortFunc(e.attrs, func(a, b attribute) int { return strings.Compare(a.name, b.name) })
		return w.write(e)
	}, r)
	return w.b, err
}

func normalText(name, s string) string {
	trimmed := strings.Trim(s, whiteSpace)
	switch tables().kinds[name] {
	case integer:
		if isNumber(trimmed) {
			zeros := len(trimmed) - len(strings.TrimLeft(trimmed, "0"))
			return trimmed[min(zeros, len(trimmed)-1):]
		}
	case dateTime:
		if normal, ok := normalDateTime(trimmed); ok {
			return normal
		}
	}
	return s
}
