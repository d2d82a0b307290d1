package web

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wvsms/bridge"
)

// A collector reads the bridge when it is asked, and at no other time. No number of a
// person or a SIM is in what it gives: a modem goes by the name that the configuration
// gives it.
type collector struct{ s *Server }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("wvsms_"+name, help, labels, nil)
}

// gauges are what holds now.
var (
	spoolReadable = desc("spool_readable", "Whether the spool could be read: without it there are no figures of what it holds.")
	ready         = desc("ready", "Whether a message could be sent now.")
	stuck         = desc("stuck", "Whether a loop of the bridge does not go round any more, so that only a restart helps.")
	uptime        = desc("uptime_seconds", "How long the bridge has been running.")
	queue         = desc("queue_messages", "Outbound messages in the spool, by state; queued are those that are not finished.", "state")
	queueSegments = desc("queue_segments", "Segments of unfinished messages that are still to be sent.")
	queueAge      = desc("queue_oldest_seconds", "How long the oldest unfinished message has been waiting; 0 without any.")
	unclaimed     = desc("unclaimed_messages", "Messages received that no consumer has acknowledged.")
	unclaimedAge  = desc("unclaimed_oldest_seconds", "How long the oldest of them has been waiting; 0 without any.")
	partials      = desc("partial_datagrams", "Datagrams received of which segments are missing.")
	spent         = desc("budget_used_segments", "Segments sent in the last 24 hours of bridge time.")
	budget        = desc("budget_segments", "Segments that may be sent in 24 hours (limits.segments_per_day); 0 is no limit.")
	paid          = desc("cost_total", "What the segments submitted have cost, by limits.price.", "currency")
	spentMonth    = desc("budget_used_30d_segments", "Segments sent in the last 30 days of bridge time, and in up to an hour more.")
	month         = desc("budget_30d_segments", "Segments that may be sent in 30 days (limits.segments_per_30d); 0 is no limit.")
	loops         = desc("loops_stopped", "Peers to which nothing is accepted, since programs answer each other.")
	lines         = desc("modems_up", "Modems whose line is up and that have said who they are.")
	connections   = desc("socket_connections", "Open connections to the socket.")
	consumers     = desc("socket_consumers", "Of them, those that take messages.")
	logins        = desc("http_sessions", "Browsers that are logged in.")

	modemReady      = desc("modem_ready", "Whether the modem is up.", "modem")
	modemSends      = desc("modem_sends", "Whether the modem may be given messages.", "modem")
	modemRegistered = desc("modem_registered", "Whether the modem is on a network that carries short messages.", "modem")
	modemRoaming    = desc("modem_roaming", "Whether that is another network than its SIM's own.", "modem")
	modemSignal     = desc("modem_rssi_dbm", "Strength of the signal, where the modem tells it.", "modem")
	modemUsed       = desc("modem_store_used", "Messages in the modem's store.", "modem")
	modemTotal      = desc("modem_store_capacity", "Messages that the modem's store holds, where that is known.", "modem")
	modemSubmitted  = desc("modem_submitted_segments_total", "Segments given to the modem with AT+CMGS, each attempt.", "modem")
	modemRung       = desc("modem_recovery_rung", "What was done last about a trouble that is not over: 1 reopen, 2 radio, 3 restart, 4 usb, 5 hook, 6 alarm; 0 is well.", "modem")
)

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		spoolReadable, ready, stuck, uptime, queue, queueSegments, queueAge, unclaimed, unclaimedAge, partials, spent, budget, lines,
		connections, consumers, logins, paid, spentMonth, month, loops, modemSubmitted, modemReady, modemSends, modemRegistered, modemRoaming, modemSignal, modemUsed, modemTotal, modemRung,
	} {
		to <- d
	}
	for _, f := range counters {
		to <- f.desc
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	now := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	b := c.s.bridge
	f := b.Figures(ctx)
	now(spoolReadable, one(f.Trouble == nil))
	now(ready, one(b.Ready(ctx) == ""))
	now(stuck, one(b.Stuck() != ""))
	now(uptime, f.Uptime.Seconds())
	now(budget, float64(f.Info.Budget))
	now(month, float64(f.Info.Month))
	now(lines, float64(f.Sessions))
	now(connections, float64(f.Connections))
	now(consumers, float64(f.Consumers))
	now(logins, float64(c.s.sessions.count(time.Now())))
	for _, m := range f.Info.Modems {
		modemGauges(now, m)
	}
	if f.Trouble != nil {
		return
	}
	for state, n := range f.States {
		now(queue, float64(n), state)
	}
	now(queueSegments, float64(f.Info.Waiting))
	now(queueAge, f.Oldest.Seconds())
	now(unclaimed, float64(f.Info.Unclaimed))
	now(unclaimedAge, f.Unclaimed.Seconds())
	now(partials, float64(f.Info.Partials))
	now(spent, float64(f.Info.Spent))
	now(spentMonth, float64(f.Info.Spent30d))
	now(loops, float64(len(f.Info.Loops)))
	for modem, n := range f.Submitted {
		to <- prometheus.MustNewConstMetric(modemSubmitted, prometheus.CounterValue, float64(n), modem)
	}
	if f.Priced {
		to <- prometheus.MustNewConstMetric(paid, prometheus.CounterValue, f.Paid, f.Currency)
	}
	count(to, f.Info.Counters)
}

func modemGauges(now func(*prometheus.Desc, float64, ...string), m bridge.ModemInfo) {
	now(modemReady, one(m.Ready), m.Name)
	now(modemSends, one(m.Sends), m.Name)
	now(modemRegistered, one(m.Registered), m.Name)
	now(modemRoaming, one(m.Roaming), m.Name)
	now(modemRung, float64(m.Rung), m.Name)
	if m.RSSI != 0 {
		now(modemSignal, float64(m.RSSI), m.Name)
	}
	if m.StoreTotal != 0 {
		now(modemUsed, float64(m.StoreUsed), m.Name)
		now(modemTotal, float64(m.StoreTotal), m.Name)
	}
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
