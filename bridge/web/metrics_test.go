package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/bridge"
	"wvsms/pdu/wdp"
)

// metrics are the samples of one scrape, by name and labels as they stand there.
func (r *rig) metrics() (text string, samples map[string]float64) {
	r.t.Helper()
	res := r.ask("GET", "/metrics", "", nil)
	if res.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %s", res.Status, res.body)
	}
	samples = map[string]float64{}
	for line := range strings.Lines(res.body) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		i := strings.LastIndexByte(strings.TrimSpace(line), ' ')
		v, err := strconv.ParseFloat(strings.TrimSpace(line)[i+1:], 64)
		if err != nil {
			r.t.Fatalf("%s: %v", line, err)
		}
		samples[line[:i]] = v
	}
	return res.body, samples
}

func (r *rig) send(payload string, report bool) string {
	r.t.Helper()
	a, err := r.Accept(context.Background(), bridge.Request{
		To: phone, Port: 3590, FromPort: 3590, Payload: []byte(payload), TTL: time.Hour, Report: report, Origin: "tcp",
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return a.ID
}

// A scrape while messages pass both ways: Prometheus' own tool finds nothing wrong with
// it, the figures are right, and no number of a person or a SIM is in it.
func TestMetrics(t *testing.T) {
	meter := NewMeter()
	r := newMeteredRig(t, meter, func(c *bridge.Config, o *Options) { c.Limits.SegmentsPerDay = 0 })
	handset := r.air.NewHandset(phone, nil)
	r.until("a modem that sends", func() bool { return r.Ready(t.Context()) == "" })

	var on sync.WaitGroup
	on.Go(func() {
		for i := range 20 {
			r.send(fmt.Sprintf("%d %s", i, strings.Repeat("x", 200)), true)
			if err := handset.Send(ownNumber, wdp.Datagram{Dst: 3590, Src: 3590, Data: fmt.Appendf(nil, "answer %d", i)}); err != nil {
				t.Error(err)
			}
		}
	})
	for range 20 {
		r.metrics()
	}
	on.Wait()
	if _, err := r.Accept(t.Context(), bridge.Request{To: "nobody", TTL: time.Hour}); err == nil {
		t.Error("a SEND to nobody is accepted")
	}
	r.until("20 delivered messages and 20 that wait", func() bool {
		_, m := r.metrics()
		return m[`wvsms_queue_messages{state="delivered"}`] == 20 && m["wvsms_unclaimed_messages"] == 20
	})
	text, m := r.metrics()
	for name, want := range map[string]float64{
		"wvsms_ready": 1, "wvsms_stuck": 0, "wvsms_spool_readable": 1, "wvsms_modems_up": 1,
		`wvsms_modem_ready{modem="m0"}`: 1, `wvsms_modem_sends{modem="m0"}`: 1, `wvsms_modem_recovery_rung{modem="m0"}`: 0,
		"wvsms_budget_used_segments": 40, `wvsms_queue_messages{state="queued"}`: 0, "wvsms_queue_oldest_seconds": 0,
		"wvsms_accept_to_submit_seconds_count": 20, "wvsms_submit_to_final_seconds_count": 40,
		"wvsms_accept_to_report_seconds_count": 20, "wvsms_arrival_to_commit_seconds_count": 60,
	} {
		if got, ok := m[name]; !ok || got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for _, secret := range []string{phone, ownNumber} {
		if strings.Contains(text, strings.TrimPrefix(secret, "+")) {
			t.Errorf("the number %s is in the metrics", secret)
		}
	}
	for _, modem := range r.Figures(t.Context()).Info.Modems {
		if strings.Contains(text, modem.IMEI) || strings.Contains(text, modem.SIM) {
			t.Errorf("IMEI %s or IMSI %s is in the metrics", modem.IMEI, modem.SIM)
		}
	}
	if long := regexp.MustCompile(`="[^"]*[0-9]{7}[^"]*"`).FindString(regexp.MustCompile(`(revision|version)="[^"]*"`).ReplaceAllString(text, "")); long != "" {
		t.Errorf("a label looks like a number: %s", long)
	}
	t.Run("promtool", func(t *testing.T) { promtool(t, text) })
}

// promtool is Prometheus' own judge of names, types and help.
func promtool(t *testing.T, text string) {
	t.Helper()
	tool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("promtool is missing: install Debian's prometheus")
		}
		t.Skip("promtool is missing: install Debian's prometheus")
	}
	cmd := exec.Command(tool, "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil || said.Len() > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, &said)
	}
}

// Counters find their metric, whatever is counted.
func TestFamilies(t *testing.T) {
	for name, want := range map[string]string{
		"foreign.text":               `wvsms_foreign_total ["text"]`,
		"duplicate":                  `wvsms_duplicates_total []`,
		"csp.unanswered":             `wvsms_csp_transactions_total ["unanswered"]`,
		"line.lost.m0":               `wvsms_modem_line_losses_total ["m0"]`,
		"udp.refused.budget":         `wvsms_udp_refusals_total ["budget"]`,
		"refused.budget":             `wvsms_send_refusals_total ["budget"]`,
		"attempt.refused.cms 38":     `wvsms_submissions_total ["refused" "cms 38"]`,
		"attempt.refused":            `wvsms_other_total ["attempt.refused"]`,
		"duplicates of another kind": `wvsms_other_total ["duplicates of another kind"]`,
	} {
		f, labels := familyOf(name)
		fq := regexp.MustCompile(`fqName: "([^"]*)"`).FindStringSubmatch(f.desc.String())[1]
		if got := fmt.Sprintf("%s %q", fq, labels); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// What a stage is told costs the one who tells nothing but a few additions.
func TestMeterAllocatesNothing(t *testing.T) {
	m := NewMeter()
	if n := testing.AllocsPerRun(100, func() {
		for stage := range stages {
			m.Took(bridge.Stage(stage), time.Second)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A process that answers is alive while no loop of the bridge stands still; whether it
// can send is another question.
func TestHealth(t *testing.T) {
	r := newRig(t, nil)
	if res := r.ask("GET", "/healthz", "", nil); res.StatusCode != http.StatusOK || res.body != "alive\n" {
		t.Errorf("healthz: %s %s", res.Status, res.body)
	}
	r.until("a modem that sends", func() bool {
		res := r.ask("GET", "/readyz", "", nil)
		if res.StatusCode != http.StatusOK && !strings.HasPrefix(res.body, "no modem sends: m0: ") {
			t.Errorf("readyz: %s %s", res.Status, res.body)
		}
		return res.StatusCode == http.StatusOK && res.body == "ready\n"
	})
	r.sim.SetRegistration(2, 2)
	r.until("no modem that sends", func() bool { return r.ask("GET", "/readyz", "", nil).StatusCode == http.StatusServiceUnavailable })
	if res := r.ask("GET", "/healthz", "", nil); res.StatusCode != http.StatusOK {
		t.Errorf("a modem without a network makes the process dead: %s %s", res.Status, res.body)
	}
}
