package csp

import "slices"

// A ptsForm reads the value of a parameter into the elements it stands for. It says
// false of a value in another form than the known one, and the value is shown as it is.
type ptsForm func(name string, v *Value) ([]ptsNode, bool)

// ptsForms are the parameters that are more than a text.
var ptsForms = map[string]ptsForm{
	"UI": list, "CL": list,
	"ST": result,
	"CA": capabilities, "AP": capabilities,
	"RF": services, "AF": services, "NF": services,
	"CP": properties,
	"UN": nicks, "AN": nicks, "RN": nicks,
	"PS": attributeNames,
	"UV": attributes,
	"PR": presences,
}

// leaf is an element with the text of a value.
func leaf(name string, v *Value) ptsNode {
	return ptsNode{name: name, text: ptsValue(name, v.Text), from: v}
}

// coded is an element that a value names by its code.
func coded(names map[string]string, v *Value) ptsNode {
	code := upper(v.Text)
	if name, ok := names[code]; ok {
		return ptsNode{name: name, code: v}
	}
	return ptsNode{name: code, code: v}
}

func isText(v Value) bool  { return v.Group == nil }
func isGroup(v Value) bool { return v.Group != nil }

// isCodeText takes what is named by a code in a group.
func isCodeText(v Value) bool { return isText(v) && isCode(v.Text) }

// all is whether there are values in a group and all are such.
func all(v *Value, such func(Value) bool) bool {
	return len(v.Group) > 0 && !slices.ContainsFunc(v.Group, func(item Value) bool { return !such(item) })
}

// single reads KA=7200.
func single(name string, v *Value) ([]ptsNode, bool) {
	return []ptsNode{leaf(name, v)}, isText(*v)
}

// list reads UI=a and UI=(a,b).
func list(name string, v *Value) (nodes []ptsNode, ok bool) {
	if isText(*v) {
		return single(name, v)
	}
	for i := range v.Group {
		nodes = append(nodes, leaf(name, &v.Group[i]))
	}
	return nodes, all(v, isText)
}

// result reads ST=200 and ST=(200,"All OK").
func result(name string, v *Value) ([]ptsNode, bool) {
	if isText(*v) {
		return []ptsNode{{name: name, children: []ptsNode{leaf("Code", v)}}}, true
	}
	if len(v.Group) > 2 || !all(v, isText) {
		return nil, false
	}
	n := ptsNode{name: name}
	for i, part := range []string{"Code", "Description"}[:len(v.Group)] {
		n.children = append(n.children, leaf(part, &v.Group[i]))
	}
	return []ptsNode{n}, true
}

// services reads RF=(FF,PF) and RF=FF.
func services(name string, v *Value) ([]ptsNode, bool) {
	n := ptsNode{name: name}
	if isCodeText(*v) {
		n.children = []ptsNode{coded(ptsServices, v)}
		return []ptsNode{n}, true
	}
	for i := range v.Group {
		n.children = append(n.children, coded(ptsServices, &v.Group[i]))
	}
	return []ptsNode{n}, all(v, isCodeText)
}

// items are the groups in a group. A single one may lack the parentheses around.
func items(v *Value) []*Value {
	if len(v.Group) == 0 {
		return nil
	}
	if isText(v.Group[0]) {
		return []*Value{v}
	}
	var items []*Value
	for i := range v.Group {
		items = append(items, &v.Group[i])
	}
	return items
}

// pairs reads ((a,b),(c,d)), each by a function.
func pairs(name string, v *Value, first func(Value) bool, read func(a, b *Value) ptsNode) ([]ptsNode, bool) {
	n := ptsNode{name: name}
	for _, item := range items(v) {
		if len(item.Group) != 2 || !all(item, isText) || !first(item.Group[0]) {
			return nil, false
		}
		n.children = append(n.children, read(&item.Group[0], &item.Group[1]))
	}
	return []ptsNode{n}, len(n.children) > 0
}

// capabilities reads CA=((CT,MP),(MT,1)).
func capabilities(name string, v *Value) ([]ptsNode, bool) {
	return pairs(name, v, isCodeText, func(code, value *Value) ptsNode {
		n := coded(ptsCapabilities, code)
		n.text, n.from = ptsValue(n.name, value.Text), value
		return n
	})
}

// properties reads CP=((DN,"My friends"),(DE,T)).
func properties(name string, v *Value) ([]ptsNode, bool) {
	return pairs(name, v, isCodeText, func(code, value *Value) ptsNode {
		key := coded(ptsProperties, code)
		return ptsNode{name: "Property", children: []ptsNode{
			{name: "Name", text: key.name, from: code},
			leaf("Value", value),
		}}
	})
}

// nicks reads UN=((Bob,wv:bob),(,wv:carol)).
func nicks(name string, v *Value) ([]ptsNode, bool) {
	return pairs(name, v, isText, func(nick, user *Value) ptsNode {
		return ptsNode{name: "NickName", children: []ptsNode{leaf("Name", nick), leaf("UserID", user)}}
	})
}
