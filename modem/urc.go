package modem

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
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
	urcPSReg                // +CGREG
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
	"+CREG": urcReg, "+CGREG": urcPSReg, "+CEREG": urcEPSReg, "+CPIN": urcSIM,
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

// unsolicited queues a line which is a code that means something, and drops
// any other.
func (c *conditioner) unsolicited(line string) {
	if isLateStart(line) {
		if c.awake && (c.late[line] || time.Since(c.opened) > startTail) {
			c.failLocked(fmt.Errorf("%w: it said %q", ErrRestarted, line))
			return
		}
		c.late[line] = true
		c.queue(urc{kind: urcReady})
		return
	}
	u := urc{kind: urcNames[codeName(line)], args: codeArgs(line)}
	switch {
	case u.kind.twoLines():
		c.half = &u
	case u.kind != urcNone:
		c.queue(u)
	}
}

// completes offers a line to the two-line code begun before: is it the PDU?
// If it is not, that line was lost, and the code goes on without.
func (c *conditioner) completes(t *transaction, line string) bool {
	u, length := c.half, pduLength(c.half.args)
	c.half = nil
	switch {
	case fits(line, length):
	case t != nil && t.headed && fits(line, t.length):
		c.half = u // the answer's own PDU came first
		return false
	case t != nil && t.free: // +CIMI answers in digits too
		c.queue(*u)
		return false
	case isHex(line) && len(line) >= 4, codeName(line) == "" && nearHex(line):
	default:
		c.queue(*u)
		return false
	}
	u.text = line
	c.queue(*u)
	return true
}

func (c *conditioner) queue(u urc) {
	switch {
	case u.kind == urcSkip:
		return
	case len(c.urcs) >= softURCs && !u.kind.precious():
		c.missed = true
	default:
		c.urcs = append(c.urcs, u)
	}
	select {
	case c.poke <- struct{}{}:
	default:
	}
}

// urc returns the next unsolicited code; missed: hints before it were dropped.
func (c *conditioner) urc(ctx context.Context) (u urc, missed bool, err error) {
	for {
		c.mu.Lock()
		missed, c.missed = c.missed, false
		if len(c.urcs) > 0 || missed {
			if len(c.urcs) > 0 {
				u, c.urcs = c.urcs[0], c.urcs[1:]
			}
			c.change.Broadcast()
			c.mu.Unlock()
			return u, missed, nil
		}
		c.mu.Unlock()
		select {
		case <-c.poke:
		case <-c.dead:
			return urc{}, false, c.cause()
		case <-ctx.Done():
			return urc{}, false, ctx.Err()
		}
	}
}
