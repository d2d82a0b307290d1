package bridge

import (
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// Where there is no limit nothing is asked of the spool: there is none here to ask.
func TestNoLimitAsksNothing(t *testing.T) {
	c := Config{
		Limits: LimitsConfig{PeerBurst: 5, MaxOctets: maxSend, AllowTo: Patterns{"*"}, AllowFrom: Patterns{"*"}},
		Modems: []ModemConfig{{Name: "m0"}}, Peers: []PeerConfig{{Number: "*", Choice: Choice{Long: "dd"}}},
	}
	set := &Settings{Limits: c.Limits, Peers: c.Peers, modems: map[string]Quota{"m0": {}}}
	b := &Bridge{cfg: c, clock: &clock{source: SystemSource()}, line: map[spool.Scope]time.Time{}}
	b.set.Store(set)
	o := outbound{Outbound: &spool.Outbound{Peer: phone, Segments: make([]spool.OutSegment, 1)}, now: builtAfter}
	if kept, err := b.kept(nil, &o, set, "m0"); kept || err != nil {
		t.Errorf("it is kept: %v, %v", kept, err)
	}
	if h, err := b.heldBack(nil, o.Outbound); h != (halt{}) || err != nil {
		t.Errorf("it is held back: %+v, %v", h, err)
	}
	if err := b.affordCarrier(nil, builtAfter, set, need{peer: phone, segments: 1}); err != nil {
		t.Error(err)
	}
	for _, budgets := range [][]budget{set.overall(), set.ofModem("m0"), set.toPeer(phone)} {
		if len(budgets) > 0 {
			t.Errorf("budgets: %+v", budgets)
		}
	}
	if err := set.bucket(phone).draw(nil, phone, builtAfter); err != nil {
		t.Error(err)
	}
	in := arrival{session: &session{bridge: b}}
	if err := in.heard(nil, phone, 1); err != nil {
		t.Error(err)
	}
}

// However many limits there are, a message makes as many commits as without.
func TestLimitsMakeNoCommits(t *testing.T) {
	commits := func(change func(*Config)) map[string]int {
		var mu sync.Mutex
		var counting bool
		n := map[string]int{}
		inRig(t, modemtest.AirOptions{}, change, func(r *rig) {
			r.stop()
			r.probe = func(point string) {
				mu.Lock()
				defer mu.Unlock()
				if event, ok := strings.CutPrefix(point, "commit "); ok && counting && event != "clock" {
					n[event]++
				}
			}
			r.trace = func(string, bool, string) {}
			r.start()
			h := r.air.NewHandset(phone, func(*modemtest.Handset, string, wdp.Datagram) {})
			r.settle(time.Minute)
			count := func(on bool) {
				mu.Lock()
				counting = on
				mu.Unlock()
			}
			count(true)
			r.accept(request(phone, 3))
			r.settle(20 * time.Second)
			if err := h.Send(ownNumber, datagram("hello")); err != nil {
				t.Fatal(err)
			}
			r.settle(20 * time.Second)
			count(false)
		})
		return n
	}
	none := commits(func(c *Config) {
		c.Limits.SegmentsPerDay, c.Limits.LoopSegments = 0, 0
	})
	all := commits(func(c *Config) {
		c.Limits = LimitsConfig{
			SegmentsPerDay: 100, SegmentsPer30d: 1000, ModemPerDay: 90, ModemPer30d: 900, PeerPerDay: 80, PeerPer30d: 800,
			PeerEvery: time.Second, PeerBurst: 9, MaxOctets: 1000, Price: Price{90_000, "EUR"}, LoopSegments: 50, LoopWithin: time.Minute,
			AllowTo: Patterns{"*"}, AllowFrom: Patterns{"*"}, DenyTo: Patterns{"1"}, DenyFrom: Patterns{"1"},
		}
	})
	if len(none) < 3 || none["accept"] != 1 || none["arrival"] != 1 {
		t.Errorf("without limits: %v", none)
	}
	for event, n := range all {
		if none[event] != n {
			t.Errorf("%s: %d with every limit, %d without", event, n, none[event])
		}
	}
}
