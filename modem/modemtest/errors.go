package modemtest

import (
	"errors"
	"fmt"
	"strings"
)

// cme is a TS 27.007 9.2 error, answered as +CME ERROR; cms a TS 27.005 3.2.5
// one, answered as +CMS ERROR. What either looks like depends on +CMEE.
type (
	cme int
	cms int
)

func (e cme) Error() string { return fmt.Sprintf("+CME ERROR: %d", int(e)) }
func (e cms) Error() string { return fmt.Sprintf("+CMS ERROR: %d", int(e)) }

// plain is a final result code without a number: ERROR, NO CARRIER.
type plain string

func (e plain) Error() string { return string(e) }

// resultCode is the final result code for err as +CMEE (TS 27.007 9.1) wants it.
func resultCode(err error, cmee int) string {
	var (
		equipment cme
		message   cms
		other     plain
	)
	switch {
	case err == nil:
		return "OK"
	case errors.As(err, &other):
		return string(other)
	case errors.As(err, &equipment):
		switch cmee {
		case 1:
			return equipment.Error()
		case 2:
			return "+CME ERROR: " + text(cmeTexts, int(equipment))
		}
	case errors.As(err, &message):
		// TS 27.005 3.2.5: +CMS ERROR stands instead of ERROR whatever +CMEE says.
		if cmee == 2 {
			return "+CMS ERROR: " + text(cmsTexts, int(message))
		}
		return message.Error()
	}
	return "ERROR"
}

// parseResult is the error that puts out line as its final result code.
func parseResult(line string) error {
	var n int
	switch {
	case line == "OK":
		return nil
	case strings.HasPrefix(line, "+CMS ERROR: "):
		if _, err := fmt.Sscanf(line, "+CMS ERROR: %d", &n); err == nil {
			return cms(n)
		}
	case strings.HasPrefix(line, "+CME ERROR: "):
		if _, err := fmt.Sscanf(line, "+CME ERROR: %d", &n); err == nil {
			return cme(n)
		}
	}
	return plain(line)
}

func text(texts map[int]string, code int) string {
	if t, ok := texts[code]; ok {
		return t
	}
	return "Unknown error"
}

// TS 27.007 9.2.1 and 9.2.2.
var cmeTexts = map[int]string{
	3:   "Operation not allowed",
	4:   "Operation not supported",
	10:  "SIM not inserted",
	11:  "SIM PIN required",
	12:  "SIM PUK required",
	13:  "SIM failure",
	14:  "SIM busy",
	15:  "SIM wrong",
	16:  "Incorrect password",
	20:  "Memory full",
	21:  "Invalid index",
	22:  "Not found",
	30:  "No network service",
	31:  "Network timeout",
	50:  "Incorrect parameters",
	100: "Unknown",
}

// TS 24.011 E.2 (below 128), TS 23.040 9.2.3.22 (below 256), TS 27.005 3.2.5.
var cmsTexts = map[int]string{
	1:   "Unassigned (unallocated) number",
	8:   "Operator determined barring",
	10:  "Call barred",
	21:  "Short message transfer rejected",
	22:  "Memory capacity exceeded",
	27:  "Destination out of order",
	28:  "Unidentified subscriber",
	29:  "Facility rejected",
	30:  "Unknown subscriber",
	38:  "Network out of order",
	41:  "Temporary failure",
	42:  "Congestion",
	47:  "Resources unavailable, unspecified",
	50:  "Requested facility not subscribed",
	69:  "Requested facility not implemented",
	111: "Protocol error, unspecified",
	127: "Interworking, unspecified",
	192: "SC busy",
	193: "No SC subscription",
	194: "SC system failure",
	197: "Duplicate SM",
	208: "SIM SMS storage full",
	300: "ME failure",
	301: "SMS service of ME reserved",
	302: "Operation not allowed",
	303: "Operation not supported",
	304: "Invalid PDU mode parameter",
	305: "Invalid text mode parameter",
	310: "SIM not inserted",
	311: "SIM PIN required",
	313: "SIM failure",
	314: "SIM busy",
	316: "SIM PUK required",
	320: "Memory failure",
	321: "Invalid memory index",
	322: "Memory full",
	330: "SMSC address unknown",
	331: "No network service",
	332: "Network timeout",
	340: "No +CNMA acknowledgement expected",
	500: "Unknown error",
}
