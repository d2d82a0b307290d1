package csp

import (
	"errors"
	"fmt"
	"strings"
)

// A PTSMessage is a message in plain text syntax. What was read is written back octet
// for octet:
//
//	message = preamble [ SP param *( SP param ) ]
//	param   = code [ "=" value ]              ; the code runs to a space or "="
//	value   = group / quoted / plain
//	group   = "(" value *( "," value ) ")"
//	quoted  = DQUOTE *( char / DQUOTE DQUOTE ) DQUOTE
//	plain   = *( any except SP DQUOTE "," "(" ")" "=" "&" )
//
// Texts are octets, mostly UTF-8: of a message that was cut into parts a sender may have
// lost half a character, and whoever only carries it must not. A plain text may be
// empty, so "(,b)" is a group of two and "()" a group of one.
type PTSMessage struct {
	Preamble
	Params []Param
}

// A Param is one parameter. Codes are kept as they were written, and mean the same in
// any case.
type Param struct {
	Code  string
	Value *Value // nil where there is no "="
}

// A Value is a group, which is never empty, or else a text.
type Value struct {
	Text   string
	Quoted bool // it is written in quotes even where it need not be
	Group  []Value
}

// Implementation: what is read is bounded.
const (
	maxMessage = 32640 // octets: 255 segments of 128, the largest datagram
	maxNesting = 16    // groups in groups; the deepest that is known, of presence, has 4
)

// Param is the value of a parameter by its code, nil where it has none. Of several
// the last counts, as with the client that is known.
func (m *PTSMessage) Param(code string) *Value {
	for i := len(m.Params) - 1; i >= 0; i-- {
		if upper(m.Params[i].Code) == upper(code) {
			return m.Params[i].Value
		}
	}
	return nil
}

// AppendText writes the message. What was read keeps its form; texts built by hand are
// quoted where they must be.
func (m *PTSMessage) AppendText(b []byte) ([]byte, error) {
	start := len(b)
	b, err := m.Preamble.AppendText(b)
	if err != nil {
		return nil, err
	}
	for i, p := range m.Params {
		if p.Code == "" || strings.ContainsAny(p.Code, " =") {
			return nil, fmt.Errorf("write PTS: parameter %d: its code is empty, or has a space or = in it", i+1)
		}
		b = append(b, ' ')
		b = append(b, p.Code...)
		if p.Value == nil {
			continue
		}
		if b, err = p.Value.append(append(b, '='), maxNesting); err != nil {
			return nil, fmt.Errorf("write PTS: %s: %w", p.field(i), err)
		}
	}
	if n := len(b) - start; n > maxMessage {
		return nil, fmt.Errorf("write PTS: %d octets are more than the largest datagram has, %d", n, maxMessage)
	}
	return b, nil
}

// field names a parameter in errors. What is no code of two letters may be half of a
// text that lacks its quotes.
func (p Param) field(index int) string {
	if isCode(p.Code) {
		return "parameter " + upper(p.Code)
	}
	return fmt.Sprintf("parameter %d", index+1)
}

func (v Value) append(b []byte, nesting int) ([]byte, error) {
	if v.Group == nil {
		return v.appendText(b), nil
	}
	switch {
	case v.Text != "" || v.Quoted:
		return nil, errors.New("a value is a group or a text, and not both")
	case len(v.Group) == 0:
		return nil, errors.New("a group has one value at least")
	case nesting == 0:
		return nil, fmt.Errorf("groups nest deeper than %d", maxNesting)
	}
	for i, item := range v.Group {
		b = append(b, "(,"[min(i, 1)])
		var err error
		if b, err = item.append(b, nesting-1); err != nil {
			return nil, err
		}
	}
	return append(b, ')'), nil
}

// mustQuote are the characters for which a text goes into quotes. A newline is none.
const mustQuote = ` ",()=&`

func (v Value) appendText(b []byte) []byte {
	if !v.Quoted && !strings.ContainsAny(v.Text, mustQuote) {
		return append(b, v.Text...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(v.Text, `"`, `""`)...)
	return append(b, '"')
}

// isCode takes two letters, as all codes are that are known.
func isCode(s string) bool { return len(s) == 2 && isLetters([]byte(s)) }
