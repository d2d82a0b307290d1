package csp

import "errors"

// Specification: tokens that are the same on every code page (WAP-192-WBXML 7.1).
const (
	tokenSwitchPage = 0x00
	tokenEnd        = 0x01
	tokenEntity     = 0x02
	tokenStrI       = 0x03
	tokenLiteral    = 0x04
	tokenExtT0      = 0x80
	tokenStrT       = 0x83
	tokenOpaque     = 0xC3

	hasContent    = 0x40
	hasAttributes = 0x80
	tokenBits     = 0x3F
	firstTag      = 0x05 // in the six bits of a tag; below it are those of every page
)

// Specification: the head of a document (WAP-192-WBXML 5.2).
const (
	wbxmlVersion = 0x03 // 1.3, which all known senders write

	idInTable = 0 // of public identifiers
	idUnknown = 1

	charsetUnknown = 0 // of MIBenums
	charsetASCII   = 3
	charsetUTF8    = 106
)

// isWBXML takes a document of WBXML 1.1 to 1.3 with one of the public identifiers of CSP,
// by number or by name, or with none and a root that can only be CSP's.
func isWBXML(b []byte) bool {
	r, err := newWBXMLReader(b)
	return err == nil && (r.lang != nil || r.id == idUnknown && r.beginsLikeCSP())
}

// beginsLikeCSP looks for WV-CSP-Message with its namespace or its Session, or for one
// of version discovery.
func (r *wbxmlReader) beginsLikeCSP() bool {
	c := r.cursor
	page, tag := byte(0), c.octet()
	if tag == tokenSwitchPage {
		page, tag = c.octet(), c.octet()
	}
	next := c.octet()
	if c.err != nil {
		return false
	}
	switch name := tables().dialects[3].names[code{page, tag & tokenBits}]; name {
	case "WV-CSP-Message":
		if tag&hasAttributes != 0 {
			return tables().namespaces[next] != ""
		}
		return next == tokenSwitchPage || tables().dialects[3].names[code{0, next & tokenBits}] == "Session"
	case "WV-CSP-VersionDiscovery-Request", "WV-CSP-VersionDiscovery-Response":
		return true
	}
	return false
}

// head reads what stands before the body.
func (r *wbxmlReader) head() error {
	if v := r.octet(); v < 1 || v > wbxmlVersion {
		return r.fail(errors.New("a document begins with its version, 01 to 03"))
	}
	r.id = r.mb()
	var name uint32
	if r.id == idInTable {
		name = r.mb()
	}
	switch charset := r.mb(); charset {
	case charsetUTF8, charsetASCII, charsetUnknown:
	default:
		return r.failf("the character set is UTF-8 or US-ASCII, and MIBenum %d is neither", charset)
	}
	r.table = r.octets(r.mb())
	if r.err != nil {
		return r.fail(r.err)
	}
	if r.id == idInTable {
		text, err := r.tableString(name)
		if err != nil {
			return r.fail(err)
		}
		r.lang = tables().byText[text]
	}
	for _, d := range tables().dialects {
		if uint32(d.publicID) == r.id {
			r.lang = d
		}
	}
	if r.lang == nil && r.id != idUnknown {
		return r.fail(errors.New("the public identifier is none of CSP"))
	}
	return nil
}
