package modemtest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"wvsms/pdu"
)

// AirOptions say what the network does to messages. Chances are 0 to 1.
type AirOptions struct {
	Seed uint64
	Now  func() time.Time // for TP-SCTS; time.Now when nil
	SMSC string           // the service centre's number in what it delivers; "+491710760000" when empty

	Delay, Jitter  time.Duration // from acceptance to the first attempt; Jitter is added at random
	Retry          time.Duration // between attempts; 30 s when 0
	Loss           float64       // accepted and never seen again
	Duplicate      float64       // delivered twice, with the same TP-SCTS
	Reorder        float64       // held back for ReorderTime
	ReorderTime    time.Duration // 2 s when 0
	TemporaryState bool          // status reports of failed attempts too: TP-ST 20 to 22

	ZeroSource bool // source ports become 0
	StripPorts bool // port elements are taken out
	StripUDH   bool // whole headers are taken out

	// What networks that filter do: they accept such messages and drop them.
	Block8Bit, BlockConcat, BlockPorts bool

	// Refuse is the RP-ERROR or TP-FCS with which the service centre answers a
	// SUBMIT; 0 accepts it. It must not call back into the air.
	Refuse func(from string, s *pdu.Submit) int

	// Taken is told each SUBMIT that the service centre has accepted, with the TP-MR
	// that the modem gave it. It must not call back into the air.
	Taken func(from string, s *pdu.Submit)
	// Seen is told what becomes of each message of a phone, in the order in which it
	// comes to pass. It must not call back into the air.
	Seen func(Sighting)
}

// A Sighting is one step in the life of a short message in the network.
type Sighting struct {
	From, To string // digits
	UD       pdu.UserData
	Fate     Fate
}

// Fate is what the network does with a message that it took.
type Fate string

const (
	Taken   Fate = "taken"   // the SUBMIT is answered with RP-ACK
	Lost    Fate = "lost"    // after that, and never seen again
	Doubled Fate = "doubled" // a copy is on its way too
	Handed  Fate = "handed"  // the recipient acknowledged it, or a copy of it
	Dropped Fate = "dropped" // its validity is over, or there is no such recipient
)

// An Air is the short message service centre and the network around it.
type Air struct {
	o    AirOptions
	plan *agenda

	mu     sync.Mutex
	rng    *rand.Rand
	phones map[string]phone
	queues map[string]*queue // by recipient
	counts Counts
}

// Counts say what became of messages; NoRoom is of attempts.
type Counts struct{ Accepted, Refused, Lost, Duplicated, Delivered, NoRoom, Expired, Unknown, Pending int }

// A phone is whatever has a number: Modem or Handset.
type phone interface {
	receive(tpdu []byte, smsc pdu.Address, done func(outcome))
}

// NewAir returns a network without anybody in it.
func NewAir(o AirOptions) *Air {
	set(&o.SMSC, "+491710760000")
	set(&o.Retry, 30*time.Second)
	set(&o.ReorderTime, 2*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Air{
		o: o, plan: newAgenda(), rng: rand.New(rand.NewPCG(o.Seed, 0)),
		phones: map[string]phone{}, queues: map[string]*queue{},
	}
}

// Run delivers messages until ctx ends, and returns nil then. What is not
// delivered stays for the next Run.
func (a *Air) Run(ctx context.Context) error {
	a.plan.run(ctx)
	return nil
}

// Counts are those since the start.
func (a *Air) Counts() Counts {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.counts
	for _, q := range a.queues {
		c.Pending += len(q.items)
	}
	return c
}

func (a *Air) now() time.Time { return a.o.Now() }

// newRand is a source of its own for name, from the air's seed.
func (a *Air) newRand(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(a.o.Seed, h.Sum64()))
}

func (a *Air) join(number string, p phone) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.phones[digitsOf(number)] = p
}

func digitsOf(number string) string { return strings.TrimPrefix(number, "+") }

// find gives the key of the phone that a number means: as it stands, with 00
// for the plus, or in the national form of the caller's country.
func (a *Air) find(from string, to pdu.Address) string {
	digits := to.Digits
	if _, ok := a.phones[digits]; ok {
		return digits
	}
	if d, ok := strings.CutPrefix(digits, "00"); ok && a.phones[d] != nil {
		return d
	}
	if d, ok := strings.CutPrefix(digits, "0"); ok {
		for n := 1; n <= 3 && n < len(digitsOf(from)); n++ {
			if full := digitsOf(from)[:n] + d; a.phones[full] != nil {
				return full
			}
		}
	}
	return digits
}

// submit takes a SUBMIT and answers with its RP cause or TP-FCS, 0 for RP-ACK.
func (a *Air) submit(from string, s *pdu.Submit) int {
	if a.o.Refuse != nil {
		if cause := a.o.Refuse(from, s); cause != 0 {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.counts.Refused++
			return cause
		}
	}
	oa, err := pdu.ParseNumber(from)
	if err != nil {
		return 195 // invalid SME address
	}
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	to := a.find(from, s.DA)
	if s.RD && a.holds(from, to, s.MR) {
		a.counts.Refused++
		return 197 // SM rejected, duplicate SM
	}
	a.counts.Accepted++
	if a.o.Taken != nil {
		a.o.Taken(from, s)
	}
	d := &pdu.Deliver{OA: oa, PID: s.PID, DCS: s.DCS, SCTS: pdu.NewTimestamp(now), UD: a.strip(s.UD, s.DCS)}
	it := &item{to: to, from: from, submit: s, deliver: d, expires: expiry(s.VP, now)}
	a.seen(it, Taken)
	if a.filtered(s) || a.chance(a.o.Loss) {
		a.counts.Lost++
		a.seen(it, Lost)
		return 0
	}
	a.dispatch(it)
	if a.chance(a.o.Duplicate) {
		a.counts.Duplicated++
		a.seen(it, Doubled)
		again := *it
		again.submit = nil // one report is enough
		a.dispatch(&again)
	}
	return 0
}

// seen tells of a message that a phone sent. a.mu is held.
func (a *Air) seen(it *item, f Fate) {
	if a.o.Seen != nil && it.deliver != nil {
		a.o.Seen(Sighting{From: digitsOf(it.from), To: it.to, UD: it.deliver.UD, Fate: f})
	}
}

// Inject has the network deliver a TPDU as it is, to the phone of that number:
// what no honest service centre would send.
func (a *Air) Inject(to string, tpdu []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dispatch(&item{to: digitsOf(to), raw: tpdu})
}

func (a *Air) chance(p float64) bool { return p > 0 && a.rng.Float64() < p }

// dispatch lets an item reach its queue after the network's delay.
func (a *Air) dispatch(it *item) {
	delay := a.o.Delay
	if a.o.Jitter > 0 {
		delay += time.Duration(a.rng.Int64N(int64(a.o.Jitter)))
	}
	if a.chance(a.o.Reorder) {
		delay += a.o.ReorderTime
	}
	a.plan.after(delay, func() { a.arrive(it) })
}

// filtered tells whether the network drops a message for its kind.
func (a *Air) filtered(s *pdu.Submit) bool {
	_, ports := s.UD.Ports()
	_, concat := s.UD.Concat()
	return a.o.Block8Bit && s.DCS.Alphabet() == pdu.Octet || a.o.BlockConcat && concat || a.o.BlockPorts && ports
}

// strip does to user data what the network's options say.
func (a *Air) strip(ud pdu.UserData, dcs pdu.DCS) pdu.UserData {
	if !ud.UDHI || !(a.o.ZeroSource || a.o.StripPorts || a.o.StripUDH) {
		return ud
	}
	text, isText := ud.Text(dcs)
	var udh []pdu.IE
	for _, ie := range ud.UDH {
		ports := ie.ID == pdu.IEPorts16 || ie.ID == pdu.IEPorts8
		switch {
		case a.o.StripUDH, ports && a.o.StripPorts:
			continue
		case ie.ID == pdu.IEPorts16 && len(ie.Data) == 4:
			ie.Data = []byte{ie.Data[0], ie.Data[1], 0, 0}
		}
		udh = append(udh, ie)
	}
	if isText && dcs.Alphabet() == pdu.GSM7 {
		// Another header means other fill bits.
		if packed, err := pdu.GSM7UserData(text, udh...); err == nil {
			return packed
		}
	}
	ud.UDH, ud.UDHI = udh, len(udh) > 0
	return ud
}

// expiry is when a message dies in the service centre; without TP-VP after
// three days.
func expiry(vp pdu.Validity, now time.Time) time.Time {
	if d, ok := vp.Relative(); ok {
		return now.Add(d)
	}
	if t, ok := vp.Absolute(); ok {
		if at, ok := t.Time(); ok {
			return at
		}
	}
	if e, ok := vp.Enhanced(); ok && e.Format != pdu.EnhancedNone {
		return now.Add(e.Period)
	}
	return now.Add(72 * time.Hour)
}

// String names the counts.
func (c Counts) String() string {
	return fmt.Sprintf("accepted=%d refused=%d lost=%d duplicated=%d delivered=%d noroom=%d expired=%d unknown=%d pending=%d",
		c.Accepted, c.Refused, c.Lost, c.Duplicated, c.Delivered, c.NoRoom, c.Expired, c.Unknown, c.Pending)
}
