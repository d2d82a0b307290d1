package doctor

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"wvsms/bridge"
	"wvsms/modem"
	"wvsms/pdu"
	"wvsms/spool"
)

// A Loopback is the carrier probe: what it costs is asked for before anything is sent.
type Loopback struct {
	Number   string                  // to which the trials go
	ToDevice string                  // port of the modem with that number; "": the one that sends
	Confirm  func(segments int) bool // the cost is all right
}

// Implementation.
const (
	trialLife  = 30 * time.Minute // validity of what is sent: later it is of no use
	trialWait  = 5 * time.Minute  // for the last one to come
	trialQuiet = 2 * time.Minute  // without another one coming, the rest is lost
)

// loopback sends the trials with m, which is ready, and tells what came of them.
func (d *doctor) loopback(ctx context.Context, m *modem.Modem) {
	l := d.o.Loopback
	const name = "carrier"
	to, err := pdu.ParseNumber(l.Number)
	switch {
	case err != nil:
		d.say(name, Fail, err.Error(), "")
		return
	case !d.cfg.Limits.AllowTo.Match(l.Number):
		d.say(name, Fail, "the number is not in limits.allow_to", "")
		return
	case !m.Status().Registered:
		d.say(name, Fail, "not tried: the modem is not on a network that carries short messages", "")
		return
	case !l.Confirm(cost()):
		d.say(name, Warn, fmt.Sprintf("not tried: it costs %d short messages", cost()), "wvsms doctor --loopback NUMBER --yes")
		return
	}
	at := m
	if l.ToDevice != "" {
		there, stop, err := d.second(ctx, bridge.ModemConfig{Name: "second", Device: l.ToDevice})
		if err != nil {
			d.say(name, Fail, fmt.Sprintf("the modem at %s, which is to receive: %v", l.ToDevice, err), "")
			return
		}
		defer stop()
		at = there
	}
	fates, err := try(ctx, m, at, to)
	if err != nil {
		d.say(name, Fail, "the probe broke off: "+err.Error(), "")
		return
	}
	text, state, tried := verdict(fates)
	for i, t := range trials {
		d.good("trial", "%s: %s", t, fates[i].word(t))
	}
	d.say(name, state, text, "")
	if tried {
		d.keep(ctx, m.Status(), text)
	}
}

func (f fate) word(t trial) string {
	switch {
	case f.refused != "":
		return "refused, " + f.refused
	case f.lost(t) && len(f.came) > 0:
		return fmt.Sprintf("%d of %d segments came", len(f.came), t.segments())
	case f.lost(t):
		return "lost"
	case f.changed != "":
		return "came, without or with other " + f.changed
	}
	return "came as it was sent"
}

// second brings up the modem that receives.
func (d *doctor) second(ctx context.Context, c bridge.ModemConfig) (m *modem.Modem, stop func(), err error) {
	port, err := d.o.Dial(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	m = modem.New(port, modem.Options{Name: c.Name, Receive: modem.ReceiveStore, Profiles: d.profiles, USB: d.usbID(c.Device)})
	stop, err = bringUp(ctx, m)
	return m, stop, err
}

// try sends all trials from one modem and waits for them at the other.
func try(ctx context.Context, from, at *modem.Modem, to pdu.Address) ([]fate, error) {
	var seed [5]byte
	_, _ = rand.Read(seed[:])
	nonce := fmt.Sprintf("%x", seed[:3])
	ref := binary.BigEndian.Uint16(seed[3:])
	w := watch{nonce: nonce, fates: make([]fate, len(trials)), news: make(chan struct{}, 1)}
	for i := range w.fates {
		w.fates[i].came = map[int]bool{}
	}
	receiving, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	all.Go(func() { w.receive(receiving, at) })
	for n, t := range trials {
		for seq := 1; seq <= t.segments(); seq++ {
			s, err := t.submit(to, nonce, n, seq, ref+uint16(n))
			if err != nil {
				return nil, err
			}
			refused, err := send(ctx, from, s)
			if err != nil {
				return nil, err
			}
			if refused != "" {
				w.refuse(n, refused)
				break
			}
		}
	}
	w.await(ctx)
	stop()
	all.Wait()
	return w.fates, ctx.Err()
}

// send submits one segment. That the network refuses it, or does not say, is a
// finding; that it cannot be handed to the modem is an error.
func send(ctx context.Context, m *modem.Modem, s *pdu.Submit) (refused string, err error) {
	tpdu, err := s.AppendBinary(nil)
	if err != nil {
		return "", err
	}
	mode, err := pdu.Mode{TPDU: tpdu}.AppendBinary(nil)
	if err != nil {
		return "", err
	}
	_, err = m.Send(ctx, mode, false)
	var said *modem.ResultError
	switch {
	case errors.As(err, &said):
		return said.Text, nil
	case errors.Is(err, modem.ErrOutcomeUnknown) && !errors.Is(err, modem.ErrLineLost):
		return "", nil // it may come all the same
	}
	return "", err
}

// A watch collects what comes of the trials.
type watch struct {
	nonce string
	news  chan struct{}

	mu    sync.Mutex
	fates []fate
}

func (w *watch) refuse(n int, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fates[n].refused = why
}

// receive takes what is ours from the modem, and leaves everything else in it. A trial
// counts when it is out of the modem: after the last one nobody waits any more.
func (w *watch) receive(ctx context.Context, m *modem.Modem) {
	for {
		r, err := m.Receive(ctx)
		if err != nil {
			return
		}
		if deliver, n, seq, ok := w.ours(r); ok {
			_ = m.Accept(ctx, r) // one that stays is a leftover, and no harm
			w.tell(deliver, n, seq)
		}
	}
}

// ours tells which segment of the probe a message is.
func (w *watch) ours(r modem.Received) (d *pdu.Deliver, n, seq int, ok bool) {
	mode, err := pdu.ParseMode(r.Mode)
	if r.Kind != modem.Message || err != nil {
		return nil, 0, 0, false
	}
	parsed, _, err := pdu.ParseMT(mode.TPDU)
	d, ok = parsed.(*pdu.Deliver)
	if err != nil || !ok {
		return nil, 0, 0, false
	}
	n, seq, ok = reads(d, w.nonce)
	return d, n, seq, ok
}

func (w *watch) tell(d *pdu.Deliver, n, seq int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fates[n].tells(trials[n], d, w.nonce, n, seq)
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// await returns when everything is there or nothing more is to be expected.
func (w *watch) await(ctx context.Context) {
	end := time.After(trialWait)
	for !w.complete() {
		select {
		case <-w.news:
		case <-time.After(trialQuiet):
			return
		case <-end:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (w *watch) complete() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, t := range trials {
		if w.fates[i].refused == "" && w.fates[i].lost(t) {
			return false
		}
	}
	return true
}

// keep writes the verdict down where the bridge finds it.
func (d *doctor) keep(ctx context.Context, st modem.Status, text string) {
	if st.Serving == "" {
		d.say("carrier", Warn, "the verdict is not kept: the modem does not tell which network this is", "")
		return
	}
	if !exists(d.cfg.Spool.Path) { // made here it would be root's, and not the bridge's
		d.say("carrier", Warn, "the verdict is not kept: there is no spool yet", "start the bridge once, stop it, and try again")
		return
	}
	s, err := spool.Open(d.cfg.Spool.Path, spool.Options{})
	if err == nil {
		err = s.Update(ctx, func(tx *spool.Tx) error {
			return bridge.KeepCarrier(tx, st.Home, st.Serving, bridge.Carrier{Verdict: text, At: time.Now().UTC()})
		})
		err = errors.Join(err, s.Close())
	}
	if err != nil {
		d.say("carrier", Warn, "the verdict is not kept: "+strings.ReplaceAll(err.Error(), "\n", "; "), "stop the bridge, and try again")
		return
	}
	d.good("carrier", "kept for SIMs of network %s on network %s", st.Home, st.Serving)
}

// known tells what an earlier probe found out. A spool that is not there yet is not
// made for that.
func (d *doctor) known(ctx context.Context, st modem.Status) {
	if st.Serving == "" || !exists(d.cfg.Spool.Path) {
		return
	}
	s, err := spool.Open(d.cfg.Spool.Path, spool.Options{})
	if err != nil {
		return // the bridge has it, and tells it in INFO
	}
	defer s.Close()
	var c bridge.Carrier
	var found bool
	err = s.View(ctx, func(tx *spool.Tx) (err error) {
		c, found, err = bridge.ReadCarrier(tx, st.Home, st.Serving)
		return err
	})
	if err == nil && found {
		d.good("carrier", "%s (found out on %s)", c.Verdict, c.At.Format(time.DateOnly))
	}
}
