package csp

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
)

// A run is what stands in an element between two tags: any number of strings, characters
// and tokens for texts, which are one text together, or octets, which are a value.
type run struct {
	text   []byte
	opaque []byte
	pieces int
	octets bool // one of the pieces is opaque
}

// content reads a piece of a run.
func (r *wbxmlReader) content(token byte) error {
	r.run.pieces++
	switch token {
	case tokenStrI, tokenStrT, tokenEntity:
		s, err := r.stringOf(token)
		r.run.text = append(r.run.text, s...)
		return err
	case tokenExtT0:
		n := r.mb()
		if r.err != nil {
			return r.err
		}
		name := r.lang.valueName(n, r.open[len(r.open)-1].name)
		if name == "" && !r.lenient {
			return fmt.Errorf("value token 0x%02X is not known in CSP %s", n, r.lang.version)
		} else if name == "" {
			name = fmt.Sprintf("value-0x%02X", n)
		}
		r.run.text = append(r.run.text, name...)
		return nil
	case tokenOpaque:
		r.run.opaque, r.run.octets = r.octets(r.mb()), true
		return r.err
	}
	return fmt.Errorf("token 0x%02X has no meaning in CSP", token)
}

// flush makes a text of the run.
func (r *wbxmlReader) flush(last bool) error {
	in := r.open[len(r.open)-1]
	s := string(r.run.text)
	if r.run.octets {
		var err error
		if r.run.pieces > 1 || in.parent || !last {
			err = errors.New("octets (OPAQUE) stand beside something else")
		} else {
			s, err = r.opaque(in.name, r.run.opaque)
		}
		if err != nil && !r.lenient {
			return err
		} else if err != nil {
			s += fmt.Sprintf("0x%X", r.run.opaque)
		}
	}
	r.run = run{text: r.run.text[:0]}
	switch {
	case in.name == contentEncoding && s == "BASE64":
		r.base64 = r.encodes()
	case in.name == contentEncoding, in.name == contentData:
		r.base64 = 0
	}
	r.text(s, last)
	return nil
}

// contentEncoding says of the ContentData behind it how it is written in XML. They are
// in one element, or contentEncoding is in a part of that which tells of the message.
const (
	contentEncoding = "ContentEncoding"
	messageInfo     = "MessageInfo"
)

// encodes is how many elements are open while the ContentEncoding that is read holds.
func (r *wbxmlReader) encodes() int {
	around := len(r.open) - 1
	if around > 0 && r.open[around-1].name == messageInfo {
		around--
	}
	return around
}

// opaque is the text that octets stand for. In ContentData they are the text, or, where
// they cannot be and the encoding is said to be that, the text is made of them in BASE64.
func (r *wbxmlReader) opaque(name string, octets []byte) (string, error) {
	switch k := tables().kinds[name]; {
	case k == integer && len(octets) <= 8:
		var n uint64
		for _, o := range octets {
			n = n<<8 | uint64(o)
		}
		return strconv.FormatUint(n, 10), nil
	case k == integer:
		return "", fmt.Errorf("an integer has %d octets, of 8 at most", len(octets))
	case k == dateTime:
		if s, ok := dateTimeOf(octets); ok {
			return s, nil
		}
		return "", errors.New("the octets of a date-time are none")
	case name == contentData && r.base64 > 0 && !isBase64(octets):
		return base64.StdEncoding.EncodeToString(octets), nil
	case name == contentData && isXMLText(string(octets)):
		return string(octets), nil
	}
	return "", errors.New("octets (OPAQUE) are neither an integer nor a date-time nor a text")
}

func isBase64(octets []byte) bool {
	_, err := base64.StdEncoding.DecodeString(string(octets))
	return err == nil
}
