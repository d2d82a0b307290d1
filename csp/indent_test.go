package csp

import "testing"

// A root element without a namespace has its version from the document type, which
// indenting must not lose.
func TestIndentKeepsVersion(t *testing.T) {
	for _, pubID := range []byte{0x10, 0x11, 0x12} {
		doc := []byte{0x03, pubID, 0x6A, 0x00, 0x09}
		xml, err := ToXML(doc)
		if err != nil {
			t.Fatal(err)
		}
		indented, err := IndentXML(xml)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ToWBXML(indented); err != nil || string(again) != string(doc) {
			t.Errorf("of %x is made\n%s\nand %x %v", doc, indented, again, err)
		}
	}
}
