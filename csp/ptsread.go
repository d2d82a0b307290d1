package csp

import (
	"errors"
	"fmt"
	"strings"
)

// ParsePTS reads a message in plain text syntax. Errors name the octet and the
// parameter, and never what stands there: that may be a password, and errors end in logs.
//
// Slices of a message that was cut into parts do not follow the grammar: see Join.
func ParsePTS(b []byte) (*PTSMessage, error) {
	m, err := readPTS(b)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// readPTS returns what could be read beside the error.
func readPTS(b []byte) (*PTSMessage, error) {
	m := &PTSMessage{}
	p, params, err := ParsePreamble(b)
	if err != nil {
		return m, err
	}
	m.Preamble = p
	if len(b) > maxMessage {
		return m, fmt.Errorf("read PTS: %d octets are more than the largest datagram has, %d", len(b), maxMessage)
	}
	r := ptsReader{text: string(b), pos: len(b) - len(params)}
	if r.pos == len(b) && b[r.pos-1] != ' ' {
		return m, nil
	}
	for {
		p, err := r.param(len(m.Params))
		if err != nil {
			return m, fmt.Errorf("read PTS: octet %d: %s: %w", r.pos, p.field(len(m.Params)), err)
		}
		m.Params = append(m.Params, p)
		if r.end() {
			return m, nil
		}
		r.pos++ // the space between
	}
}

// A ptsReader goes through the parameters. At a fault it stands at the octet of it.
type ptsReader struct {
	text string
	pos  int
}

func (r *ptsReader) end() bool { return r.pos == len(r.text) }

// at tells whether an octet is the next one.
func (r *ptsReader) at(c byte) bool { return !r.end() && r.text[r.pos] == c }

// until passes over everything before one of some characters.
func (r *ptsReader) until(chars string) string {
	rest := r.text[r.pos:]
	if i := strings.IndexAny(rest, chars); i >= 0 {
		rest = rest[:i]
	}
	r.pos += len(rest)
	return rest
}

// param reads one parameter, which ends at a space or with the message.
func (r *ptsReader) param(index int) (p Param, err error) {
	if p.Code = r.until(" ="); p.Code == "" {
		return p, errors.New("there is no code")
	}
	if !r.at('=') {
		return p, nil
	}
	r.pos++
	v, err := r.value(maxNesting)
	if err != nil {
		return p, err
	}
	if !r.end() && !r.at(' ') {
		return p, errors.New("a space or the end belongs behind the value")
	}
	p.Value = &v
	return p, nil
}

// value reads a value, in which groups may nest to some depth.
func (r *ptsReader) value(nesting int) (Value, error) {
	switch {
	case r.at('('):
		return r.group(nesting)
	case r.at('"'):
		return r.quoted()
	}
	v := Value{Text: r.until(mustQuote)}
	if !r.end() && !r.at(' ') && !r.at(',') && !r.at(')') {
		return v, errors.New("a text with this character belongs into quotes")
	}
	return v, nil
}

func (r *ptsReader) group(nesting int) (v Value, err error) {
	if nesting == 0 {
		return v, fmt.Errorf("groups nest deeper than %d", maxNesting)
	}
	for more := true; more; more = r.at(',') {
		r.pos++ // "(" or ","
		item, err := r.value(nesting - 1)
		if err != nil {
			return v, err
		}
		v.Group = append(v.Group, item)
	}
	if !r.at(')') {
		return v, errors.New("a comma or ) belongs here, within a group")
	}
	r.pos++
	return v, nil
}

func (r *ptsReader) quoted() (Value, error) {
	var text strings.Builder
	for {
		r.pos++ // the quote before
		text.WriteString(r.until(`"`))
		if r.end() {
			return Value{}, errors.New("the closing quote is missing")
		}
		r.pos++
		if !r.at('"') { // of two, the first stands for the second
			return Value{Text: text.String(), Quoted: true}, nil
		}
		text.WriteByte('"')
	}
}
