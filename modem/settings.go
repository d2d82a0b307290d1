package modem

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// settings are what was found out about a modem and chosen for it.
type settings struct {
	acks     atomic.Bool // phase 2+ (+CSMS=1): what it hands on wants +CNMA; runURCs reads it
	direct   bool        // messages are handed on (+CMT), not stored (+CMTI)
	cnmi     string      // as set
	cnmiSet  []string
	noDirect bool // handing on does not work with this modem
	blind    bool // no way was found to be told of messages: the stores are looked into often

	stores []string // those to look into
	store  string   // where received messages go (<mem3>)
	apart  bool     // it takes no two commands in one line

	noCMMS bool
	cnma   string // "=0" where the bare +CNMA is refused
	nacks  int    // acknowledgements refused in a row

	pinTried  string // for which SIM the PIN was used in this session
	pinDigest [32]byte
}

// setPDUMode: TS 27.005 3.2.3.
func (m *Modem) setPDUMode(ctx context.Context) error {
	_, err := m.patient(ctx, "+CMGF=0")
	if err != nil {
		return fmt.Errorf("set PDU mode (a modem without it cannot be used): %w", err)
	}
	return nil
}

// setService asks for phase 2+, in which the network hears of a message handed
// on only when it has been acknowledged (TS 27.005 3.2.1). What counts is what
// is read back.
func (m *Modem) setService(ctx context.Context) error {
	if _, _, err := m.try(ctx, "+CSMS=1", simTimeout); err != nil {
		return err
	}
	return m.ask(ctx, "+CSMS?", func(a string) {
		// Huawei and Novatel leave <service> out: three values then.
		f := fields(a)
		m.acks.Store(len(f) != 3 && number(f, 0) == 1)
	}, "+CSMS")
}

// setCentre sets the service centre if one is configured, and reads it.
func (m *Modem) setCentre(ctx context.Context) error {
	if smsc := m.opt.SMSC; smsc != "" {
		toa := 129
		if strings.HasPrefix(smsc, "+") {
			toa = 145
		}
		if _, err := m.patient(ctx, fmt.Sprintf(`+CSCA="%s",%d`, smsc, toa)); err != nil {
			return fmt.Errorf("set service centre %s: %w", smsc, err)
		}
	}
	info, err := m.patient(ctx, "+CSCA?")
	if refused := (*ResultError)(nil); err != nil && !errors.As(err, &refused) {
		return err
	}
	if args, ok := answer(info, "+CSCA"); ok {
		m.mu.Lock()
		m.id.SMSC = fields(args)[0]
		m.mu.Unlock()
	}
	return nil
}

// setStores chooses the memory for received messages (TS 27.005 3.2.2): ME
// holds more than a SIM, and where it does not exist or refuses, the SIM.
func (m *Modem) setStores(ctx context.Context) error {
	info, err := m.patient(ctx, "+CPMS=?")
	refused := (*ResultError)(nil)
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	var offered [3][]string
	args, _ := answer(info, "+CPMS")
	for i, set := range sets(args) {
		if i < len(offered) {
			offered[i] = values(set)
		}
	}
	readable := offered[0] // <mem1>
	has := func(set int, mem string) bool {
		return len(offered[set]) == 0 || slices.Contains(offered[set], mem)
	}
	for _, mem := range []string{"ME", "SM", "MT"} {
		if err != nil || !has(0, mem) || !has(1, mem) || !has(2, mem) {
			continue
		}
		_, err := m.patient(ctx, fmt.Sprintf(`+CPMS="%s","%s","%s"`, mem, mem, mem))
		if errors.As(err, &refused) { // Wavecom Q2 takes one memory only
			_, err = m.patient(ctx, fmt.Sprintf(`+CPMS="%s"`, mem))
		}
		if err == nil {
			m.store = mem
			break
		}
		if !errors.As(err, &refused) {
			return err
		}
	}
	if err := m.ask(ctx, "+CPMS?", func(a string) {
		// "ME",0,50,"ME",0,50,"SM",3,20; older ones leave some of it out.
		f := fields(a)
		if len(f) < 3 || f[0] == "" {
			return
		}
		if m.store = f[0]; len(f) >= 9 && f[6] != "" {
			m.store = f[6]
		}
	}, "+CPMS"); err != nil {
		return err
	}
	// Class 2 messages go to the SIM whatever is set, and a former session may
	// have left some in either memory.
	m.stores = nil
	for _, mem := range []string{m.store, "ME", "SM"} {
		if mem == "MT" && slices.Contains(readable, "ME") && slices.Contains(readable, "SM") {
			continue // the union of both, under indexes of its own
		}
		if mem != "" && (mem == m.store || slices.Contains(readable, mem)) && !slices.Contains(m.stores, mem) {
			m.stores = append(m.stores, mem)
		}
	}
	return nil
}

// setReception chooses how the modem tells of messages.
func (m *Modem) setReception(ctx context.Context) error {
	info, err := m.patient(ctx, "+CNMI=?")
	refused := (*ResultError)(nil)
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	args, _ := answer(info, "+CNMI")
	direct := m.opt.Receive == ReceiveDirect && !m.noDirect || m.store == ""
	if direct && !m.acks.Load() && m.store != "" {
		m.log.Warn().Msg("modem does not wait for acknowledgements (no +CSMS=1): messages are received through its store instead")
		direct = false
	} else if direct && !m.acks.Load() {
		m.log.Warn().Msg("modem neither stores messages nor waits for acknowledgements: a crash can lose one")
	}
	ways := []bool{direct, !direct}
	if m.store == "" {
		ways = []bool{true}
	}
	for _, m.direct = range ways {
		for _, set := range cnmiCandidates(args, m.direct) {
			ok, err := m.setCNMI(ctx, set)
			if ok || err != nil {
				return err
			}
		}
	}
	m.direct, m.blind = false, true
	m.log.Warn().Msg("modem does not tell of messages (no +CNMI it keeps): its store is looked into every 30 s")
	return nil
}

// setCNMI sets one candidate and reads it back: some modems say OK and do
// something else.
func (m *Modem) setCNMI(ctx context.Context, set string) (ok bool, err error) {
	_, err = m.patient(ctx, "+CNMI="+set)
	refused := (*ResultError)(nil)
	if errors.As(err, &refused) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	now, err := m.readCNMI(ctx)
	if err != nil {
		return false, err
	}
	want := strings.Split(set, ",")
	if now != nil && (now[1] != want[1] || len(want) > 3 && now[3] != want[3]) {
		return false, nil
	}
	m.cnmi, m.cnmiSet = set, now
	return true, nil
}

// readCNMI reads <mode>,<mt>,<bm>,<ds>, nil where the modem does not tell.
func (m *Modem) readCNMI(ctx context.Context) (now []string, err error) {
	err = m.ask(ctx, "+CNMI?", func(a string) {
		if f := fields(a); len(f) >= 4 {
			now = f[:4]
		}
	}, "+CNMI")
	return now, err
}

// cnmiCandidates are the values of +CNMI to try, best first (TS 27.005 3.4.1).
// offered is the answer of +CNMI=?, "" when there was none. Mode 2 buffers
// while the line is busy; modems that offer it and refuse it take 1. Reports
// are handed on (ds 1) or, where that is refused, stored.
func cnmiCandidates(offered string, direct bool) []string {
	all := sets(offered)
	pick := func(i int, wanted ...string) []string {
		if i >= len(all) || all[i] == "" {
			return wanted
		}
		var out []string
		has := values(all[i])
		for _, w := range wanted {
			if slices.Contains(has, w) {
				out = append(out, w)
			}
		}
		return out
	}
	mts := pick(1, "1", "3")
	if direct {
		mts = pick(1, "2")
	}
	bm := append(pick(2, "0", "2", "3", "1"), "0")[0]
	length := 5 // a modem may know fewer values
	if len(all) >= 3 {
		length = min(len(all), 5)
	}
	var out []string
	for _, mt := range mts {
		for _, ds := range pick(3, "1", "2", "0") {
			for _, mode := range pick(0, "2", "1", "3") {
				for _, bfr := range pick(4, "0", "1") {
					set := strings.Join([]string{mode, mt, bm, ds, bfr}[:length], ",")
					if !slices.Contains(out, set) {
						out = append(out, set)
					}
				}
			}
		}
	}
	return out
}
