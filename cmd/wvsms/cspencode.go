package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"wvsms/csp"
)

type cspEncodeCmd struct {
	JSON bool   `name:"json" help:"Read an object as decode --json prints it, instead of XML."`
	File string `arg:"" optional:"" name:"FILE" default:"-" help:"XML, or the object; - or none: standard input."`
}

// Run writes the octets of one message.
func (c *cspEncodeCmd) Run(std *stdio) error {
	in, err := readCSP(std, c.File)
	if err != nil {
		return err
	}
	encode := encodeXML
	if c.JSON {
		encode = encodeObject
	}
	b, err := encode(in)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if csp.Detect(b) == csp.WBXML && isTerminal(std.Out) {
		return usageError{errors.New("WBXML is not for a terminal: send it to a file or a program")}
	}
	if _, err := std.Out.Write(b); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

func encodeXML(b []byte) ([]byte, error) {
	if s := csp.Detect(b); s != csp.XML {
		return nil, fmt.Errorf("WBXML is made of XML, and this is %s", s)
	}
	return csp.ToWBXML(b)
}

func encodeObject(b []byte) ([]byte, error) {
	if !json.Valid(b) {
		return nil, errors.New("this is no JSON object")
	}
	var o cspMessageObject
	if err := decodeStrict(b, &o); err != nil {
		return nil, err
	}
	return o.message()
}
