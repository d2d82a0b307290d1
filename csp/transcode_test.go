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

// What a user writes in elements keeps its white space, its numbers and its dates.
func TestElementsInContent(t *testing.T) {
	const doc = `<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session><Transaction>` +
		`<TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2"><SendMessage-Request><ContentData>` +
		`<p xmlns="http://www.w3.org/1999/xhtml"><b>Call</b> <i>Bob</i>: <Code>007</Code>, <DateTime>2001-09-25T13:40Z</DateTime></p>` +
		`</ContentData></SendMessage-Request></TransactionContent></Transaction></Session></WV-CSP-Message>`
	wbxml, err := ToWBXML([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	back, err := ToXML(wbxml)
	if got := strings.TrimPrefix(string(back), `<?xml version="1.0" encoding="UTF-8"?>`); err != nil || got != doc {
		t.Errorf("%v\n  is %s\nwant %s", err, got, doc)
	}
	if got := canonical(t, []byte(doc)); got != doc {
		t.Errorf("canonical form:\n  is %s\nwant %s", got, doc)
	}
	bare := strings.NewReplacer("Call", "", ": ", "", ", ", "").Replace(doc)
	for _, doc := range []string{doc, bare, strings.Replace(bare, "</b> <i>", "</b><i>", 1)} {
		if indented, err := IndentXML([]byte(doc)); err != nil || canonical(t, indented) != canonical(t, []byte(doc)) {
			t.Errorf("indented: %v, %s", err, indented)
		}
	}
}

// ContentEncoding holds for the content that it stands beside, or whose MessageInfo it
// stands in, and not for the next.
func TestEncodingHoldsForItsContent(t *testing.T) {
	of := tables().dialects[2].codes
	b := []byte{wbxmlVersion, 0x11, charsetUTF8, 0}
	open := func(names ...string) {
		for _, name := range names {
			b = append(b, tokenSwitchPage, of[name].page, of[name].token|hasContent)
		}
	}
	text := func(name string, token byte, s string) {
		open(name)
		b = append(append(append(b, token), s...), tokenEnd)
	}
	open("WV-CSP-Message", "Session", "Transaction", "TransactionContent", "MessageNotification", "MessageInfo")
	text("ContentEncoding", tokenStrI, "BASE64\x00")
	b = append(b, tokenEnd, tokenEnd, tokenEnd, tokenEnd)
	open("Transaction", "TransactionContent", "NewMessage")
	text("ContentData", tokenOpaque, "\x02Hi")
	b = append(b, tokenEnd, tokenEnd, tokenEnd)
	open("Transaction", "TransactionContent", "NewMessage", "MessageInfo")
	text("ContentEncoding", tokenStrI, "BASE64\x00")
	b = append(b, tokenEnd)
	text("ContentData", tokenOpaque, "\x02Hi")
	b = append(b, tokenEnd, tokenEnd, tokenEnd, tokenEnd, tokenEnd)
	xml, err := ToXML(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<NewMessage><ContentData>Hi</ContentData>", "</MessageInfo><ContentData>SGk=</ContentData>"} {
		if !strings.Contains(string(xml), want) {
			t.Errorf("there is no %s in %s", want, xml)
		}
	}
}
