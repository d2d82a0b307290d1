package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"wvsms/csp"
)

// tree is what a message says, an element a line, without its secrets unless they are
// asked for. Of a part it is the octets: they may begin in the middle of a text.
func tree(b []byte, secrets bool) (lines []string, err error) {
	if p, slice, err := csp.ParsePreamble(b); err == nil && p.Identifier != "" {
		if !secrets {
			return []string{fmt.Sprintf("[%d octets]", len(slice))}, nil
		}
		return []string{visible(string(slice))}, nil
	}
	e, err := csp.Parse(b)
	if !secrets {
		e = e.Redacted()
	}
	if e.Name != "" {
		lines = strings.Split(strings.TrimSuffix(e.String(), "\n"), "\n")
	}
	return lines, err
}

// pretty is what a message is, and below it what it says. What cannot be read is told
// as what it is; its octets are shown where secrets are asked for.
func pretty(b []byte, secrets bool) []string {
	m := csp.Inspect(b)
	lines := []string{visible(m.String())}
	var err error
	if m.Syntax != csp.Opaque {
		var said []string
		said, err = tree(b, secrets)
		for _, line := range said {
			lines = append(lines, "  "+line)
		}
	}
	if err != nil {
		lines = append(lines, "  "+visible(err.Error()))
	}
	if secrets && (err != nil || m.Syntax == csp.Opaque) {
		lines = append(lines, "  "+visible(string(b)))
	}
	return lines
}

// printDocument writes a message in XML or WBXML as XML, indented. What has no form in
// XML, and what is to be hidden, goes by the tree that is made for display.
func printDocument(w io.Writer, b []byte, secrets bool) (err error) {
	doc := b
	if csp.Detect(b) == csp.WBXML {
		doc, err = csp.ToXML(b)
	}
	if err == nil && secrets {
		if doc, err = csp.IndentXML(doc); err == nil {
			_, err = io.WriteString(w, harmless(string(doc)))
			return err
		}
	}
	e, parseErr := csp.Parse(b)
	if !secrets {
		e = e.Redacted()
	}
	if e.Name != "" {
		printXML(w, e, "")
	}
	return cmp.Or(parseErr, err)
}

func printXML(w io.Writer, e csp.Element, indent string) {
	fmt.Fprintf(w, "%s<%s", indent, e.Name)
	if e.Space != "" {
		fmt.Fprintf(w, ` xmlns="%s"`, xmlText(e.Space))
	}
	switch {
	case len(e.Children) > 0:
		fmt.Fprintf(w, ">%s\n", xmlText(e.Text))
		for _, child := range e.Children {
			printXML(w, child, indent+"  ")
		}
		fmt.Fprintf(w, "%s</%s>\n", indent, e.Name)
	case e.Text != "":
		fmt.Fprintf(w, ">%s</%s>\n", xmlText(e.Text), e.Name)
	default:
		fmt.Fprint(w, "/>\n")
	}
}

var escapeXML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func xmlText(s string) string { return harmless(escapeXML.Replace(s)) }

// harmless writes by its number what a terminal might obey, which is the same to XML.
// What XML cannot have at all does not stand in it.
func harmless(doc string) string {
	var b strings.Builder
	for _, r := range doc {
		switch {
		case r == '\n' || r == '\t' || strconv.IsPrint(r):
			b.WriteRune(r)
		case r < 0x20 || r == 0xFFFE || r == 0xFFFF:
			b.WriteRune(utf8.RuneError)
		default:
			fmt.Fprintf(&b, "&#x%X;", r)
		}
	}
	return b.String()
}
