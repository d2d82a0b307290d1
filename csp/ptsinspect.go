package csp

import "strconv"

// inspectPTS tells what stands in the preamble, and of the parameters the session
// and the result, as far as they can be read.
func (m *Message) inspectPTS(b []byte) {
	p, _, _ := ParsePreamble(b)
	m.Version = dotted(p.Version)
	m.Part, m.Parts = p.Part()
	t := Transaction{ID: strconv.Itoa(p.TransactionID()), Code: upper(p.Code)}
	if known, ok := ptsPrimitives[t.Code]; ok {
		t.Primitive, t.Mode = known.name, known.mode
	}
	m.Transactions = []Transaction{t}
	if m.Parts > 0 {
		return // the parameters begin or end anywhere
	}
	read, _ := readPTS(b)
	if v := read.Param("SI"); v != nil && t.Code != "RL" { // there it is of the session that begins
		m.Session = v.Text
	}
	if v := read.Param("ST"); v != nil {
		if len(v.Group) > 0 {
			v = &v.Group[0]
		}
		m.Transactions[0].Status, _ = strconv.Atoi(v.Text)
	}
}

// dotted is a PTS version as the other syntaxes write it: "12" is "1.2".
func dotted(version string) string {
	if upper(version) == "XX" {
		return "XX"
	}
	return version[:1] + "." + version[1:]
}

// upper is for ASCII letters alone.
func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
