package csp

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"
)

// An xmlWriter writes a document in XML, with a declaration of a namespace wherever it
// is not the one of the element around.
type xmlWriter struct {
	b      []byte
	indent bool // for people: two spaces a level, where there is no text
	open   []written
	tag    bool // the last start tag lacks its end
}

type written struct {
	name, space string
	mixed       bool // it has text, next to which space would be text too
	content     bool // it is ContentData, or in it
}

// documentType says which version of CSP it is, where the namespace of the root does not.
func (w *xmlWriter) documentType(root event, d *dialect) {
	if d != nil && tables().dialectOf(root.space) == nil {
		w.b = fmt.Appendf(w.b, `<!DOCTYPE %s PUBLIC "%s" "">`, root.name, d.doctype)
	}
}

func (w *xmlWriter) write(e event) error {
	switch e.kind {
	case startEvent:
		w.start(e)
	case textEvent:
		w.closeTag()
		w.open[len(w.open)-1].mixed = true
		w.b = append(w.b, escapeText.Replace(e.text)...)
	case endEvent:
		w.end()
	}
	if len(w.b) > maxDocument {
		return fmt.Errorf("write XML: it would have more than %d octets", maxDocument)
	}
	return nil
}

func (w *xmlWriter) start(e event) {
	w.closeTag()
	var around written
	if len(w.open) > 0 {
		around = w.open[len(w.open)-1]
	}
	w.newLine(around)
	w.b = append(append(w.b, '<'), e.name...)
	if e.space != around.space {
		w.attribute("xmlns", e.space)
	}
	for _, a := range e.attrs {
		w.attribute(a.name, a.value)
	}
	w.tag = true
	w.open = append(w.open, written{name: e.name, space: e.space, content: around.content || e.name == contentData})
}

func (w *xmlWriter) attribute(name, value string) {
	w.b = fmt.Appendf(w.b, ` %s="%s"`, name, escapeAttribute.Replace(value))
}

func (w *xmlWriter) closeTag() {
	if w.tag {
		w.b = append(w.b, '>')
		w.tag = false
	}
}

func (w *xmlWriter) end() {
	last := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	if w.tag {
		w.b = append(w.b, "/>"...)
		w.tag = false
		return
	}
	w.newLine(last)
	w.b = append(append(append(w.b, "</"...), last.name...), '>')
}

func (w *xmlWriter) newLine(in written) {
	if w.indent && !in.mixed && !in.content && len(w.b) > 0 {
		w.b = append(w.b, '\n')
		w.b = append(w.b, strings.Repeat("  ", len(w.open))...)
	}
}

// A carriage return would be read back as a line feed.
var (
	escapeText      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	escapeAttribute = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
)

// isXMLText reports whether XML can have the text (XML 1.0, 2.2).
func isXMLText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c == 0xFFFE || c == 0xFFFF {
			return false
		}
	}
	return true
}

// isXMLName reports whether XML can have a name, which has no colon.
func isXMLName(s string) bool {
	token, err := xml.NewDecoder(strings.NewReader("<" + s + "/>")).RawToken()
	t, ok := token.(xml.StartElement)
	return err == nil && ok && t.Name == (xml.Name{Local: s}) && !strings.Contains(s, ":")
}
