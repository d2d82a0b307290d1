package csp

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Debian's wbxml2xml reads of our 1.1 and 1.2 what we wrote, and we read what its
// xml2wbxml writes. It differs, and is known to, in these:
//   - it trims all text, and takes a date-time without a zone for UTC;
//   - it knows the public identifier of 1.1 alone, so that 1.2 is named to it;
//   - it has no CIRURL, which it reads as "unknown" and does not write;
//   - it writes no namespace, and "0x23829381" as an integer.
func TestLibwbxmlReadsOurs(t *testing.T) {
	t.Parallel()
	program := tool(t, "wbxml2xml", "libwbxml2-utils")
	dir, compared := t.TempDir(), 0
	docs := documents(t)
	maps.Copy(docs, everything())
	for name, doc := range docs {
		args := []string{"-m", "0", "-o", filepath.Join(dir, "out"), filepath.Join(dir, "in")}
		switch {
		case strings.HasPrefix(name, "1.3"):
			continue
		case strings.HasPrefix(name, "1.2"):
			args = append([]string{"-l", "CSP12"}, args...)
		}
		wbxml, err := ToWBXML(doc)
		if err != nil {
			t.Fatal(err)
		}
		theirs := runTool(t, dir, wbxml, program, args...)
		theirs = bytes.ReplaceAll(theirs, []byte("unknown"), []byte("CIRURL"))
		if got, want := asLibwbxml(t, theirs), asLibwbxml(t, doc); got != want {
			t.Errorf("%s:\nlibwbxml reads %s\n      we wrote %s", name, got, want)
		}
		compared++
	}
	t.Logf("%d documents agree", compared)
}

func TestWeReadLibwbxml(t *testing.T) {
	t.Parallel()
	program := tool(t, "xml2wbxml", "libwbxml2-utils")
	dir, compared := t.TempDir(), 0
	for name, doc := range documents(t) {
		if strings.HasPrefix(name, "1.3") || bytes.Contains(doc, []byte("<CIRURL>")) {
			continue
		}
		doc = bytes.ReplaceAll(doc, []byte("0x23829381"), []byte("595760001"))
		given := doc
		if strings.HasPrefix(name, "1.2") {
			given = bytes.Replace(doc, []byte("?>"), []byte(`?><!DOCTYPE WV-CSP-Message PUBLIC "-//OMA//DTD WV-CSP 1.2//EN" "">`), 1)
			given = bytes.ReplaceAll(given, []byte("AutoSubscribe"), []byte("Auto-Subscribe"))
		}
		theirs := runTool(t, dir, given, program, "-o", filepath.Join(dir, "out"), filepath.Join(dir, "in"))
		read, err := ToXML(theirs)
		if err != nil {
			t.Errorf("%s: %v\n%x", name, err, theirs)
			continue
		}
		if got, want := asLibwbxml(t, read), asLibwbxml(t, doc); got != want {
			t.Errorf("%s:\n        we read %s\nlibwbxml wrote %s", name, got, want)
		}
		compared++
	}
	t.Logf("%d documents agree", compared)
}

// asLibwbxml is a document as libwbxml leaves it.
func asLibwbxml(t *testing.T, doc []byte) string {
	e, err := parseXML([]byte(canonical(t, doc)))
	if err != nil {
		t.Fatal(err)
	}
	var trim func(*Element)
	trim = func(e *Element) {
		e.Text = strings.TrimSpace(e.Text)
		if tables().kinds[e.Name] == dateTime && len(e.Text) == len("20010925T134013") {
			e.Text += "Z"
		}
		for i := range e.Children {
			trim(&e.Children[i])
		}
	}
	trim(&e)
	return shown(e)
}

// tool finds a program that another package of the system brings.
func tool(t *testing.T, name, debian string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed, and CI must have it", name)
		}
		t.Skipf("%s is not installed (Debian: apt install %s)", name, debian)
	}
	return path
}

// runTool gives a program the file "in" and takes the file "out".
func runTool(t *testing.T, dir string, in []byte, program string, args ...string) []byte {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "in"), in, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("%s %q: %w: %s\n%s", program, args, err, said, in))
	}
	out, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
