package modem

import (
	"fmt"
	"regexp"
	"strings"
)

// What a modem says, sorted by what it is.

// codeName is the name of an extended result code (V.250 5.4.3.2 and vendors'
// own): "+CMT" of `+CMT: ,24`, "^RSSI" of `^RSSI:12`; "" for any other line.
func codeName(line string) string {
	if line == "" || !strings.ContainsRune("+^*#$%&@!_", rune(line[0])) {
		return ""
	}
	name, _, _ := strings.Cut(line, ":")
	return strings.TrimRight(name, " ")
}

// codeArgs is what follows the name and colon of an extended result code.
func codeArgs(line string) string {
	_, args, _ := strings.Cut(line, ":")
	return strings.TrimSpace(args)
}

// finalWord is what a final result code says of its command.
type finalWord int

const (
	notFinal  finalWord = iota
	finalOK             // done
	finalFail           // refused
	// finalMaybe ends a command on some modems and is unsolicited on others
	// (a caller hanging up says NO CARRIER): after one the line is out of step
	// until a fence.
	finalMaybe
)

// vendorFinals are refusals that V.250 and TS 27.005 do not know, as sent by
// Huawei and others.
var vendorFinals = map[string]finalWord{
	"COMMAND NOT SUPPORT":   finalFail,
	"COMMAND NOT SUPPORTED": finalFail,
	"TOO MANY PARAMETERS":   finalFail,
	"ABORTED":               finalMaybe,
	"NO CARRIER":            finalMaybe,
	"NO DIALTONE":           finalMaybe,
	"NO DIAL TONE":          finalMaybe,
	"NO ANSWER":             finalMaybe,
	"BUSY":                  finalMaybe,
}

func final(line string) finalWord {
	switch line {
	case "OK":
		return finalOK
	case "ERROR":
		return finalFail
	}
	if kind, _ := errorCode(line); kind != Plain {
		return finalFail
	}
	return vendorFinals[line]
}

// errorCode reads `+CMS ERROR: 38`, blanks around the colon or none: the
// family and what stands after it; Plain for any other line.
func errorCode(line string) (ResultKind, string) {
	name, arg, _ := strings.Cut(line, ":")
	switch strings.TrimRight(name, " ") {
	case "+CMS ERROR":
		return CMS, strings.TrimSpace(arg)
	case "+CME ERROR":
		return CME, strings.TrimSpace(arg)
	}
	return Plain, ""
}

// numericFinal is a result code of a modem set to ATV0 (V.250 6.2.5 table 1).
func numericFinal(line string) finalWord {
	switch line {
	case "0":
		return finalOK
	case "3", "4", "6", "7", "8":
		return finalFail
	}
	return notFinal
}

// startWords begin or end the life of a modem's firmware: said in mid-session
// they mean that it forgot everything.
var startWords = []string{
	"RDY", "^SYSSTART", "+READY", "MODEM:STARTUP", "*ATREADY: 1", "+WIND: 3", // boot
	"^SHUTDOWN", "NORMAL POWER DOWN", "POWERED DOWN", "UNDER-VOLTAGE POWER DOWN", "OVER-VOLTAGE POWER DOWN",
}

func isStart(line string) bool {
	// Noise of the power-up may stand before the word, cut-off output too.
	return strings.Contains(line, "^SYSSTART") || hasWord(strings.TrimLeftFunc(line, unprintable), startWords)
}

// startWord is which of them stands in a line, without what may stand before it.
func startWord(line string) string {
	for _, w := range startWords {
		if strings.HasSuffix(line, w) {
			return w
		}
	}
	return "^SYSSTART"
}

// lateStartWords come some seconds after a start, when SIM and store are in
// order: expected once at the begin of a session, a sign of a restart later.
var lateStartWords = []string{
	"SMS Ready", "Call Ready", "SMS DONE", "+QIND: SMS DONE", "+WIND: 4",
}

func isLateStart(line string) bool { return hasWord(line, lateStartWords) }

// chatter are unsolicited lines without a name before them, which could be
// taken for an answer in plain text.
var chatter = []string{
	"RING", "NO CARRIER", "UNDER-VOLTAGE WARNNING", "UNDER-VOLTAGE WARNING", "OVER-VOLTAGE WARNNING", "OVER-VOLTAGE WARNING",
}

func isChatter(line string) bool { return isLateStart(line) || hasWord(line, chatter) }

// IsWord reports whether a line is one of the words that modems say by themselves or at
// the end of an answer, and nothing else.
func IsWord(line string) bool {
	return isChatter(line) || hasWord(line, startWords) || final(line) == finalOK || line == "ERROR" || vendorFinals[line] != notFinal
}

// hexRun is more hex digits than any number of a SIM or a modem has: a PDU, where the
// line has lost what parted it from others.
var hexRun = regexp.MustCompile(`[0-9A-Fa-f]{21,}`)

func withoutPDU(line string) string {
	return hexRun.ReplaceAllStringFunc(line, func(digits string) string { return fmt.Sprintf("<%d hex digits>", len(digits)) })
}

// discreet is a line as it may stand in a log. What messages hold may not, so that of
// lines without a name, which may be PDUs or texts, only the length is told.
func discreet(line string) string {
	if codeName(line) == "" && !IsWord(line) {
		return fmt.Sprintf("<%d characters>", len(line))
	}
	return withoutPDU(line)
}

func discreetly(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = discreet(line)
	}
	return out
}

// digitRun is the longest run of hex digits in a line: the number in an answer
// such as `89490200001234567890`, `"262011234567890"` or `IMEI: 490154203237518`.
func digitRun(line string) (longest string) {
	for i := 0; i < len(line); i++ {
		from := i
		for i < len(line) && hexValue(line[i]) >= 0 {
			i++
		}
		if i-from > len(longest) {
			longest = line[from:i]
		}
	}
	return longest
}

func hasWord(line string, words []string) bool {
	for _, w := range words {
		if line == w {
			return true
		}
	}
	return false
}

func unprintable(r rune) bool { return r < 0x20 || r > 0x7e }

// isHex reports whether a line is hex digits only.
func isHex(line string) bool {
	return line != "" && hexDigits(line) == len(line)
}

// wholeHex: octets in hex, none of them cut.
func wholeHex(line string) bool { return isHex(line) && len(line)%2 == 0 }

// nearHex: a PDU in hex in which a few characters were damaged on the way.
func nearHex(line string) bool {
	return len(line) >= 20 && hexDigits(line)*10 >= len(line)*9
}

func hexDigits(s string) (n int) {
	for i := range len(s) {
		if hexValue(s[i]) >= 0 {
			n++
		}
	}
	return n
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// fits reports whether a PDU-mode line in hex has the length its header told:
// the first octet counts those of the service centre, length those of the TPDU
// (TS 27.005 3.1 <length>).
func fits(line string, length int) bool {
	if !isHex(line) || len(line) < 2 || len(line)%2 != 0 {
		return false
	}
	smsc := hexValue(line[0])<<4 | hexValue(line[1])
	return len(line)/2 == 1+smsc+length
}
