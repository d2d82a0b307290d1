package modem

import (
	"context"
	"strings"
	"time"
)

// phase of a transaction: how far it has come, as seen on the line.
type phase int

const (
	begun     phase = iota // nothing written
	commanded              // the command line is written, or being written
	prompted               // the modem has asked for the PDU
	composed               // the PDU is written, or being written: ESC takes it back
	handing                // Ctrl-Z is being written, or PDU and Ctrl-Z
	submitted              // PDU and Ctrl-Z are written: no way back
)

// transaction is one command and all that belongs to it. The conditioner's
// mutex guards it until it has ended.
type transaction struct {
	ctx        context.Context
	cmd        string // without AT
	name       string // "+CSQ" of "+CSQ", "+CREG" of "+CREG?": how its answer begins
	query      bool   // "…?": its answer may look like an unsolicited code
	also       []string
	free       bool          // answers with plain text (+CGSN)
	digits     int           // that such an answer has at least
	pdu        string        // hex of a command with a prompt, "" for others
	wake       bool          // the modem may still be set to ATV0
	fence      bool          // resynchronises: see exec.resync
	after      time.Duration // silence borne after Ctrl-Z
	submission *Submission   // of a command with a PDU

	phase  phase
	timer  *time.Timer
	headed bool // a header came: the next plain line is its PDU
	length int  // of that header
	lines  int
	fenced bool     // the fence's own answer has come
	late   []string // what came before that; or late, to a command with a PDU
	ended  bool
	over   chan struct{} // closed then
	final  string        // the final result code, "" when there was none
	word   finalWord
	cause  error // why it ended without
}

// plainAnswers are commands whose answer has no name before it (TS 27.007 5),
// with the digits that it has at least.
var plainAnswers = map[string]int{
	"+CGMI": 0, "+CGMM": 0, "+CGMR": 0, "+CGSN": 14, "+CIMI": 14,
	"+CCID": 18, "+QCCID": 18, "+ICCID": 18, "+CICCID": 18, "^ICCID": 18,
}

func newTransaction(ctx context.Context, cmd string) *transaction {
	first, name := commandName(cmd), commandName(cmd[strings.LastIndexByte(cmd, ';')+1:])
	t := &transaction{ctx: ctx, cmd: cmd, name: name, also: []string{first}, over: make(chan struct{})}
	t.digits, t.free = plainAnswers[name]
	t.query = strings.HasSuffix(cmd, "?") && !strings.HasSuffix(cmd, "=?")
	if t.free {
		t.also = []string{"+CCID", "+ICCID", "ICCID", "CCID"}
	}
	return t
}

// commandName is "+CSQ" of "+CSQ", "+CREG" of "+CREG?", "+CPMS" of `+CPMS="ME"`.
func commandName(cmd string) string {
	if i := strings.IndexAny(cmd, "=?;"); i >= 0 {
		return cmd[:i]
	}
	return cmd
}

// owns reports whether a line that is no final belongs to the answer.
func (t *transaction) owns(line string) bool {
	name := codeName(line)
	if t.fence {
		return name == t.name || urcNames[name] == urcNone
	}
	switch {
	case name == "":
		return t.headed || t.free && !isChatter(line) && len(digitRun(line)) >= t.digits
	case name == t.name && t.pdu != "" && t.phase < handing:
		return false // a PDU that is not handed over has no answer
	case name == t.name:
		return urcNames[name] == urcNone || t.query && t.answers(name, line)
	}
	for _, n := range t.also {
		if name == n {
			return true
		}
	}
	return false
}

// answers tells the answer of `AT+CREG?`, `<n>,<stat>[,…]`, from an unsolicited
// `<stat>[,<lac>,…]` that comes in between (TS 27.007 7.2): the answer's second
// value is a small number, the other's a quoted or four-digit area code.
func (t *transaction) answers(name, line string) bool {
	if name != "+CREG" && name != "+CGREG" && name != "+CEREG" {
		return true
	}
	f := strings.Split(codeArgs(line), ",")
	return len(f) >= 2 && len(strings.TrimSpace(f[1])) <= 2 && hexDigits(strings.TrimSpace(f[1])) > 0
}

// takes notes a line of the answer: after a header, the PDU.
func (t *transaction) takes(line string) {
	t.lines++
	if (t.name == "+CMGR" || t.name == "+CMGL") && codeName(line) == t.name {
		t.headed, t.length = true, pduLength(codeArgs(line))
	} else if codeName(line) == "" {
		t.headed = false
	}
}

// ends reads a line as the final result code of t.
func (t *transaction) ends(line string) finalWord {
	word := final(line)
	if word == notFinal && t.wake {
		word = numericFinal(line)
	}
	if word == finalMaybe && t.phase >= handing && line != "ABORTED" {
		// A caller hung up while the network has our message: no answer to it.
		return notFinal
	}
	return word
}

// echoesPDU reports whether a line is the PDU that we wrote, said back.
func (t *transaction) echoesPDU(line string) bool {
	line = strings.TrimSuffix(line, ctrlZ)
	return t.pdu != "" && t.phase >= prompted && len(line) > 8 && strings.HasPrefix(t.pdu, strings.ToUpper(line))
}

// begin makes t the transaction in progress.
func (c *conditioner) begin(t *transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
	c.change.Broadcast()
}

func (t *transaction) end() {
	if !t.ended {
		t.ended = true
		close(t.over)
	}
}

// end ends t by a line of the modem's.
func (c *conditioner) end(t *transaction, line string, word finalWord) {
	t.end()
	t.final, t.word = line, word
	if word == finalMaybe {
		c.dirty = t
	}
	if word == finalOK {
		c.push("OK\n")
	} else {
		c.push("ERROR\n")
	}
}

// abort ends t for cause, unless it has ended or Ctrl-Z is on the way: then
// the write's own deadline decides first.
func (c *conditioner) abort(t *transaction, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.phase != handing {
		c.stop(t, cause)
	}
}

// withhold ends t for cause if its Ctrl-Z has not begun to go out.
func (c *conditioner) withhold(t *transaction, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.phase < handing {
		c.stop(t, cause)
	}
}

func (c *conditioner) stop(t *transaction, cause error) {
	if c.t != t || t.ended {
		return
	}
	t.end()
	t.cause = cause
	if t.phase == begun {
		return // at does not listen yet: Write tells it
	}
	if !t.fence { // a try of the fence leaves the line as it found it
		c.dirty = t
	}
	c.push("ERROR\n")
}

// collect takes the ended transaction out.
func (c *conditioner) collect(t *transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t, c.last = nil, t.cmd
	t.end()
	c.change.Broadcast()
}
