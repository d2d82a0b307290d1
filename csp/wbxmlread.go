package csp

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A wbxmlReader is a source of a document in WBXML.
type wbxmlReader struct {
	nesting
	cursor
	id      uint32 // public identifier
	table   []byte
	lang    *dialect
	page    byte
	run     run
	spent   int  // octets of all strings so far, wherever they came from
	base64  int  // how many are open while ContentData is said to be in it; 0: it is not
	lenient bool // show what is not known, instead of an error
	begin   int  // where the token being read stands
}

// newWBXMLReader reads the head.
func newWBXMLReader(b []byte) (*wbxmlReader, error) {
	r := &wbxmlReader{cursor: cursor{b: b}}
	if len(b) > maxDocument {
		return nil, fmt.Errorf("read WBXML: %d octets, of %d at most", len(b), maxDocument)
	}
	return r, r.head()
}

func (r *wbxmlReader) dialect() *dialect { return r.lang }

func (r *wbxmlReader) next() (event, error) {
	for {
		if e, ok := r.take(); ok {
			return e, nil
		}
		if r.begun && len(r.open) == 0 {
			if r.begin = r.at; r.at < len(r.b) && !r.lenient {
				return event{}, r.fail(errRoots)
			}
			return event{}, io.EOF
		}
		if err := r.step(); err != nil {
			return event{}, r.fail(err)
		}
	}
}

// step reads one token with what belongs to it.
func (r *wbxmlReader) step() error {
	r.begin = r.at
	token := r.octet()
	switch {
	case r.err != nil:
		return r.err
	case token == tokenSwitchPage:
		r.page = r.octet()
		return r.err
	case token&tokenBits >= firstTag, token&tokenBits == tokenLiteral:
		if len(r.open) > 0 {
			if err := r.flush(false); err != nil {
				return err
			}
		}
		return r.element(token)
	case len(r.open) == 0:
		return errors.New("a document begins with an element")
	case token == tokenEnd:
		if err := r.flush(true); err != nil {
			return err
		}
		r.end()
		if len(r.open) < r.base64 {
			r.base64 = 0
		}
		return nil
	}
	return r.content(token)
}

// element reads a tag with its attributes.
func (r *wbxmlReader) element(token byte) error {
	c, e := code{r.page, token & tokenBits}, event{kind: startEvent, space: r.space()}
	var err error
	if c.token == tokenLiteral {
		if e.name, err = r.literal(""); err != nil {
			return err
		}
	}
	if token&hasAttributes != 0 {
		if err := r.attributes(&e); err != nil {
			return err
		}
	}
	if !r.begun {
		r.chooseDialect(e.space)
	}
	if e.name == "" {
		if e.name = r.lang.names[c]; e.name == "" && !r.lenient {
			return fmt.Errorf("tag token 0x%02X of code page %d is not known in CSP %s", c.token, c.page, r.lang.version)
		} else if e.name == "" {
			e.name = fmt.Sprintf("page-%d-0x%02X", c.page, c.token)
		}
	}
	if err := r.start(e); err != nil {
		return err
	}
	if token&hasContent == 0 {
		r.end()
	}
	return nil
}

// chooseDialect goes by the namespace of the root: AOSP's own tests have a document
// of 1.2 with the public identifier of 1.1. Without either it is 1.1, as for Symbian.
func (r *wbxmlReader) chooseDialect(namespace string) {
	if d := tables().dialectOf(namespace); d != nil {
		r.lang = d
	}
	if r.lang == nil {
		r.lang = tables().dialects[1]
	}
}

// attributes reads them into the start of an element, whose namespace is one of them.
func (r *wbxmlReader) attributes(e *event) error {
	seen := map[string]bool{}
	page := byte(0)
	token := r.octet()
	for r.err == nil && token != tokenEnd {
		if token == tokenSwitchPage {
			page, token = r.octet(), r.octet()
			continue
		}
		var a attribute
		var err error
		start, known := tables().namespaces[token]
		switch {
		case token == tokenLiteral:
			a.name, err = r.literal("xml:")
		case known && page == 0:
			a = attribute{"xmlns", start}
		case r.lenient:
			a.name = fmt.Sprintf("attribute-%d-0x%02X", page, token)
		default:
			err = fmt.Errorf("attribute token 0x%02X of code page %d is not known in CSP", token, page)
		}
		if err != nil {
			return err
		}
		if token, err = r.attributeValue(&a); err != nil {
			return err
		}
		switch {
		case seen[a.name]:
			return errors.New("an attribute stands twice in an element")
		case a.name == "xmlns":
			e.space = a.value
		default:
			e.attrs = append(e.attrs, a)
		}
		seen[a.name] = true
	}
	return r.err
}

// attributeValue reads what follows the start of an attribute, and the token behind it.
func (r *wbxmlReader) attributeValue(a *attribute) (token byte, err error) {
	value := []byte(a.value)
	for {
		var s string
		switch token = r.octet(); token {
		case tokenStrI, tokenStrT, tokenEntity:
			s, err = r.stringOf(token)
		default:
			a.value = string(value)
			if token >= 0x80 && !r.lenient {
				err = fmt.Errorf("token 0x%02X in an attribute is not known in CSP", token)
			}
			if r.err != nil {
				err = r.err
			}
			return token, err
		}
		if err != nil {
			return 0, err
		}
		value = append(value, s...)
	}
}

// literal reads a name from the string table, which may have a certain prefix.
func (r *wbxmlReader) literal(prefix string) (string, error) {
	name, err := r.stringOf(tokenStrT)
	if err == nil && !isXMLName(strings.TrimPrefix(name, prefix)) {
		err = errors.New("the string table has no name of XML where one is used as that")
	}
	return name, err
}

// stringOf reads what follows the token of a string or a character, and accounts for it.
func (r *wbxmlReader) stringOf(token byte) (s string, err error) {
	switch token {
	case tokenStrI:
		s = r.string()
	case tokenStrT:
		offset := r.mb()
		if r.err == nil {
			s, err = r.tableString(offset)
		}
	case tokenEntity:
		n := r.mb()
		if s = string(rune(n)); n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
			err = errors.New("a character (ENTITY) is none of Unicode")
		}
	}
	if r.err != nil {
		err = r.err
	}
	if err != nil {
		return "", err
	}
	if r.spent += len(s); r.spent > maxDocument {
		return "", fmt.Errorf("its strings have more than %d octets together", maxDocument)
	}
	if !isXMLText(s) {
		if !r.lenient {
			return "", errors.New("a text has characters that XML cannot have, or is not UTF-8")
		}
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s, nil
}

func (r *wbxmlReader) failf(format string, args ...any) error {
	return r.fail(fmt.Errorf(format, args...))
}

// fail says where it was: at the token being read, or where the octets ended.
func (r *wbxmlReader) fail(err error) error {
	at := r.begin
	if r.err != nil {
		at = r.at
	}
	return fmt.Errorf("read WBXML: octet %d%s: %w", at, r.where(r.lang), err)
}
