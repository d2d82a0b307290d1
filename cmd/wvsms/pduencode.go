package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"wvsms/pdu"
)

type pduEncodeCmd struct {
	JSON bool `name:"json" help:"Read JSON objects, one a line (there is no other form)."`
	TPDU bool `name:"tpdu" help:"Leave out the SMSC field."`
}

// Run writes a line of hex for each object; lines that cannot be encoded make it fail after the last one.
func (c *pduEncodeCmd) Run(std *stdio) error {
	in := bufio.NewReader(std.In)
	lines, faulty := 0, 0
	for n := 1; ; n++ {
		line, readErr := in.ReadBytes('\n')
		if readErr != nil && readErr != io.EOF {
			return fmt.Errorf("read line %d: %w", n, readErr)
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines++
			if b, err := c.encode(line); err != nil {
				faulty++
				fmt.Fprintf(std.Err, "line %d: %v\n", n, err)
			} else if _, err := fmt.Fprintf(std.Out, "%X\n", b); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
		if readErr == io.EOF {
			break
		}
	}
	if faulty > 0 {
		return fmt.Errorf("%d of %d objects cannot be encoded", faulty, lines)
	}
	return nil
}

// encode makes the octets of one object.
func (c *pduEncodeCmd) encode(line []byte) ([]byte, error) {
	o, err := parseObject(line)
	if err != nil {
		return nil, err
	}
	w := &writing{pduObject: o}
	t := w.tpdu()
	if w.err != nil {
		return nil, w.err
	}
	b, err := t.AppendBinary(nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.dataKey(), err)
	}
	if err := o.agrees(t); err != nil {
		return nil, err
	}
	if c.TPDU {
		return b, nil
	}
	m := pdu.Mode{TPDU: b}
	if o.SMSC != nil {
		m.SMSC = w.address("smsc", *o.SMSC, o.SMSCTON, o.SMSCNPI)
	}
	if w.err != nil {
		return nil, w.err
	}
	return m.AppendBinary(nil)
}

// parseObject reads an object whose keys are all known, in the spelling known.
func parseObject(line []byte) (*pduObject, error) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(line, &given); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return nil, fmt.Errorf("no JSON object but a %s", wrong.Value)
		}
		return nil, fmt.Errorf("no JSON object: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(objectKeys, key) {
			return nil, fmt.Errorf("%s: unknown key", key)
		}
	}
	o := &pduObject{}
	if err := decodeStrict(line, o); err != nil {
		return nil, err
	}
	if o.Error != nil {
		return nil, fmt.Errorf("error: the object is of a faulty PDU: %s", *o.Error)
	}
	return o, nil
}

// decodeStrict decodes JSON without unknown keys; the error starts with the key.
func decodeStrict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return fmt.Errorf("%s: impossible value: %s", wrong.Field, wrong.Value)
	}
	if key, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("%s: unknown key", strings.Trim(key, `"`))
	}
	return err
}

// derived are the keys that tell again what others say.
var derived = []string{"alphabet", "autodelete", "class", "compressed", "concat", "mwi", "ports", "udhi", "vpf"}

// agrees refuses keys that the message made of the object does not have, and those it contradicts.
func (o *pduObject) agrees(t pdu.TPDU) error {
	made := &pduObject{}
	made.describe(t, nil)
	given, has := o.byKey(), made.byKey()
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if slices.Contains([]string{"smsc", "smsc_ton", "smsc_npi", "data", "text", "udl", "csp", "warnings"}, key) {
			continue
		}
		base := strings.TrimSuffix(key, "_raw")
		if has[base] == nil && has[base+"_raw"] == nil {
			return fmt.Errorf("%s: by its other keys this %s has none", key, *o.Type)
		}
		if slices.Contains(derived, key) && !bytes.Equal(given[key], has[key]) {
			return fmt.Errorf("%s: %s contradicts other keys, by which it is %s", key, given[key], has[key])
		}
	}
	return nil
}
