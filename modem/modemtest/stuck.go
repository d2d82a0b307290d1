package modemtest

import "slices"

// A Cure is what may bring a stuck modem back; a later one mends what an earlier one does.
type Cure int

const (
	Reopened     Cure = iota // its line was closed and opened again
	RadioCycled              // AT+CFUN=4 or 0, then 1
	Restarted                // AT+CFUN=1,1
	Reauthorised             // taken off the USB bus and put back
	PowerCycled              // without power for a moment
)

// Stuck is how a stuck modem behaves until it is cured.
type Stuck int

const (
	// Refusing every message with CMS 41, and else as if nothing were the matter: Telit
	// modules are seen stuck like that until their radio was cycled.
	Refusing Stuck = iota + 1
	// Searching for a network for ever.
	Searching
	// Mute: it answers nothing and says nothing.
	Mute
)

// Stick lets the modem hang from its next command on, until it is cured by that or more.
// What cures were tried is forgotten.
func (m *Modem) Stick(how Stuck, until Cure) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changeRegistration(func() { m.stuck, m.cure, m.cures = how, until, nil })
	if m.s != nil {
		m.s.wire.gag(how == Mute)
	}
}

// Cures are what has been tried since Stick, in order.
func (m *Modem) Cures() []Cure {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.cures)
}

// Reauthorise takes the modem off the USB bus and puts it back: the line is lost.
func (m *Modem) Reauthorise() { m.fallOff(Reauthorised) }

// PowerCycle takes the power away for a moment: the line is lost.
func (m *Modem) PowerCycle() { m.fallOff(PowerCycled) }

func (m *Modem) fallOff(c Cure) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.treat(c)
	if m.s != nil {
		m.s.hangUp(errHangUp)
	}
}

// treat is a cure that is tried. m.mu is held.
func (m *Modem) treat(c Cure) {
	m.cures = append(m.cures, c)
	if m.stuck != 0 && c >= m.cure {
		m.changeRegistration(func() { m.stuck = 0 })
	}
}
