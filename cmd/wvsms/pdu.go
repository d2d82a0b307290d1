package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"

	"wvsms/pdu"
)

type pduCmd struct {
	Decode pduDecodeCmd `cmd:"" help:"Tell what stands in PDUs."`
	Encode pduEncodeCmd `cmd:"" help:"Make PDUs of objects as decode --json prints them, one a line on stdin."`
}

type pduDecodeCmd struct {
	MO   bool     `name:"mo" xor:"direction" help:"The PDUs go from a mobile to the network."`
	MT   bool     `name:"mt" xor:"direction" help:"The PDUs come from the network (default)."`
	TPDU bool     `name:"tpdu" help:"The PDUs have no SMSC field in front."`
	RP   string   `name:"rp" enum:"ack,error," default:"" placeholder:"ack|error" help:"What carries a report. Default: its octet 2 tells."`
	JSON bool     `name:"json" help:"Print a JSON object a line."`
	Hex  []string `arg:"" name:"HEX" sep:"none" help:"PDU-mode hex."`
}

// Run prints every argument; what cannot be read makes it fail after the last one.
func (c *pduDecodeCmd) Run(std *stdio) error {
	out := bufio.NewWriter(std.Out)
	faulty := 0
	for i, arg := range c.Hex {
		o := c.decode(arg)
		if o.Error != nil {
			faulty++
		}
		switch {
		case c.JSON:
			e := json.NewEncoder(out)
			e.SetEscapeHTML(false)
			if err := e.Encode(o); err != nil {
				return fmt.Errorf("encode JSON: %w", err)
			}
		default:
			if i > 0 {
				fmt.Fprintln(out)
			}
			o.print(out)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if faulty > 0 {
		return fmt.Errorf("%d of %d PDUs are faulty", faulty, len(c.Hex))
	}
	return nil
}

// decode makes the object of one argument.
func (c *pduDecodeCmd) decode(arg string) *pduObject {
	o := &pduObject{}
	b, err := pdu.DecodeHex(arg)
	if err != nil {
		return o.fail(err)
	}
	m := pdu.Mode{TPDU: b}
	if !c.TPDU {
		if m, err = pdu.ParseMode(b); err != nil {
			return o.fail(err)
		}
		if b[0] > 0 {
			o.setSMSC(m.SMSC)
		}
		o.warn(m.Warnings, 0)
	}
	direction, rp := pdu.MT, pdu.RPUnknown
	if c.MO {
		direction = pdu.MO
	}
	switch c.RP {
	case "ack":
		rp = pdu.RPAck
	case "error":
		rp = pdu.RPError
	}
	t, warnings, err := pdu.Parse(m.TPDU, direction, rp)
	before := len(b) - len(m.TPDU) // the octets of faults count from the argument's first one
	o.warn(warnings, before)
	var fault *pdu.Fault
	if errors.As(err, &fault) {
		fault.Octet += before
		o.fail(fault)
	}
	o.describe(t, fault)
	return o
}
