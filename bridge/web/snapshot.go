package web

import (
	"fmt"
	"strings"
	"time"

	"wvsms/bridge"
)

// Implementation: from when on waiting is worth a word in the verdict.
const (
	longQueued    = 10 * time.Minute
	longUnclaimed = 10 * time.Minute
	comingUp      = time.Minute // after the start, a modem that is not ready yet is none that is down
)

// A look is a Snapshot in the words of the page.
type look struct {
	*bridge.Snapshot
	Verdict verdict
	Paces   []stagePace
	Out, In pace // submitted, arrived
	Ended   []stateCount
	Log     []logLine
}

// A stateCount is how many outbound messages ended in a state and are kept in history.
type stateCount struct {
	Name, Title string
	N           int
}

// A verdict is how the bridge is, in one sentence, and what else is to be said.
type verdict struct {
	Level string // good, warn, bad
	Text  string
	More  []string
}

// A stagePace is a row of the table of how long things take.
type stagePace struct {
	Name, From string
	pace
}

var stageNames = [len(stages)]struct{ name, from string }{
	bridge.AcceptToSubmit:   {"Queue", "OK to SEND → AT+CMGS"},
	bridge.SubmitToFinal:    {"Modem", "AT+CMGS → its answer"},
	bridge.AcceptToReport:   {"Delivery", "OK to SEND → delivered"},
	bridge.ArriveToCommit:   {"Arrival", "+CMT or +CMTI → on disk"},
	bridge.CommitToConsumer: {"Hand-over", "on disk → a program has it"},
}

func (s *Server) look(v *bridge.Snapshot, now time.Time) *look {
	l := &look{Snapshot: v, Verdict: judge(v), Log: s.tail.newest()}
	for _, stage := range []bridge.Stage{
		bridge.AcceptToSubmit, bridge.SubmitToFinal, bridge.AcceptToReport, bridge.ArriveToCommit, bridge.CommitToConsumer,
	} {
		p := s.meter.window.pace(now, stage)
		l.Paces = append(l.Paces, stagePace{stageNames[stage].name, stageNames[stage].from, p})
	}
	for _, state := range []struct{ name, title string }{
		{"sent", "Sent, the network has it"}, {"delivered", "Delivered"}, {"unknown", "Outcome unknown"},
		{"failed", "Failed"}, {"expired", "Expired"}, {"cancelled", "Cancelled"},
	} {
		l.Ended = append(l.Ended, stateCount{state.name, state.title, v.States[state.name]})
	}
	l.Out, l.In = s.meter.window.pace(now, bridge.SubmitToFinal), s.meter.window.pace(now, bridge.ArriveToCommit)
	return l
}

// judge makes one sentence of a snapshot: the worst comes first.
func judge(v *bridge.Snapshot) verdict {
	var bad, warn []string
	sends, down := 0, []string{}
	for _, m := range v.Modems {
		if m.Sends {
			sends++
		} else {
			down = append(down, m.Name)
		}
		if m.Alarm != "" {
			bad = append(bad, "Somebody has to look at "+m.Name+": "+m.Alarm+".")
		}
	}
	if v.Trouble != "" {
		bad = append(bad, "The spool cannot be read: "+v.Trouble+".")
	}
	if v.Stuck != "" {
		bad = append(bad, "The bridge stands still ("+v.Stuck+"): it has to be started again.")
	}
	for _, l := range v.Info.Loops {
		bad = append(bad, fmt.Sprintf("Programs answer each other without end: nothing more is accepted for %s, until an hour of silence or wvsms queue resume.", l.Peer))
	}
	uptime, _ := time.ParseDuration(v.Info.Uptime)
	switch n := len(v.Modems); {
	case n == 0:
		bad = append(bad, "No modem is configured: nothing can be sent.")
	case sends > 0 && len(down) > 0:
		warn = append(warn, fmt.Sprintf("%d of %s cannot send: %s.", len(down), many(n, "modem"), strings.Join(down, ", ")))
	case sends == 0 && uptime < comingUp:
		warn = append(warn, "The bridge has just started: no modem is ready yet.")
	case sends == 0 && n == 1:
		bad = append(bad, "Nothing can be sent: modem "+down[0]+" is not ready.")
	case sends == 0:
		bad = append(bad, fmt.Sprintf("Nothing can be sent: none of %d modems is ready.", n))
	}
	if b := v.Info.Budget; b > 0 && v.Info.Spent >= b {
		warn = append(warn, fmt.Sprintf("The budget of %s in 24 h is spent.", many(b, "segment")))
	}
	if b := v.Info.Month; b > 0 && v.Info.Spent30d >= b {
		warn = append(warn, fmt.Sprintf("The budget of %s in 30 days is spent.", many(b, "segment")))
	}
	var spent []string
	for _, m := range v.Modems {
		if m.Budget > 0 && m.Spent >= m.Budget || m.Month > 0 && m.Spent30d >= m.Month {
			spent = append(spent, m.Name)
		}
	}
	if len(spent) > 0 {
		warn = append(warn, fmt.Sprintf("%d of %s cannot send for want of a budget: %s.", len(spent), many(len(v.Modems), "modem"), strings.Join(spent, ", ")))
	}
	if v.Oldest >= longQueued {
		warn = append(warn, fmt.Sprintf("%s to be sent, the oldest for %s.", waits(v.Info.Queued), span(v.Oldest)))
	}
	if v.Unclaimed >= longUnclaimed {
		warn = append(warn, fmt.Sprintf("%s for a program, the oldest for %s.", waits(v.Info.Unclaimed), span(v.Unclaimed)))
	}
	if v.Weak {
		warn = append(warn, "The Pi reports undervoltage: use a stronger supply or a powered hub.")
	}
	if v.Info.Clock != "" {
		warn = append(warn, "The machine's clock was "+v.Info.Clock+".")
	}
	all := append(bad, warn...)
	switch {
	case len(bad) > 0:
		return verdict{"bad", all[0], all[1:]}
	case len(warn) > 0:
		return verdict{"warn", all[0], all[1:]}
	}
	text := "All well: " + many(sends, "modem") + " ready, "
	switch queued, unclaimed := v.Info.Queued, v.Info.Unclaimed; {
	case queued+unclaimed == 0:
		text += "nothing waits."
	case unclaimed == 0:
		text += many(queued, "message") + " on the way."
	case queued == 0:
		text += waits(unclaimed) + " for a program."
	default:
		text += fmt.Sprintf("%s on the way, %d for a program.", many(queued, "message"), unclaimed)
	}
	return verdict{"good", text, nil}
}

func waits(n int) string {
	if n == 1 {
		return "1 message waits"
	}
	return grouped(n) + " messages wait"
}

// many is a number with what it counts.
func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}

// grouped is a number in groups of three digits, with narrow spaces.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + string(narrowSpace) + text[i:]
	}
	return text
}

// span is how long something lasts, in two units at most.
func span(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h %02d", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// took is a duration that was measured, in three digits or so.
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return span(d)
}

// spoken is a duration that the bridge has written, in the same words.
func spoken(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil {
		return visible(text, 20)
	}
	return span(d)
}
