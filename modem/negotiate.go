package modem

import (
	"context"
	"slices"
	"strconv"
)

// Negotiated is what the modem offered, what was chosen, and what it then says it does.
type Negotiated struct {
	Profile string // row of its make

	CSMS  Agreed // service for messages
	CGSMS Agreed // domain that they are sent by
	CPMS  Agreed // stores
	CMMS  Agreed // link kept between the segments of one message
	CNMI  Agreed // telling of messages

	Stores  []Store // those that are looked into
	Direct  bool    // messages are handed on (+CMT), else stored (+CMTI)
	Acks    bool    // what is handed on is acknowledged (+CNMA)
	Blind   bool    // the modem does not tell of messages: its stores are looked into
	Refused []string
}

// Agreed is one setting: what =? offers, what was set, what is read back; each "" where
// there was none.
type Agreed struct{ Offered, Set, Read string }

// A Store is a memory for messages, and how full it is.
type Store struct {
	Mem         string
	Used, Total int
}

// Negotiated tells how the modem was set up, complete after Ready.
func (m *Modem) Negotiated() Negotiated {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.agreed
	n.Stores, n.Refused = slices.Clone(n.Stores), slices.Clone(n.Refused)
	return n
}

func (m *Modem) agree(f func(*Negotiated)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.agreed)
}

// refuses notes a command that the modem did not take, or took and did not do.
func (m *Modem) refuses(cmd, how string) {
	m.agree(func(n *Negotiated) {
		if line := "AT" + cmd + ": " + how; !slices.Contains(n.Refused, line) {
			n.Refused = append(n.Refused, line)
		}
	})
}

// offers asks what values a command takes; nil where the modem does not say.
func (m *Modem) offers(ctx context.Context, name string) (args string, list []string, err error) {
	err = m.ask(ctx, name+"=?", func(a string) {
		args = a
		if all := sets(a); len(all) > 0 {
			list = values(all[0])
		}
	}, name)
	return args, list, err
}

// setOne sets a value that a modem need not take, and reads it back.
func (m *Modem) setOne(ctx context.Context, name, value string) (now string, err error) {
	_, ok, err := m.try(ctx, name+"="+value, simTimeout)
	if err != nil {
		return "", err
	}
	if !ok {
		m.refuses(name+"="+value, "refused")
		return m.readOne(ctx, name)
	}
	return m.kept(ctx, name, value)
}

// kept reads a value back that was taken.
func (m *Modem) kept(ctx context.Context, name, value string) (now string, err error) {
	now, err = m.readOne(ctx, name)
	if now != "" && now != value {
		m.refuses(name+"="+value, "taken, and "+now+" is read back")
	}
	return now, err
}

func (m *Modem) readOne(ctx context.Context, name string) (now string, err error) {
	err = m.ask(ctx, name+"?", func(a string) { now = fields(a)[0] }, name)
	return now, err
}

// setService asks for phase 2+, in which the network hears of a message handed
// on only when it has been acknowledged (TS 27.005 3.2.1). What counts is what
// is read back. Quectel's GSM modules call it 128. A make that must not be
// acknowledged is set to phase 2, in which nobody waits for it.
func (m *Modem) setService(ctx context.Context) error {
	m.cnma = ""
	if form := m.profile.CNMA; form == "=0" || form == "=1" {
		m.cnma = form
	}
	want := "1"
	switch {
	case m.profile.CNMA == "never":
		want = "0"
	case m.profile.CSMS > 0:
		want = strconv.Itoa(m.profile.CSMS)
	}
	offered, list, err := m.offers(ctx, "+CSMS")
	if err != nil {
		return err
	}
	set := ""
	if list == nil || slices.Contains(list, want) {
		set = want
		if _, ok, err := m.try(ctx, "+CSMS="+want, simTimeout); err != nil {
			return err
		} else if !ok {
			m.refuses("+CSMS="+want, "refused")
		}
	}
	now := ""
	err = m.ask(ctx, "+CSMS?", func(a string) {
		// Huawei and Novatel leave <service> out: three values then.
		if f := fields(a); len(f) != 3 {
			now = f[0]
		}
	}, "+CSMS")
	if set != "" && now != "" && now != set {
		m.refuses("+CSMS="+set, "taken, and "+now+" is read back")
	}
	m.acks.Store(want != "0" && now == want)
	m.agree(func(n *Negotiated) { n.CSMS, n.Acks = Agreed{offered, set, now}, m.acks.Load() })
	return err
}

// setDomain lets messages go by whichever domain is there (TS 27.007 10.1.21): 0 is the
// packet domain and nothing else, 1 the circuit switched one; 2 and 3 take the other one
// where the first is not to be had. So 0 becomes 2 and 1 becomes 3, as ModemManager sets
// for MBM: what has worked is still tried first. 2 and 3 stay as they are, and a modem
// that offers neither keeps what it has.
func (m *Modem) setDomain(ctx context.Context) error {
	offered, list, err := m.offers(ctx, "+CGSMS")
	if err != nil || offered == "" {
		return err
	}
	had, err := m.readOne(ctx, "+CGSMS")
	if err != nil {
		return err
	}
	both := map[string]string{"0": "2", "1": "3"}[had]
	agreed := Agreed{Offered: offered, Read: had}
	if slices.Contains(list, both) {
		agreed.Set = both
		if agreed.Read, err = m.setOne(ctx, "+CGSMS", both); err != nil {
			return err
		}
		if agreed.Read != both && agreed.Read != had {
			agreed.Set = had
			if agreed.Read, err = m.setOne(ctx, "+CGSMS", had); err != nil {
				return err
			}
		}
	}
	m.agree(func(n *Negotiated) { n.CGSMS = agreed })
	return nil
}

// setLink finds out whether the modem keeps the link between segments (TS 27.005 3.5.6).
// The value lapses by itself within seconds, so that it is set again before each message.
func (m *Modem) setLink(ctx context.Context) error {
	offered, list, err := m.offers(ctx, "+CMMS")
	if err != nil {
		return err
	}
	agreed := Agreed{Offered: offered}
	if m.noCMMS = list != nil && !slices.Contains(list, "1"); !m.noCMMS {
		_, ok, err := m.try(ctx, "+CMMS=1", cmmsTimeout)
		if err != nil {
			return err
		}
		if !ok {
			m.noCMMS = true
			m.refuses("+CMMS=1", "refused")
		} else {
			agreed.Set = "1"
			if agreed.Read, err = m.kept(ctx, "+CMMS", "1"); err != nil {
				return err
			}
			m.noCMMS = agreed.Read == "0"
		}
	}
	m.agree(func(n *Negotiated) { n.CMMS = agreed })
	return nil
}
