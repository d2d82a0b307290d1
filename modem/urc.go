package modem

import (
	"strconv"
	"strings"
)

// urcKind is a kind of unsolicited result code that means something to us.
type urcKind int

const (
	urcNone         urcKind = iota
	urcMessage              // +CMT: a message, handed on
	urcReport               // +CDS: a status report, handed on
	urcStored               // +CMTI: a message, stored
	urcStoredReport         // +CDSI
	urcReg                  // +CREG
	urcEPSReg               // +CEREG
	urcSIM                  // +CPIN
	urcFull                 // the store is full
	urcReady                // the modem has done its start
	urcSkip                 // two lines of no interest (+CBM)
)

// urc is one unsolicited result code.
type urc struct {
	kind urcKind
	args string // after the name
	text string // of a two-line one: the PDU line, "" when it was lost
}

// urcNames are the codes by name; all others are noise and only traced.
var urcNames = map[string]urcKind{
	"+CMT": urcMessage, "+CDS": urcReport, "+CBM": urcSkip,
	"+CMTI": urcStored, "+CDSI": urcStoredReport,
	"+CREG": urcReg, "+CEREG": urcEPSReg, "+CPIN": urcSIM,
	"^SMMEMFULL": urcFull, "+SMS FULL": urcFull, "+WMGF": urcFull, "^SMGO": urcFull,
}

// twoLines: the PDU follows on a line of its own.
func (k urcKind) twoLines() bool { return k == urcMessage || k == urcReport || k == urcSkip }

// precious ones exist nowhere else once the modem has said them. The others
// are hints: a sweep finds out all that they tell.
func (k urcKind) precious() bool { return k == urcMessage || k == urcReport }

// pduLength is <length> of the header of a PDU: `+CMT: ,24`, `+CDS: 25`,
// `+CMGR: 1,,24`; -1 when there is none.
func pduLength(args string) int {
	last := args[strings.LastIndexByte(args, ',')+1:]
	n, err := strconv.Atoi(strings.TrimSpace(last))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// place is where a message was stored: `"SM",3` of +CMTI and +CDSI. Modems
// also say -1, or no index at all; index is -1 then.
func place(args string) (mem string, index int) {
	m, i, _ := strings.Cut(args, ",")
	index, err := strconv.Atoi(strings.TrimSpace(i))
	if err != nil || index < 0 {
		index = -1
	}
	return strings.Trim(m, `" `), index
}
