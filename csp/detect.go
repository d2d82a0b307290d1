package csp

import (
	"bytes"
)

// Detect tells the syntax of a message from how it begins.
func Detect(b []byte) Syntax {
	if _, _, err := ParsePreamble(b); err == nil {
		return PTS
	}
	if _, ok := ParseCIR(b); ok {
		return CIR
	}
	switch {
	case isXML(b):
		return XML
	case isWBXML(b):
		return WBXML
	}
	return Opaque
}

// isXML takes a document that begins with a declaration, a comment, a document type
// or an element, after white space and a byte order mark.
func isXML(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	b = bytes.TrimLeft(b, " \t\r\n")
	if len(b) < 2 || b[0] != '<' {
		return false
	}
	return b[1] == '?' || b[1] == '!' || isLetters(b[1:2])
}
