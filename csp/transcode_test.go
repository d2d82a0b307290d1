package csp

import (
	"encoding/hex"
	"os"
	"path/filepath"
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

// XML to WBXML and back is the same in canonical form, and so is what is indented.
func TestThereAndBack(t *testing.T) {
	for name, doc := range documents(t) {
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
