package modem

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const cmmsTimeout = 5 * time.Second

// Send submits one short message: PDU-mode octets, which are the service
// centre's field and an SMS-SUBMIT. more tells that another segment of the
// same message follows at once, for which the link is kept (+CMMS).
//
// It returns the TP-MR that the modem gave, -1 when it took the message and
// told none. An error is a *ResultError (the
// modem or the network refused; what the code means is not judged here), or
// wraps ErrNotSent (surely not submitted) or ErrOutcomeUnknown. One that wraps
// both ErrNotSent and a *ResultError: the modem refused instead of asking for
// the PDU, so that whatever the code says, nothing is on air.
//
// ctx can take the message back until Ctrl-Z goes out. When ctx ends later,
// Send returns ErrOutcomeUnknown at once, and the modem is still waited for
// before its next command.
func (m *Modem) Send(ctx context.Context, mode []byte, more bool) (mr int, err error) {
	s := m.Compose(ctx, mode, more)
	s.Submit()
	return s.Outcome()
}

// A Submission is one short message on its way to the modem. Up to Submit it is
// not sent, however much of it the modem has.
type Submission struct {
	m    *Modem
	ctx  context.Context
	back context.CancelCauseFunc
	mode []byte
	more bool

	after *Submission // which must have been sent; nil: none
	taken atomic.Bool // it was sent

	composed chan struct{} // closed when the PDU is written, or never will be
	begin    func()        // closes composed
	gate     chan struct{} // closed when Ctrl-Z may go out
	gone     chan struct{} // closed when it does
	tell     func()        // closes gone
	err      error         // why it never began
	j        *job
	got      int // -1, or what the job has written
}

// Compose begins what Send does, and returns at once. When it is its turn the modem is
// asked for its prompt and given the PDU while the caller sees to what must be done
// before it is sent; then follows Submit, or Withdraw. Where that takes long the prompt
// is withdrawn meanwhile, and Submit begins anew.
func (m *Modem) Compose(ctx context.Context, mode []byte, more bool) *Submission {
	return m.compose(ctx, nil, mode, more)
}

// Then composes what follows if this one is sent. If it is not, the modem hears nothing of it.
func (s *Submission) Then(ctx context.Context, mode []byte, more bool) *Submission {
	return s.m.compose(ctx, s, mode, more)
}

func (m *Modem) compose(ctx context.Context, after *Submission, mode []byte, more bool) *Submission {
	s := &Submission{m: m, after: after, mode: mode, more: more, got: -1}
	s.composed, s.gate, s.gone = make(chan struct{}), make(chan struct{}), make(chan struct{})
	s.ctx, s.back = context.WithCancelCause(ctx)
	s.begin, s.tell = sync.OnceFunc(func() { close(s.composed) }), sync.OnceFunc(func() { close(s.gone) })
	if len(mode) < 2 || int(mode[0]) > len(mode)-2 {
		s.err = fmt.Errorf("PDU of %d octets is too short for its service centre field", len(mode))
		return s
	}
	s.put()
	return s
}

func (s *Submission) put() {
	s.j = &job{rank: rankSend, run: func(run context.Context) (err error) {
		defer s.begin()
		if s.after != nil && !s.after.taken.Load() {
			return fmt.Errorf("%w: %w", ErrNotSent, errTakenBack)
		}
		s.after = nil // nor what that followed
		s.got, err = s.m.submit(run, s)
		s.taken.Store(err == nil)
		return err
	}}
	s.err = s.m.jobs.put(s.j)
}

// Composed is closed when the modem has the PDU, or is known not to get it.
func (s *Submission) Composed() <-chan struct{} { return s.composed }

// Void tells of what should follow another message that it came to its turn before that one
// was sent: it will not be, though the other one may be yet.
func (s *Submission) Void() bool {
	if s.err != nil {
		return true
	}
	select {
	case <-s.j.done:
		return errors.Is(s.j.err, errTakenBack)
	default:
		return false
	}
}

// Submit has Ctrl-Z written as soon as the modem has the PDU. Outcome tells what comes of it.
func (s *Submission) Submit() { close(s.gate) }

// Outcome waits for what became of a submitted message, as Send does.
func (s *Submission) Outcome() (mr int, err error) {
	defer s.back(nil)
	mr, err = s.outcome()
	if errors.Is(err, errHeld) {
		s.put()
		mr, err = s.outcome()
	}
	return mr, err
}

// Settle waits until what was withdrawn has left nothing with the modem: no prompt stands
// open.
func (m *Modem) Settle(ctx context.Context) error {
	return m.jobs.do(ctx, rankSend, false, func(context.Context) error { return nil })
}

// Withdraw takes the message back: it is not sent. It does not wait for the modem,
// which is brought in step before its next command.
func (s *Submission) Withdraw() { s.back(errTakenBack) }

var errTakenBack = errors.New("taken back")

func (s *Submission) outcome() (mr int, err error) {
	if s.err != nil {
		return -1, fmt.Errorf("%w: %w", ErrNotSent, s.err)
	}
	select {
	case <-s.j.done:
		return s.m.sent(s.j, s.got)
	case <-s.ctx.Done():
	}
	if s.m.jobs.withdraw(s.j) {
		return -1, fmt.Errorf("%w: %w", ErrNotSent, context.Cause(s.ctx))
	}
	select {
	case <-s.j.done:
		return s.m.sent(s.j, s.got)
	case <-s.gone:
	}
	select {
	case <-s.j.done: // both at once
		return s.m.sent(s.j, s.got)
	default:
		return -1, fmt.Errorf("%w: %w", ErrOutcomeUnknown, context.Cause(s.ctx))
	}
}

// sent is the outcome of a done job. One that was never begun, because the
// line had died, was not sent.
func (m *Modem) sent(j *job, mr int) (int, error) {
	if j.err != nil && !j.begun {
		return -1, fmt.Errorf("%w: %w", ErrNotSent, j.err)
	}
	return mr, j.err
}

// submit runs among the jobs. run is the context of Run.
func (m *Modem) submit(run context.Context, s *Submission) (mr int, err error) {
	ctx, mode, more := s.ctx, s.mode, s.more
	if more && !m.noCMMS && !m.jobs.held() {
		_, err := m.x.Command(ctx, "+CMMS=1", cmmsTimeout)
		if refused := (*ResultError)(nil); errors.As(err, &refused) {
			m.noCMMS = true
		} else if err != nil {
			return -1, fmt.Errorf("%w: %w", ErrNotSent, err)
		}
	}
	// <length> counts the TPDU without the service centre (TS 27.005 3.1).
	length := len(mode) - 1 - int(mode[0])
	info, err := m.x.SMS(ctx, fmt.Sprintf("+CMGS=%d", length), hex.EncodeToString(mode), s)
	m.jobs.hold(more && err == nil)
	if err == nil || errors.Is(err, ErrOutcomeUnknown) {
		if mr, ok := reference(info); ok {
			return mr, nil
		}
	}
	if err == nil {
		m.log.Warn().Strs("answer", discreetly(info)).Msg("modem took a message but told no reference")
		return -1, nil
	}
	if !errors.Is(err, ErrOutcomeUnknown) {
		return -1, err
	}
	// A late answer is as good as one in time.
	late, silent := m.x.resync(run)
	if mr, ok := reference(late); ok {
		return mr, nil
	}
	for _, line := range late {
		if kind, _ := errorCode(line); kind == CMS {
			return -1, newResultError(line)
		}
	}
	if silent != nil {
		return -1, fmt.Errorf("%w; then: %w", err, silent)
	}
	return -1, err
}

// reference finds `+CMGS: <mr>[,…]` in an answer (TS 27.005 3.5.1). A number
// that is no TP-MR tells that the message was taken, and no more: -1. So do two
// different ones, of which one belongs to some earlier message.
func reference(lines []string) (mr int, ok bool) {
	mr = -1
	for _, line := range lines {
		if codeName(line) != "+CMGS" {
			continue
		}
		digits, _, _ := strings.Cut(codeArgs(line), ",")
		n, err := strconv.Atoi(strings.TrimSpace(digits))
		switch {
		case err != nil:
			continue
		case n < 0 || n > 255 || ok && n != mr:
			n = -1
		}
		mr, ok = n, true
	}
	return mr, ok
}
