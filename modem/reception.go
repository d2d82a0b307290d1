package modem

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// setReception chooses how the modem tells of messages.
func (m *Modem) setReception(ctx context.Context) error {
	info, err := m.patient(ctx, "+CNMI=?")
	refused := (*ResultError)(nil)
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	args, _ := answer(info, "+CNMI")
	m.agree(func(n *Negotiated) { n.CNMI = Agreed{Offered: args} })
	wanted := m.opt.Receive == ReceiveDirect || m.opt.Receive == ReceiveAuto && m.profile.Receive == "direct"
	direct := wanted && !m.noDirect || m.storeless()
	if direct && !m.acks.Load() && !m.storeless() {
		m.log.Warn().Msg("modem does not wait for acknowledgements (no +CSMS=1): messages are received through its store instead")
		direct = false
	} else if direct && !m.acks.Load() {
		m.log.Warn().Msg("modem neither stores messages nor waits for acknowledgements: a crash can lose one")
	}
	ways := []bool{direct, !direct}
	if m.storeless() {
		ways = []bool{true}
	}
	m.blind = false
	defer func() {
		m.agree(func(n *Negotiated) { n.Direct, n.Blind, n.Acks = m.direct, m.blind, m.acks.Load() })
	}()
	for _, m.direct = range ways {
		for _, set := range m.profile.cnmiCandidates(args, m.direct) {
			ok, err := m.setCNMI(ctx, set)
			if ok || err != nil {
				return err
			}
		}
	}
	m.direct, m.blind = false, true
	m.pace.atMost(blindSweep)
	m.log.Warn().Msg("modem does not tell of messages (no +CNMI it keeps): its store is looked into every 30 s")
	return nil
}

// setCNMI sets one candidate and reads it back: some modems say OK and do
// something else.
func (m *Modem) setCNMI(ctx context.Context, set string) (ok bool, err error) {
	_, err = m.patient(ctx, "+CNMI="+set)
	refused := (*ResultError)(nil)
	if errors.As(err, &refused) {
		m.refuses("+CNMI="+set, refused.Text)
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
	// Mode 0 keeps what there is to tell in the modem.
	if now != nil && (now[0] == "0" || now[1] != want[1] || len(want) > 3 && now[3] != want[3]) {
		m.refuses("+CNMI="+set, "taken, and "+strings.Join(now, ",")+" is read back")
		return false, nil
	}
	m.cnmi, m.cnmiSet = set, now
	m.agree(func(n *Negotiated) { n.CNMI.Set, n.CNMI.Read = set, strings.Join(now, ",") })
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

// cnmiCandidates are the values of +CNMI to try, best first (TS 27.005 3.4.1): those of
// the make's row, then what the modem offers. offered is the answer of +CNMI=?, "" when
// there was none. Mode 2 buffers while the line is busy; modems that offer it and refuse
// it take 1. Reports are handed on (ds 1) or, where that is refused, stored.
func (p Profile) cnmiCandidates(offered string, direct bool) []string {
	all := sets(offered)
	pick := func(i int, row []string, wanted ...string) []string {
		if row != nil {
			wanted = row
		}
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
	mts := pick(1, nil, "1", "3")
	if direct {
		mts = pick(1, nil, "2")
	}
	bm := append(pick(2, p.Walk.BM, "0", "2", "3", "1"), "0")[0]
	length := 5 // a modem may know fewer values
	if len(all) >= 3 {
		length = min(len(all), 5)
	}
	var out []string
	for _, set := range p.CNMI {
		if mt := strings.Split(set, ",")[1]; mt != "0" && (mt == "2") == direct {
			out = append(out, set)
		}
	}
	for _, mt := range mts {
		for _, ds := range pick(3, p.Walk.DS, "1", "2", "0") {
			for _, mode := range pick(0, p.Walk.Mode, "2", "1", "3") {
				for _, bfr := range pick(4, p.Walk.BFR, "0", "1") {
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
