package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"wvsms/csp"
)

// A cspMessageObject is what `csp decode --json` prints and `csp encode --json` reads:
// what is told of a message, and the message itself in the keys of its syntax.
type cspMessageObject struct {
	cspObject
	Session  string         `json:"session,omitempty"`
	Preamble string         `json:"preamble,omitempty"` // of PTS
	Params   *[]paramObject `json:"params,omitempty"`   // of PTS that is whole
	Cookie   string         `json:"cookie,omitempty"`   // of CIR
	XML      string         `json:"xml,omitempty"`      // of XML and WBXML
	Octets   string         `json:"octets,omitempty"`   // what the other keys cannot hold: of PTS all behind the preamble, else the message
	Error    string         `json:"error,omitempty"`
}

// describe fills the object of a message, without its secrets unless they are asked for.
// The error says why the message could not be read whole; the object then has its octets.
func (o *cspMessageObject) describe(b []byte, secrets bool) (err error) {
	m := csp.Inspect(b)
	*o = cspMessageObject{cspObject: *newCSPObject(m), Session: m.Session}
	switch m.Syntax {
	case csp.PTS:
		err = o.describePTS(b, secrets)
	case csp.CIR:
		o.describeCIR(b, secrets)
	case csp.XML, csp.WBXML:
		err = o.describeDocument(b, m.Syntax, secrets)
	default:
		o.Octets, err = hex.EncodeToString(b), errOpaque
	}
	if err != nil {
		o.Error = err.Error()
	}
	if !secrets {
		o.Octets = ""
	}
	return err
}

var errOpaque = errors.New("this is no CSP message: neither plain text syntax, CIR, XML nor WBXML")

func (o *cspMessageObject) describePTS(b []byte, secrets bool) error {
	p, _, err := csp.ParsePreamble(b)
	if err != nil {
		return err
	}
	head, err := p.AppendText(nil)
	if err != nil {
		return err
	}
	o.Preamble, o.Octets = string(head), hex.EncodeToString(b[len(head):])
	if p.Identifier != "" {
		return nil // a slice, cut anywhere
	}
	m, err := csp.ParsePTS(b)
	if err != nil {
		return err
	}
	if !secrets {
		m = m.Redacted()
	}
	if params, ok := newParamObjects(m.Params); ok {
		o.Params, o.Octets = &params, ""
	}
	return nil
}

func (o *cspMessageObject) describeCIR(b []byte, secrets bool) {
	c, _ := csp.ParseCIR(b)
	if !secrets {
		c.Value = "(hidden)"
	}
	if c.Version == "" {
		o.Session = c.Value
	} else {
		o.Cookie = c.Value
	}
}

func (o *cspMessageObject) describeDocument(b []byte, syntax csp.Syntax, secrets bool) error {
	var text bytes.Buffer
	err := printDocument(&text, b, secrets)
	o.XML = text.String()
	switch {
	case err != nil || syntax == csp.XML && !utf8.Valid(b):
		o.Octets = hex.EncodeToString(b)
	case syntax == csp.XML && secrets:
		o.XML = string(b)
	}
	return err
}

// message makes the message of the object.
func (o *cspMessageObject) message() (b []byte, err error) {
	if o.Error != "" {
		return nil, fmt.Errorf("error: the object is of a message that could not be read: %s", o.Error)
	}
	octets, err := hex.DecodeString(o.Octets)
	switch {
	case err != nil:
		return nil, fmt.Errorf("octets: %w", err)
	case o.Syntax == csp.PTS.String():
		b, err = o.pts(octets)
	case o.Octets != "":
		b = octets
	case o.Syntax == csp.CIR.String():
		c := csp.CIRMessage{Word: "HELO", Value: o.Session}
		if o.Cookie != "" {
			c = csp.CIRMessage{Word: "WVCI", Version: o.Version, Value: o.Cookie}
		}
		b = []byte(c.String())
	case o.Syntax == csp.XML.String():
		b = []byte(o.XML)
	case o.Syntax == csp.WBXML.String():
		b, err = csp.ToWBXML([]byte(o.XML))
	default:
		return nil, fmt.Errorf("syntax: %q: PTS, CIR, XML or WBXML", o.Syntax)
	}
	if err != nil {
		return nil, err
	}
	return b, o.agrees(b)
}

func (o *cspMessageObject) pts(octets []byte) ([]byte, error) {
	p, rest, err := csp.ParsePreamble([]byte(o.Preamble))
	if err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("preamble: %q is none like WV12LR1", o.Preamble)
	}
	if o.Params == nil {
		b, err := p.AppendText(nil)
		return append(b, octets...), err
	}
	params, err := readParams(*o.Params)
	if err != nil {
		return nil, err
	}
	return (&csp.PTSMessage{Preamble: p, Params: params}).AppendText(nil)
}

// agrees refuses what the object says of a message and the one made of it does not.
func (o *cspMessageObject) agrees(b []byte) error {
	var made cspMessageObject
	if err := made.describe(b, true); err != nil {
		return err
	}
	given, is := reflect.ValueOf(o.cspObject), reflect.ValueOf(made.cspObject)
	for i := range given.NumField() {
		f := given.Type().Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key != "" && !given.Field(i).IsZero() && !reflect.DeepEqual(given.Field(i).Interface(), is.Field(i).Interface()) {
			return fmt.Errorf("%s: it contradicts the message, which is %s", key, made.text)
		}
	}
	return nil
}
