package doctor

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"wvsms/modem"
)

// A recorder takes a dialogue down as a script that plays the modem's side of it
// again: the notation of modemtest.Play. Who and what it was about is not in it.
type recorder struct {
	mu    sync.Mutex
	began time.Time // when the last line was
	lines []string
	names *aliases
	asked string // the command that is being answered
	body  bool   // the next line is a message's
}

// pauseFrom is the silence that belongs to the dialogue: a modem that takes its time.
const pauseFrom = 500 * time.Millisecond

func newRecorder() *recorder { return &recorder{began: time.Now(), names: newAliases()} }

// line is modem.Options.Trace.
func (r *recorder) line(sent bool, line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	silent := time.Since(r.began).Round(100 * time.Millisecond)
	r.began = time.Now()
	if sent {
		r.asked = line
		r.lines = append(r.lines, "> "+r.discreet(line))
		return
	}
	if silent >= pauseFrom {
		r.lines = append(r.lines, "~ "+silent.String())
	}
	if line == ">" {
		r.lines = append(r.lines, `<< "\r\n> "`)
		return
	}
	if r.promised(line) && !isPDU(line) { // a text, or a PDU that came damaged
		line = strings.Repeat("0", len(line))
	}
	r.lines = append(r.lines, "< "+escaped(r.discreet(line)))
}

func (r *recorder) discreet(line string) string {
	pdu, ctrlZ := strings.CutSuffix(line, "^Z")
	switch {
	case isPDU(pdu):
		line = r.names.inPDU(pdu)
		if ctrlZ {
			line += "^Z"
		}
		return line
	case strings.HasPrefix(r.asked, "AT+CRSM=176,28589") && strings.HasPrefix(line, "+CRSM:"):
		return line // EF-AD: how long the MNC is, and nothing private
	case strings.HasPrefix(line, "+CNUM:"):
		// <alpha> is what the owner calls himself.
		if _, rest, ok := strings.Cut(line, ","); ok {
			line = `+CNUM: "",` + rest
		}
	}
	return r.names.inText(line)
}

// promised tells whether a line of the modem's is the message that a header promised.
func (r *recorder) promised(line string) bool {
	body := r.body
	r.body = slices.ContainsFunc([]string{"+CMT:", "+CDS:", "+CMGR:", "+CMGL:"}, func(header string) bool { return strings.HasPrefix(line, header) })
	return body && !r.body && line[0] != '+' && line[0] != '^' && !modem.IsWord(line)
}

// isPDU: a line of hex as long as the shortest TPDU with its SMSC field, or of what the
// line has left of one.
func isPDU(line string) bool {
	return len(line) >= 16 && strings.Trim(line, "0123456789ABCDEFabcdef") == "" && strings.ContainsAny(line, "ABCDEFabcdef") ||
		len(line) > 40 && strings.Trim(line, "0123456789") == ""
}

// escaped writes out what a script cannot hold as it is.
func escaped(line string) string {
	var b strings.Builder
	for i := range len(line) {
		switch c := line[i]; {
		case c == '\\':
			b.WriteString(`\\`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// write writes the script.
func (r *recorder) write(w io.Writer, about string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# %s\n# Numbers are others, and texts are blank.\n", about)
	for _, line := range r.lines {
		fmt.Fprintln(out, line)
	}
	return out.Flush()
}
