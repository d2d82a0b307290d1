package csp

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A CIRMessage is what travels on the channel of the Communication Initiation Request:
// "WVCI <version> <session cookie>", by which a server asks a client to poll, and
// "HELO <session id>", by which a client tells where it is.
type CIRMessage struct {
	Word    string // "WVCI" or "HELO"
	Version string // of WVCI: "1.2"
	Value   string // the session cookie of WVCI, the session id of HELO
}

// Specification.
const (
	wordCIR  = "WVCI"
	wordHELO = "HELO"
)

// ParseCIR reads a message of the CIR channel; false if b is none. Words are read in
// any case, and a line end behind is of the TCP form.
func ParseCIR(b []byte) (m CIRMessage, ok bool) {
	if len(b) > maxCIR || !utf8.Valid(b) {
		return m, false
	}
	fields := strings.Split(strings.TrimRight(string(b), "\r\n"), " ")
	switch {
	case len(fields) == 3 && strings.EqualFold(fields[0], wordCIR) && isDotted(fields[1]) && fields[2] != "":
		return CIRMessage{Word: wordCIR, Version: fields[1], Value: fields[2]}, true
	case len(fields) == 2 && strings.EqualFold(fields[0], wordHELO) && fields[1] != "":
		return CIRMessage{Word: wordHELO, Value: fields[1]}, true
	}
	return m, false
}

// maxCIR bounds a message of the CIR channel: it is made for one short message.
const maxCIR = 1024

func (m CIRMessage) String() string {
	if m.Version != "" {
		return fmt.Sprintf("%s %s %s", m.Word, m.Version, m.Value)
	}
	return m.Word + " " + m.Value
}

// Element is the message as a tree: WVCI { Version, SessionCookie }, HELO { SessionID }.
func (m CIRMessage) Element() Element {
	if m.Word == wordHELO {
		return Element{Name: m.Word, Children: []Element{{Name: "SessionID", Text: m.Value}}}
	}
	return Element{Name: m.Word, Children: []Element{{Name: "Version", Text: m.Version}, {Name: "SessionCookie", Text: m.Value}}}
}

// isDotted takes "1.2".
func isDotted(s string) bool {
	major, minor, ok := strings.Cut(s, ".")
	return ok && isNumber(major) && isNumber(minor)
}

func isNumber(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}
