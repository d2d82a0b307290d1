package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"wvsms/csp"
)

// A paramObject is one parameter of plain text syntax. Its value is a string, an array
// of values for a group, a textObject for a text that a string could not give back, and
// missing where there is no "=".
type paramObject struct {
	Code  string `json:"code"`
	Value any    `json:"value,omitempty"`
}

// A textObject is a text that is quoted where it need not be, or that is not UTF-8.
type textObject struct {
	Text   *string `json:"text,omitempty"`
	Octets *string `json:"octets,omitempty"`
	Quoted bool    `json:"quoted,omitempty"`
}

// newParamObjects gives the parameters; false if a code is no text, which JSON cannot hold.
func newParamObjects(params []csp.Param) ([]paramObject, bool) {
	objects := []paramObject{}
	for _, p := range params {
		if !utf8.ValidString(p.Code) {
			return nil, false
		}
		o := paramObject{Code: p.Code}
		if p.Value != nil {
			o.Value = valueObject(*p.Value)
		}
		objects = append(objects, o)
	}
	return objects, true
}

func valueObject(v csp.Value) any {
	switch {
	case v.Group != nil:
		items := make([]any, len(v.Group))
		for i, item := range v.Group {
			items[i] = valueObject(item)
		}
		return items
	case !utf8.ValidString(v.Text):
		return textObject{Octets: new(hex.EncodeToString([]byte(v.Text))), Quoted: v.Quoted}
	case v.Quoted && !strings.ContainsAny(v.Text, mustQuote):
		return textObject{Text: &v.Text, Quoted: true}
	}
	return v.Text
}

// mustQuote are the characters for which a text is quoted in any case.
const mustQuote = ` ",()=&`

func readParams(objects []paramObject) (params []csp.Param, err error) {
	for i, o := range objects {
		p := csp.Param{Code: o.Code}
		if o.Value != nil {
			v, err := readValue(o.Value)
			if err != nil {
				return nil, fmt.Errorf("params[%d]: %w", i, err)
			}
			p.Value = &v
		}
		params = append(params, p)
	}
	return params, nil
}

func readValue(given any) (v csp.Value, err error) {
	switch x := given.(type) {
	case string:
		v.Text = x
		return v, nil
	case []any:
		v.Group = make([]csp.Value, len(x))
		for i, item := range x {
			if v.Group[i], err = readValue(item); err != nil {
				return v, err
			}
		}
		return v, nil
	case map[string]any:
		return readText(x)
	}
	return v, errors.New("value: a string, an array of values, or an object with text or octets")
}

func readText(given map[string]any) (v csp.Value, err error) {
	b, err := json.Marshal(given)
	if err != nil {
		return v, err
	}
	var o textObject
	if err := decodeStrict(b, &o); err != nil {
		return v, err
	}
	if (o.Text == nil) == (o.Octets == nil) {
		return v, errors.New("value: text or octets, one of them")
	}
	octets, err := hex.DecodeString(or(o.Octets))
	if err != nil {
		return v, fmt.Errorf("octets: %w", err)
	}
	return csp.Value{Text: or(o.Text) + string(octets), Quoted: o.Quoted}, nil
}
