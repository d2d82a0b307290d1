package bridge

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"wvsms/modem"
	"wvsms/pdu"
)

// Masked gives trace, an Options.Trace, every AT line without what messages hold: of a
// PDU the fields and the user data header are left, of other lines those that are known
// to be no message's. Whatever may be one, a text, a damaged PDU or what the line's noise
// has made of it, is told by its length alone.
func Masked(trace func(modem string, sent bool, line string)) func(modem string, sent bool, line string) {
	var mu sync.Mutex
	masks := map[string]*mask{}
	return func(modem string, sent bool, line string) {
		mu.Lock()
		m := masks[modem]
		if m == nil {
			m = newMask()
			masks[modem] = m
		}
		line = m.line(sent, line)
		mu.Unlock()
		trace(modem, sent, line)
	}
}

func newMask() *mask { return &mask{prompted: noLength, length: noLength} }

// A mask knows of the dialogue with one modem what the next line may be.
type mask struct {
	asked    string // the last command
	prompted int    // the length of the PDU that goes with it
	length   int    // that the header of the next PDU from the modem told
	body     bool   // the next line is that of a header
	broken   bool   // a PDU came damaged: its rest may stand on a line of its own
	texts    bool   // the modem gives messages as text: any line may be one
}

const noLength = -1

// The headers of messages (TS 27.005 3.4, 4.1, 4.2), and how they read before a PDU:
// numbers, and an empty name.
var (
	headers   = map[string]bool{"+CMT": true, "+CDS": true, "+CBM": true, "+CMGR": true, "+CMGL": true}
	pduHeader = regexp.MustCompile(`^( *([0-9]{1,3}|"")? *,)* *([0-9]{1,3}) *$`)
	range0to4 = regexp.MustCompile(`^\([0-9,-]{1,9}\)$`) // of a test command's answer
	nameOf    = regexp.MustCompile(`^([+^*#$%&@!_][A-Z0-9 _]{1,20}):`)
	refused   = regexp.MustCompile(`^\+CM[ES] ERROR ?: ?[0-9]{1,4}$`)
	identity  = regexp.MustCompile(`^AT(I[0-9]*|\+C?G(MI|MM|MR|SN)|\+CIMI|[+^]Q?I?C?CID)$`)
	hexRun    = regexp.MustCompile(`[0-9A-Fa-f]{21,}`) // no number of a SIM or modem is as long
	// promptWith is `AT+CMGS=24`.
	promptWith = regexp.MustCompile(`^AT\+CMG[SW]=([0-9]{1,3})$`)
)

func (m *mask) line(sent bool, line string) string {
	if sent {
		return m.sent(line)
	}
	return m.received(line)
}

func (m *mask) sent(line string) string {
	switch {
	case line == "^[":
		return line
	case strings.HasPrefix(line, "AT"):
		m.asked, m.broken, m.prompted = line, false, noLength
		if line == "AT+CMGF=0" {
			m.texts = false
		}
		if f := promptWith.FindStringSubmatch(line); f != nil {
			m.prompted, _ = strconv.Atoi(f[1])
		}
		return withoutHex(line)
	}
	digits, end := strings.CutSuffix(line, "^Z")
	line = maskPDU(digits, m.prompted, pdu.ParseMO)
	if end {
		line += "^Z"
	}
	return line
}

func (m *mask) received(line string) string {
	name := ""
	if f := nameOf.FindStringSubmatch(line); f != nil {
		name = strings.TrimRight(f[1], " ")
	}
	args := strings.TrimSpace(strings.TrimPrefix(line[len(name):], ":"))
	switch {
	case line == ">" || modem.IsWord(line) || refused.MatchString(line):
		return line
	case headers[name] && (pduHeader.MatchString(args) || range0to4.MatchString(args)):
		m.header(args)
		return line
	case headers[name]:
		m.header(args)
		m.texts = m.texts || asText(args)
		return fmt.Sprintf("%s: <%d characters>", name, len(args))
	case m.texts:
		m.body = false
		return fmt.Sprintf("<%d characters>", len(line))
	case name != "":
		return withoutHex(line)
	case line == m.asked: // its echo
		return withoutHex(line)
	}
	body := m.body
	m.body = false
	switch digits := strings.Trim(line, "0123456789ABCDEFabcdef") == ""; {
	case body && digits:
		line = maskPDU(line, m.length, parseStored)
		m.broken = m.broken || strings.HasPrefix(line, "<")
		return line
	case !body && !m.broken && identity.MatchString(m.asked) && !hexRun.MatchString(line):
		return line
	case digits:
		m.broken = true // its header is lost, or it is an echo
		return fmt.Sprintf("<%d hex digits>", len(line))
	}
	m.broken = m.broken || body
	return fmt.Sprintf("<%d characters>", len(line))
}

// asText tells whether a header is that of a message as text: it has a time or a state in
// words (TS 27.005 3.4.2, 3.4.3).
func asText(args string) bool {
	return strings.ContainsAny(args, "/") || strings.Contains(args, `"REC`) || strings.Contains(args, `"STO`)
}

// header notes what a header says of the line that follows.
func (m *mask) header(args string) {
	m.body, m.length = true, noLength
	last := args[strings.LastIndexByte(args, ',')+1:]
	if n, err := strconv.Atoi(strings.TrimSpace(last)); err == nil {
		m.length = n
	}
}

// withoutHex takes a PDU out of a line in which it should not be.
func withoutHex(line string) string {
	return hexRun.ReplaceAllStringFunc(line, func(digits string) string { return fmt.Sprintf("<%d hex digits>", len(digits)) })
}

// parseStored reads a TPDU as a modem shows it: what somebody wrote into its store is
// one to the network.
func parseStored(b []byte) (pdu.TPDU, []pdu.Fault, error) {
	if len(b) > 0 && pdu.MTI(b[0]&3) == pdu.MTISubmit {
		return pdu.ParseMO(b)
	}
	return pdu.ParseMT(b)
}

// MaskPDU returns a PDU-mode line in hex that a modem gave without the user data.
func MaskPDU(line string) string {
	length := noLength
	if b, err := hex.DecodeString(line); err == nil && len(b) > 0 {
		length = len(b) - 1 - int(b[0])
	}
	return maskPDU(line, length, parseStored)
}

// maskPDU does that for a line whose length was told. A line of another length, or
// one that is not just as it would be written, is damaged: where its user data begins
// nobody knows.
func maskPDU(line string, length int, parse func([]byte) (pdu.TPDU, []pdu.Fault, error)) string {
	b, err := hex.DecodeString(line)
	if err != nil {
		return fmt.Sprintf("<%d hex digits>", len(line))
	}
	whole := fmt.Sprintf("<%d octets>", len(b))
	if len(b) == 0 || length < 0 || len(b) != 1+int(b[0])+length {
		return whole
	}
	mode, err := pdu.ParseMode(b)
	if err != nil {
		return whole
	}
	hidden, ok := toHide(mode.TPDU, parse)
	switch {
	case !ok:
		return whole
	case hidden == 0 && mode.TPDU[0]&3 == byte(pdu.MTIStatusReport):
		return line
	}
	return fmt.Sprintf("%s<%d octets>", line[:2*(len(b)-hidden)], hidden)
}

// RedactTPDU returns a TPDU of which the user data behind its header is zeros; of one that
// is not just as it would be written, all but the first octet.
func RedactTPDU(tpdu []byte, direction pdu.Direction) []byte {
	parse := pdu.ParseMT
	if direction == pdu.MO {
		parse = pdu.ParseMO
	}
	hidden, ok := toHide(tpdu, parse)
	if !ok {
		hidden = max(len(tpdu)-1, 0)
	}
	redacted := bytes.Clone(tpdu)
	clear(redacted[len(redacted)-hidden:])
	return redacted
}

// toHide is how many octets at the end of a TPDU are what a message holds. ok is false where
// nobody knows.
func toHide(b []byte, parse func([]byte) (pdu.TPDU, []pdu.Fault, error)) (hidden int, ok bool) {
	tpdu, warnings, err := parse(b)
	if err != nil || len(warnings) > 0 {
		return 0, false
	}
	var ud pdu.UserData
	switch t := tpdu.(type) {
	case *pdu.Deliver:
		ud = t.UD
	case *pdu.Submit:
		ud = t.UD
	case *pdu.StatusReport:
		if ud = t.UD; !t.PI.Has(pdu.PIUDL) {
			return 0, true
		}
	default:
		return 0, false
	}
	if again, err := tpdu.AppendBinary(nil); err != nil || !bytes.Equal(again, b) {
		return 0, false
	}
	for _, ie := range ud.UDH {
		if !harmless(ie) {
			return len(ud.Data) + headerOctets(ud), true
		}
	}
	return len(ud.Data), true
}

// harmless elements are told: a single bit that is damaged makes a header of user data.
func harmless(ie pdu.IE) bool {
	size, ok := map[byte]int{
		pdu.IEConcat8: 3, pdu.IEConcat16: 4, pdu.IEPorts8: 2, pdu.IEPorts16: 4, pdu.IESingleShift: 1, pdu.IELockingShift: 1,
	}[ie.ID]
	return ok && len(ie.Data) == size
}

func headerOctets(ud pdu.UserData) int {
	n := 1
	for _, ie := range ud.UDH {
		n += 2 + len(ie.Data)
	}
	return n
}
