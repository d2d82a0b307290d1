package csp

import (
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// documents are the examples of the specification and our own messages, by their names.
func documents(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range []string{"testdata/csp-xml/*.xml", "testdata/csp-own/*.xml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all[filepath.Base(path)] = b
		}
	}
	return all
}

// everything is documents for each version of CSP with each of its elements and each of
// the texts that have a token, few at a time, because tshark indents each one more.
func everything() map[string][]byte {
	all := map[string][]byte{}
	space := map[string]string{"1.1": "http://www.wireless-village.org/CSP1.1", "1.2": "http://www.openmobilealliance.org/DTD/WV-CSP1.2",
		"1.3": "http://www.openmobilealliance.org/DTD/IMPS-CSP1.3"}
	in := map[string]string{"": "Description", "access": "SearchElement", "presence": "PrefC"}
	for _, d := range tables().dialects[1:] {
		document := func(name string, inside []byte) {
			all[d.version+"-"+name] = fmt.Appendf(nil, "<?xml version=\"1.0\"?><WV-CSP-Message xmlns=%q>%s</WV-CSP-Message>", space[d.version], inside)
		}
		var elements []byte
		for _, name := range slices.Sorted(maps.Keys(d.codes)) {
			if d.spelling(name) == name && name != "WV-CSP-Message" {
				elements = fmt.Appendf(elements, "<%s/>", name)
			}
		}
		document("elements", elements)
		for texts := range slices.Chunk(slices.Sorted(maps.Keys(d.tokens)), 40) {
			var elements []byte
			for _, text := range texts {
				elements = fmt.Appendf(elements, "<%s>%s</%[1]s>", in[d.tokens[text].group], text)
			}
			document("texts from "+texts[0], elements)
		}
	}
	return all
}

// XML to WBXML and back is the same in canonical form, and so is what is indented.
func TestThereAndBack(t *testing.T) {
	docs := documents(t)
	maps.Copy(docs, everything())
	for name, doc := range docs {
		want := canonical(t, doc)
		wbxml, err := ToWBXML(doc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		back, err := ToXML(wbxml)
		if err != nil {
			t.Errorf("%s: %v\n%x", name, err, wbxml)
			continue
		}
		if got := canonical(t, back); got != want {
			t.Errorf("%s:\n  is %s\nwant %s", name, got, want)
		}
		indented, err := IndentXML(back)
		if err != nil {
			t.Fatal(err)
		}
		if got := canonical(t, indented); got != want {
			t.Errorf("%s, indented:\n%s", name, indented)
		}
		if again, err := ToWBXML(indented); err != nil || string(again) != string(wbxml) {
			t.Errorf("%s, again: %v\n  is %x\nwant %x", name, err, again, wbxml)
		}
		if Detect(doc) != XML || Detect(wbxml) != WBXML {
			t.Errorf("%s is %v and %v", name, Detect(doc), Detect(wbxml))
		}
	}
}

func canonical(t testing.TB, doc []byte) string {
	t.Helper()
	b, err := Canonical(doc)
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return string(b)
}

// octets reads hexadecimal digits among spaces and bars.
func octets(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "|", "", "\n", "", "\t", "").Replace(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
