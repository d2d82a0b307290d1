package modemtest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wvsms/pdu"
)

// Sizes of a TPDU that +CMGS takes: the shortest SUBMIT has no address digits,
// the longest is TS 23.040 9.2.2's.
const (
	minTPDU = 7
	maxTPDU = 164
)

// linkTime is how long +CMMS=1 keeps the link: TS 27.005 3.5.6 says 1 to 5 s.
const linkTime = 5 * time.Second

// cmgs is +CMGS and +CMGC: TS 27.005 3.5.1 and 3.5.5, 4.3 and 4.6.
func cmgs(s *session, c command) error {
	if c.form == test {
		return nil
	}
	if c.form != write {
		return plain("ERROR")
	}
	msg, err := s.compose(c)
	if err != nil {
		return s.escaped(err)
	}
	mr, err := s.submit(msg)
	if err != nil {
		return err
	}
	s.info(fmt.Sprintf("%s: %d", c.name, mr))
	return nil
}

// cmgw is +CMGW: TS 27.005 3.5.3, 4.4.
func cmgw(s *session, c command) error {
	if c.form == test {
		return nil
	}
	a := c.split()
	stat := stoUnsent
	if s.cmgf == 0 {
		n, err := a.oneOf(1, stoUnsent, recUnread, recRead, stoUnsent, stoSent)
		if err != nil {
			return cms(302)
		}
		stat = n
	} else if t := a.text(2); t != "" {
		stat = -1
		for i, name := range statTexts[:statAll] {
			if name == t {
				stat = i
			}
		}
		if stat < 0 {
			return cms(305)
		}
	}
	msg, err := s.compose(c)
	if err != nil {
		return s.escaped(err)
	}
	index, ok := s.m.keep(s.mems[1], message{stat: stat, mode: msg})
	if !ok {
		return cms(322)
	}
	s.info(fmt.Sprintf("+CMGW: %d", index))
	return nil
}

// cmss is +CMSS, sending from the store: TS 27.005 3.5.2, 4.7.
func cmss(s *session, c command) error {
	if c.form == test {
		return nil
	}
	a := c.split()
	index, err := a.number(0, -1)
	if err != nil {
		return cms(321)
	}
	slot := s.m.at(s.mems[1], index)
	if slot == nil || *slot == nil {
		return cms(321)
	}
	mode := (*slot).mode
	if to := a.text(1); to != "" {
		if mode, err = s.readdress(mode, to); err != nil {
			return err
		}
	}
	mr, err := s.submit(mode)
	if err != nil {
		return err
	}
	if (*slot).stat == stoUnsent {
		(*slot).stat = stoSent
	}
	s.info(fmt.Sprintf("+CMSS: %d", mr))
	return nil
}

func (s *session) readdress(mode []byte, to string) ([]byte, error) {
	split, err := pdu.ParseMode(mode)
	if err != nil {
		return nil, cms(304)
	}
	t, _, _ := pdu.ParseMO(split.TPDU)
	sub, ok := t.(*pdu.Submit)
	number, numberOK := s.number(to)
	if !ok || !numberOK {
		return nil, cms(304)
	}
	if sub.DA, err = pdu.ParseNumber(number); err != nil {
		return nil, cms(304)
	}
	split.TPDU, err = sub.AppendBinary(nil)
	if err != nil {
		return nil, cms(304)
	}
	return split.AppendBinary(nil)
}

// escaped makes nothing of an error that is the TE's own wish: ESC ends with OK.
func (s *session) escaped(err error) error {
	if errors.Is(err, errEscaped) {
		return nil
	}
	return err
}

// compose gets the PDU-mode octets of a message from the TE through the prompt.
func (s *session) compose(c command) ([]byte, error) {
	if err := s.m.messageError(); err != nil {
		return nil, err
	}
	if s.cmgf == 1 {
		return s.composeText(c)
	}
	length, err := c.split().number(0, 0)
	if err != nil || length < minTPDU || length > maxTPDU {
		return nil, cms(304)
	}
	digits, err := s.data(false)
	if err != nil {
		return nil, err
	}
	if err := s.taken(); err != nil {
		return nil, err
	}
	mode, err := hex.DecodeString(strings.TrimSpace(digits))
	if err != nil {
		return nil, cms(304)
	}
	if len(mode) == 0 || len(mode)-1-int(mode[0]) != length {
		return nil, cms(304)
	}
	return mode, nil
}

// submit gives a message to the network and tells the TP-MR that it got. The
// modem chooses TP-MR whatever the TE wrote: TS 23.040 9.2.3.6.
func (s *session) submit(mode []byte) (mr byte, err error) {
	m := s.m
	split, err := pdu.ParseMode(mode)
	if err != nil {
		return 0, cms(304)
	}
	tpdu, _, err := pdu.ParseMO(split.TPDU)
	if err != nil {
		return 0, cms(304)
	}
	sub, ok := tpdu.(*pdu.Submit)
	if !ok {
		if _, command := tpdu.(*pdu.Command); !command {
			return 0, cms(304)
		}
		sub = nil
	}
	if split.SMSC.Digits == "" && m.sim.smsc == "" {
		return 0, cms(330)
	}
	if !m.registered() {
		return 0, cms(331)
	}
	if m.stuck == Refusing {
		return 0, cms(41)
	}
	m.sim.mr++
	mr = m.sim.mr
	if err := s.wait(m.o.SubmitTime); err != nil {
		return 0, err
	}
	s.keepLink()
	if sub == nil {
		return mr, nil // an SMS-COMMAND: taken, without effect
	}
	sub.MR = mr
	if cause := m.air.submit(m.o.Number, sub); cause != 0 {
		return 0, cms(cause)
	}
	m.submits++
	return mr, nil
}

// keepLink puts off the end of +CMMS=1.
func (s *session) keepLink() { s.mmsUntil = time.Now().Add(linkTime) }

func (s *session) lapseCMMS() {
	if s.cmms == 1 && time.Now().After(s.mmsUntil) {
		s.cmms = 0
	}
}

// cnma is +CNMA: TS 27.005 3.4.4, 4.7.
func cnma(s *session, c command) error {
	if c.form == test {
		s.info("+CNMA: (0-2)")
		return nil
	}
	a := c.split()
	n, err := a.oneOf(0, 0, 0, 1, 2)
	if err != nil || c.form == read {
		return cms(304)
	}
	if forms := s.m.o.Profile.CNMA; forms != nil && !slices.Contains(forms, strings.TrimPrefix(c.String(), "+CNMA")) {
		return plain("ERROR")
	}
	if len(a) > 1 {
		if s.m.o.Profile.NoCNMAPDU {
			return plain("ERROR")
		}
		if _, err := s.data(false); err != nil {
			return s.escaped(err)
		}
	}
	p := s.pending
	if p == nil || p.report && s.m.o.Profile.CDSWedges {
		return cms(340)
	}
	s.pending = nil
	if n == 2 {
		p.done(refused)
	} else {
		p.done(delivered)
	}
	s.afterwards(s.flush)
	return nil
}
