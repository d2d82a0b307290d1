package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// A bridgeStatus is INFO, as far as it is printed for people.
type bridgeStatus struct {
	Uptime     string           `json:"uptime"`
	Clock      string           `json:"clock"`
	Modems     []statusModem    `json:"modems"`
	Queued     int              `json:"queued"`
	Waiting    int              `json:"waiting"`
	Unclaimed  int              `json:"unclaimed"`
	Partials   int              `json:"partials"`
	Quarantine int              `json:"quarantine"`
	Cost24h    string           `json:"cost_24h"`
	Cost30d    string           `json:"cost_30d"`
	Loops      []statusLoop     `json:"loops"`
	Counters   map[string]int64 `json:"counters"`
	statusSpent

	text []byte // as it came
}

type statusSpent struct {
	Spent    int `json:"segments_24h"`
	Spent30d int `json:"spent_30d"`
	Budget   int `json:"segments_per_day"`
	Month    int `json:"segments_per_30d"`
}

type statusModem struct {
	Name     string `json:"name"`
	Sends    bool   `json:"sends"`
	Verdict  string `json:"verdict"`
	Recovery string `json:"recovery"`
	Operator string `json:"operator"`
	RSSI     int    `json:"rssi_dbm"`
	Carries  string `json:"carries"`
	statusSpent
}

type statusLoop struct {
	Peer     string     `json:"peer"`
	Since    *time.Time `json:"since"`
	Segments int        `json:"segments"`
}

// silent tells why no message could be sent now; "": one could.
func (v *bridgeStatus) silent() string {
	var why []string
	for _, m := range v.Modems {
		if m.Sends {
			return ""
		}
		why = append(why, visible(m.Name)+": "+cmp.Or(visible(m.Verdict), "not opened yet"))
	}
	return "no modem can send: " + cmp.Or(strings.Join(why, "; "), "there is none")
}

func (v *bridgeStatus) heading(socket string) string {
	return fmt.Sprintf("The bridge at %s is up for %s.\n", visible(socket), visible(v.Uptime))
}

// screen is all that may be worth knowing but how long the bridge is up. What came from
// afar, as the name of a network does, moves no cursor.
func (v *bridgeStatus) screen() string {
	var b strings.Builder
	if why := v.silent(); why == "" {
		fmt.Fprint(&b, "It can send.\n")
	} else {
		fmt.Fprint(&b, "It cannot send: no modem can.\n")
	}
	if v.Clock != "" {
		fmt.Fprintf(&b, "The machine's clock: %s.\n", visible(v.Clock))
	}
	fmt.Fprintln(&b)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MODEM\tSENDS\tNETWORK\tSIGNAL\tSEGMENTS IN 24 H\tVERDICT")
	for _, m := range v.Modems {
		signal := "-"
		if m.RSSI != 0 {
			signal = fmt.Sprintf("%d dBm", m.RSSI)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", visible(m.Name), yesNo(m.Sends), dash(visible(m.Operator)), signal, of(m.Spent, m.Budget), cmp.Or(visible(m.Verdict), "not opened yet"))
		for _, more := range [][2]string{{"recovery", m.Recovery}, {"of the network", m.Carries}} {
			if more[1] != "" {
				fmt.Fprintf(w, "\t\t\t\t\t%s: %s\n", more[0], visible(more[1]))
			}
		}
	}
	fmt.Fprintln(w)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	w.Flush()
	row("to be sent", "%s, with %s to go", count(v.Queued, "message"), count(v.Waiting, "segment"))
	row("segments", "%s in 24 h, %s in 30 d%s", of(v.Spent, v.Budget), of(v.Spent30d, v.Month), v.cost())
	row("received", "%s without an acknowledgement", count(v.Unclaimed, "message"))
	row("in part", "%s with segments that are missed", count(v.Partials, "message"))
	row("set aside", "%s (wvsms queue list --quarantine)", count(v.Quarantine, "short message"))
	for _, l := range v.Loops {
		since := ""
		if l.Since != nil {
			since = " since " + moment(*l.Since)
		}
		row("loop", "%s is sent nothing%s: programs answered each other with %s (wvsms queue resume)", visible(l.Peer), since, count(l.Segments, "segment"))
	}
	if counted := v.counted(); counted != "" {
		row("counted", "%s", counted)
	}
	w.Flush()
	return b.String()
}

// of is how much was used of what may be; 0 is no limit.
func of(n, most int) string {
	if most == 0 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d of %d", n, most)
}

func (v *bridgeStatus) cost() string {
	if v.Cost24h == "" {
		return ""
	}
	return fmt.Sprintf("; for %s and %s", visible(v.Cost24h), visible(v.Cost30d))
}

// counted are the counters that have counted something.
func (v *bridgeStatus) counted() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(v.Counters)) {
		if n := v.Counters[name]; n != 0 {
			all = append(all, fmt.Sprintf("%s %d", visible(name), n))
		}
	}
	return strings.Join(all, ", ")
}
