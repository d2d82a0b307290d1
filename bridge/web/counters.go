package web

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// A family is a metric that gathers the counters whose names begin alike; what follows,
// cut at its dots, are the values of its labels.
type family struct {
	prefix string
	desc   *prometheus.Desc
	labels int
	from   []string // what is there at 0 before it was counted first, so that rates see it begin
}

func counter(prefix, name, help string, from []string, labels ...string) family {
	return family{prefix, desc(name+"_total", help, labels...), len(labels), from}
}

// refusals are the codes of ERR that SEND may get (product.md, "The TCP socket").
var refusals = []string{
	"syntax", "line-too-long", "bad-number", "too-large", "not-allowed", "budget", "queue-full", "key-conflict",
	"no-modem", "disk", "auth", "rights", "internal",
}

// The counters of the spool, which go on over restarts. A longer prefix stands before a
// shorter one.
var counters = []family{
	counter("foreign.", "foreign", "Short messages set aside, by reason.", nil, "reason"),
	counter("duplicate", "duplicates", "Short messages that came again and were recognised.", []string{""}),
	counter("type0", "type0", "Short messages of type 0: acknowledged and dropped.", []string{""}),
	counter("csp.", "csp_transactions", "CSP transactions that ended, by whether they were answered.", []string{"answered", "unanswered"}, "outcome"),
	counter("line.lost.", "modem_line_losses", "Losses of the line to a modem.", nil, "modem"),
	counter("udp.refused.", "udp_refusals", "Datagrams from UDP programs that were refused, by code of ERR.", nil, "code"),
	counter("refused.", "send_refusals", "SENDs that were refused, by code of ERR.", refusals, "code"),
	counter("event.", "events", "Events of messages, and notes on them, by word.",
		[]string{"sent", "delivered", "failed", "expired", "unknown", "cancelled", "note"}, "event"),
	counter("attempt.", "submissions", "Attempts to submit a segment, by outcome and cause.", []string{"accepted.none"}, "outcome", "cause"),
	counter("auth.failed", "auth_failures", "Wrong tokens shown, on the socket and by HTTP.", []string{""}),
	counter("", "other", "What else is counted, by name.", nil, "name"),
}

// count gives the counters as metrics.
func count(to chan<- prometheus.Metric, values map[string]int64) {
	all := map[string]int64{}
	for _, f := range counters {
		for _, rest := range f.from {
			all[f.prefix+rest] = 0
		}
	}
	for name, n := range values {
		all[name] = n
	}
	for name, n := range all {
		f, labels := familyOf(name)
		to <- prometheus.MustNewConstMetric(f.desc, prometheus.CounterValue, float64(n), labels...)
	}
}

// familyOf finds where a counter belongs. Two are never the same metric: their names differ.
func familyOf(name string) (family, []string) {
	for _, f := range counters {
		rest, ok := strings.CutPrefix(name, f.prefix)
		if !ok || f.labels == 0 && rest != "" {
			continue
		}
		if f.labels == 0 {
			return f, nil
		}
		if parts := strings.SplitN(rest, ".", f.labels); len(parts) == f.labels {
			return f, parts
		}
	}
	panic("the last family takes every name")
}
