package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"wvsms/bridge"
)

// A what is the CSP message that SHOW names, taken apart: "PTS 1.2 Login-Request,
// transaction 1".
type what struct{ Name, ID, Syntax string }

func whatOf(csp string) (w what) {
	words := strings.SplitN(csp, " ", 3)
	n := 1
	if len(words) > 1 && words[1] != "" && '0' <= words[1][0] && words[1][0] <= '9' {
		n = 2 // its version
	}
	if len(words) <= n {
		return what{Name: csp}
	}
	w.Syntax, w.Name = strings.Join(words[:n], " "), strings.Join(words[n:], " ")
	if name, id, one := strings.Cut(w.Name, ", transaction "); one && !strings.ContainsAny(id, ";,") {
		w.Name, w.ID = name, id // there is no other transaction and no part
	}
	return w
}

// levelOf is which colour a state has, of messages, segments, attempts and the log.
func levelOf(state string) string {
	switch state {
	case "sent", "accepted", "delivered", "acked":
		return "good"
	case "unknown", "expired", "not-sent", "parked", "warn":
		return "warn"
	case "failed", "refused", "error", "fatal", "panic":
		return "bad"
	}
	return "plain"
}

// A moment is a line of a message's life: an attempt or an event.
type moment struct {
	After   int64 // milliseconds
	At      time.Time
	Word    string
	Segment int
	Text    string
}

// story is what happened to a message, in order: what an attempt ended with stands before
// the event that came of it.
func story(m *bridge.OutboundView) (all []moment) {
	for _, a := range m.Attempts {
		text := "by " + a.Modem + ", after " + a.Took
		if a.MR != nil {
			text += fmt.Sprintf(", reference %d", *a.MR)
		}
		if a.Why != "" {
			text += ": " + a.Why
		}
		all = append(all, moment{a.After, a.At, a.Outcome, a.Segment, text})
	}
	for _, e := range m.Events {
		all = append(all, moment{e.After, e.At, e.Word, e.Segment, e.Why})
	}
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(a.After, b.After) })
	return all
}

// logTime is the time of day of a line of the log, in UTC as everything on the page.
func logTime(text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return visible(text, 12)
	}
	return t.UTC().Format("15:04:05")
}

// numbers are the segments that are there: "1–3, 5".
func numbers(list []int) string {
	var b strings.Builder
	for i := 0; i < len(list); {
		last := i
		for last+1 < len(list) && list[last+1] == list[last]+1 {
			last++
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, list[i])
		if last > i {
			fmt.Fprintf(&b, "–%d", list[last])
		}
		i = last + 1
	}
	return b.String()
}

// peak is the largest value of several lists.
func peak(lists ...[]int) (most int) {
	for _, list := range lists {
		for _, v := range list {
			most = max(most, v)
		}
	}
	return most
}

// A gauge is a bar that is filled in part.
type gauge struct {
	Label       string
	Part, Whole int
}

func newGauge(label string, part, whole int) gauge { return gauge{label, part, whole} }

// Level tells when there is not much left.
func (g gauge) Level() string {
	switch p := percent(g.Part, g.Whole); {
	case p >= 100:
		return "bad"
	case p >= 80:
		return "warn"
	}
	return "plain"
}
