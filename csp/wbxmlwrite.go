package csp

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
)

// A wbxmlWriter writes the body of a document in WBXML. What has no token goes into the
// string table, which stands before it.
type wbxmlWriter struct {
	lang    *dialect
	body    []byte
	table   []byte
	offsets map[string]int
	page    byte
	open    []tagWritten
}

type tagWritten struct {
	at    int // where its tag stands
	space string
}

func (w *wbxmlWriter) write(e event) error {
	switch e.kind {
	case startEvent:
		w.start(e)
	case textEvent:
		w.content()
		w.text(e)
	case endEvent:
		last := len(w.open) - 1
		if w.body[w.open[last].at]&hasContent != 0 {
			w.body = append(w.body, tokenEnd)
		}
		w.open = w.open[:last]
	}
	return nil
}

// bytes is the whole document.
func (w *wbxmlWriter) bytes() []byte {
	b := []byte{wbxmlVersion, w.lang.publicID, charsetUTF8}
	b = appendMB(b, uint32(len(w.table)))
	b = append(b, w.table...)
	return append(b, w.body...)
}

func (w *wbxmlWriter) start(e event) {
	space := ""
	if len(w.open) > 0 {
		w.content()
		space = w.open[len(w.open)-1].space
	}
	c, known := w.lang.codes[e.name]
	if known && c.page != w.page {
		w.page = c.page
		w.body = append(w.body, tokenSwitchPage, w.page)
	}
	tag := tagWritten{len(w.body), e.space}
	if known {
		w.body = append(w.body, c.token)
	} else {
		w.body = w.reference(tokenLiteral, e.name)
	}
	if e.space != space || len(e.attrs) > 0 {
		w.body[tag.at] |= hasAttributes
		w.attributes(e, space)
	}
	w.open = append(w.open, tag)
}

// content notes that the element being written is not empty.
func (w *wbxmlWriter) content() { w.body[w.open[len(w.open)-1].at] |= hasContent }

func (w *wbxmlWriter) attributes(e event, around string) {
	if e.space != around {
		if token, version, ok := tables().namespaceToken(e.space); ok {
			w.body = append(w.body, token)
			w.string(version)
		} else {
			w.body = w.reference(tokenLiteral, "xmlns")
			w.string(e.space)
		}
	}
	for _, a := range e.attrs {
		w.body = w.reference(tokenLiteral, a.name)
		w.string(a.value)
	}
	w.body = append(w.body, tokenEnd)
}

// text writes a number or a date-time as octets, and a text that has a token as that, if
// they are read as what they are. A user's message stays a text, whatever it is.
func (w *wbxmlWriter) text(e event) {
	if e.leaf {
		trimmed := strings.Trim(e.text, whiteSpace)
		switch w.lang.kinds[w.lang.spelling(e.name)] {
		case integer:
			if octets, ok := integerOctets(trimmed); ok {
				w.opaque(octets)
				return
			}
		case dateTime:
			if octets, ok := dateTimeOctets(trimmed); ok {
				w.opaque(octets)
				return
			}
		}
		if token, ok := w.lang.valueToken(e.text, w.page); ok {
			w.body = appendMB(append(w.body, tokenExtT0), token)
			return
		}
	}
	w.string(e.text)
}

// string writes a text, which has no NUL: XML has none.
func (w *wbxmlWriter) string(s string) {
	if s != "" {
		w.body = append(append(append(w.body, tokenStrI), s...), 0)
	}
}

func (w *wbxmlWriter) opaque(octets []byte) {
	w.body = append(appendMB(append(w.body, tokenOpaque), uint32(len(octets))), octets...)
}

// reference writes a token and where in the string table its name stands.
func (w *wbxmlWriter) reference(token byte, name string) []byte {
	offset, ok := w.offsets[name]
	if !ok {
		offset = len(w.table)
		w.offsets[name] = offset
		w.table = append(append(w.table, name...), 0)
	}
	return appendMB(append(w.body, token), uint32(offset))
}

// integerOctets are those of a number, most significant first and as few as there can
// be, but one of zero: of none Wireshark complains and Symbian's client makes nothing.
// Beyond 32 bits it stays a text.
func integerOctets(s string) ([]byte, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || !isNumber(s) {
		return nil, false
	}
	octets := bytes.TrimLeft(binary.BigEndian.AppendUint32(nil, uint32(n)), "\x00")
	if len(octets) == 0 {
		octets = []byte{0}
	}
	return octets, true
}

// appendMB writes a mb_u_int32: seven bits an octet, the most significant first.
func appendMB(b []byte, n uint32) []byte {
	for shift := 28; shift > 0; shift -= 7 {
		if n>>shift != 0 {
			b = append(b, byte(n>>shift)|0x80)
		}
	}
	return append(b, byte(n&0x7F))
}
