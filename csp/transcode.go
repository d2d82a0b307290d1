package csp

import "errors"

// ToWBXML writes a document in XML as WBXML. The version is the one of the root's
// namespace, else of the document type. Elements and attributes that have no token stand
// in the string table. What comes back from ToXML is the same in canonical form.
func ToWBXML(doc []byte) ([]byte, error) {
	r := newXMLReader(doc)
	first, err := r.next()
	if err != nil {
		return nil, err
	}
	switch {
	case r.lang == nil:
		return nil, errors.New("write WBXML: neither the namespace of the root element nor a document type says which version of CSP it is, 1.1, 1.2 or 1.3")
	case r.lang == tables().dialects[0]:
		return nil, errors.New("write WBXML: CSP 1.0 is read and not written")
	}
	w := &wbxmlWriter{lang: r.lang, offsets: map[string]int{}}
	r.unread(first)
	if err := copyTo(w.write, r); err != nil {
		return nil, err
	}
	return w.bytes(), nil
}

// ToXML writes a document in WBXML as XML, on one line. What cannot be told without loss,
// a tag or a value that is not known among it, is an error that names page and token:
// whoever carries the message then carries its octets as they are. Display is another
// matter: Parse shows such an element as "page-11-0x3A".
func ToXML(wbxml []byte) ([]byte, error) {
	r, err := newWBXMLReader(wbxml)
	if err != nil {
		return nil, err
	}
	first, err := r.next()
	if err != nil {
		return nil, err
	}
	w := &xmlWriter{b: []byte(`<?xml version="1.0" encoding="UTF-8"?>`)}
	w.documentType(first, r.lang)
	r.unread(first)
	if err := copyTo(w.write, r); err != nil {
		return nil, err
	}
	return w.b, nil
}

// IndentXML writes a document for people, two spaces a level. Its canonical form stays.
func IndentXML(doc []byte) ([]byte, error) {
	r, w := newXMLReader(doc), &xmlWriter{indent: true}
	first, err := r.next()
	if err != nil {
		return nil, err
	}
	w.documentType(first, r.lang)
	r.unread(first)
	if err := copyTo(w.write, r); err != nil {
		return nil, err
	}
	return append(w.b, '\n'), nil
}
