package modemtest

import "slices"

// The <stat> of a stored message: TS 27.005 3.1.
const (
	recUnread = 0
	recRead   = 1
	stoUnsent = 2
	stoSent   = 3
	statAll   = 4
)

var statTexts = [...]string{"REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL"}

// A message is what a store holds: the octets of PDU mode.
type message struct {
	stat int
	mode []byte // SMSC field + TPDU
}

// length is that of the TPDU: what +CMGR says.
func (m *message) length() int { return len(m.tpdu()) }

func (m *message) tpdu() []byte {
	if len(m.mode) == 0 || int(m.mode[0])+1 > len(m.mode) {
		return nil
	}
	return m.mode[1+int(m.mode[0]):]
}

// A store is one of "SM" and "ME".
type store struct {
	name  string
	first int // index of the first slot
	slots []*message
}

func newStore(name string, size, first int) *store {
	return &store{name: name, first: first, slots: make([]*message, size)}
}

// add puts msg into the lowest free slot; ok is false when there is none.
func (s *store) add(msg message) (index int, ok bool) {
	i := slices.Index(s.slots, nil)
	if i < 0 {
		return 0, false
	}
	s.slots[i] = &msg
	return s.first + i, true
}

func (s *store) used() (n int) {
	for _, m := range s.slots {
		if m != nil {
			n++
		}
	}
	return n
}

// at is the slot of an index of mem, which may be "MT": SM and ME as one, the
// SIM first. It is nil where mem has no such index.
func (m *Modem) at(mem string, index int) **message {
	for _, s := range m.stores(mem) {
		i := index - s.first
		if i < 0 {
			return nil
		}
		if i < len(s.slots) {
			return &s.slots[i]
		}
		index -= len(s.slots)
	}
	return nil
}

// stores are those that mem names.
func (m *Modem) stores(mem string) []*store {
	switch mem {
	case "SM":
		return []*store{m.sim.store}
	case "ME":
		return []*store{m.me}
	}
	return []*store{m.sim.store, m.me}
}

// capacity is what +CPMS tells of mem.
func (m *Modem) capacity(mem string) (used, total int) {
	for _, s := range m.stores(mem) {
		used += s.used()
		total += len(s.slots)
	}
	return used, total
}

// keep stores msg in mem and gives the index within mem.
func (m *Modem) keep(mem string, msg message) (index int, ok bool) {
	before := 0
	for _, s := range m.stores(mem) {
		if i, ok := s.add(msg); ok {
			return before + i, true
		}
		before += len(s.slots)
	}
	return 0, false
}

// each calls f for every message of mem, lowest index first.
func (m *Modem) each(mem string, f func(index int, slot **message)) {
	before := 0
	for _, s := range m.stores(mem) {
		for i := range s.slots {
			if s.slots[i] != nil {
				f(before+s.first+i, &s.slots[i])
			}
		}
		before += len(s.slots)
	}
}
