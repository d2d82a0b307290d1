package csp

import "fmt"

// Inspect says what can be told of a message. It never fails: what cannot be read is
// Opaque, and of what breaks off the beginning is told.
func Inspect(b []byte) Message {
	m := Message{Syntax: Detect(b)}
	switch m.Syntax {
	case PTS:
		m.inspectPTS(b)
	case CIR:
		cir, _ := ParseCIR(b)
		m.Version = cir.Version
		m.Transactions = []Transaction{{Primitive: cir.Word}}
	case XML, WBXML:
		m.inspectTree(b)
	}
	return m
}

func (t Transaction) String() string {
	text := t.Primitive
	if text == "" {
		text = t.Code
	}
	if t.Status != 0 {
		text += fmt.Sprintf(" %d", t.Status)
	}
	if t.ID != "" {
		text += ", transaction " + t.ID
	}
	return text
}

func (m Message) part() string {
	if m.Parts == 0 {
		return ""
	}
	return fmt.Sprintf(", part %d of %d", m.Part, m.Parts)
}
