package modem

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	listTimeout  = 2 * time.Minute  // a thousand PDUs at 115,200 baud take half of it
	lookInterval = time.Minute      // of asking how the modem is
	blindSweep   = 30 * time.Second // of looking into the stores of a modem that tells nothing
	sweepGap     = 2 * time.Second  // between two sweeps at least, whatever asks for them

	// A message that was handed on to a predecessor, who died before it could
	// acknowledge it, makes the modem stop handing on when the network gives it
	// up (TR2M, at most 20 s): so reception is looked after often at first.
	legacyTime  = 30 * time.Second
	legacySweep = 5 * time.Second
)

// pace says when the next sweep is due.
type pace struct {
	mu    sync.Mutex
	every time.Duration
	due   time.Time // zero: nothing has been asked for
	often time.Time // until then a sweep is due each legacySweep
	poke  chan struct{}
}

func newPace(every time.Duration) *pace { return &pace{every: every, poke: make(chan struct{}, 1)} }

// sweepIn asks for a sweep in d, if none is due before.
func (p *pace) sweepIn(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := time.Now().Add(d); p.due.IsZero() || at.Before(p.due) {
		p.due = at
	}
	select {
	case p.poke <- struct{}{}:
	default:
	}
}

// next is when the sweep after the one at last is due.
func (p *pace) next(last time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := last.Add(p.every)
	if soon := last.Add(legacySweep); soon.Before(p.often) {
		at = soon
	}
	if !p.due.IsZero() && p.due.Before(at) {
		at = p.due
	}
	if soonest := last.Add(sweepGap); at.Before(soonest) {
		return soonest
	}
	return at
}

// oftenAtFirst has sweeps made often while a predecessor's message may be pending.
func (p *pace) oftenAtFirst() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.often = time.Now().Add(legacyTime)
}

// atMost has sweeps made that often, where they are not made more often.
func (p *pace) atMost(every time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.every = min(p.every, every)
}

func (p *pace) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.due = time.Time{}
}

// runUpkeep sweeps and asks how the modem is.
func (m *Modem) runUpkeep(ctx context.Context) error {
	swept, looked := time.Now(), time.Now()
	for {
		sweep, look := m.pace.next(swept), looked.Add(lookInterval)
		first := sweep
		if look.Before(first) {
			first = look
		}
		select {
		case <-m.pace.poke:
			continue
		case <-time.After(time.Until(first)):
		case <-ctx.Done():
			return ctx.Err()
		}
		var err error
		if sweep.After(look) {
			err = m.jobs.do(ctx, rankReceive, true, m.look)
			looked = time.Now()
		} else {
			m.pace.begin()
			err = m.jobs.do(ctx, rankReceive, true, m.sweep)
			swept = time.Now()
		}
		var sim *SIMError
		if errors.Is(err, ErrRestarted) || errors.As(err, &sim) {
			return m.simTrouble(err)
		}
		if err != nil && ctx.Err() == nil {
			m.log.Warn().Err(err).Msg("upkeep failed")
		}
		if m.opt.Checked != nil {
			m.opt.Checked()
		}
	}
}

// firstSweep must not keep a modem from coming up.
func (m *Modem) firstSweep(ctx context.Context) error {
	err := m.list(ctx)
	if dead := m.x.line.cause(); dead != nil {
		return dead
	}
	if err != nil {
		m.log.Warn().Err(err).Msg("first sweep failed")
		m.pace.sweepIn(sweepGap)
	}
	m.tellFull()
	return ctx.Err()
}

// sweep looks whether the modem is still as it was set up, and notes what lies
// in its stores.
func (m *Modem) sweep(ctx context.Context) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	if err := m.list(ctx); err != nil {
		return err
	}
	return m.checkStores(ctx)
}

func (m *Modem) check(ctx context.Context) error {
	var said string
	if err := m.ask(ctx, "+CMEE?", func(a string) { said = a }, "+CMEE"); err != nil {
		return err
	}
	if err := m.x.same(said); err != nil {
		return err
	}
	if err := m.checkSIM(ctx); err != nil {
		return err
	}
	return m.checkCNMI(ctx)
}

// checkSIM looks whether the SIM is still the same, or whether one that told
// no IMSI tells it now: whoever works with the modem has to know who it is from
// the start. Noise on the line is no other SIM: that has to be read twice.
func (m *Modem) checkSIM(ctx context.Context) error {
	had, other := m.Identity().IMSI, ""
	for range 2 {
		imsi, err := m.readIMSI(ctx)
		if err != nil || imsi == "" || imsi == had {
			return err
		}
		switch {
		case imsi == other && had == "":
			m.log.Info().Str("imsi", imsi).Msg("the SIM tells its number now: starting over with it")
			return &SIMError{"known", "the SIM tells its number (IMSI) now: starting over with it"}
		case imsi == other:
			return &SIMError{"changed", "another SIM was put in: starting over with it"}
		}
		other = imsi
	}
	return nil
}

// checkCNMI sets reception up again if the modem has dropped it, which it does
// when an acknowledgement did not come in time, and does not tell.
func (m *Modem) checkCNMI(ctx context.Context) error {
	if m.cnmiSet == nil {
		return nil
	}
	now, err := m.readCNMI(ctx)
	if err != nil || now == nil || slices.Equal(now, m.cnmiSet) {
		return err
	}
	m.log.Warn().Strs("was", m.cnmiSet).Strs("is", now).Msg("modem had stopped telling of messages: set up again")
	ok, err := m.setCNMI(ctx, m.cnmi)
	if ok || err != nil {
		return err
	}
	return m.setReception(ctx) // it does not keep any more what it kept before
}

// list notes the received messages in all stores.
func (m *Modem) list(ctx context.Context) error {
	var errs error
	for _, mem := range m.stores {
		err := m.listStore(ctx, mem)
		if refused := (*ResultError)(nil); err != nil && !errors.As(err, &refused) {
			return err
		}
		errs = errors.Join(errs, err)
	}
	return errs
}

func (m *Modem) listStore(ctx context.Context, mem string) error {
	for range 2 {
		info, err := m.inStore(ctx, mem, "+CMGL=4", listTimeout)
		if errors.Is(err, errTimeout) { // the line may have lost a character
			info, err = m.inStore(ctx, mem, "+CMGL=4", listTimeout)
		}
		if refused := (*ResultError)(nil); errors.As(err, &refused) && !busy(err) && refused.Code != 321 { // 321: it is empty
			return m.peek(ctx, mem)
		}
		if err != nil {
			return err
		}
		list, text := listed(info, "+CMGL", true)
		if text {
			if _, err := m.patient(ctx, "+CMGF=0"); err != nil {
				return err
			}
			continue
		}
		m.drafts[mem] = 0
		for _, e := range list {
			if e.state == sentState {
				m.drafts[mem]++
				e.Kind = Draft
			}
			if e.Index < 0 || e.Kind == Draft && !m.opt.Drafts { // somebody's, not ours to delete
				continue
			}
			e.Stored, e.Mem = true, mem
			if !m.in.stored(note{Received: e.Received, read: fits(e.Text, e.Length)}) {
				m.pace.sweepIn(10 * time.Second)
				return nil
			}
		}
		return nil
	}
	return nil
}

// canRead: the memory is one of those that are swept, so that a message in it
// has one name only.
func (m *Modem) canRead(mem string) bool { return slices.Contains(m.stores, mem) }

// storedState is <stat> in PDU mode (TS 27.005 3.1).
type storedState int

const (
	receivedState storedState = iota
	sentState                 // to be sent or sent
)

// entry is one line of a list of stored messages.
type entry struct {
	Received
	state storedState
}

// listed reads `+CMGL: <index>,<stat>,[<alpha>],<length>` and
// `+CMGR: <stat>,[<alpha>],<length>`, each with its PDU on the next line. text
// tells that the modem has fallen back to text mode, where <stat> is a string.
func listed(info []string, name string, indexed bool) (list []entry, text bool) {
	for _, line := range info {
		if codeName(line) != name {
			if n := len(list); n > 0 && list[n-1].Text == "" {
				list[n-1].Text = line
			}
			continue
		}
		args := codeArgs(line)
		f := fields(args)
		e := entry{Received: Received{Length: pduLength(args), Index: -1}}
		stat := 0
		if indexed {
			e.Index, stat = number(f, 0), 1
		}
		switch number(f, stat) {
		case -1:
			text = text || strings.Contains(args, `"`)
		case 2, 3:
			e.state = sentState
		}
		list = append(list, e)
	}
	return list, text
}

// simGone ends a session whose SIM was taken out: what comes next may be
// another one, with another number.
func (m *Modem) simGone(args string) error {
	select {
	case <-m.ready:
	default:
		return nil // unlock looks after it
	}
	state := strings.ToUpper(args)
	if !strings.Contains(state, "NOT ") && !strings.Contains(state, "REMOVED") {
		return nil
	}
	return m.simTrouble(&SIMError{"absent", "the SIM was taken out of the modem"})
}
