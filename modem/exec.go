package modem

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/warthog618/modem/at"
)

// Time limits of the dialogue.
const (
	// promptTimeout: a modem asks for the PDU at once or not at all.
	promptTimeout = 10 * time.Second
	// submitTimeout is the silence borne after Ctrl-Z: TR1M and the retries
	// of the relay layer (TS 24.011 10.1) fit in.
	submitTimeout = 180 * time.Second
	// fenceTimeout of each of fenceTries.
	fenceTimeout = 10 * time.Second
	fenceTries   = 3
	// A modem that is starting is asked again and again.
	wakeTimeout = 2 * time.Second
	wakeTries   = 12
)

// executor carries out AT commands, one at a time. It is all that knows of
// warthog618/modem/at. Its methods are called from one goroutine at a time,
// but URC.
//
// After a command without a final result code the line is out of step: what
// the modem says next may still belong to it. So before another command is
// written, resync sends a query whose answer cannot be mistaken, and waits
// until that has come.
type executor struct {
	line    *conditioner
	at      *at.AT
	cmee    int    // what +CMEE? says in this session, -1 not known yet
	fencing string // the query of the fence
}

// newExecutor starts at's goroutines: run ends them.
func newExecutor(p Port, trace func(sent bool, line string)) *executor {
	c := newConditioner(p, trace)
	return &executor{line: c, at: at.New(c), cmee: -1, fencing: "+CMEE?"}
}

// run reads the port until that fails or hangUp is called, and returns when
// all goroutines of the executor have ended.
func (x *executor) run() {
	x.line.run()
	<-x.at.Closed()
}

// hangUp closes the port, for cause, which ends all that reads and writes it.
func (x *executor) hangUp(cause error) {
	x.line.fail(fmt.Errorf("%w: closed: %w", ErrLineLost, cause))
	_ = x.line.port.Close()
}

// Command executes "AT"+cmd and returns the lines of its answer. d bounds the
// writing and the waiting for the answer.
func (x *executor) Command(ctx context.Context, cmd string, d time.Duration) ([]string, error) {
	t := newTransaction(ctx, cmd)
	if err := x.ready(ctx); err != nil {
		return nil, fmt.Errorf("AT%s: %w", maskPIN(cmd), err)
	}
	info, err := x.do(t, d)
	if err != nil {
		err = fmt.Errorf("AT%s: %w", maskPIN(cmd), err)
	}
	return info, err
}

// SMS executes "AT"+cmd, a command that prompts, with the PDU of s in hex. Ctrl-Z is
// written once the gate of s is closed; until then ctx can end the command. One whose gate
// stays shut ends with errHeld.
// The error wraps ErrNotSent when the PDU was not handed to the modem whole,
// and a *ResultError besides when the modem refused to ask for it; it wraps
// ErrOutcomeUnknown when the PDU was handed over and no final result code came;
// resync may then still find one.
func (x *executor) SMS(ctx context.Context, cmd, pdu string, s *Submission) ([]string, error) {
	t := newTransaction(ctx, cmd)
	t.pdu, t.after, t.submission = strings.ToUpper(pdu), submitTimeout, s
	if !isHex(pdu) {
		return nil, fmt.Errorf("%w: AT%s: PDU of %d characters is not hex", ErrNotSent, cmd, len(pdu))
	}
	if err := x.ready(ctx); err != nil {
		return nil, fmt.Errorf("%w: AT%s: %w", ErrNotSent, cmd, err)
	}
	info, err := x.do(t, promptTimeout)
	var refused *ResultError
	switch {
	case err == nil && t.phase == submitted, errors.As(err, &refused) && t.word == finalFail && t.phase >= handing:
		return info, err
	case t.phase == submitted:
		return info, fmt.Errorf("%w: AT%s: %w", ErrOutcomeUnknown, cmd, err)
	case err == nil:
		err = errors.New("OK without asking for the PDU")
	}
	return info, fmt.Errorf("%w: AT%s: %w", ErrNotSent, cmd, err)
}

// URC returns the next unsolicited code, in the order they came. missed: ones
// before it were too many and were dropped, none of them one that carries a
// message.
func (x *executor) URC(ctx context.Context) (u urc, missed bool, err error) { return x.line.urc(ctx) }

// ready brings the line in step.
func (x *executor) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := x.resync(ctx)
	return err
}

// wake finds out whether a modem answers, and turns its echo off. It may have
// been left at a prompt by a predecessor, or in the middle of an answer, or
// just be starting: some take 20 s (u-blox).
func (x *executor) wake(ctx context.Context, tries int) error {
	for range tries {
		if err := x.line.withdraw(); err != nil {
			return err
		}
		t := newTransaction(ctx, "E0")
		t.wake = true
		_, err := x.do(t, wakeTimeout)
		if dead := errors.Join(x.line.cause(), ctx.Err()); dead != nil {
			return dead
		}
		if err != nil && t.word == notFinal {
			continue
		}
		if numericFinal(t.final) != notFinal {
			v := newTransaction(ctx, "V1")
			v.wake = true
			if _, err := x.do(v, wakeTimeout); err != nil && v.word == notFinal {
				continue
			}
		}
		// What has been taken for the answer may have been the answer to ESC.
		x.line.outOfStep(t)
		x.line.listen()
		_, err = x.resync(ctx)
		x.line.hush()
		return err
	}
	return fmt.Errorf("%w: ATE0 %d times in %v: silence", ErrSilent, tries, time.Duration(tries)*wakeTimeout)
}

// do carries out one transaction.
func (x *executor) do(t *transaction, d time.Duration) ([]string, error) {
	if strings.ContainsFunc(t.cmd, unprintable) {
		return nil, fmt.Errorf("refuse command %q: characters of control", maskPIN(t.cmd))
	}
	c := x.line
	if err := c.cause(); err != nil {
		return nil, err
	}
	t.timer = time.AfterFunc(d, func() { c.abort(t, errTimeout) })
	defer t.timer.Stop()
	c.begin(t)
	if t.pdu != "" {
		defer context.AfterFunc(t.ctx, func() { c.withhold(t, context.Cause(t.ctx)) })()
	}

	var info []string
	var err error
	if t.pdu != "" {
		info, err = x.at.SMSCommand(t.cmd, t.pdu, at.WithTimeout(-1))
	} else {
		info, err = x.at.Command(t.cmd, at.WithTimeout(-1))
	}
	c.collect(t)
	for i := range info {
		info[i] = strings.TrimPrefix(info[i], mark)
	}
	switch {
	case t.word == finalOK:
		return info, nil
	case t.word != notFinal:
		return info, newResultError(t.final)
	case c.cause() != nil:
		return info, c.cause()
	case t.cause != nil:
		return info, t.cause
	}
	return info, err
}

// resync brings the line back in step after a command that ended without a
// final result code. It returns the lines that came late, and an error that
// wraps ErrSilent when the modem does not answer; the line is dead then.
//
// The query is AT+CMEE?: no other command of ours has such an answer. Tries
// before the one that was answered may be answered yet, so a second query,
// which is another, ends the fence after more than one try. A modem that has no
// +CMEE refuses the query, and that may be the late answer of any command: it is
// asked for the mode of messages then, which no modem for us can be without.
func (x *executor) resync(ctx context.Context) (late []string, err error) {
	c := x.line
	broken := c.step()
	if broken == nil {
		return nil, nil
	}
	// ESC takes back a prompt, or one that comes late; never after Ctrl-Z.
	escapes := broken.pdu != "" && broken.phase < submitted
	defer func() { late = append(c.lateTo(broken), late...) }()
	query, asked := x.fencing, 0
	for range fenceTries {
		if escapes {
			if err := c.withdraw(); err != nil {
				return late, err
			}
		}
		more, said, err := x.fence(ctx, query)
		late = append(late, more...)
		if asked++; err == nil && asked > 1 {
			_, _, err = x.fence(ctx, map[string]string{"+CMEE?": "+CMGF?", "+CMGF?": "+CPIN?"}[query])
		}
		if err == nil && query == "+CMEE?" {
			err = x.same(said)
		}
		if errors.Is(err, ErrRestarted) {
			c.fail(err)
			return late, err
		}
		if err == nil {
			c.outOfStep(nil)
			return late, nil
		}
		if dead := c.cause(); dead != nil {
			return late, dead
		}
		if query == "+CMEE?" && slices.ContainsFunc(more, func(line string) bool { return final(line) == finalFail }) {
			query, asked = "+CMGF?", 0
		}
	}
	err = fmt.Errorf("%w: AT%s and then AT%s %d times: silence", ErrSilent, maskPIN(broken.cmd), query, fenceTries)
	c.fail(err)
	return late, err
}

// same compares the answer of +CMEE? with the one after the setting up.
func (x *executor) same(said string) error {
	if now := number(fields(said), 0); x.cmee >= 0 && now >= 0 && now != x.cmee {
		return fmt.Errorf("%w: it lost its settings (+CMEE was %d, is %d)", ErrRestarted, x.cmee, now)
	}
	return nil
}

// fence executes a query and returns what came before its answer, and that.
func (x *executor) fence(ctx context.Context, cmd string) (late []string, said string, err error) {
	t := newTransaction(context.WithoutCancel(ctx), cmd)
	t.fence = true
	info, err := x.do(t, fenceTimeout)
	if refused := (*ResultError)(nil); errors.As(err, &refused) && t.fenced {
		err = nil
	}
	said, _ = answer(info, t.name)
	return t.late, said, err
}

func newResultError(line string) *ResultError {
	kind, code := errorCode(line)
	e := &ResultError{Kind: kind, Code: -1, Text: withoutPDU(line)}
	if n, err := strconv.Atoi(code); err == nil && kind != Plain {
		e.Code = n
	} else {
		e.Code = textCode(kind, code)
	}
	return e
}

// maskPIN hides the PIN in a command that carries one.
func maskPIN(cmd string) string {
	if i := strings.Index(cmd, "CPIN="); i >= 0 {
		return cmd[:i] + "CPIN=****"
	}
	return cmd
}
