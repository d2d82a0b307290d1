package modem

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// rereads of a stored message whose PDU came damaged: the line's noise
	// must not become the message's.
	rereads = 3
	// ackLimit: the network waits 12 s at least for the acknowledgement of a
	// message handed on (TS 24.011 10.1 TR2M), then has it sent again.
	ackLimit = 12 * time.Second
	// maxNacks acknowledgements refused in a row: the modem means it.
	maxNacks = 3
	// afterRefusal: a modem whose message was not acknowledged stops handing
	// on (TS 27.005 3.4.1). When the network has given up, that is undone.
	afterRefusal = 30 * time.Second
)

// Receive returns the next received message or report, in the order in which
// they came. What nobody receives stays in the modem or the network. Each is
// to be answered with Accept or Refuse. When the line is dead, what had been
// handed on before is still returned, then the cause.
func (m *Modem) Receive(ctx context.Context) (Received, error) {
	select {
	case m.pull <- struct{}{}:
		defer func() { <-m.pull }()
	case <-ctx.Done():
		return Received{}, ctx.Err()
	}
	for {
		n, err := m.in.take(ctx)
		if err != nil {
			return Received{}, err
		}
		if n.Stored && !n.read {
			found := false
			err := m.jobs.do(ctx, rankReceive, false, func(run context.Context) (err error) {
				found, err = m.read(run, &n)
				return err
			})
			if err != nil {
				if err := m.unread(ctx, n, err); err != nil {
					return Received{}, err
				}
				continue
			}
			if !found {
				m.in.forget(n.slot())
				continue
			}
		}
		return n.complete(), nil
	}
}

// unread decides what becomes of a stored message that could not be read.
func (m *Modem) unread(ctx context.Context, n note, err error) error {
	refused := (*ResultError)(nil)
	n.tries++
	switch {
	case ctx.Err() != nil || errors.Is(err, errWithdrawn):
		m.in.back(n)
		return err
	case errors.As(err, &refused) || n.tries >= rereads:
		m.log.Warn().Err(err).Str("store", n.Mem).Int("index", n.Index).Msg("stored message cannot be read now: left to a later sweep")
		m.in.forget(n.slot())
	default:
		m.in.back(n)
	}
	return nil
}

// complete fills in what the text tells.
func (n note) complete() Received {
	r := n.Received
	if mode, err := hex.DecodeString(r.Text); err == nil && len(mode) > 0 {
		r.Mode = mode
		// The one look into the TPDU: modems store reports as if they were
		// messages. TP-MTI 2 is a STATUS-REPORT (TS 23.040 9.2.3.1).
		if i := 1 + int(mode[0]); r.Kind != Draft && i < len(mode) && mode[i]&3 == 2 {
			r.Kind = Report
		}
	}
	return r
}

// read reads one stored message. found is false when there is none in its slot
// or one that is not received.
func (m *Modem) read(ctx context.Context, n *note) (found bool, err error) {
	if !m.canRead(n.Mem) {
		m.pace.sweepIn(0)
		return false, nil
	}
	for range rereads {
		info, err := m.inStore(ctx, n.Mem, fmt.Sprintf("+CMGR=%d", n.Index), simTimeout)
		refused := (*ResultError)(nil)
		if errors.As(err, &refused) && refused.Kind == CMS && refused.Code == 321 {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		list, text := listed(info, "+CMGR", false)
		if text {
			if _, err := m.patient(ctx, "+CMGF=0"); err != nil {
				return false, err
			}
			continue
		}
		if len(list) == 0 || (list[0].state == sentState) != (n.Kind == Draft) || list[0].Length == 0 && list[0].Text == "" {
			return false, nil
		}
		found = true
		n.Text, n.Length = list[0].Text, list[0].Length
		if fits(n.Text, n.Length) {
			break
		}
	}
	return found, nil
}

// Accept tells the modem that r is durable now: a stored message is deleted,
// one handed on is acknowledged to the network. When it fails, the message
// will come again.
func (m *Modem) Accept(ctx context.Context, r Received) error {
	if r.Stored {
		// The slot may be filled anew, and that be told, before the OK of its
		// deletion comes: so it is forgotten before that, once.
		forget := sync.OnceFunc(func() { m.in.forget(slot{r.Mem, r.Index}) })
		defer forget()
		return m.jobs.do(ctx, rankReceive, false, func(run context.Context) error {
			forget()
			m.opt.Probe("CMGD")
			err := m.discard(run, r)
			m.opt.Probe("CMGD done")
			return err
		})
	}
	return m.jobs.do(ctx, rankAck, false, func(run context.Context) error { return m.acknowledge(run, r) })
}

// acknowledge one handed-on message (TS 27.005 3.4.4).
func (m *Modem) acknowledge(ctx context.Context, r Received) error {
	if !m.acks.Load() {
		return nil
	}
	if time.Since(r.Came) > ackLimit && m.ids.Load() > r.id {
		// The network has given this one up, and what waits for an
		// acknowledgement now is another. This one comes again.
		m.pace.sweepIn(0)
		return nil
	}
	m.opt.Probe("CNMA")
	_, err := m.x.Command(ctx, "+CNMA"+m.cnma, plainTimeout)
	m.opt.Probe("CNMA done")
	refused := (*ResultError)(nil)
	if errors.As(err, &refused) && refused.Kind == Plain { // Huawei and others take one form only
		other := "=0"
		if m.cnma != "" {
			other = ""
		}
		if _, err = m.x.Command(ctx, "+CNMA"+other, plainTimeout); err == nil {
			m.cnma = other
		}
	}
	switch {
	case err == nil:
		m.nacks = 0
		return nil
	case errors.As(err, &refused) && refused.Kind == CMS && refused.Code == 340: // no acknowledgement expected
		m.log.Info().Msg("modem expects no acknowledgement")
		return m.checkCNMI(ctx)
	case errors.As(err, &refused):
		return errors.Join(err, m.ackRefused(ctx))
	}
	m.pace.sweepIn(0)
	return err
}

// ackRefused: a modem that has refused an acknowledgement may stop handing on,
// so reception is set up anew. One that keeps refusing (SIMCom after +CMT,
// others after +CDS) is told not to wait for any; messages then come through
// its store, if it has one.
func (m *Modem) ackRefused(ctx context.Context) error {
	m.nacks++
	m.log.Warn().Int("times", m.nacks).Bool("direct", m.direct).Msg("modem refuses an acknowledgement: setting up reception again")
	if m.nacks >= maxNacks {
		if _, ok, err := m.try(ctx, "+CSMS=0", simTimeout); err != nil {
			return err
		} else if ok {
			m.acks.Store(false)
			m.noDirect = true
			return m.setReception(ctx)
		}
	}
	if m.cnmi == "" {
		return nil
	}
	_, _, err := m.try(ctx, "+CNMI="+m.cnmi, simTimeout)
	return err
}

// Refuse leaves r where it is: it could not be made durable. A stored message
// is found again by a later sweep; one handed on is not acknowledged, and the
// network sends it again.
func (m *Modem) Refuse(r Received) {
	if r.Stored {
		m.in.forget(slot{r.Mem, r.Index})
		return
	}
	m.pace.sweepIn(afterRefusal)
}

// runURCs sorts the unsolicited codes.
func (m *Modem) runURCs(ctx context.Context) error {
	var line spoilt
	for {
		u, missed, err := m.x.URC(ctx)
		if err != nil {
			return err
		}
		if missed {
			m.pace.sweepIn(0)
		}
		switch u.kind {
		case urcMessage, urcReport:
			// The network waits for this one now, whole or not: acknowledging an
			// older one would let it go.
			id := m.ids.Add(1)
			if line.again(u, m.acks.Load()) {
				m.log.Warn().Int("length", pduLength(u.args)).Int("digits", len(u.text)).Msg("message handed on damaged, or without its PDU: waiting for it to come again")
				m.pace.sweepIn(afterRefusal)
				continue
			}
			n := note{Received: Received{Text: u.text, Length: pduLength(u.args), Index: -1, id: id, Came: time.Now()}}
			if u.kind == urcReport {
				n.Kind = Report
			}
			if err := m.in.handedOn(ctx, n); err != nil {
				return err
			}
		case urcStored, urcStoredReport:
			n := note{Received: Received{Stored: true, Length: -1, Came: time.Now()}}
			n.Mem, n.Index = place(u.args)
			if u.kind == urcStoredReport {
				n.Kind = Report
			}
			known := n.Mem != "" && n.Index >= 0
			if m.noName.Load() {
				n.Mem = ""
			}
			if !known || !m.in.stored(n) {
				m.pace.sweepIn(0)
			}
		case urcReg:
			m.update(func(s *Status) { s.Reg = registration(u.args, false) })
		case urcPSReg:
			m.update(func(s *Status) { s.PSReg = registration(u.args, false) })
		case urcEPSReg:
			m.update(func(s *Status) { s.EPSReg = registration(u.args, false) })
		case urcFull:
			m.log.Warn().Str("store", u.args).Msg("the modem's store is full")
			m.pace.sweepIn(0)
		case urcReady:
			m.pace.sweepIn(0)
		case urcSIM:
			if err := m.simGone(u.args); err != nil {
				return err
			}
		}
	}
}
