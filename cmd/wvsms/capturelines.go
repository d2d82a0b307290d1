package main

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"wvsms/bridge"
	"wvsms/pdu"
)

// A lineSink writes a line a passage.
type lineSink struct {
	out  io.Writer
	line func(bridge.Passage) (string, error)
}

func (s lineSink) put(p bridge.Passage) error {
	line, err := s.line(p)
	if err == nil {
		_, err = fmt.Fprintln(s.out, line)
	}
	return err
}

func (lineSink) tick(time.Time) error { return nil }
func (lineSink) end() error           { return nil }

// tellPassage is a passage for people, without what messages hold.
func tellPassage(p bridge.Passage) (string, error) {
	at := p.At.UTC().Format("2006-01-02 15:04:05.000 UTC")
	if p.Kind == "dropped" {
		return fmt.Sprintf("%s  %d more passed and were not shown: this program was too slow", at, p.Dropped), nil
	}
	line := fmt.Sprintf("%s  %-6s %s", at, visible(p.Modem), arrow(!p.In))
	if p.Kind == "result" {
		line += "  " + tellOutcome(p)
	} else {
		line += tellTPDU(p)
	}
	if p.ID != "" {
		line += "  [" + visible(p.ID) + "]"
	}
	return line, nil
}

func tellOutcome(p bridge.Passage) string {
	words, ok := map[string]string{
		"accepted": "accepted by the network", "refused": "refused", "not-sent": "not handed over",
		"unknown": "nobody knows whether the network has it",
	}[p.Outcome]
	if !ok {
		words = visible(p.Outcome)
	}
	if p.MR >= 0 {
		words += fmt.Sprintf(", TP-MR %d", p.MR)
	}
	if p.Why != "" {
		words += ": " + visible(p.Why)
	}
	return words
}

// tellTPDU names the fields that tell one short message from another.
func tellTPDU(p bridge.Passage) string {
	if len(p.TPDU) == 0 {
		return "no PDU at all: LIST quarantine has what the modem said"
	}
	t, _, err := pdu.Parse(p.TPDU, directionOf(p), pdu.RPUnknown)
	if err != nil {
		return fmt.Sprintf("%d octets that cannot be read: %v", len(p.TPDU), err)
	}
	var said []string
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	userData := func(ud pdu.UserData, dcs pdu.DCS) {
		if ports, ok := ud.Ports(); ok {
			say("port %d (from %d)", ports.Dst, ports.Src)
		}
		if concat, ok := ud.Concat(); ok {
			say("segment %d of %d under the %d-bit reference %d", concat.Seq, concat.Total, concat.Bits, concat.Ref)
		}
		say("%s of %v", count(len(ud.Data), "octet"), dcs.Alphabet())
	}
	switch t := t.(type) {
	case *pdu.Submit:
		say("SMS-SUBMIT to %s", visible(t.DA.String()))
		userData(t.UD, t.DCS)
		if t.SRR {
			say("report wanted")
		}
	case *pdu.Deliver:
		say("SMS-DELIVER from %s", cmp.Or(visible(t.OA.String()), "nobody"))
		userData(t.UD, t.DCS)
		if scts, ok := t.SCTS.Time(); ok {
			say("stamped %s", moment(scts))
		}
	case *pdu.StatusReport:
		say("SMS-STATUS-REPORT on TP-MR %d to %s", t.MR, visible(t.RA.String()))
		say("%s", bridge.ReportSays(t.ST))
	default:
		say("TP-MTI %d, %d octets", t.MTI(), len(p.TPDU))
	}
	return strings.Join(said, ", ")
}

// passageObject is what `capture --json` prints.
type passageObject struct {
	Time      string     `json:"time"`
	Modem     string     `json:"modem,omitempty"`
	Direction string     `json:"direction,omitempty"` // in: from the network; out
	Kind      string     `json:"kind"`                // submit, result, deliver, report, undecodable, dropped
	ID        string     `json:"id,omitempty"`
	Outcome   string     `json:"outcome,omitempty"`
	MR        *int       `json:"mr,omitempty"`
	Why       string     `json:"why,omitempty"`
	Dropped   int64      `json:"dropped,omitempty"`
	TPDU      string     `json:"tpdu,omitempty"`
	PDU       *pduObject `json:"pdu,omitempty"` // as pdu decode --tpdu --json prints it
}

func jsonPassage(p bridge.Passage) (string, error) {
	o := passageObject{
		Time: p.At.UTC().Format(time.RFC3339Nano), Modem: p.Modem, Kind: p.Kind, ID: p.ID, Outcome: p.Outcome, Why: p.Why, Dropped: p.Dropped,
		TPDU: hex.EncodeToString(p.TPDU),
	}
	if p.Kind == "result" && p.MR >= 0 {
		o.MR = &p.MR
	}
	if p.Kind != "dropped" {
		o.Direction = map[bool]string{true: "in", false: "out"}[p.In]
	}
	if len(p.TPDU) > 0 {
		o.PDU = (&pduDecodeCmd{TPDU: true, MO: !p.In}).decode(o.TPDU)
	}
	text, err := json.Marshal(o)
	return string(text), err
}
