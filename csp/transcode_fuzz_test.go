package csp

import (
	"bytes"
	"testing"
)

// What ToXML gives is XML; what ToWBXML makes of it is WBXML that says the same.
func FuzzToXML(f *testing.F) {
	for _, doc := range documents(f) {
		wbxml, err := ToWBXML(doc)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wbxml)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		Inspect(b)
		shown, errShown := parseWBXML(b)
		doc, err := ToXML(b)
		if err != nil {
			return
		}
		if errShown != nil && size(shown) <= maxElements {
			t.Fatalf("%x is translated and not shown: %v", b, errShown)
		}
		want := canonical(t, doc)
		wbxml, err := ToWBXML(doc)
		if err != nil {
			return // of 1.0, or a namespace with a version of its own
		}
		again, err := ToXML(wbxml)
		if err != nil {
			t.Fatalf("%x: %v\n%s", wbxml, err, doc)
		}
		if got := canonical(t, again); got != want {
			t.Fatalf("\n  is %s\nwant %s\n%x", got, want, b)
		}
	})
}

// What ToWBXML writes is read back to the same, and indenting changes nothing.
func FuzzToWBXML(f *testing.F) {
	for _, doc := range documents(f) {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		Inspect(doc)
		wbxml, err := ToWBXML(doc)
		if err != nil {
			return
		}
		want := canonical(t, doc)
		back, err := ToXML(wbxml)
		if err != nil {
			t.Fatalf("%q\n%x: %v", doc, wbxml, err)
		}
		if got := canonical(t, back); got != want {
			t.Fatalf("%q\n  is %s\nwant %s", doc, got, want)
		}
		indented, err := IndentXML(doc)
		if err != nil {
			t.Fatalf("%q: %v", doc, err)
		}
		if got := canonical(t, indented); got != want {
			t.Fatalf("%q, indented:\n  is %s\nwant %s", doc, got, want)
		}
		if again, err := ToWBXML(back); err != nil || !bytes.Equal(again, wbxml) {
			t.Fatalf("%q\n  is %x, %v\nwant %x", doc, again, err, wbxml)
		}
	})
}

func BenchmarkToWBXML(b *testing.B) {
	doc := documents(b)["wv-040.xml"]
	b.ReportAllocs()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := ToWBXML(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkToXML(b *testing.B) {
	wbxml, err := ToWBXML(documents(b)["wv-040.xml"])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(wbxml)))
	for b.Loop() {
		if _, err := ToXML(wbxml); err != nil {
			b.Fatal(err)
		}
	}
}
