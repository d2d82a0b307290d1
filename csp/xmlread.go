package csp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// An xmlReader is a source of a document in XML. It knows no entities but those of XML
// itself, refuses a document type that declares anything and fetches none.
type xmlReader struct {
	nesting
	b        []byte
	decoder  *xml.Decoder
	doctype  string // public identifier
	lang     *dialect
	run      []byte          // text since the last tag
	declared map[string]bool // namespaces; a prefix that has none is not among them
	refused  error           // the character encoding
}

func newXMLReader(b []byte) *xmlReader {
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	r := &xmlReader{b: b, decoder: xml.NewDecoder(bytes.NewReader(b)), declared: map[string]bool{"": true}}
	r.decoder.CharsetReader = r.charset
	return r
}

// charset is asked about a declared encoding other than UTF-8.
func (r *xmlReader) charset(label string, input io.Reader) (io.Reader, error) {
	if !strings.EqualFold(label, "us-ascii") && !strings.EqualFold(label, "ascii") {
		r.refused = errors.New("a document is in UTF-8 or in US-ASCII, and this one says otherwise")
	} else if i := bytes.IndexFunc(r.b, func(c rune) bool { return c >= 0x80 }); i >= 0 {
		r.refused = fmt.Errorf("octet %d is not US-ASCII, which the document says it is in", i)
	}
	return input, r.refused
}

func (r *xmlReader) dialect() *dialect { return r.lang }

func (r *xmlReader) next() (event, error) {
	for {
		if e, ok := r.take(); ok {
			return e, nil
		}
		if len(r.b) > maxDocument {
			return event{}, fmt.Errorf("read XML: %d octets, of %d at most", len(r.b), maxDocument)
		}
		if err := r.step(); err == io.EOF {
			return event{}, err
		} else if err != nil {
			line, _ := r.decoder.InputPos()
			return event{}, fmt.Errorf("read XML: line %d%s: %w", line, r.where(r.lang), err)
		}
	}
}

// step reads one token.
func (r *xmlReader) step() error {
	token, err := r.decoder.Token()
	if err != nil {
		return r.reason(err)
	}
	switch t := token.(type) {
	case xml.StartElement:
		if len(r.open) > 0 {
			r.flush(false)
		}
		return r.startElement(t)
	case xml.EndElement:
		r.flush(true)
		r.end()
	case xml.CharData:
		if len(r.open) > 0 {
			r.run = append(r.run, t...)
		} else if !isSpace(string(t)) {
			return errors.New("there is text outside of the root element")
		}
	case xml.Directive:
		return r.directive(string(t))
	}
	return nil
}

func (r *xmlReader) flush(last bool) {
	r.text(string(r.run), last)
	r.run = r.run[:0]
}

func (r *xmlReader) startElement(t xml.StartElement) error {
	e := event{kind: startEvent, name: t.Name.Local, space: t.Name.Space}
	seen := map[xml.Name]bool{}
	for _, a := range t.Attr {
		if seen[a.Name] {
			return errors.New("an attribute stands twice in an element")
		}
		seen[a.Name] = true
		switch a.Name.Space {
		case "xmlns":
			r.declared[a.Value] = true
		case "":
			if a.Name.Local == "xmlns" {
				r.declared[a.Value] = true
				continue
			}
			e.attrs = append(e.attrs, attribute{a.Name.Local, a.Value})
		case xmlNamespace:
			e.attrs = append(e.attrs, attribute{"xml:" + a.Name.Local, a.Value})
		default:
			return errors.New("an attribute has a namespace, of which WBXML knows nothing")
		}
	}
	if !r.declared[e.space] {
		return errors.New("the prefix of an element has no namespace")
	}
	for _, name := range append([]attribute{{e.name, ""}}, e.attrs...) {
		if strings.Contains(strings.TrimPrefix(name.name, "xml:"), ":") {
			return errors.New("a name has a colon too many")
		}
	}
	if len(r.open) == 0 && !r.begun {
		if r.lang = tables().dialectOf(e.space); r.lang == nil {
			r.lang = tables().byText[r.doctype]
		}
	}
	return r.start(e)
}

// xmlNamespace is that of the prefix xml, which needs no declaration.
const xmlNamespace = "http://www.w3.org/XML/1998/namespace"

var publicID = regexp.MustCompile(`^DOCTYPE\s+\S+\s+PUBLIC\s+(?:"([^"]*)"|'([^']*)')`)

// directive takes a document type for the public identifier in it.
func (r *xmlReader) directive(s string) error {
	switch {
	case !strings.HasPrefix(s, "DOCTYPE"):
		return errors.New("there is a declaration outside of a document type")
	case r.begun:
		return errors.New("there is a document type behind the root element's tag")
	case strings.ContainsRune(s, '['):
		return errors.New("the document type declares something of its own, which CSP has no use for: leave out what stands between [ and ]")
	}
	if m := publicID.FindStringSubmatch(s); m != nil {
		r.doctype = m[1] + m[2]
	}
	return nil
}

// reason says what is wrong without quoting the document, which may hold a password.
func (r *xmlReader) reason(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case err == io.EOF && r.begun:
		return err
	case err == io.EOF:
		return errors.New("there is no element")
	case r.refused != nil:
		return r.refused
	case !errors.As(err, &syntax):
		return errors.New("this is not XML 1.0 in UTF-8")
	}
	for _, phrase := range []string{"unexpected EOF", "invalid UTF-8", "illegal character code", "invalid character entity",
		"unescaped < inside quoted string", "unescaped ]]> not in CDATA section", "attribute name without = in element",
		"unquoted or missing attribute value in element", "unexpected end element"} {
		if strings.HasPrefix(syntax.Msg, phrase) {
			return errors.New(phrase)
		}
	}
	return errors.New("not well-formed")
}
