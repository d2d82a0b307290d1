package csp

import "strconv"

// inspectPTS tells what stands in the preamble, and of the parameters the session
// and the result, as far as they can be read. The SessionID of a Login-Response is not
// that of the message: it names the session that begins.
func (m *Message) inspectPTS(b []byte) {
	whole, _ := readPTS(b) // what can be read of it
	p := whole.Preamble
	m.Version = dotted(p.Version)
	m.Part, m.Parts = p.Part()
	t := Transaction{ID: strconv.Itoa(p.TransactionID()), Code: upper(p.Code)}
	if known, ok := ptsPrimitives[t.Code]; ok {
		t.Primitive, t.Mode = known.name, known.mode
	}
	if m.Parts <= 1 { // the slices of several are no parameters
		t.Status = whole.status()
		m.Session = whole.session()
	}
	m.Transactions = []Transaction{t}
}

// session is the SessionID of the descriptor, "" where there is none.
func (m *PTSMessage) session() string {
	session := ""
	for _, p := range m.Params {
		if m.isDescriptor(p) {
			session = p.Value.Text
		}
	}
	return session
}

// status is the code of ST=200 and ST=(200,"All OK"), 0 where there is none.
func (m *PTSMessage) status() int {
	v := m.Param("ST")
	if v != nil && len(v.Group) > 0 {
		v = &v.Group[0]
	}
	if v == nil || len(v.Text) != len("200") || !isNumber(v.Text) {
		return 0
	}
	n, _ := strconv.Atoi(v.Text)
	return n
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
