package bridge

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/spool"
)

// TP-MR comes round after 256 segments. Each case is 600 messages, one in three
// seconds, under an SC that reports on them when and how it likes.
func TestReportsWhenMRWraps(t *testing.T) {
	cases := []wrapCase{
		{name: "one number", numbers: 1},
		{name: "few numbers", numbers: 4, offset: -2 * time.Hour},
		{name: "many numbers", numbers: 100, offset: 5*time.Hour + 23*time.Minute},
		{name: "the SC's clock drifts", numbers: 1, offset: time.Hour, drift: 5e-3}, // 18 s an hour
		{name: "and backwards", numbers: 2, offset: -time.Hour, drift: -5e-3},
		{name: "the modem tells no MR now and then", numbers: 2, offset: 3 * time.Hour, drift: 1e-4, nameless: 0.1},
		{name: "two SIMs", numbers: 2, offset: -3 * time.Hour, modems: 2},
		{name: "restart", numbers: 1, offset: 7 * time.Hour, restart: 10 * time.Minute, wallSet: true},
		{name: "restart without a wall clock", numbers: 1, offset: 7 * time.Hour, restart: 10 * time.Minute},
		{name: "kill and restart, two SIMs", numbers: 2, offset: -9 * time.Hour, restart: time.Second, modems: 2},
	}
	for seed, c := range cases {
		if brief() && seed%4 != 1 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, uint64(seed))
		})
	}
}

type wrapCase struct {
	name     string
	numbers  int
	offset   time.Duration // of the SC's clock
	drift    float64       // seconds a second
	nameless float64       // of the answers that tell no MR
	modems   int
	restart  time.Duration // away in the middle; 0: not
	wallSet  bool          // so that bridge time goes on while the bridge is away
}

// A posting is one message and what the SC says of it.
type posting struct {
	id    string
	final int // TP-ST; -1: its report is never sent
	trial int // TP-ST of a temporary report; -1: none
}

const wrapMessages = 600

func (c wrapCase) run(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	var postings [wrapMessages]posting
	var begin time.Time
	var air *modemtest.Air
	sc := func(at time.Time) pdu.Timestamp {
		return pdu.NewTimestamp(at.Add(c.offset + time.Duration(c.drift*float64(at.Sub(begin)))))
	}
	var away atomic.Bool // a modem that starts has nobody to tell reports to: the SC waits with them
	var inject func(own string, r pdu.StatusReport)
	inject = func(own string, r pdu.StatusReport) {
		if away.Load() {
			time.AfterFunc(time.Minute, func() { inject(own, r) })
			return
		}
		tpdu, err := r.AppendBinary(nil)
		if err != nil {
			t.Error(err)
		}
		air.Inject(own, tpdu)
	}
	after := func(d time.Duration, own string, r pdu.StatusReport) {
		time.AfterFunc(d, func() {
			r.DT = sc(time.Now())
			inject(own, r)
		})
	}
	// What the SC does with what it takes; payload is "<message>".
	taken := func(own string, s *pdu.Submit) {
		var n int
		if _, err := fmt.Sscanf(string(s.UD.Data), "message %d", &n); err != nil || !s.SRR {
			t.Errorf("on air: %q, SRR %v", s.UD.Data, s.SRR)
			return
		}
		r := pdu.StatusReport{MR: s.MR, RA: s.DA, SCTS: sc(time.Now())}
		if rng.IntN(4) == 0 { // as if it were another number
			r.RA, _ = pdu.ParseNumber(strings.TrimPrefix(r.RA.String(), "+"))
		}
		p := &postings[n]
		p.final, p.trial = 0x40+n%31, -1 // 256 is no multiple of 31: a neighbour in MR has another one
		if n%7 == 0 {
			p.final = 0
		}
		var delay time.Duration
		switch rng.IntN(20) {
		case 0:
			p.final = -1
			return
		case 1, 2, 3: // overtakes the answer, where that is late
			delay = 100 * time.Millisecond
		case 4, 5, 6, 7: // out of order, behind one or two rounds of MR
			delay = time.Duration(rng.IntN(40)) * time.Minute
		default:
			delay = 2*time.Second + time.Duration(rng.IntN(20))*time.Second
		}
		r.ST = byte(p.final)
		after(delay, own, r)
		if rng.IntN(4) == 0 { // doubled, once soon and once late
			after(delay+time.Second+time.Duration(rng.IntN(30))*time.Minute, own, r)
		}
		if delay > time.Second && rng.IntN(3) == 0 {
			p.trial = 0x20 + n%31
			r.ST = byte(p.trial)
			after(delay/2, own, r)
		}
		if c.nameless == 0 && rng.IntN(10) == 0 { // of something that another device sent from this number
			r.MR, r.ST = s.MR+128, 0
			after(time.Second, own, r)
			r.RA = pdu.Address{TON: pdu.Alphanumeric, Text: "Operator"}
			after(time.Second, own, r)
		}
	}
	change := func(cfg *Config) {
		cfg.Limits.SegmentsPerDay = 0
		for len(cfg.Modems) < c.modems {
			cfg.Modems = append(cfg.Modems, ModemConfig{Name: fmt.Sprintf("m%d", len(cfg.Modems))})
		}
	}
	inRig(t, modemtest.AirOptions{Retry: 10 * time.Second, Taken: taken}, change, func(r *rig) {
		begin, air = time.Now(), r.air
		if c.wallSet {
			r.stop()
			r.wall = func() time.Time { return time.Now().AddDate(50, 0, 0) } // the bubble's is of the year 2000
			r.start()
		}
		numbers := []string{"12345"} // a short code
		for i := range c.numbers {
			numbers = append(numbers, fmt.Sprintf("+4917%d", 10_000_000+i))
		}
		for _, number := range numbers {
			r.air.NewHandset(number, nil).SwitchOff() // the air itself reports nothing
		}
		for _, m := range r.sims {
			m.Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.LateAnswer, After: 2500 * time.Millisecond, P: 0.1, Times: -1})
			if c.nameless > 0 {
				m.Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Belie, Text: "OK", P: c.nameless, Times: -1})
			}
		}
		r.settle(time.Minute)
		for i := range postings {
			to := numbers[rng.IntN(len(numbers))]
			if rng.IntN(4) == 0 {
				to = strings.TrimPrefix(to, "+")
			}
			q := Request{To: to, Payload: fmt.Appendf(nil, "message %d", i), Report: true, TTL: 72 * time.Hour}
			if c.modems > 1 {
				q.Modem = fmt.Sprintf("m%d", i%c.modems)
			}
			postings[i].id = r.accept(q)
			r.settle(3 * time.Second)
			if i == wrapMessages/2 && c.restart > 0 {
				away.Store(true)
				r.settle(time.Minute)
				r.stop()
				time.Sleep(c.restart)
				r.start()
				r.settle(time.Minute)
				away.Store(false)
			}
		}
		r.settle(3 * time.Hour)
		c.check(t, r, postings[:])
	})
}

func (c wrapCase) check(t *testing.T, r *rig, postings []posting) {
	var credited int
	for i, p := range postings {
		m := r.outbound(p.id)
		want, why := spool.StateSent, ""
		switch {
		case p.final >= 0x40:
			want, why = spool.StateFailed, ReportSays(byte(p.final))
		case p.final == 0:
			want = spool.StateDelivered
		}
		if m.State != want || m.Why != why {
			t.Errorf("message %d (MR %d, to %s) is %s (%s), want %s (%s)", i, m.Segments[0].MR, m.Peer, m.State, m.Why, want, why)
		}
		if p.final >= 0 {
			credited++
		}
		var list []spool.Event
		r.view(func(tx *spool.Tx) (err error) {
			list, err = tx.EventsOf(p.id)
			return err
		})
		for _, e := range list {
			if e.Word == "note" && !strings.HasPrefix(e.Why, fmt.Sprintf("status report 0x%02X:", p.trial)) {
				t.Errorf("message %d was told %q, want %02X", i, e.Why, p.trial)
			}
		}
	}
	if credited < wrapMessages*8/10 {
		t.Errorf("only %d messages were reported on", credited)
	}
}
