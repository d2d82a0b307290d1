package csp

import (
	"slices"
	"strconv"
	"strings"
)

// maxTransactions bounds what is told of one message. Clients announce that they take
// one or a few (MultiTrans).
const maxTransactions = 256

// maxTold bounds the texts of it: a string table makes very long ones of few octets, and
// what is told stands in logs. The longest name of a primitive has 32 octets.
const maxTold = 64

// told is a text that is told, "" of one that is too long to be what it should be.
func told(s string) string {
	if len(s) > maxTold {
		return ""
	}
	return s
}

// inspectTree tells what stands in a message in XML or WBXML, up to its end or to where
// it cannot be read further.
func (m *Message) inspectTree(b []byte) {
	var s source = newXMLReader(b)
	if m.Syntax == WBXML {
		r, err := newWBXMLReader(b)
		if err != nil {
			return
		}
		r.lenient = true
		s = r
	}
	var path []string
	for {
		e, err := s.next()
		if d := s.dialect(); d != nil && m.Version == "" {
			m.Version = d.version
		}
		if err != nil {
			return
		}
		switch e.kind {
		case startEvent:
			path = append(path, e.name)
			if version := versionOf(e.space); len(path) == 1 && version != "" {
				m.Version = version
			}
			m.inspectElement(path)
		case textEvent:
			m.inspectText(path, e.text)
		case endEvent:
			path = path[:len(path)-1]
		}
		if len(m.Transactions) == maxTransactions {
			return
		}
	}
}

// inspectElement counts transactions. What stands outside of a Session, which is version
// discovery, is one without an id.
func (m *Message) inspectElement(path []string) {
	last := len(m.Transactions) - 1
	name := path[len(path)-1]
	switch {
	case isAt(path, "Session", "Transaction"):
		m.Transactions = append(m.Transactions, Transaction{})
	case len(path) > 1 && path[len(path)-2] == "TransactionContent" && last >= 0:
		if m.Transactions[last].Primitive == "" {
			m.Transactions[last].Primitive = told(name)
		}
	case strings.HasPrefix(name, "WV-CSP-") && name != "WV-CSP-Message" && len(path) <= 2:
		t := Transaction{Primitive: told(name)}
		if strings.HasSuffix(name, "-Request") {
			t.Mode = Request
		} else if strings.HasSuffix(name, "-Response") {
			t.Mode = Response
		}
		m.Transactions = append(m.Transactions, t)
	}
}

func (m *Message) inspectText(path []string, text string) {
	text = strings.Trim(text, whiteSpace)
	if isAt(path, "SessionDescriptor", "SessionID") {
		m.Session = told(text)
	}
	if len(m.Transactions) == 0 {
		return
	}
	t := &m.Transactions[len(m.Transactions)-1]
	switch {
	case isAt(path, "TransactionDescriptor", "TransactionID"):
		t.ID = told(text)
	case isAt(path, "TransactionDescriptor", "TransactionMode"):
		t.Mode = Mode(max(0, slices.Index([]string{"", "Request", "Response"}, text)))
	case isAt(path, "TransactionContent", t.Primitive, "Result", "Code"):
		if n, err := strconv.ParseUint(text, 10, 16); err == nil {
			t.Status = int(n)
		}
	}
}

// versionOf is what a namespace of CSP says the version is, a known one or not.
func versionOf(namespace string) string {
	_, version, _ := tables().namespaceToken(namespace)
	if !isDotted(version) {
		return ""
	}
	return told(version)
}

// isAt reports whether a path ends like that.
func isAt(path []string, end ...string) bool {
	return len(path) >= len(end) && slices.Equal(path[len(path)-len(end):], end)
}
