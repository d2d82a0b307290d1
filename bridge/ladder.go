package bridge

import (
	"encoding/json"
	"fmt"
	"time"
)

// A ladder is what is done about one modem that is in trouble, each rung dearer than
// the one before:
//
//	resync → reopen → radio → restart → usb → hook → alarm: a person has to look
//
// The first is the modem's own: its fence brings a line that is out of step back
// (modem.Modem), and what that mends is no trouble here.
//
// What counts is useful progress, not OK to AT: a modem may answer everything for
// months and send nothing. A ladder knows the time only as it is told.
type ladder struct {
	signs [len(troubles)]signs
	at    rung      // the highest that was taken since all was well
	times int       // that it was
	rest  time.Time // nothing counts against the modem before: it is getting over a rung
	spent [len(rungs)][]time.Time
}

// A rung is one way to mend a modem.
type rung int

const (
	noRung rung = iota
	reopen
	radio
	restart
	resetUSB
	runHook
	alarm
)

// rungs is all that is policy about them. How long each rests is chosen so that the
// slowest modem known (u-blox: 20 s until it answers) has come back, found its network
// and had its chance, which a scan of all bands can make minutes.
var rungs = [...]struct {
	name   string
	tries  int           // in one trouble, before the next rung
	budget int           // a day, over restarts of the bridge too; 0: it costs nothing
	rest   time.Duration // the modem's, to come back and show its worth
}{
	reopen:   {"reopen", 3, 0, 0},
	radio:    {"radio", 1, 4, 5 * time.Minute},
	restart:  {"restart", 1, 3, 10 * time.Minute},
	resetUSB: {"usb", 1, 3, 5 * time.Minute},
	runHook:  {"hook", 1, 2, 10 * time.Minute},
	alarm:    {"alarm", 1, 0, 6 * time.Hour}, // then from the bottom again, within the budgets
}

func (r rung) String() string { return rungs[r].name }

// budgetDay is the window of the budgets.
const budgetDay = 24 * time.Hour

// A trouble is what is the matter with a modem.
type trouble int

const (
	mute         trouble = iota // it answers nothing, or its line breaks
	gone                        // its terminal is not there
	unready                     // it answers and refuses to be brought up
	simless                     // it finds no SIM, or cannot read it
	unregistered                // it finds no network
	unsent                      // no message gets out, for reasons that are its own
)

// troubles says which rungs can mend what. A mute modem hears no command. One whose
// terminal is not there has no USB device to be re-authorised, but its power can be
// cycled. A SIM that is not seen may be so because the modem looks for one only when its
// radio starts (SIM800), and beyond that a person has to put one in: nothing louder.
//
// No reset mends what is not the modem's: a network that denies (stat 3) or offers only
// emergency calls (stat 8) does so again, and the more often it is asked the longer; a
// PIN, a PUK, a lock to an operator want a person; so do a port that is in use or must not
// be opened. None of these is a trouble here: the verdict tells them.
var troubles = [...]struct {
	least    int           // signs of it
	patience time.Duration // from the first to the last of them
	path     []rung
}{
	mute:         {1, 0, []rung{reopen, resetUSB, runHook, alarm}},
	gone:         {2, 10 * time.Minute, []rung{runHook}},
	unready:      {3, 0, []rung{radio, restart, resetUSB, runHook, alarm}},
	simless:      {2, time.Minute, []rung{radio}},
	unregistered: {2, 15 * time.Minute, []rung{radio, restart, resetUSB, runHook, alarm}},
	unsent:       {2, 5 * time.Minute, []rung{radio, restart, resetUSB, runHook, alarm}},
}

// signs of one trouble since the last rung.
type signs struct {
	open        bool // not overcome yet
	n           int
	first, last time.Time
	why         string // of the last
}

// A progress is what shows that a modem is of use.
type progress int

const (
	accepted   progress = iota // the network took a message
	received                   // a message or a report came
	registered                 // it found a network, having had none
	onNetwork                  // it has a network
	steady                     // it has had one for so long, and no sign of trouble
)

// steadyTime without a sign is as good as progress: there may be nothing to send.
const steadyTime = time.Hour

// overcomes tells which troubles a progress ends. That messages come in, or that there is
// a network, does not show that messages go out: Telit modules that refuse every one
// (CMS 41) receive as ever.
func (p progress) overcomes(t trouble) bool {
	switch p {
	case accepted, steady:
		return true
	case received, registered:
		return t != unsent
	}
	return t == unregistered || t == simless
}

// sign is one more sign of a trouble.
func (l *ladder) sign(now time.Time, t trouble, why string) {
	if now.Before(l.rest) {
		return
	}
	s := &l.signs[t]
	if s.n == 0 {
		s.first = now
	}
	s.open, s.last, s.why = true, now, why
	s.n++
}

// progress ends what it overcomes. When no trouble is left the next one begins at the
// lowest rung again.
func (l *ladder) progress(p progress) {
	left := false
	for t := range l.signs {
		if p.overcomes(trouble(t)) {
			l.signs[t] = signs{}
		}
		left = left || l.signs[t].open
	}
	if !left {
		l.at, l.times, l.rest = noRung, 0, time.Time{}
	}
}

// quiet tells whether nothing speaks against the modem and no rung was taken for its sake.
func (l *ladder) quiet() bool {
	for _, s := range l.signs {
		if s.open {
			return false
		}
	}
	return l.at == noRung && l.rest.IsZero()
}

// steady tells whether a modem that is on its network has been well for long enough.
func (l *ladder) steady(now time.Time) bool {
	for _, s := range l.signs {
		if s.open && now.Sub(s.last) < steadyTime {
			return false
		}
	}
	return now.Sub(l.rest) >= steadyTime
}

// A step is one rung, chosen.
type step struct {
	rung    rung
	why     string
	left    int    // of its budget when it has been taken; -1: it has none
	next    rung   // if that does not help
	without []lack // rungs below it that cannot be taken
}

// A lack is why a rung cannot be taken.
type lack struct {
	rung rung
	why  string
}

// choose returns the rung that is due; false: none is. can tells why one cannot be
// taken, "" if it can.
func (l *ladder) choose(now time.Time, can func(rung) string) (s step, due bool) {
	t, ok := l.ripe()
	if !ok || now.Before(l.rest) {
		return step{}, false
	}
	s.rung, s.without = l.above(now, t, l.at, l.times, can)
	if s.rung == noRung {
		return step{}, false
	}
	s.why, s.left = l.signs[t].why, -1
	times := 1
	if s.rung == l.at {
		times += l.times
	}
	s.next, _ = l.above(now, t, s.rung, times, can)
	if budget := rungs[s.rung].budget; budget > 0 {
		s.left = budget - 1 - l.used(now, s.rung)
	}
	return s, true
}

// ripe is the trouble with enough signs of it, the freshest one.
func (l *ladder) ripe() (t trouble, ok bool) {
	for i, s := range l.signs {
		need := troubles[i]
		if s.n >= need.least && s.last.Sub(s.first) >= need.patience && (!ok || s.last.After(l.signs[t].last)) {
			t, ok = trouble(i), true
		}
	}
	return t, ok
}

// above is the next rung for t over the one that was taken times times.
func (l *ladder) above(now time.Time, t trouble, at rung, times int, can func(rung) string) (r rung, without []lack) {
	for _, r := range troubles[t].path {
		if r < at || r == at && times >= rungs[r].tries {
			continue
		}
		why := can(r)
		if budget := rungs[r].budget; why == "" && budget > 0 && l.used(now, r) >= budget {
			why = fmt.Sprintf("it was taken %d times within 24 h", budget)
		}
		if why == "" {
			return r, without
		}
		without = append(without, lack{r, why})
	}
	return noRung, without
}

// used is how much of the rung's budget is.
func (l *ladder) used(now time.Time, r rung) (n int) {
	for _, at := range l.spent[r] {
		if now.Sub(at) < budgetDay {
			n++
		}
	}
	return n
}

// take notes that the rung is being taken: what speaks against the modem has to show
// itself anew after it.
func (l *ladder) take(now time.Time, r rung) {
	if r == l.at {
		l.times++
	} else {
		l.at, l.times = r, 1
	}
	if r == alarm {
		l.at, l.times = noRung, 0
	}
	l.rest = now.Add(rungs[r].rest)
	for t := range l.signs {
		l.signs[t] = signs{open: l.signs[t].open, last: l.signs[t].last}
	}
	if rungs[r].budget > 0 {
		kept := l.spent[r][:0:0]
		for _, at := range l.spent[r] {
			if now.Sub(at) < budgetDay {
				kept = append(kept, at)
			}
		}
		l.spent[r] = append(kept, now)
	}
}

// text is what must outlive the bridge, lest a crash loop make the budgets endless.
func (l *ladder) text() string {
	spent := map[string][]int64{}
	for r, times := range l.spent {
		for _, at := range times {
			spent[rungs[r].name] = append(spent[rungs[r].name], at.UnixNano())
		}
	}
	text, _ := json.Marshal(spent) // a map of numbers has a form
	return string(text)
}

// resume reads what text wrote.
func (l *ladder) resume(text string) error {
	spent := map[string][]int64{}
	if err := json.Unmarshal([]byte(text), &spent); err != nil {
		return fmt.Errorf("read what was spent on recovery: %w", err)
	}
	for r := range l.spent {
		l.spent[r] = nil
		for _, at := range spent[rungs[r].name] {
			l.spent[r] = append(l.spent[r], time.Unix(0, at).UTC())
		}
	}
	return nil
}
