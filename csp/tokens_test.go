package csp

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

// In each version of CSP a token has one name and a name one token, but for what is
// listed here and said in tokens.csv.
func TestTokens(t *testing.T) {
	r := csv.NewReader(bytes.NewReader(tokensCSV))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string][]string{
		"tag": {"tag", "read-tag"}, "value": {"value", "read-value"}, "xmlns": {"xmlns"}, "public": {"public"}, "spelling": {"spelling"},
		"read-tag": {"tag", "read-tag"}, "read-value": {"value", "read-value"},
	}
	var twice []string
	for version := range 4 {
		tokens, names := map[string][]string{}, map[string][]string{}
		for _, row := range rows[1:] {
			if !strings.ContainsRune(row[4], rune('0'+version)) {
				continue
			}
			family := kinds[row[0]]
			if family == nil {
				t.Fatalf("%q", row)
			}
			token, name := family[0]+" "+row[1]+" "+row[2], family[0]+" "+row[3]
			tokens[token] = append(tokens[token], row[3])
			names[name] = append(names[name], row[2])
		}
		for _, seen := range []map[string][]string{tokens, names} {
			for key, all := range seen {
				if len(all) > 1 && !strings.HasPrefix(key, "public") && !strings.HasPrefix(key, "spelling") {
					slices.Sort(all)
					twice = append(twice, tables().dialects[version].version+" "+key+": "+strings.Join(all, ", "))
				}
			}
		}
	}
	slices.Sort(twice)
	if want := []string{
		"1.1 value IM: 12, 68", "1.1 value SMS: 43, 75",
		"1.2 tag ContentType: 10, 36", "1.2 value SMS: 43, 75",
		"1.3 tag ContentType: 10, 36", "1.3 value 0 3D: GROUP_ID, History", "1.3 value SMS: 43, 75",
	}; !slices.Equal(twice, want) {
		t.Errorf("stand twice:\n  is %q\nwant %q", twice, want)
	}
}

// As many as the six implementations have together.
func TestTokensAreAll(t *testing.T) {
	for minor, want := range []struct{ tags, values int }{{306, 97}, {303, 97}, {352, 106}, {433, 188}} {
		d := tables().dialects[minor]
		if len(d.names) != want.tags || len(d.values) != want.values {
			t.Errorf("CSP %s has %d tags and %d values, want %d and %d", d.version, len(d.names), len(d.values), want.tags, want.values)
		}
		for name, code := range d.codes {
			if written := d.names[code]; written != name && d.codes[written] != code {
				t.Errorf("CSP %s: %s is written %v, which is read as %s", d.version, name, code, written)
			}
		}
		for text, v := range d.tokens {
			if read := d.valueName(v.token, ""); read != text {
				t.Errorf("CSP %s: %s is written %02X, which is read as %q", d.version, text, v.token, read)
			}
		}
	}
	first := tables().dialects[0]
	if first.names[code{0, 0x3E}] != "WV-CSP-Message" || first.names[code{0, 0x05}] != "Acceptance" {
		t.Error("CSP 1.0 is 1.1 but for its own rows")
	}
}

// The documents of the tests touch every code page.
func TestDocumentsTouchEveryPage(t *testing.T) {
	touched := map[byte]bool{}
	for _, doc := range documents(t) {
		e, err := parseXML(doc)
		if err != nil {
			t.Fatal(err)
		}
		var walk func(Element)
		walk = func(e Element) {
			for _, d := range tables().dialects[1:] {
				if c, ok := d.codes[e.Name]; ok {
					touched[c.page] = true
				}
			}
			for _, child := range e.Children {
				walk(child)
			}
		}
		walk(e)
	}
	for page := range byte(12) {
		if !touched[page] {
			t.Errorf("code page %d is in no document", page)
		}
	}
}

func TestReadTokensFaults(t *testing.T) {
	const head = "kind,page,token,name,versions,info\n"
	for _, v := range []struct{ rows, want string }{
		{"tag,0,05\n", "wrong number of fields"},
		{"tag,256,05,A,1,\n", "are numbers of an octet"},
		{"tag,0,5G,A,1,\n", "are numbers of an octet"},
		{"tag,0,05,A,4,\n", "no version 1.4"},
		{"tab,0,05,A,1,\n", `a row is no "tab"`},
	} {
		if _, err := readTokens([]byte(head + v.rows)); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%q: %v, want %s", v.rows, err, v.want)
		}
	}
}
