package doctor

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"wvsms/pdu"
)

// aliases stand for the numbers and identities of a dialogue: each always for the same
// one, of the same length, so that the dialogue stays what it was.
type aliases struct{ of map[string]string }

func newAliases() *aliases { return &aliases{of: map[string]string{}} }

// alias of digits. What the first ones tell stays: the network of an IMSI, the make of
// an IMEI, the country of a number.
func (a *aliases) alias(digits string) string {
	if got, ok := a.of[digits]; ok {
		return got
	}
	keep := 2
	if len(digits) >= 14 {
		keep = 5
	}
	rest := len(digits) - keep
	if rest < 1 {
		return digits
	}
	tail := fmt.Sprintf("%0*d", rest, len(a.of)+1)
	got := digits[:keep] + tail[len(tail)-rest:]
	a.of[digits] = got
	return got
}

// digitRuns are what may be a number: nothing else in a dialogue has so many digits.
var digitRuns = regexp.MustCompile(`[0-9]{7,}`)

func (a *aliases) inText(line string) string { return digitRuns.ReplaceAllStringFunc(line, a.alias) }

// inPDU gives addresses their aliases and blanks the text. What cannot be read is
// blanked whole, but for the length of the SMSC field: the octets stay as many.
func (a *aliases) inPDU(line string) string {
	octets, err := hex.DecodeString(line)
	if err != nil { // half an octet is lost
		return strings.Repeat("0", len(line))
	}
	if blank, err := a.blank(octets); err == nil && len(blank) == len(octets) {
		octets = blank
	} else {
		clear(octets[1:])
	}
	out := hex.EncodeToString(octets)
	if strings.ToUpper(line) == line {
		out = strings.ToUpper(out)
	}
	return out
}

func (a *aliases) blank(octets []byte) ([]byte, error) {
	mode, err := pdu.ParseMode(octets)
	if err != nil {
		return nil, err
	}
	a.address(&mode.SMSC)
	read := pdu.ParseMT
	if len(mode.TPDU) > 0 && mode.TPDU[0]&3 == 1 { // a SUBMIT, on its way out or kept
		read = pdu.ParseMO
	}
	tpdu, _, err := read(mode.TPDU)
	if err != nil {
		return nil, err
	}
	switch t := tpdu.(type) {
	case *pdu.Deliver:
		a.address(&t.OA)
		clear(t.UD.Data)
	case *pdu.Submit:
		a.address(&t.DA)
		clear(t.UD.Data)
	case *pdu.StatusReport:
		a.address(&t.RA)
	default:
		return nil, fmt.Errorf("blank a %T: nothing is known of it", t)
	}
	if mode.TPDU, err = tpdu.AppendBinary(nil); err != nil {
		return nil, err
	}
	return mode.AppendBinary(nil)
}

func (a *aliases) address(to *pdu.Address) {
	to.Digits = a.alias(to.Digits)
	to.Text = strings.Repeat("A", len(to.Text))
}
