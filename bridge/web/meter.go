package web

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"wvsms/bridge"
)

// stages are the histograms: how long each part of a message's way takes, from what a
// card's fsync takes to what a phone that is switched off over night does.
var stages = [...]struct {
	name, help string
	buckets    []float64
}{
	bridge.AcceptToSubmit: {"wvsms_accept_to_submit_seconds", "From OK to SEND to AT+CMGS of the message's first segment.",
		[]float64{.005, .025, .1, .5, 1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 86400}},
	bridge.SubmitToFinal: {"wvsms_submit_to_final_seconds", "From AT+CMGS to its final result code, each attempt.",
		[]float64{.1, .5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 180}},
	bridge.ArriveToCommit: {"wvsms_arrival_to_commit_seconds", "From +CMT, +CMTI or +CDS to the commit of what it told of.",
		[]float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60, 600, 3600}},
	bridge.CommitToConsumer: {"wvsms_receipt_to_consumer_seconds", "From the receipt of a message's last segment to its being written to a consumer for the first time.",
		[]float64{.005, .01, .025, .05, .1, .5, 1, 5, 60, 300, 3600, 6 * 3600, 86400}},
	bridge.AcceptToReport: {"wvsms_accept_to_report_seconds", "From OK to SEND to the status report by which all of the message is delivered.",
		[]float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600, 4 * 3600, 12 * 3600, 86400}},
}

// A Meter keeps histograms of what it is told, for Prometheus, and of the last hour what
// the page shows. Nothing in it is allocated when it is.
type Meter struct {
	stages [len(stages)]prometheus.Histogram
	window window
}

// NewMeter is for bridge.Options and Options: it is told by the one, and shown by the other.
func NewMeter() *Meter {
	m := &Meter{}
	for i, s := range stages {
		m.stages[i] = prometheus.NewHistogram(prometheus.HistogramOpts{Name: s.name, Help: s.help, Buckets: s.buckets})
	}
	return m
}

// Took implements bridge.Meter.
func (m *Meter) Took(stage bridge.Stage, d time.Duration) {
	m.stages[stage].Observe(d.Seconds())
	m.window.took(time.Now(), stage, d)
}
