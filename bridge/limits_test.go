package bridge

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

const other = "+491712345679"

// request is a SEND of so many segments to a number.
func request(to string, segments int) Request {
	octets := 1
	if segments > 1 {
		octets = 127 * segments
	}
	return Request{To: to, Port: 3590, FromPort: 3590, Payload: make([]byte, octets), TTL: 48 * time.Hour, Origin: tcpRoute}
}

func (r *rig) try(q Request) error {
	_, err := r.Accept(context.Background(), q)
	return err
}

func (r *rig) depth() (n int) {
	r.view(func(tx *spool.Tx) (err error) {
		n, err = tx.QueueDepth()
		return err
	})
	return n
}

// Each limit refuses what does not fit whole, says what it counts, and keeps nothing. A
// repeat under a key is no new message.
func TestLimitsRefuse(t *testing.T) {
	t.Parallel()
	four := new(4)
	for name, test := range map[string]struct {
		change func(*Config)
		want   string // of the fifth segment
	}{
		"all, a day":     {func(c *Config) { c.Limits.SegmentsPerDay = 4 }, "2 segments sent in 24 h, 2 waiting, 1 more: limits.segments_per_day is 4"},
		"all, 30 days":   {func(c *Config) { c.Limits.SegmentsPer30d = 4 }, "2 segments sent in 30 days, 2 waiting, 1 more: limits.segments_per_30d is 4"},
		"modem, a day":   {func(c *Config) { c.Limits.ModemPerDay = 4 }, "limits.modem_per_day"},
		"modem, 30 days": {func(c *Config) { c.Modems[0].Per30d = four }, "limits.modem_per_30d"},
		"peer, a day":    {func(c *Config) { c.Limits.PeerPerDay = 4 }, "2 segments sent in 24 h, 2 waiting, 1 more: limits.peer_per_day of " + phone + " is 4"},
		"peer, 30 days": {func(c *Config) {
			c.Limits.PeerPer30d = 3
			c.Peers = []PeerConfig{{Number: "+48*", Quota: Quota{Per30d: new(1)}}, {Number: "+4917*", Quota: Quota{Per30d: four}}, {Number: "*", Quota: Quota{Per30d: new(0)}}}
		}, "2 segments sent in 30 days, 2 waiting, 1 more: limits.peer_per_30d of " + phone + " is 4"},
	} {
		t.Run(name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, test.change, func(r *rig) {
				r.collect(phone)
				r.accept(request(phone, 2))
				r.settle(time.Minute)
				r.offline(true)
				keyed := request(phone, 2)
				keyed.Key = "k"
				first := r.accept(keyed)
				for _, dry := range []bool{false, true} {
					q := request(phone, 1)
					q.Dry = dry
					if err := r.try(q); code(err) != "budget" || !strings.Contains(err.Error(), test.want) {
						t.Errorf("the fifth, dry %v: %v, want %s", dry, err, test.want)
					}
				}
				if again := r.accept(keyed); again != first {
					t.Errorf("its repeat is %s, not %s", again, first)
				}
				if n := r.depth(); n != 1 {
					t.Errorf("%d messages are kept", n)
				}
				r.stop()
				r.start()
				if err := r.try(request(phone, 1)); code(err) != "budget" {
					t.Errorf("after a restart: %v", err)
				}
				r.offline(false)
				r.settle(2 * time.Minute)
				if m := r.outbound(first); m.State != spool.StateSent {
					t.Errorf("what fits is %s: %s", m.State, m.Why)
				}
				if err := r.try(request(phone, 1)); code(err) != "budget" {
					t.Errorf("when all of it is sent: %v", err)
				}
			})
		})
	}
}

// Of many senders at once, through several modems, no more get OK than may, and what got
// it is sent.
func TestLimitsAtOnce(t *testing.T) {
	t.Parallel()
	modems := []string{"m0", "m1", "m2"}
	inRig(t, modemtest.AirOptions{}, func(c *Config) {
		c.Limits.SegmentsPerDay, c.Limits.ModemPerDay, c.Limits.PeerPerDay = 20, 9, 6
		c.Modems = nil
		for _, name := range modems {
			c.Modems = append(c.Modems, ModemConfig{Name: name})
		}
	}, func(r *rig) {
		var numbers []string
		for i := range 5 {
			numbers = append(numbers, fmt.Sprintf("+49171000000%d", i))
			r.collect(numbers[i])
		}
		r.settle(time.Minute)
		var mu sync.Mutex
		ok, to := 0, map[string]int{}
		var senders sync.WaitGroup
		for i := range 60 {
			senders.Go(func() {
				q := request(numbers[i%5], 1+i%2)
				a, err := r.Accept(context.Background(), q)
				if err != nil && code(err) != "budget" {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				ok += a.Segments
				to[q.To] += a.Segments
			})
		}
		senders.Wait()
		r.settle(5 * time.Minute)
		if n := r.air.Counts().Accepted; n != ok || n > 20 || n < 19 {
			t.Errorf("%d segments got OK, %d were sent", ok, n)
		}
		for number, n := range to {
			if n > 6 {
				t.Errorf("%d to %s", n, number)
			}
		}
		v := r.Info().(info)
		for _, m := range v.Modems {
			if m.Spent > 9 || m.Spent30d != m.Spent || m.Budget != 9 {
				t.Errorf("modem %s: %+v", m.Name, m.spentInfo)
			}
		}
		if v.Spent != ok || v.Spent30d != ok || v.Budget != 20 || r.depth() != 0 {
			t.Errorf("%+v; %d wait", v.spentInfo, r.depth())
		}
	})
}

// A modem without budget leaves to others what they may carry. What it alone may carry
// goes at the moment at which it has room, and is told until when it waits.
func TestModemWithoutBudget(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, func(c *Config) {
		c.Modems = []ModemConfig{{Name: "m0", Quota: Quota{PerDay: new(2)}}, {Name: "m1"}}
	}, func(r *rig) {
		r.collect(phone)
		r.settle(time.Minute)
		mine := func(n int) Request {
			q := request(phone, n)
			q.Modem = "m0"
			return q
		}
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42"})
		id := r.accept(mine(2)) // the second attempt of its first segment leaves none for the second one
		r.settle(10 * time.Minute)
		free := r.outbound(id).Accepted.Add(budgetSpan)
		if m := r.outbound(id); m.Segments[0].State != spool.SegAccepted || m.Segments[1].Attempts != 0 || !strings.HasPrefix(m.Why, "limits.modem_per_day of m0 is used up") {
			t.Fatalf("%+v, %s", m.Segments, m.Why)
		}
		if next := r.show(id)["next"].(string); !strings.Contains(next, "It waits for limits.modem_per_day of m0 is used up: 2 segments in 24 h.") || !strings.Contains(next, "goes in 23h") {
			t.Errorf("next: %s", next)
		}
		any := r.accept(request(other, 1))
		r.settle(time.Minute)
		if m := r.outbound(any); m.Modem != "m1" || m.State != spool.StateSent && m.State != spool.StateFailed {
			t.Errorf("what any may carry is %s by %s: %s", m.State, m.Modem, m.Why)
		}
		if err := r.try(mine(1)); code(err) != "budget" {
			t.Errorf("more for m0: %v", err)
		}
		r.settle(free.Sub(r.Now()) - time.Second)
		if m := r.outbound(id); m.Segments[1].Attempts != 0 {
			t.Errorf("it went %v too early", free.Sub(r.Now()))
		}
		r.settle(2 * time.Minute)
		if m := r.outbound(id); m.State != spool.StateSent || m.Segments[1].SentAt.Sub(free) > time.Minute {
			t.Errorf("%s, %v after there was room: %s", m.State, m.Segments[1].SentAt.Sub(free), m.Why)
		}
	})
}

// A destination that is full keeps nobody else, and its place wakes one at a time.
func TestPeerWithoutBudget(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Limits.PeerPerDay = 3 }, func(r *rig) {
		r.collect(phone)
		r.collect(other)
		r.settle(time.Minute)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: 2})
		var ids []string
		for range 3 {
			ids = append(ids, r.accept(request(phone, 1)))
		}
		r.settle(time.Hour)
		free := r.accept(request(other, 1))
		r.settle(time.Minute)
		if m := r.outbound(free); m.State != spool.StateSent {
			t.Errorf("to another number: %s %s", m.State, m.Why)
		}
		wait := 0
		for _, id := range ids {
			if m := r.outbound(id); m.State == spool.StateQueued {
				wait++
				if next := r.show(id)["next"].(string); !strings.Contains(next, "It waits for limits.peer_per_day of "+phone) || !strings.Contains(next, "goes ") {
					t.Errorf("next: %s", next)
				}
			}
		}
		if wait != 2 {
			t.Errorf("%d wait", wait)
		}
		r.settle(24 * time.Hour)
		for _, id := range ids {
			if m := r.outbound(id); m.State != spool.StateSent {
				t.Errorf("a day later it is %s: %s", m.State, m.Why)
			}
		}
	})
}

// Thirty days are thirty, whatever is up in them, and an hour more at most.
func TestThirtyDays(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, func(c *Config) {
		c.Limits.SegmentsPerDay, c.Limits.SegmentsPer30d, c.Limits.PeerPer30d = 0, 3, 2
	}, func(r *rig) {
		r.collect(phone)
		r.collect(other)
		r.stop()
		r.wall = func() time.Time { return time.Now().Add(wallStart) }
		r.cfg.Spool.Path += "2" // bridge time begins with this clock
		r.start()
		down := func(d time.Duration) {
			r.stop()
			time.Sleep(d)
			r.start()
			r.settle(time.Minute)
		}
		r.settle(time.Minute)
		begun := r.Now()
		r.accept(request(phone, 2))
		r.settle(time.Minute)
		down(15 * day)
		if err := r.try(request(phone, 1)); code(err) != "budget" {
			t.Errorf("the third to one number after 15 days: %v", err)
		}
		r.accept(request(other, 1))
		r.settle(time.Minute)
		down(30*day - r.Now().Sub(begun) - 2*time.Minute)
		if err := r.try(request(other, 1)); code(err) != "budget" {
			t.Errorf("the fourth after %v: %v", r.Now().Sub(begun), err)
		}
		down(time.Hour + 2*time.Minute)
		r.accept(request(phone, 2))
		if err := r.try(request(other, 1)); code(err) != "budget" {
			t.Errorf("the fourth of the next: %v", err)
		}
		r.settle(time.Minute)
		if n := r.air.Counts().Accepted; n != 5 {
			t.Errorf("%d were sent", n)
		}
	})
}

// The bucket of a destination lets a burst through, then its pace; nobody else waits.
func TestBucketPaces(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, func(c *Config) {
		c.Limits.PeerEvery, c.Limits.PeerBurst = time.Minute, 3
		c.Peers = []PeerConfig{{Number: other, Every: new(time.Duration)}}
	}, func(r *rig) {
		got := r.collect(phone)
		r.collect(other)
		r.settle(time.Minute)
		var ids []string
		for i := range 8 {
			ids = append(ids, r.accept(Request{Payload: []byte{byte(i)}}))
		}
		free := r.accept(request(other, 5))
		r.settle(30 * time.Second)
		if n := r.air.Counts().Accepted - 5; n != 3 || r.outbound(free).State != spool.StateSent {
			t.Errorf("at once %d, the other is %s", n, r.outbound(free).State)
		}
		if next := r.show(ids[7])["next"].(string); !strings.Contains(next, "It waits for limits.peer_every of "+phone+": a segment in 1m0s, after 3 at once.") || !strings.Contains(next, "goes in 4m") {
			t.Errorf("next: %s", next)
		}
		r.settle(time.Minute)
		r.stop()
		r.start()
		r.settle(time.Minute)
		if n := r.air.Counts().Accepted - 5; n != 5 {
			t.Errorf("after two minutes and a restart %d", n)
		}
		r.settle(3*time.Minute + 30*time.Second)
		if len(*got) != 8 {
			t.Errorf("%d came", len(*got))
		}
		for i, d := range *got {
			if d.Data[0] != byte(i) {
				t.Errorf("message %d came as number %d", d.Data[0], i)
			}
		}
		attempts := 0
		for _, id := range ids {
			m := r.outbound(id)
			attempts += m.Segments[0].Attempts
			if m.State != spool.StateSent {
				t.Errorf("%s %s", m.State, m.Why)
			}
		}
		if attempts != 8 {
			t.Errorf("%d attempts", attempts)
		}
	})
}

// A clock that leaps neither locks a destination out nor lets more through than a burst.
func TestBucketClock(t *testing.T) {
	t.Parallel()
	leaps := []time.Duration{-time.Minute, 2 * time.Hour, -2 * time.Hour, 0}
	if brief() {
		leaps = leaps[:1]
	}
	for _, leap := range leaps {
		inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Limits.PeerEvery, c.Limits.PeerBurst = time.Minute, 3 }, func(r *rig) {
			r.collect(phone)
			sent := func() int { return r.air.Counts().Accepted }
			r.settle(time.Minute)
			send := func(n int) {
				for range n {
					r.accept(request(phone, 1))
				}
			}
			send(5)
			r.settle(10 * time.Second)
			if n := sent(); n != 3 {
				t.Errorf("leap %v: %d at first", leap, n)
			}
			r.stop()
			err := r.leap(leap)
			r.start()
			if err != nil {
				t.Fatal(err)
			}
			send(5)
			r.settle(10 * time.Second)
			if n := sent(); n > 6 {
				t.Errorf("leap %v: %d at once after it", leap, n)
			}
			r.settle(12 * time.Minute)
			want := 10
			if leap < -time.Hour {
				want = 8 // two have their time in the spool
			}
			if n := sent(); n != want {
				t.Errorf("leap %v: %d a quarter of an hour later", leap, n)
			}
		})
	}
}

// leap moves bridge time, which a stopped bridge has written down.
func (r *rig) leap(d time.Duration) error {
	s, err := spool.Open(r.cfg.Spool.Path, spool.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Update(context.Background(), func(tx *spool.Tx) error {
		text, _, err := tx.Get(clockName)
		if err != nil {
			return err
		}
		var bridge, wall int64
		if _, err := fmt.Sscan(text, &bridge, &wall); err != nil {
			return err
		}
		return tx.Set(clockName, saved(time.Unix(0, bridge).Add(d), time.Unix(0, wall)))
	})
}

// A queued message to a number that is denied since fails and says so; what a number that
// is denied sends is set aside.
func TestDeny(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, func(c *Config) {
		c.Limits.DenyTo, c.Limits.DenyFrom, c.Limits.MaxOctets = Patterns{"+49900*"}, Patterns{other}, 100
	}, func(r *rig) {
		r.settle(time.Minute)
		for number, want := range map[string]string{
			"+499001": "not-allowed", "499001": "not-allowed", "00499001": "not-allowed", "+4990": "", "900": "",
		} {
			if err := r.try(request(number, 1)); code(err) != want {
				t.Errorf("to %s: %v, want %q", number, err, want)
			}
		}
		if err := r.try(request(phone, 2)); code(err) != "too-large" {
			t.Errorf("a large one: %v", err)
		}
		if err := r.air.NewHandset(other, nil).Send(ownNumber, datagram("hello")); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Minute)
		if rows := r.quarantine(); len(rows) != 1 || rows[0]["reason"] != "not-allowed" || len(r.messages()) != 0 {
			t.Errorf("%v, %d messages", rows, len(r.messages()))
		}
		r.offline(true)
		id := r.accept(request(phone, 1))
		changed := r.cfg
		changed.Limits.DenyTo = Patterns{"+4917*"}
		r.Reload(context.Background(), changed)
		r.offline(false)
		r.settle(time.Minute)
		if m := r.outbound(id); m.State != spool.StateFailed || m.Why != phone+" is now in limits.deny_to" {
			t.Errorf("%s: %s", m.State, m.Why)
		}
	})
}

// What a message costs stands in its OK, and in INFO what was spent, at the price at which
// it was; a dry run keeps nothing.
func TestCost(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Limits.Price = Price{90_000, "EUR"} }, func(r *rig) {
		r.collect(phone)
		r.settle(time.Minute)
		c := r.client()
		payload := strings.Repeat("x", 300)
		c.say("SEND " + phone + " 300 dry=yes key=k\n" + payload)
		c.settle(`OK - segments=3 cost="0.27\x20EUR" dry=yes`)
		if n := r.depth(); n != 0 {
			t.Errorf("%d messages are kept", n)
		}
		c.say("SEND " + phone + " 300 key=k\n" + payload)
		c.settle("OK ")
		r.settle(time.Minute)
		c.say("SEND " + phone + " 300 key=k dry=yes\n" + payload)
		c.settle("OK ")
		c.say("SEND " + phone + " 1 key=k dry=yes\nx")
		c.settle("ERR key-conflict")
		c.close()
		changed := r.cfg
		changed.Limits.Price = Price{100_000, "EUR"}
		r.Reload(context.Background(), changed)
		a, err := r.Accept(context.Background(), request(phone, 1))
		if err != nil || a.Cost != "0.10 EUR" {
			t.Errorf("%+v, %v", a, err)
		}
		r.settle(time.Minute)
		r.stop()
		r.cfg = changed
		r.start()
		if v := r.Info().(info); v.Cost24h != "0.37 EUR" || v.Cost30d != "0.37 EUR" || v.Spent30d != 4 || v.Limits.Price != "0.10 EUR" {
			t.Errorf("%s, %s for %d at %s", v.Cost24h, v.Cost30d, v.Spent30d, v.Limits.Price)
		}
	})
}

// Messages that a limit kept until their time was over say so.
func TestExpiresForALimit(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Limits.SegmentsPerDay = 2 }, func(r *rig) {
		r.collect(phone)
		r.settle(time.Minute)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42"})
		q := request(phone, 1)
		q.TTL = time.Hour
		id := r.accept(q) // its second attempt comes behind the other's first
		r.accept(request(phone, 1))
		r.settle(2 * time.Hour)
		if m := r.outbound(id); m.State != spool.StateExpired || m.Why != "its time to live ended: limits.segments_per_day is used up: 2 segments in 24 h" {
			t.Errorf("%s: %s", m.State, m.Why)
		}
	})
}
