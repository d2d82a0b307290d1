package modem

// Status of a modem as last seen.
type Status struct {
	Registered bool // on a network that carries short messages, as far as it tells
	Roaming    bool // on another network than the SIM's own

	Reg    int  // +CREG <stat> (TS 27.007 7.2), -1 unknown
	PSReg  int  // +CGREG <stat> (TS 27.007 10.1.20), -1 unknown
	EPSReg int  // +CEREG <stat> (TS 27.007 10.1.22), -1 unknown
	Untold bool // it has none of these commands: sending will show it

	IMS       int    // +CIREG <reg_info>, 0 where it is registered but not for short messages; -1 unknown
	Service   int    // +CGSMS <service> (TS 27.007 10.1.21), -1 unknown
	Selection int    // +COPS <mode> (TS 27.007 7.3), -1 unknown
	Refusal   int    // +CME ERROR with which +COPS? was refused, 0 none
	Cause     string // of a refusal by the network, as +CEER has it

	Operator   string // as the network calls itself
	Serving    string // PLMN of the network: MCC and MNC, "" unknown
	Home       string // PLMN of the SIM
	Technology int    // +COPS <AcT>, -1 unknown
	RSSI, RSRP int    // dBm, 0 unknown
	NoCentre   bool   // the SIM has no service centre address

	StoreUsed  int // messages in the store that takes what comes in,
	StoreTotal int // and how many it holds; 0 unknown

	Verdict string // one sentence in plain words
}

// unseen is the status of a modem that has not said anything yet.
func unseen() Status {
	return Status{
		Reg: -1, PSReg: -1, EPSReg: -1, IMS: -1, Service: -1, Selection: -1, Technology: -1,
		Verdict: "not opened yet",
	}
}

// Status as last seen.
func (m *Modem) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status
}

// full: what comes in finds no room.
func (s Status) full() bool { return s.StoreTotal > 0 && s.StoreUsed >= s.StoreTotal }

// update changes the status and tells of it if that made a difference.
func (m *Modem) update(f func(*Status)) {
	m.telling.Lock()
	defer m.telling.Unlock()
	m.mu.Lock()
	before := m.status
	f(&m.status)
	m.status = judge(m.status)
	if m.trouble != "" {
		m.status.Verdict = m.trouble
	} else if m.status.full() {
		m.status.Verdict += "; its store is full, so no SMS comes in until something is taken out of it"
	}
	now := m.status
	m.mu.Unlock()
	if now != before && m.opt.Status != nil {
		m.opt.Status(now)
	}
}

// explain sets what keeps the modem from working, in plain words; "" nothing.
func (m *Modem) explain(trouble string) {
	m.mu.Lock()
	m.trouble = trouble
	m.mu.Unlock()
	m.update(func(*Status) {})
}

func (m *Modem) troubled() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.trouble
}
