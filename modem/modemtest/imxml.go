package modemtest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"wvsms/csp"
)

// Specification: the namespaces of CSP, of a transaction's content and of presence.
var imSpaces = map[string][3]string{
	"1.1": {"http://www.wireless-village.org/CSP1.1", "http://www.wireless-village.org/TRC1.1", "http://www.wireless-village.org/PA1.1"},
	"1.2": {"http://www.openmobilealliance.org/DTD/WV-CSP1.2", "http://www.openmobilealliance.org/DTD/WV-TRC1.2", "http://www.openmobilealliance.org/DTD/WV-PA1.2"},
	"1.3": {"http://www.openmobilealliance.org/DTD/IMPS-CSP1.3", "http://www.openmobilealliance.org/DTD/IMPS-TRC1.3", "http://www.openmobilealliance.org/DTD/IMPS-PA1.3"},
}

// imElement writes an element; what is in it is XML.
func imElement(name, content string) string {
	if content == "" {
		return "<" + name + "/>"
	}
	return "<" + name + ">" + content + "</" + name + ">"
}

// imElements writes each value as such an element.
func imElements(name string, values ...string) string {
	var b strings.Builder
	for _, v := range values {
		var text strings.Builder
		_ = xml.EscapeText(&text, []byte(v)) // a Builder takes everything
		b.WriteString(imElement(name, text.String()))
	}
	return b.String()
}

// imSubList writes a PresenceSubList; its namespace is filled in when the message is
// written, for the version is known then.
func imSubList(content string) string {
	return `<PresenceSubList xmlns="` + imSpaceOfPresence + `">` + content + "</PresenceSubList>"
}

const imSpaceOfPresence = "{PA}"

func (m *imMessage) appendXML(b []byte) []byte {
	space := imSpaces[m.version]
	mode := "Request"
	if imIsAnswer(m.code) {
		mode = "Response"
	}
	descriptor := imElement("SessionType", "Outband")
	if m.session != "" && m.code != "RL" {
		descriptor = imElement("SessionType", "Inband") + imElements("SessionID", m.session)
	}
	content := strings.ReplaceAll(m.body.xml, imSpaceOfPresence, space[2])
	return fmt.Appendf(b, `<?xml version="1.0"?><WV-CSP-Message xmlns="%s"><Session>%s<Transaction>%s`+
		`<TransactionContent xmlns="%s">%s</TransactionContent></Transaction></Session></WV-CSP-Message>`,
		space[0], imElement("SessionDescriptor", descriptor),
		imElement("TransactionDescriptor", imElement("TransactionMode", mode)+imElements("TransactionID", m.id)),
		space[1], imElement(imPrimitives[m.code], content))
}

// An imNode is an element that was read.
type imNode struct {
	XMLName xml.Name
	Text    string   `xml:",chardata"`
	Nodes   []imNode `xml:",any"`
}

func parseIMXML(b []byte) (*imMessage, error) {
	var root imNode
	if err := xml.Unmarshal(b, &root); err != nil {
		return nil, fmt.Errorf("read XML: %w", err)
	}
	m := &imMessage{
		syntax: csp.XML, id: root.first("TransactionID"),
		session: root.first("SessionID"), // in the descriptor, else that of a login's answer
	}
	for version, space := range imSpaces {
		if root.XMLName.Space == space[0] {
			m.version = version
		}
	}
	if m.version == "" {
		return nil, fmt.Errorf("read XML: %q is no namespace of CSP", root.XMLName.Space)
	}
	content := root.find("TransactionContent")
	if len(content) != 1 || len(content[0].Nodes) != 1 {
		return nil, errors.New("read XML: there is not one primitive in it")
	}
	primitive := &content[0].Nodes[0]
	m.leaves = func(k imKey) []string { return primitive.leaves(k.element) }
	m.code = "??" // what no code is known of
	for code, name := range imPrimitives {
		if name == primitive.XMLName.Local {
			m.code = code
		}
	}
	return m, nil
}

// find gives the elements of that name, wherever they are.
func (n *imNode) find(name string) (found []*imNode) {
	if n.XMLName.Local == name {
		return []*imNode{n}
	}
	for i := range n.Nodes {
		found = append(found, n.Nodes[i].find(name)...)
	}
	return found
}

func (n *imNode) first(name string) string {
	if found := n.find(name); len(found) > 0 {
		return strings.TrimSpace(found[0].Text)
	}
	return ""
}

// leaves are the texts below the elements of that name, all of them.
func (n *imNode) leaves(name string) (texts []string) {
	for _, e := range n.find(name) {
		texts = append(texts, e.texts()...)
	}
	return texts
}

func (n *imNode) texts() (texts []string) {
	if len(n.Nodes) == 0 {
		return []string{n.Text}
	}
	for i := range n.Nodes {
		texts = append(texts, n.Nodes[i].texts()...)
	}
	return texts
}
