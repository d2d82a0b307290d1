package csp

import "slices"

// presences reads PR=(user,attributes) and, of several, PR=((user,attributes),(user)).
func presences(name string, v *Value) (nodes []ptsNode, ok bool) {
	if isText(*v) {
		return []ptsNode{{name: name, children: []ptsNode{leaf("UserID", v)}}}, true
	}
	for _, item := range items(v) {
		n := ptsNode{name: name}
		switch {
		case isText(*item):
			n.children = []ptsNode{leaf("UserID", item)}
		case len(item.Group) < 1 || len(item.Group) > 2 || isGroup(item.Group[0]):
			return nil, false
		default:
			n.children = []ptsNode{leaf("UserID", &item.Group[0])}
		}
		if len(item.Group) == 2 {
			sublist, ok := attributes("PresenceSubList", &item.Group[1])
			if !ok {
				return nil, false
			}
			n.children = append(n.children, sublist...)
		}
		nodes = append(nodes, n)
	}
	return nodes, len(nodes) > 0
}

// attributes reads UV=((UA,T,AV),(CF,T,((CT,MP),(CP,MOKIA)))).
func attributes(name string, v *Value) ([]ptsNode, bool) {
	children, ok := attributeList(v)
	return []ptsNode{{name: name, children: children}}, ok
}

func attributeList(v *Value) (nodes []ptsNode, ok bool) {
	for _, item := range items(v) {
		n, ok := attributeOf(item)
		if !ok {
			return nil, false
		}
		nodes = append(nodes, n)
	}
	return nodes, len(nodes) > 0
}

// attributeOf reads (code[,qualifier][,value]). A text behind a qualifier is an element
// of its own, PresenceValue, and else that of the attribute; a group is more attributes.
func attributeOf(v *Value) (n ptsNode, ok bool) {
	if len(v.Group) < 1 || len(v.Group) > 3 || !isCodeText(v.Group[0]) {
		return n, false
	}
	n = coded(ptsAttributes, &v.Group[0])
	if len(v.Group) == 1 {
		return n, true
	}
	value := &v.Group[len(v.Group)-1]
	qualified := len(v.Group) == 3
	if qualified && !isQualifier(v.Group[1]) {
		return n, false
	}
	if qualified && v.Group[1].Text != "" {
		n.children = append(n.children, leaf("Qualifier", &v.Group[1]))
	}
	switch {
	case isGroup(*value):
		parts, ok := attributeList(value)
		n.children = append(n.children, parts...)
		return n, ok
	case qualified:
		n.children = append(n.children, ptsNode{name: "PresenceValue", text: ptsValue(n.name, value.Text), from: value})
	default:
		n.text, n.from = ptsValue(n.name, value.Text), value
	}
	return n, true
}

func isQualifier(v Value) bool {
	return isText(v) && slices.Contains([]string{"", "T", "F"}, upper(v.Text))
}

// attributeNames reads PS=OS, PS=(OS,UA), PS=(CF,(CT,CP)) and PS=(OS,(CF,(CT,CP))).
func attributeNames(name string, v *Value) ([]ptsNode, bool) {
	children, ok := nameList(v)
	return []ptsNode{{name: name, children: children}}, ok
}

func nameList(v *Value) (nodes []ptsNode, ok bool) {
	if isText(*v) {
		return []ptsNode{coded(ptsAttributes, v)}, isCodeText(*v)
	}
	if n, ok := nameWithParts(v); ok {
		return []ptsNode{n}, true
	}
	for i := range v.Group {
		item := &v.Group[i]
		n, ok := nameWithParts(item)
		if isCodeText(*item) {
			n, ok = coded(ptsAttributes, item), true
		}
		if !ok {
			return nil, false
		}
		nodes = append(nodes, n)
	}
	return nodes, len(nodes) > 0
}

// nameWithParts reads (CF,(CT,CP)), which differs from (OS,(CF,(CT))), two attributes,
// in what can be a part of the first.
func nameWithParts(v *Value) (n ptsNode, ok bool) {
	if len(v.Group) != 2 || !isCodeText(v.Group[0]) || !all(&v.Group[1], isCodeText) ||
		!slices.Contains(ptsParts[upper(v.Group[0].Text)], upper(v.Group[1].Group[0].Text)) {
		return n, false
	}
	n = coded(ptsAttributes, &v.Group[0])
	n.children, ok = nameList(&v.Group[1])
	return n, ok
}
