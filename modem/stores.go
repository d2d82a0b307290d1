package modem

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// fillWarning: per cent of a store from which it is told that it gets full.
const fillWarning = 80

// fullSweep is when a store that was full is looked into again: the network brings what
// waits as soon as there is room.
const fullSweep = 30 * time.Second

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
	agreed := Agreed{Offered: args}
	for i, set := range sets(args) {
		if i < len(offered) {
			offered[i] = values(set)
		}
	}
	readable := offered[0] // <mem1>
	m.memories = 0
	for _, mem := range []string{"ME", "SM", "MT"} { // others hold reports and broadcasts
		if slices.Contains(readable, mem) {
			m.memories++
		}
	}
	has := func(set int, mem string) bool {
		return len(offered[set]) == 0 || slices.Contains(offered[set], mem)
	}
	for _, mem := range []string{"ME", "SM", "MT"} {
		if err != nil || !has(0, mem) || !has(1, mem) || !has(2, mem) {
			continue
		}
		all := fmt.Sprintf(`+CPMS="%s","%s","%s"`, mem, mem, mem)
		_, err := m.patient(ctx, all)
		if errors.As(err, &refused) { // Wavecom Q2 takes one memory only
			m.refuses(all, refused.Text)
			_, err = m.patient(ctx, fmt.Sprintf(`+CPMS="%s"`, mem))
		}
		if err == nil {
			agreed.Set = mem
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
		agreed.Read = a
	}, "+CPMS"); err != nil {
		return err
	}
	if agreed.Set != "" && agreed.Read != "" && m.store != agreed.Set {
		m.refuses(`+CPMS="`+agreed.Set+`"`, "taken, and messages go to "+m.store)
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
	m.filled, m.drafts = map[string]bool{}, map[string]int{}
	m.agree(func(n *Negotiated) {
		n.CPMS, n.Stores = agreed, nil
		for _, mem := range m.stores {
			n.Stores = append(n.Stores, Store{Mem: mem})
		}
	})
	m.gauge(agreed.Read)
	return m.nameless(ctx)
}

// inStore executes a command on the memory mem. Both stand in one line (V.250 5.5
// executes it in order, and stops at the first fault): a modem that has restarted
// without a word has another memory selected, and at the same index there another
// message, which nobody has seen yet.
func (m *Modem) inStore(ctx context.Context, mem, cmd string, d time.Duration) ([]string, error) {
	if m.memories < 2 {
		return m.x.Command(ctx, cmd, d)
	}
	for again := false; !m.apart; again = true {
		info, err := m.x.Command(ctx, m.choice(mem)+";"+cmd, d)
		refused := (*ResultError)(nil)
		if !errors.As(err, &refused) || refused.Kind == CMS && refused.Code == 321 {
			m.chosen(mem, info)
			return info, err
		}
		if again && busy(err) {
			return info, err // the memory could be selected, and is busy all the same
		}
		three := m.three
		if err := m.choose(ctx, mem); err != nil {
			return nil, err
		}
		if !busy(err) && m.three == three {
			return m.inChosen(ctx, cmd, d) // it is the line of two commands that it refuses
		}
	}
	if err := m.choose(ctx, mem); err != nil {
		return nil, err
	}
	return m.inChosen(ctx, cmd, d)
}

// inChosen executes a command by itself, after its memory was selected.
func (m *Modem) inChosen(ctx context.Context, cmd string, d time.Duration) ([]string, error) {
	info, err := m.x.Command(ctx, cmd, d)
	if err == nil && !m.apart {
		m.apart = true
		m.log.Info().Msg("modem takes no two commands in one line: its memory is selected apart")
	}
	return info, err
}

// choose makes mem the memory that is read and deleted from.
func (m *Modem) choose(ctx context.Context, mem string) error {
	info, err := m.patient(ctx, m.choice(mem))
	if refused := (*ResultError)(nil); errors.As(err, &refused) && !m.three { // T77W968 takes three memories only
		m.three = true
		if info, err = m.patient(ctx, m.choice(mem)); err != nil {
			m.three = false
		}
	}
	m.chosen(mem, info)
	return err
}

func (m *Modem) choice(mem string) string {
	if m.three {
		return fmt.Sprintf(`+CPMS="%s","%s","%s"`, mem, m.store, m.store)
	}
	return fmt.Sprintf(`+CPMS="%s"`, mem)
}

// chosen reads how full the memory is: `<used1>,<total1>,…`.
func (m *Modem) chosen(mem string, info []string) {
	if args, ok := answer(info, "+CPMS"); ok {
		if f := fields(args); number(f, 1) > 0 {
			m.fill(Store{mem, number(f, 0), number(f, 1)})
		}
	}
}

// checkStores looks how full the stores are.
func (m *Modem) checkStores(ctx context.Context) error {
	if m.store == "" {
		return nil
	}
	if err := m.ask(ctx, "+CPMS?", m.gauge, "+CPMS"); err != nil {
		return err
	}
	m.tellFull()
	if m.Status().full() {
		m.pace.sweepIn(fullSweep)
	}
	return nil
}

// gauge reads `"ME",0,50,"ME",0,50,"SM",3,20`.
func (m *Modem) gauge(args string) {
	f := fields(args)
	for i := 0; i+2 < len(f); i += 3 {
		if s := (Store{f[i], number(f, i+1), number(f, i+2)}); s.Used >= 0 && s.Total > 0 {
			m.fill(s)
		}
	}
}

// fill notes how full a store is.
func (m *Modem) fill(s Store) {
	m.agree(func(n *Negotiated) {
		if i := slices.IndexFunc(n.Stores, func(old Store) bool { return old.Mem == s.Mem }); i >= 0 {
			n.Stores[i] = s
		}
	})
	if s.Mem == m.store {
		m.update(func(st *Status) { st.StoreUsed, st.StoreTotal = s.Used, s.Total })
	}
}

// tellFull tells once of each store that it gets full.
func (m *Modem) tellFull() {
	for _, s := range m.Negotiated().Stores {
		full := s.Total > 0 && s.Used*100 >= s.Total*fillWarning
		if full && !m.filled[s.Mem] {
			m.log.Warn().Str("store", s.Mem).Int("used", s.Used).Int("total", s.Total).Int("not_received", m.drafts[s.Mem]).
				Msg("a store of the modem gets full, and when it is no SMS comes in. What was received is taken out; what was not, drafts and sent messages, only with drafts = \"archive\"")
		}
		m.filled[s.Mem] = full
	}
}
