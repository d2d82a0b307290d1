package csp

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// A tag and a value that nobody knows are an error where a message is translated and
// stand under their numbers where it is shown.
func TestUnknownTokens(t *testing.T) {
	for _, v := range []struct{ name, wbxml, fault, shown string }{
		{"tag", "03 12 6a 00 | 00 0b 7a 03 61 00 01", "octet 6: tag token 0x3A of code page 11 is not known in CSP 1.3", `page-11-0x3A="a"`},
		{"page", "03 11 6a 00 | 49 00 ff 05 00 00 6d 01 01", "octet 7, in WV-CSP-Message: tag token 0x05 of code page 255", `WV-CSP-Message{page-255-0x05 Session}`},
		{"value", "03 11 6a 00 | 6d 80 81 7f 01", "octet 5, in Session: value token 0xFF is not known in CSP 1.2", `Session="value-0xFF"`},
		{"value of a later version", "03 10 6a 00 | 6d 80 31 01", "value token 0x31 is not known in CSP 1.1", `Session="value-0x31"`},
		{"attribute", "03 11 6a 00 | ed 2a 03 61 00 01 03 62 00 01", "octet 4: attribute token 0x2A of code page 0", `Session="b"`},
		{"octets", "03 11 6a 00 | 6d c3 02 01 02 01", "in Session: octets (OPAQUE) are neither", `Session="0x0102"`},
	} {
		doc := octets(t, v.wbxml)
		if _, err := ToXML(doc); err == nil || !strings.Contains(err.Error(), v.fault) {
			t.Errorf("%s: %v", v.name, err)
		}
		e, err := parseWBXML(doc)
		if got := shown(e); err != nil || got != v.shown {
			t.Errorf("%s: %v\n  is %s\nwant %s", v.name, err, got, v.shown)
		}
	}
}

// Of a document that breaks off the tree has what stands before, and never more.
func TestTreeOfWhatBreaksOff(t *testing.T) {
	for name, doc := range documents(t) {
		wbxml, err := ToWBXML(doc)
		if err != nil {
			t.Fatal(err)
		}
		if doc, err = ToXML(wbxml); err != nil {
			t.Fatal(err)
		}
		whole, err := parseXML(doc)
		if err != nil {
			t.Fatal(err)
		}
		same, err := parseWBXML(wbxml)
		if err != nil || !reflect.DeepEqual(same, whole) {
			t.Errorf("%s: %v\n  is %s\nwant %s", name, err, shown(same), shown(whole))
		}
		for n := range wbxml {
			if e, err := parseWBXML(wbxml[:n]); err == nil || size(e) > size(same) {
				t.Errorf("%s, %d of %d octets: %d elements of %d, %v", name, n, len(wbxml), size(e), size(same), err)
			}
		}
		e, err := parseXML(doc[:len(doc)/2])
		if err == nil || e.Name != whole.Name || size(e) < 2 || size(e) > size(whole) {
			t.Errorf("%s, half of it: %v, %s", name, err, shown(e))
		}
	}
}

func size(e Element) int {
	n := 1
	for _, child := range e.Children {
		n += size(child)
	}
	return n
}

// shown is a tree on one line.
func shown(e Element) string {
	s := e.Name
	if e.Text != "" {
		s += fmt.Sprintf("=%q", e.Text)
	}
	if len(e.Children) > 0 {
		var all []string
		for _, child := range e.Children {
			all = append(all, shown(child))
		}
		s += "{" + strings.Join(all, " ") + "}"
	}
	return s
}
