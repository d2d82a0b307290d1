package csp

import (
	"fmt"
)

// maxElements bounds a tree that is made for display: an element takes one octet of
// WBXML and a hundred of memory.
const maxElements = 1 << 14

// parseXML reads a document for display. Of one that is faulty it gives what stands
// before the fault, and the fault.
func parseXML(b []byte) (Element, error) { return tree(newXMLReader(b)) }

// parseWBXML reads a document for display, with what is not known under its number:
// an element "page-11-0x3A", a text "value-0xC9".
func parseWBXML(b []byte) (Element, error) {
	r, err := newWBXMLReader(b)
	if err != nil {
		return Element{}, err
	}
	r.lenient = true
	return tree(r)
}

func tree(s source) (Element, error) {
	t := treeWriter{open: []branch{{}}}
	err := copyTo(t.write, s)
	for len(t.open) > 1 { // of a document that breaks off
		t.close()
	}
	if children := t.open[0].Children; len(children) > 0 {
		return children[0], err
	}
	return Element{}, err
}

// A treeWriter makes a tree. The first branch is the one that the root element is on.
type treeWriter struct {
	open  []branch
	count int
}

type branch struct {
	Element
	space string // its own or inherited
}

func (t *treeWriter) write(e event) error {
	last := &t.open[len(t.open)-1]
	switch e.kind {
	case startEvent:
		if t.count++; t.count > maxElements {
			return fmt.Errorf("read for display: there are more than %d elements", maxElements)
		}
		next := branch{Element: Element{Name: e.name}, space: e.space}
		if e.space != last.space {
			next.Space = e.space
		}
		t.open = append(t.open, next)
	case textEvent:
		last.Text += e.text
	case endEvent:
		t.close()
	}
	return nil
}

func (t *treeWriter) close() {
	last := len(t.open) - 1
	around := &t.open[last-1]
	around.Children = append(around.Children, t.open[last].Element)
	t.open = t.open[:last]
}
