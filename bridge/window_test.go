package bridge

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"wvsms/spool"
)

// No schedule of segments, modems, destinations, restarts and clocks that go back a little
// leads beyond any window, counted by hand; and what is kept may go at the time that is
// told.
func TestNoScheduleExceedsAWindow(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	defer checks.Value.Set(checks.Value.String())
	checks.Value.Set("30")
	if brief() {
		checks.Value.Set("6")
	}
	dir, run := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		s, err := spool.Open(filepath.Join(dir, fmt.Sprint(run)), spool.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		limit := func(name string, most int) int { return rapid.IntRange(0, most).Draw(t, name) }
		own := limit("of m1", 4)
		set, err := settingsOf(Config{
			Limits: LimitsConfig{
				SegmentsPerDay: limit("day", 8), SegmentsPer30d: limit("month", 30),
				ModemPerDay: limit("modem day", 5), ModemPer30d: limit("modem month", 20),
				PeerPerDay: limit("peer day", 4), PeerPer30d: limit("peer month", 12),
				PeerEvery: time.Duration(limit("every", 600)) * time.Second, PeerBurst: 1 + limit("burst", 3),
			},
			Modems: []ModemConfig{{Name: "m0"}, {Name: "m1", Quota: Quota{PerDay: &own}}},
			Peers:  []PeerConfig{{Number: "+492", Quota: Quota{Per30d: new(5)}}},
		}, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		b := &Bridge{spool: s, line: map[spool.Scope]time.Time{}}
		type sent struct {
			at          time.Time
			modem, peer string
		}
		var all []sent
		within := func(since time.Time, modem, peer string) (n int) {
			for _, x := range all {
				if !x.at.Before(since) && (modem == "" || x.modem == modem) && (peer == "" || x.peer == peer) {
					n++
				}
			}
			return n
		}
		now, latest := builtAfter, builtAfter
		for range rapid.IntRange(1, 60).Draw(t, "segments") {
			switch rapid.IntRange(0, 9).Draw(t, "time") {
			case 0:
				now = now.Add(-time.Duration(rapid.IntRange(0, 60).Draw(t, "back")) * time.Second)
			case 1:
				now = now.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "days")) * day)
			case 2:
				clear(b.line) // a restart
			default:
				now = now.Add(time.Duration(rapid.IntRange(0, 4*3600).Draw(t, "seconds")) * time.Second)
			}
			modem := rapid.SampledFrom([]string{"m0", "m1"}).Draw(t, "modem")
			peer := rapid.SampledFrom([]string{"+491", "+492", "+493"}).Draw(t, "peer")
			o := outbound{Outbound: &spool.Outbound{Peer: peer, Due: now, Expires: now.Add(longestTTL), Segments: make([]spool.OutSegment, 1)}, now: now}
			kept := false
			err := s.Update(context.Background(), func(tx *spool.Tx) (err error) {
				if kept, err = b.kept(tx, &o, set, modem); err != nil {
					return err
				}
				if !kept {
					return set.spend(tx, &o, modem, "sim")
				}
				m, err := set.modemHalt(tx, now, modem)
				if err != nil {
					return err
				}
				p, err := set.peerHalt(tx, now, peer)
				if err != nil {
					return err
				}
				until := later(m.until, p.until)
				if until.Sub(now) > monthSpan+2*time.Hour {
					t.Fatalf("it waits until %v, for %s", until, o.Why)
				}
				if m, err = set.modemHalt(tx, until, modem); err != nil || m.at(until) {
					t.Fatalf("at the time that was told it waits for %s: %v", m.why, err)
				}
				if p, err = set.peerHalt(tx, until, peer); err != nil || p.at(until) {
					t.Fatalf("at the time that was told it waits for %s: %v", p.why, err)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if kept {
				continue
			}
			latest = later(latest, now)
			all = append(all, sent{latest, modem, peer})
			l := set.Limits
			for _, w := range []struct {
				what        string
				span        time.Duration
				modem, peer string
				most        int
			}{
				{"all, a day", budgetSpan, "", "", l.SegmentsPerDay}, {"all, 30 days", monthSpan, "", "", l.SegmentsPer30d},
				{"m0, a day", budgetSpan, "m0", "", l.ModemPerDay}, {"m0, 30 days", monthSpan, "m0", "", l.ModemPer30d},
				{"m1, a day", budgetSpan, "m1", "", own}, {"m1, 30 days", monthSpan, "m1", "", l.ModemPer30d},
				{peer + ", a day", budgetSpan, "", peer, l.PeerPerDay}, {"+492, 30 days", monthSpan, "", "+492", 5},
				{"+491, 30 days", monthSpan, "", "+491", l.PeerPer30d},
			} {
				if n := within(latest.Add(-w.span), w.modem, w.peer); w.most > 0 && n > w.most {
					t.Fatalf("%s: %d, the limit is %d", w.what, n, w.most)
				}
			}
			for i, x := range all { // the bucket: a burst, and what has come since
				if n := within(x.at, "", peer); l.PeerEvery > 0 && x.peer == peer && n > l.PeerBurst+1+int((latest.Sub(x.at)+2*time.Minute)/l.PeerEvery) {
					t.Fatalf("to %s %d in %v (from %d on)", peer, n, latest.Sub(x.at), i)
				}
			}
		}
	})
}
