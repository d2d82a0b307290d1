package csp

import (
	"errors"
	"strings"
)

// An Element is one element of a message as CSP means it, whatever syntax carries it:
// Login-Response { Result { Code = 200 } }. It has either children or a text.
type Element struct {
	Name     string
	Space    string // namespace, where one is given: of the root, of TransactionContent, of PresenceSubList
	Text     string
	Children []Element
}

// Parse reads a message in any syntax for display. Of one that is faulty it gives what
// could be read and the fault.
func Parse(b []byte) (Element, error) {
	switch Detect(b) {
	case PTS:
		m, err := readPTS(b)
		return m.Element(), err
	case CIR:
		m, _ := ParseCIR(b)
		return m.Element(), nil
	case XML:
		return parseXML(b)
	case WBXML:
		return parseWBXML(b)
	}
	return Element{}, errors.New("read a CSP message: these octets are neither PTS nor CIR, XML or WBXML")
}

// String draws the tree, a line for each element. Nothing in it is obeyed by a terminal.
func (e Element) String() string {
	var b strings.Builder
	e.draw(&b, "")
	return b.String()
}

func (e Element) draw(b *strings.Builder, indent string) {
	b.WriteString(indent + printable(e.Name))
	if e.Text != "" {
		b.WriteString(" = " + printable(e.Text))
	}
	b.WriteByte('\n')
	for _, child := range e.Children {
		child.draw(b, indent+"  ")
	}
}
