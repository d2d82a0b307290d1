package csp

import "slices"

// Element is the primitive with what it says: Login-Response { Result { Code = 200 } }.
// The session's descriptor is not in it: there SI is an element of Login-Response alone,
// where it is the new one. Result comes first and UserID and ContactList last, as the
// known client has them; the rest stands as it was written.
//
// A code that is not known keeps its two letters as its name. A value in a form that is
// not known does too, with the text as it stands; what is no code of two letters is
// named "?".
func (m *PTSMessage) Element() Element { return m.tree().element() }

// A ptsNode is an element and where in the message it was read.
type ptsNode struct {
	name     string
	text     string // the value as CSP names it
	from     *Value // where the text was read
	code     *Value // where the name was read, if that is a value: in groups
	children []ptsNode
}

func (n ptsNode) element() Element {
	e := Element{Name: n.name, Text: n.text}
	for _, child := range n.children {
		e.Children = append(e.Children, child.element())
	}
	return e
}

func (m *PTSMessage) tree() ptsNode {
	code := upper(m.Code)
	primitive := ptsPrimitives[code]
	root := ptsNode{name: primitive.name}
	if root.name == "" {
		root.name = code
	}
	for _, p := range m.Params {
		if m.isDescriptor(p) {
			continue
		}
		root.children = append(root.children, p.nodes(primitive.mode)...)
	}
	slices.SortStableFunc(root.children, func(a, b ptsNode) int { return ptsOrder[a.name] - ptsOrder[b.name] })
	return root
}

// ptsOrder moves what has a place of its own: the rest is 0.
var ptsOrder = map[string]int{"Result": -1, "UserID": 1, "ContactList": 2}

// isDescriptor reports whether a parameter is the SessionID of the descriptor.
func (m *PTSMessage) isDescriptor(p Param) bool {
	return upper(p.Code) == "SI" && upper(m.Code) != "RL" && p.Value != nil && p.Value.Group == nil
}

// nodes are the elements that a parameter stands for: of a list each.
func (p Param) nodes(mode Mode) []ptsNode {
	code := upper(p.Code)
	name := ptsElement(code, mode)
	switch {
	case !isCode(p.Code):
		text := p.Code
		if p.Value != nil {
			text += "=" + p.Value.raw()
		}
		return []ptsNode{{name: "?", text: text}}
	case name == "":
		name = code
	}
	if p.Value == nil {
		return []ptsNode{{name: name}}
	}
	read, ok := ptsForms[code]
	if !ok {
		read = single
	}
	if nodes, ok := read(name, p.Value); ok && name != code {
		return nodes
	}
	text := p.Value.raw()
	if p.Value.Group == nil {
		text = p.Value.Text
	}
	return []ptsNode{{name: code, text: text, from: p.Value}}
}

// raw is a value as it is written.
func (v Value) raw() string {
	b, _ := v.append(nil, maxNesting) // what was read can be written
	return string(b)
}
