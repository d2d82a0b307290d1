package modemtest

import (
	"math/rand/v2"
	"sync"
	"time"
)

// ModemOptions say what a modem is. The zero value of each is the usual one.
type ModemOptions struct {
	Number   string // of the SIM, "+49…"; required
	PIN, PUK string // "": the SIM asks for none
	IMSI     string // 15 digits; made from Number when empty
	ICCID    string // 19 or 20 digits; made from Number when empty
	IMEI     string // 15 digits; made from Number when empty
	SMSC     string // service centre address of the SIM; "none" for none
	Profile  Profile
	SIMSlots int  // messages that the SIM holds, 30 when 0
	MESlots  int  // messages that the phone holds, 100 when 0
	Unlisted bool // CNUM answers nothing: most SIMs do not know their number
	CSQ      int  // 0..31 or 99; 20 when 0

	Latency    time.Duration // of every command
	SubmitTime time.Duration // from Ctrl-Z to +CMGS
	BootTime   time.Duration // from a reset to the first command
	SIMTime    time.Duration // from start or PIN to a SIM that answers
	AckTime    time.Duration // the network waits for +CNMA; 15 s when 0 (TS 24.011 10.1: TR2M, 12 s < t < 20 s)
	NoiseEvery time.Duration // of the profile's Noise; never when 0
	Baud       int           // paces both directions; no pacing when 0

	// OnFault is told of each fault as it hits a command. It must not call back into
	// the modem.
	OnFault func(Fault)
}

// A Modem is a simulated modem with its SIM. Its methods may be called at any
// time, whether it is being served or not.
type Modem struct {
	air *Air
	o   ModemOptions
	rng *rand.Rand // guarded by mu

	socket chan struct{} // 1: the one line of the modem, taken while it is served

	mu       sync.Mutex
	s        *session // nil: nobody serves it, it is off
	powered  bool     // false while it boots
	onBus    bool     // it is a USB stick: see Bus
	sim      sim
	me       *store
	stored   settings // AT&W
	cfun     int
	reg, eps int // what the network says; see registration
	csq      int
	simReady time.Time
	smsReady time.Time
	faults   []*Fault
	shown    []string // class 0 messages on the display, in hex
	submits  int
	full     bool // the network was told that there is no room: TS 23.040 10.3

	stuck Stuck // see Stick; 0: it is not
	cure  Cure
	cures []Cure
}

// A sim is what stays when the stick is replaced.
type sim struct {
	number, imsi, iccid string
	pin, puk            string
	locked              bool
	pinTries, pukTries  int
	smsc                string
	mr                  byte // last used TP-MR, EF-SMSS: TS 31.102 4.2.28
	store               *store
}

// NewModem adds a modem to the air. It is off until somebody serves it.
func (a *Air) NewModem(o ModemOptions) *Modem {
	o.setDefaults()
	m := &Modem{
		air: a, o: o, rng: a.newRand(o.Number), socket: make(chan struct{}, 1),
		me:     newStore("ME", o.MESlots, o.Profile.FirstIndex),
		stored: factory(o.Profile),
		cfun:   1, reg: 1, eps: 1, csq: o.CSQ,
		sim: sim{
			number: o.Number, imsi: o.IMSI, iccid: o.ICCID,
			pin: o.PIN, puk: o.PUK, pinTries: 3, pukTries: 10,
			smsc: o.SMSC, store: newStore("SM", o.SIMSlots, o.Profile.FirstIndex),
		},
	}
	a.join(o.Number, m)
	return m
}

func (o *ModemOptions) setDefaults() {
	digits := digitsOf(o.Number)
	pad := func(prefix string, n int) string {
		zeros := "00000000000000000000"
		tail := digits
		if room := n - len(prefix); len(tail) > room {
			tail = tail[len(tail)-room:]
		}
		return prefix + zeros[:n-len(prefix)-len(tail)] + tail
	}
	if o.Profile.Name == "" {
		o.Profile = Generic
	}
	set(&o.IMSI, pad("262", 15))
	set(&o.ICCID, pad("8949", 19))
	set(&o.IMEI, pad("35", 15))
	set(&o.PUK, "12345678")
	set(&o.SMSC, "+491710760000")
	set(&o.SIMSlots, 30)
	set(&o.MESlots, 100)
	set(&o.CSQ, 20)
	set(&o.BootTime, o.Profile.Deaf)
	set(&o.SIMTime, o.Profile.SIMTime)
	set(&o.AckTime, o.Profile.AckTime)
	set(&o.AckTime, 15*time.Second)
	if o.SMSC == "none" {
		o.SMSC = ""
	}
}

func set[T comparable](p *T, usual T) {
	var zero T
	if *p == zero {
		*p = usual
	}
}

// Number is the SIM's.
func (m *Modem) Number() string { return m.o.Number }

func (m *Modem) attach(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.s = s
	m.treat(Reopened)
	s.wire.gag(m.stuck == Mute)
}

func (m *Modem) detach(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail(s)
	m.s, m.powered = nil, false
}

// powerUp is what a start does to the SIM. m.mu is held.
func (m *Modem) powerUp() {
	m.powered = true
	m.sim.locked = m.sim.pin != ""
	m.findSIM()
	m.cfun = 1
	m.alert()
}

// findSIM is what a start and a PIN are followed by. m.mu is held.
func (m *Modem) findSIM() {
	m.simReady = time.Now().Add(m.o.SIMTime)
	m.smsReady = m.simReady.Add(m.o.Profile.SMSTime)
}

// simError is the reason for which the SIM gives nothing, if there is one.
// m.mu is held.
func (m *Modem) simError() error {
	switch {
	case m.sim.pinTries == 0:
		return cme(12)
	case m.sim.locked:
		return cme(11)
	case time.Now().Before(m.simReady):
		return cme(14)
	}
	return nil
}

// messageError is simError in the words of TS 27.005.
func (m *Modem) messageError() error {
	switch m.simError() {
	case cme(12):
		return cms(316)
	case cme(11):
		return cms(311)
	}
	if time.Now().Before(m.smsReady) {
		return cms(314)
	}
	return nil
}

// registration is what +CREG and +CEREG say now. m.mu is held.
func (m *Modem) registration() (reg, eps int) {
	if !m.powered || m.cfun != 1 || m.sim.locked {
		return 0, 0
	}
	if m.stuck == Searching {
		return 2, 2
	}
	return m.reg, m.eps
}

// registered reports whether short messages pass. m.mu is held.
func (m *Modem) registered() bool {
	reg, eps := m.registration()
	return onNetwork(reg) || onNetwork(eps)
}

// SetRegistration is the network's word on the modem: the <stat> of +CREG and
// of +CEREG, 1 home, 2 searching, 3 denied, 5 roaming.
func (m *Modem) SetRegistration(reg, eps int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changeRegistration(func() { m.reg, m.eps = reg, eps })
}

// changeRegistration does what may change it and tells the TE and the air.
func (m *Modem) changeRegistration(change func()) {
	reg, eps := m.registration()
	was := m.registered()
	change()
	newReg, newEPS := m.registration()
	if s := m.s; s != nil && m.powered {
		if newReg != reg {
			s.registrationURC("+CREG", s.creg, newReg)
			s.registrationURC("+CGREG", s.cgreg, newReg)
		}
		if newEPS != eps {
			s.registrationURC("+CEREG", s.cereg, newEPS)
		}
	}
	if m.registered() && !was {
		m.alert()
	}
}

// SetSignal is the <rssi> of +CSQ, 0..31 or 99.
func (m *Modem) SetSignal(csq int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.csq = csq
}

// URC puts out lines now, as firmware does that nobody asked.
func (m *Modem) URC(lines ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.s != nil && m.powered {
		m.s.urc(lines...)
	}
}

// Put puts octets on the line as they are.
func (m *Modem) Put(octets string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.s != nil {
		m.s.wire.put(octets)
	}
}

// Reset restarts the modem in whatever it is doing; the line stays.
func (m *Modem) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.s != nil && m.s.reset != nil {
		m.s.reset(errReset)
	}
}

// leave ends the line that has the URCs, and with it the modem's place on the bus.
// m.mu is held.
func (m *Modem) leave() {
	if m.s != nil {
		m.s.hangUp(errReset)
	}
}

// HangUp closes the line: the stick is pulled out. Serve returns.
func (m *Modem) HangUp() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.s != nil {
		m.s.hangUp(errHangUp)
	}
}

// Shown are the class 0 messages that went to the display, as TPDU octets in hex.
func (m *Modem) Shown() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.shown...)
}

// Submits counts the short messages that the network took from this modem.
func (m *Modem) Submits() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.submits
}

// PINTries is how many wrong PINs the SIM still bears.
func (m *Modem) PINTries() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sim.pinTries
}

// Stored counts the messages in the store "SM" or "ME".
func (m *Modem) Stored(mem string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	used, _ := m.capacity(mem)
	return used
}
