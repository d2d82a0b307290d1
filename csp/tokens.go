package csp

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed tokens.csv
var tokensCSV []byte

// A dialect is one version of CSP, as far as its names have tokens.
type dialect struct {
	version  string
	publicID byte
	doctype  string             // the public identifier as text
	names    map[code]string    // elements that are read
	codes    map[string]code    // elements that are written, in every spelling
	kinds    map[string]kind    // what values they are written with; text where there is none
	values   map[element]string // texts that are read
	tokens   map[string]value   // texts that are written as a token
}

// A code is where an element stands: its code page and its token.
type code struct{ page, token byte }

// An element is a value token in an element, "" where it means the same in all.
type element struct {
	token uint32
	name  string
}

// A value is a token that stands for a text, in elements of its group.
type value struct {
	token uint32
	group string
}

// A kind is what the text of an element means.
type kind int

const (
	asText kind = iota
	integer
	dateTime
)

// tokenTables are all dialects, and what is the same in all of them.
type tokenTables struct {
	dialects   []*dialect
	byText     map[string]*dialect // by public identifier
	namespaces map[byte]string     // by attribute start; they lack the version
	kinds      map[string]kind     // of all dialects: what is read as such
}

var tables = sync.OnceValue(func() *tokenTables {
	t, err := readTokens(tokensCSV)
	if err != nil {
		panic(err) // tokens.csv is part of the program
	}
	return t
})

func readTokens(b []byte) (*tokenTables, error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read tokens.csv: %w", err)
	}
	t := &tokenTables{byText: map[string]*dialect{}, namespaces: map[byte]string{}, kinds: map[string]kind{}}
	for minor := range 4 {
		t.dialects = append(t.dialects, &dialect{
			version: "1." + strconv.Itoa(minor),
			names:   map[code]string{}, codes: map[string]code{}, kinds: map[string]kind{},
			values: map[element]string{}, tokens: map[string]value{},
		})
	}
	for _, row := range rows[1:] {
		page, errPage := strconv.ParseUint(row[1], 10, 8)
		token, errToken := strconv.ParseUint(row[2], 16, 8)
		if errPage != nil || errToken != nil {
			return nil, fmt.Errorf("read tokens.csv: %q: code page and token are numbers of an octet", row)
		}
		if err := t.add(tokenRow{row[0], code{byte(page), byte(token)}, row[3], row[5]}, row[4]); err != nil {
			return nil, fmt.Errorf("read tokens.csv: %q: %w", row, err)
		}
	}
	t.completeFirst()
	return t, nil
}

type tokenRow struct {
	kind string
	code code
	name string
	info string
}

func (t *tokenTables) add(row tokenRow, versions string) error {
	for _, digit := range versions {
		minor := int(digit - '0')
		if minor < 0 || minor >= len(t.dialects) {
			return fmt.Errorf("no version 1.%c", digit)
		}
		if err := t.dialects[minor].add(row); err != nil {
			return err
		}
		switch {
		case row.kind == "public":
			t.byText[row.name] = t.dialects[minor]
		case row.kind == "xmlns":
			t.namespaces[row.code.token] = row.name
		case row.info == "integer", row.info == "read-integer":
			t.kinds[row.name] = integer
		case row.info == "datetime":
			t.kinds[row.name] = dateTime
		}
	}
	return nil
}

func (d *dialect) add(row tokenRow) error {
	token := uint32(row.code.token)
	switch row.kind {
	case "public":
		if d.doctype == "" {
			d.publicID, d.doctype = row.code.token, row.name
		}
	case "xmlns":
	case "tag":
		d.names[row.code] = row.name
		d.codes[row.name] = row.code
		d.kinds[row.name] = map[string]kind{"integer": integer, "datetime": dateTime}[row.info]
	case "spelling":
		d.codes[row.name] = row.code
	case "read-tag":
		d.names[row.code] = row.name
	case "value":
		d.values[element{token, ""}] = row.name
		d.tokens[row.name] = value{token, row.info}
	case "read-value":
		d.values[element{token, row.info}] = row.name
	default:
		return fmt.Errorf("a row is no %q", row.kind)
	}
	return nil
}

// completeFirst gives CSP 1.0 what it has of 1.1.
func (t *tokenTables) completeFirst() {
	first, second := t.dialects[0], t.dialects[1]
	for code, name := range second.names {
		if first.names[code] == "" {
			first.names[code] = name
		}
	}
	first.values = second.values
}

// dialectOf is the version that a namespace names; nil if it is none of CSP.
func (t *tokenTables) dialectOf(namespace string) *dialect {
	if _, version, ok := t.namespaceToken(namespace); ok {
		for _, d := range t.dialects {
			if d.version == version {
				return d
			}
		}
	}
	return nil
}

// namespaceToken cuts a namespace into its attribute start and the version.
func (t *tokenTables) namespaceToken(namespace string) (token byte, version string, ok bool) {
	for token, start := range t.namespaces {
		if version, ok := strings.CutPrefix(namespace, start); ok {
			return token, version, true
		}
	}
	return 0, "", false
}

// valueName is the text of a value token in an element; "" is not known.
func (d *dialect) valueName(token uint32, in string) string {
	if name := d.values[element{token, in}]; name != "" {
		return name
	}
	return d.values[element{token, ""}]
}

// groupPages are the code pages on which tokens of a group are understood by all.
var groupPages = map[string][]byte{"access": {1, 3, 10}, "presence": {0, 4, 5}}

// valueToken is the token that stands for a text in an element of the code page.
func (d *dialect) valueToken(s string, page byte) (uint32, bool) {
	v, ok := d.tokens[s]
	if !ok || v.group != "" && !bytes.Contains(groupPages[v.group], []byte{page}) {
		return 0, false
	}
	return v.token, true
}

// spelling is the name that is written for an element.
func (d *dialect) spelling(name string) string {
	if c, ok := d.codes[name]; ok {
		return d.names[c]
	}
	return name
}
