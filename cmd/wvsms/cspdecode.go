package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"wvsms/csp"
)

type cspDecodeCmd struct {
	JSON   bool     `name:"json" help:"Print a JSON object, of which encode --json makes the message again."`
	Redact bool     `help:"Hide passwords, cookies, digests and texts."`
	Files  []string `arg:"" optional:"" name:"FILE" help:"The message; - or none: standard input. Several: the parts of one message."`
}

// Run prints the message. What cannot be read makes it fail after what can.
func (c *cspDecodeCmd) Run(std *stdio) error {
	b, err := c.message(std)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if c.JSON {
		err = c.object(&out, b)
	} else {
		err = c.print(&out, b)
	}
	if _, writeErr := out.WriteTo(std.Out); writeErr != nil {
		return fmt.Errorf("write: %w", writeErr)
	}
	return err
}

// message reads the files and joins parts, in whatever order they are given.
func (c *cspDecodeCmd) message(std *stdio) ([]byte, error) {
	var parts [][]byte
	for _, file := range c.Files {
		b, err := readCSP(std, file)
		if err != nil {
			return nil, err
		}
		parts = append(parts, withoutLineEnd(b))
	}
	switch len(parts) {
	case 0:
		b, err := readCSP(std, "-")
		return withoutLineEnd(b), err
	case 1:
		return parts[0], nil
	}
	slices.SortStableFunc(parts, func(a, b []byte) int { return csp.Inspect(a).Part - csp.Inspect(b).Part })
	return csp.Join(parts)
}

// withoutLineEnd takes off the line end that editors and echo leave behind a message in
// plain text syntax, where it would belong to the last text or break a joined message.
func withoutLineEnd(b []byte) []byte {
	line, ended := bytes.CutSuffix(b, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if ended && csp.Detect(line) == csp.PTS {
		return line
	}
	return b
}

// object prints what programs read.
func (c *cspDecodeCmd) object(w io.Writer, b []byte) error {
	var o cspMessageObject
	err := o.describe(b, !c.Redact)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(o); err != nil {
		return fmt.Errorf("encode JSON: %w", err)
	}
	return err
}

// print prints what people read; of XML and WBXML, what any XML tool does.
func (c *cspDecodeCmd) print(w io.Writer, b []byte) error {
	m := csp.Inspect(b)
	switch {
	case m.Syntax == csp.Opaque:
		return errOpaque
	case m.Syntax == csp.XML && m.Version == "" && len(m.Transactions) == 0:
		if _, err := csp.Parse(b); err != nil {
			return fmt.Errorf("this XML cannot be read as a CSP message: %w", err)
		}
		return errors.New("this XML is no CSP message: its root element is none of CSP")
	case m.Syntax == csp.XML || m.Syntax == csp.WBXML:
		fmt.Fprintf(w, "<!-- %s -->\n", strings.ReplaceAll(visible(m.String()), "--", "- -"))
		return printDocument(w, b, !c.Redact)
	}
	fmt.Fprintln(w, visible(m.String()))
	lines, err := tree(b, !c.Redact)
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
	return err
}
