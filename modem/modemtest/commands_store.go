package modemtest

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// cmgr is +CMGR: TS 27.005 3.4.3, 4.2.
func cmgr(s *session, c command) error {
	if c.form == test {
		return nil
	}
	if err := s.m.messageError(); err != nil {
		return err
	}
	index, err := c.split().number(0, -1)
	if err != nil {
		return cms(321)
	}
	slot := s.m.at(s.mems[0], index)
	if slot == nil {
		return cms(321)
	}
	msg := *slot
	if msg == nil {
		if s.m.o.Profile.EmptyOK {
			return nil
		}
		return cms(321)
	}
	if s.cmgf == 1 {
		s.info(s.textCMGR(*msg)...)
	} else {
		s.info(fmt.Sprintf("+CMGR: %d,,%d", msg.stat, msg.length()), upperHex(msg.mode))
	}
	msg.read()
	return nil
}

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// read is what listing or reading does to a message.
func (m *message) read() {
	if m.stat == recUnread {
		m.stat = recRead
	}
}

// cmgl is +CMGL: TS 27.005 3.4.2, 4.1.
func cmgl(s *session, c command) error {
	if c.form == test {
		if s.cmgf == 1 {
			s.info(`+CMGL: ("` + strings.Join(statTexts[:], `","`) + `")`)
		} else {
			s.info("+CMGL: (0-4)")
		}
		return nil
	}
	if err := s.m.messageError(); err != nil {
		return err
	}
	wanted, err := s.wantedStat(c.split())
	if err != nil {
		return err
	}
	s.m.each(s.mems[0], func(index int, slot **message) {
		msg := *slot
		if wanted != statAll && msg.stat != wanted {
			return
		}
		if s.cmgf == 1 {
			s.info(s.textCMGL(index, *msg)...)
		} else {
			s.info(fmt.Sprintf("+CMGL: %d,%d,,%d", index, msg.stat, msg.length()), upperHex(msg.mode))
		}
		msg.read()
	})
	return nil
}

func (s *session) wantedStat(a args) (int, error) {
	if s.cmgf == 0 {
		n, err := a.oneOf(0, recUnread, recUnread, recRead, stoUnsent, stoSent, statAll)
		if err != nil {
			return 0, cms(302)
		}
		return n, nil
	}
	if len(a) == 0 {
		return recUnread, nil
	}
	for i, t := range statTexts {
		if t == a.text(0) {
			return i, nil
		}
	}
	return 0, cms(305)
}

// cmgd is +CMGD: TS 27.005 3.5.4. Deleting what is not there is no error.
func cmgd(s *session, c command) error {
	m := s.m
	mem := s.mems[0]
	if err := m.messageError(); err != nil {
		return err
	}
	if c.form == test {
		var list []string
		m.each(mem, func(index int, _ **message) { list = append(list, fmt.Sprint(index)) })
		s.info("+CMGD: (" + strings.Join(list, ",") + "),(0-4)")
		return nil
	}
	a := c.split()
	index, err := a.number(0, -1)
	if err != nil {
		return cms(321)
	}
	flag, err := a.oneOf(1, 0, 0, 1, 2, 3, 4)
	if err != nil {
		return cms(302)
	}
	if flag == 0 {
		slot := m.at(mem, index)
		if slot == nil {
			return cms(321)
		}
		*slot = nil
	} else {
		// <delflag> 1 all read, 2 and sent, 3 and unsent, 4 and unread.
		dies := map[int]bool{recRead: true, stoSent: flag >= 2, stoUnsent: flag >= 3, recUnread: flag >= 4}
		m.each(mem, func(_ int, slot **message) {
			if dies[(*slot).stat] {
				*slot = nil
			}
		})
	}
	if m.full {
		m.alert()
	}
	return nil
}
