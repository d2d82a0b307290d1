package modemtest

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wvsms/pdu"
)

// An inbound is a message on its way to the TE as +CMT or +CDS.
type inbound struct {
	mode   []byte
	report bool
	done   func(outcome) // nil: the network has its RP-ACK
}

// A pendingAck is a message at the TE that waits for +CNMA.
type pendingAck struct {
	report bool
	done   func(outcome)
}

// receive takes a TPDU from the network. done is called once, at once or, with
// +CNMA, when the TE has acknowledged or the network's patience is over.
func (m *Modem) receive(tpdu []byte, smsc pdu.Address, done func(outcome)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.s
	if s == nil || !m.registered() || s.hung || m.simError() != nil {
		done(unreachable)
		return
	}
	mode, err := pdu.Mode{SMSC: smsc, TPDU: tpdu}.AppendBinary(nil)
	if err != nil {
		done(refused)
		return
	}
	in := &inbound{mode: mode, done: done}
	// What does not parse is routed as a message without a class: firmware
	// looks no deeper than it must.
	parsed, _, _ := pdu.ParseMT(tpdu)
	switch t := parsed.(type) {
	case *pdu.StatusReport:
		in.report = true
		s.routeReport(in)
	case *pdu.Deliver:
		s.routeDeliver(in, t)
	default:
		s.routeDeliver(in, &pdu.Deliver{})
	}
}

// typeZero is a short message that is to be acknowledged and thrown away:
// TS 23.040 9.2.3.9.
const typeZero = 0x40

// routeDeliver follows the table of <mt> in TS 27.005 3.4.1.
func (s *session) routeDeliver(in *inbound, d *pdu.Deliver) {
	m := s.m
	mt := s.cnmi[1]
	class, hasClass := d.DCS.Class()
	if !hasClass {
		class = -1
	}
	mwi, isMWI := d.DCS.MWI()
	switch {
	case d.PID == typeZero && !m.o.Profile.ShowsType0:
		in.done(delivered)
	case class == 0 || isMWI && !mwi.Store:
		if mt < 2 {
			m.shown = append(m.shown, hex.EncodeToString(in.mode[1+int(in.mode[0]):]))
			in.done(delivered)
			return
		}
		s.direct(in)
	case class == 2 || isMWI:
		s.storeAll(in, "SM", mt > 0)
	case mt == 2 || mt == 3 && class == 3:
		if m.o.Profile.Twice {
			s.store(in.copy(), s.mems[2], true)
		}
		s.direct(in)
		for range m.o.Profile.Copies - 1 {
			s.direct(in.copy())
		}
	default:
		s.storeAll(in, s.mems[2], mt > 0)
	}
}

// copy is the message once more, of which the network knows nothing.
func (in *inbound) copy() *inbound { return &inbound{mode: in.mode, done: func(outcome) {}} }

// storeAll keeps a message, and its copies where there is room for them.
func (s *session) storeAll(in *inbound, mem string, tell bool) {
	s.store(in, mem, tell)
	for range s.m.o.Profile.Copies - 1 {
		s.store(in.copy(), mem, tell)
	}
}

// routeReport follows <ds>: TS 27.005 3.4.1.
func (s *session) routeReport(in *inbound) {
	switch s.cnmi[3] {
	case 1:
		s.direct(in)
	case 2:
		s.store(in, s.mems[2], true)
	default:
		in.done(delivered)
	}
}

// store keeps a message and tells the TE where.
func (s *session) store(in *inbound, mem string, tell bool) {
	if s.m.o.Profile.NoStore {
		in.done(noRoom)
		return
	}
	index, ok := s.m.keep(mem, message{stat: recUnread, mode: in.mode})
	if !ok {
		s.m.full = true
		if full := s.m.o.Profile.Full; full != "" {
			s.urc(strings.ReplaceAll(full, "%q", strconv.Quote(mem)))
		}
		in.done(noRoom)
		return
	}
	in.done(delivered)
	if !tell || s.cnmi[0] == 1 && s.reserved {
		return
	}
	name := "+CMTI"
	if in.report {
		name = "+CDSI"
	}
	if s.m.o.Profile.MinusOne {
		index = -1
	}
	s.urc(fmt.Sprintf("%s: %q,%d", name, mem, index))
}

// direct brings a message to the TE, now or when the line is free for it.
//
// A modem that buffers may give the network its RP-ACK for it: then the
// message is nowhere else, and each still needs its +CNMA.
func (s *session) direct(in *inbound) {
	switch {
	case s.reserved && s.cnmi[0] == 1:
		in.done(refused)
		return
	case s.reserved || s.cnmi[0] == 0 || s.pending != nil:
		if s.cnmi[0] == 0 || s.m.o.Profile.AcksBuffered {
			in.done(delivered)
			in.done = nil
		}
		s.buffered = append(s.buffered, in)
		if in.done != nil {
			s.withdraw(in)
		}
		return
	}
	s.emit(in)
}

// withdraw ends the wait of a buffered message when the network's ends.
func (s *session) withdraw(in *inbound) {
	life := s.life
	s.plan.after(s.m.o.AckTime, func() {
		s.m.mu.Lock()
		defer s.m.mu.Unlock()
		if life.Err() != nil {
			return
		}
		if i := slices.Index(s.buffered, in); i >= 0 {
			s.buffered = slices.Delete(s.buffered, i, i+1)
			in.done(refused)
		}
	})
}

// flush lets out what was buffered, each after the +CNMA of the one before.
func (s *session) flush() {
	for len(s.buffered) > 0 && s.pending == nil && !s.reserved && s.cnmi[0] != 0 {
		in := s.buffered[0]
		s.buffered = s.buffered[1:]
		s.emit(in)
	}
}

// emit puts out +CMT or +CDS, and waits for +CNMA where +CSMS is 1.
func (s *session) emit(in *inbound) {
	s.urc(s.unsolicited(in)...)
	ok := func() {
		if in.done != nil {
			in.done(delivered)
		}
	}
	if s.csms == 0 || s.m.o.Profile.NoCNMAForCMT && !in.report {
		ok()
		return
	}
	p := &pendingAck{report: in.report, done: func(o outcome) {
		if in.done != nil {
			in.done(o)
		}
	}}
	s.pending = p
	life := s.life
	s.plan.after(s.m.o.AckTime, func() {
		s.m.mu.Lock()
		defer s.m.mu.Unlock()
		if life.Err() != nil || s.pending != p {
			return
		}
		if p.report && s.m.o.Profile.CDSWedges {
			s.hung = true
			return
		}
		// TS 27.005 3.4.4: without an acknowledgement in time the ME sends
		// RP-ERROR and sets <mt> and <ds> to 0.
		s.pending = nil
		s.cnmi[1], s.cnmi[3] = 0, 0
		p.done(refused)
		s.abandon(refused)
	})
}

// abandon gives up what was buffered.
func (s *session) abandon(o outcome) {
	for _, in := range s.buffered {
		if in.done != nil {
			in.done(o)
		}
	}
	s.buffered = nil
}

// fail gives up everything that waits for the TE: the modem goes down.
func (m *Modem) fail(s *session) {
	if p := s.pending; p != nil {
		s.pending = nil
		p.done(unreachable)
	}
	s.abandon(unreachable)
}

// unsolicited is the URC of a message, in the mode that +CMGF says.
func (s *session) unsolicited(in *inbound) []string {
	msg := message{mode: in.mode}
	if s.cmgf == 1 {
		return s.textURC(msg, in.report)
	}
	digits := upperHex(in.mode)
	head := fmt.Sprintf("+CMT: ,%d", msg.length())
	switch p := &s.m.o.Profile; {
	case in.report && p.CommaCDS:
		head = fmt.Sprintf("+CDS: ,%d", msg.length())
	case in.report:
		head = fmt.Sprintf("+CDS: %d", msg.length())
	case p.BareCMT:
		head = fmt.Sprintf("+CMT: %d", msg.length())
	}
	return []string{head, digits}
}

// alert tells the service centre that there is hope again: TS 23.040 10.3.
func (m *Modem) alert() {
	m.full = false
	m.air.alert(m.o.Number)
}
