package bridge

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var ladderBegin = time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)

func everything(rung) string { return "" }

// climb gives signs of one trouble each minute, takes what is due, and returns the rungs.
func (l *ladder) climb(begin time.Time, d time.Duration, t trouble, can func(rung) string) (taken []string) {
	for at := time.Duration(0); at < d; at += time.Minute {
		now := begin.Add(at)
		l.sign(now, t, "so it is")
		if s, due := l.choose(now, can); due {
			taken = append(taken, s.rung.String())
			l.take(now, s.rung)
		}
	}
	return taken
}

// Each trouble goes up its own way, and waits at its end.
func TestLadderWays(t *testing.T) {
	for way, want := range map[trouble][]string{
		mute:         {"reopen", "reopen", "reopen", "usb", "hook", "alarm"},
		gone:         {"hook"},
		unready:      {"radio", "restart", "usb", "hook", "alarm"},
		simless:      {"radio"},
		unregistered: {"radio", "restart", "usb", "hook", "alarm"},
		unsent:       {"radio", "restart", "usb", "hook", "alarm"},
	} {
		l := &ladder{}
		if got := l.climb(ladderBegin, 5*time.Hour, way, everything); !slices.Equal(got, want) {
			t.Errorf("trouble %d: %v, want %v", way, got, want)
		}
	}
}

// What cannot be taken is passed over, and the step tells why.
func TestLadderLacks(t *testing.T) {
	l := &ladder{}
	can := func(r rung) string {
		if r == radio || r == resetUSB {
			return "no " + r.String()
		}
		return ""
	}
	l.sign(ladderBegin, unready, "a")
	l.sign(ladderBegin, unready, "b")
	l.sign(ladderBegin, unready, "c")
	s, due := l.choose(ladderBegin, can)
	if !due || s.rung != restart || s.next != runHook || s.why != "c" || s.left != 2 || len(s.without) != 1 || s.without[0] != (lack{radio, "no radio"}) {
		t.Errorf("%v %+v", due, s)
	}
}

// While a rung rests nothing speaks against the modem, and after it all has to show
// itself anew.
func TestLadderRests(t *testing.T) {
	l := &ladder{}
	at := func(d time.Duration) time.Time { return ladderBegin.Add(d) }
	for d := time.Duration(0); d <= 15*time.Minute; d += time.Minute {
		if _, due := l.choose(at(d), everything); due {
			t.Fatalf("a rung is due after %v", d)
		}
		l.sign(at(d), unregistered, "none")
	}
	if s, due := l.choose(at(15*time.Minute), everything); !due || s.rung != radio {
		t.Fatalf("%v %+v", due, s)
	}
	l.take(at(15*time.Minute), radio)
	rests := at(15 * time.Minute).Add(rungs[radio].rest)
	l.sign(rests.Add(-1), unregistered, "still none")
	if l.signs[unregistered].n != 0 {
		t.Error("a sign counts while the modem gets over the rung")
	}
	l.sign(rests, unregistered, "still none")
	if _, due := l.choose(rests, everything); due {
		t.Error("one sign after a rung is enough for the next")
	}
	l.sign(rests.Add(15*time.Minute), unregistered, "still none")
	if s, due := l.choose(rests.Add(15*time.Minute), everything); !due || s.rung != restart {
		t.Errorf("%v %+v", due, s)
	}
}

// Only what shows that a trouble is over begins again at the lowest rung.
func TestLadderProgress(t *testing.T) {
	all := []progress{accepted, received, registered, onNetwork, steady}
	over := map[trouble][]progress{
		mute: {accepted, received, registered, steady}, gone: {accepted, received, registered, steady},
		unready: {accepted, received, registered, steady}, simless: all, unregistered: all,
		unsent: {accepted, steady},
	}
	for way, want := range over {
		for _, p := range all {
			l := &ladder{}
			l.climb(ladderBegin, 17*time.Minute, way, everything)
			if l.at == noRung {
				t.Fatalf("trouble %d: no rung is taken", way)
			}
			l.progress(p)
			if got := l.at == noRung; got != slices.Contains(want, p) {
				t.Errorf("trouble %d, progress %d: over %v", way, p, got)
			}
		}
	}
}

// Two troubles at a time: the ladder goes on from where it is, and what ends one does not
// end the other.
func TestLadderTwoTroubles(t *testing.T) {
	l := &ladder{}
	if got := l.climb(ladderBegin, 8*time.Minute, unsent, everything); !slices.Equal(got, []string{"radio"}) {
		t.Fatal(got)
	}
	if got := l.climb(ladderBegin.Add(20*time.Minute), 8*time.Minute, unsent, everything); !slices.Equal(got, []string{"restart"}) {
		t.Fatal(got)
	}
	after := ladderBegin.Add(time.Hour)
	if got := l.climb(after, time.Minute, mute, everything); !slices.Equal(got, []string{"usb"}) {
		t.Errorf("mute after a restart: %v", got)
	}
	l.progress(registered)
	if l.signs[mute].open || l.at == noRung {
		t.Error("that it found its network does not show that it sends")
	}
	l.progress(accepted)
	if l.at != noRung {
		t.Error("it sends, and the ladder is not at its foot")
	}
}

// An hour on the network without a sign is as good as progress.
func TestLadderSteady(t *testing.T) {
	l := &ladder{}
	l.climb(ladderBegin, 8*time.Minute, unsent, everything)
	if l.steady(ladderBegin.Add(50 * time.Minute)) {
		t.Error("well too soon")
	}
	if !l.steady(ladderBegin.Add(75 * time.Minute)) {
		t.Error("not well after more than an hour")
	}
}

// Whatever befalls a modem, and however often the bridge starts anew, no day sees more of
// a rung than its budget.
func TestLadderBudgets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &ladder{}
		var all [len(rungs)][]time.Time
		now := ladderBegin
		for range rapid.IntRange(100, 600).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1800).Draw(t, "seconds")) * time.Second)
			switch rapid.IntRange(0, 9).Draw(t, "event") {
			case 0:
				l.progress(progress(rapid.IntRange(0, int(steady)).Draw(t, "progress")))
			case 1: // the bridge starts anew
				again := &ladder{}
				if err := again.resume(l.text()); err != nil {
					t.Fatal(err)
				}
				l = again
			default:
				l.sign(now, trouble(rapid.IntRange(0, len(troubles)-1).Draw(t, "trouble")), "so it is")
			}
			s, due := l.choose(now, everything)
			if !due {
				continue
			}
			l.take(now, s.rung)
			all[s.rung] = append(all[s.rung], now)
			if budget := rungs[s.rung].budget; budget > 0 {
				n := 0
				for _, at := range all[s.rung] {
					if now.Sub(at) < budgetDay {
						n++
					}
				}
				if n > budget || s.left != budget-n {
					t.Fatalf("%v was taken %d times in a day, %d left; the budget is %d", s.rung, n, s.left, budget)
				}
			}
		}
	})
}

func TestLadderResumes(t *testing.T) {
	for _, text := range []string{"", "x", "[]", `{"radio":["a"]}`} {
		if err := new(ladder).resume(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
	l := &ladder{}
	l.climb(ladderBegin, 3*time.Hour, unsent, everything)
	again := &ladder{}
	if err := again.resume(l.text()); err != nil || fmt.Sprint(again.spent) != fmt.Sprint(l.spent) {
		t.Errorf("%v: %v, want %v", err, again.spent, l.spent)
	}
}
