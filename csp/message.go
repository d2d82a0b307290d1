package csp

import (
	"fmt"
	"strings"
)

// A Syntax is a form in which CSP messages travel.
type Syntax int

// Syntaxes; Opaque is everything else.
const (
	Opaque Syntax = iota
	PTS
	CIR
	XML
	WBXML
)

func (s Syntax) String() string {
	return [...]string{"opaque", "PTS", "CIR", "XML", "WBXML"}[s]
}

// A Message is what can be told of a CSP message without changing it. Nothing in it
// is a secret of the session but the session's id.
type Message struct {
	Syntax       Syntax
	Version      string // "1.1", "1.2", "1.3"; "XX" of version discovery; "" is not known
	Session      string // SessionID of the descriptor; "" where there is none
	Part, Parts  int    // of PTS cut into parts: which one of how many; else 0
	Transactions []Transaction
}

// A Transaction is one primitive of a message.
type Transaction struct {
	ID        string // as on air, in PTS without leading zeros; "" where there is none
	Code      string // PTS: two letters, upper case; "" in the other syntaxes
	Primitive string // "Login-Request"; "" of a code that is not known
	Mode      Mode
	Status    int // of its Result: 200; 0 where there is none
}

// A Mode is the TransactionMode: what of a transaction the primitive is.
type Mode int

// Modes. PTS does not carry it: there it follows from the code.
const (
	ModeUnknown Mode = iota
	Request
	Response
)

func (m Mode) String() string { return [...]string{"", "Request", "Response"}[m] }

// Name is the PTS code, else the name of the primitive.
func (t Transaction) Name() string {
	if t.Code != "" {
		return t.Code
	}
	return t.Primitive
}

// String says in one line what a message is: "PTS 1.2 Login-Request, transaction 1".
func (m Message) String() string {
	words := []string{m.Syntax.String()}
	if m.Version != "" {
		words = append(words, m.Version)
	}
	text := strings.Join(words, " ")
	shown := m.Transactions[:min(len(m.Transactions), mostShown)]
	for i, t := range shown {
		if i > 0 {
			text += ";"
		}
		text += " " + t.String()
	}
	if more := len(m.Transactions) - len(shown); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text + m.part()
}

// mostShown are the transactions that are named in one line.
const mostShown = 8
