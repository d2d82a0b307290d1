package csp

// Redacted is the message with (hidden) in place of the values that Element().Redacted()
// hides. What is no code of two letters may be the rest of a text that lacks its quotes
// and is hidden too, and of a part everything, as it may begin in the middle of a text.
func (m *PTSMessage) Redacted() *PTSMessage {
	r := &PTSMessage{Preamble: m.Preamble}
	if m.Identifier != "" {
		r.Params = []Param{{Code: hidden}}
		return r
	}
	tree := m.tree()
	shown := map[*Value]bool{}
	tree.shown(tree.element().Redacted(), shown)
	for _, p := range m.Params {
		switch {
		case !isCode(p.Code):
			r.Params = append(r.Params, Param{Code: hidden})
		case p.Value == nil || m.isDescriptor(p):
			r.Params = append(r.Params, p)
		default:
			v, _ := p.Value.redacted(shown)
			r.Params = append(r.Params, Param{p.Code, &v})
		}
	}
	return r
}

// shown notes which values a redacted tree shows.
func (n ptsNode) shown(e Element, values map[*Value]bool) {
	if n.code != nil {
		values[n.code] = true
	}
	if n.from != nil && n.text == e.Text {
		values[n.from] = true
	}
	for i, child := range n.children {
		child.shown(e.Children[i], values)
	}
}

// redacted is a value without what is not shown, and whether anything in it is.
func (v *Value) redacted(shown map[*Value]bool) (Value, bool) {
	if v.Group == nil && shown[v] {
		return *v, true
	}
	r := Value{}
	any := false
	for i := range v.Group {
		item, ok := v.Group[i].redacted(shown)
		r.Group = append(r.Group, item)
		any = any || ok
	}
	if !any {
		return Value{Group: []Value{{Text: "hidden"}}}, false
	}
	return r, true
}
