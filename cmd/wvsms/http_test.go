package main

import (
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// served is where a process says that it serves HTTP.
var served = regexp.MustCompile(`"listen":"(127[^"]*)","time":"[^"]*","message":"HTTP is served"|HTTP is served.*listen=(127\S*)`)

// eventually asks a process by HTTP, which it may not serve yet, until the answer is so.
func eventually(t *testing.T, log *logBuffer, path string, is func(status int, body string) bool) {
	t.Helper()
	client := &http.Client{Timeout: patience}
	var last string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		at := served.FindStringSubmatch(log.String())
		if at == nil {
			continue
		}
		res, err := client.Get("http://" + at[1] + at[2] + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if last = res.Status + " " + string(body); is(res.StatusCode, string(body)) {
			return
		}
	}
	t.Fatalf("%s: %s\n%s", path, last, log)
}

// What the bridge measures of a message is what /metrics shows.
func TestHTTPMetrics(t *testing.T) {
	air := newTestNet(t, modemtest.AirOptions{})
	_, device := air.modem(modemtest.ModemOptions{Number: numberA})
	air.air.NewHandset(phone, nil)
	b := newTestBridge(t, device, "store", "[http]\nlisten = \"127.0.0.1:0\"\n")
	b.start()
	c := b.connect()
	defer c.close()
	c.send(phone, []byte("hello"), "report=yes")
	eventually(t, b.log, "/metrics", func(status int, body string) bool {
		return status == http.StatusOK && strings.Contains(body, "\nwvsms_accept_to_submit_seconds_count 1\n") &&
			strings.Contains(body, "\nwvsms_accept_to_report_seconds_count 1\n") && strings.Contains(body, "\nwvsms_events_total{event=\"delivered\"} 1\n")
	})
}

// The simulation shows its page where --http says.
func TestSimulationHTTP(t *testing.T) {
	log := &logBuffer{}
	cmd := exec.Command("wvsms", "run", "--sim", "--socket", "127.0.0.1:0", "--http", "127.0.0.1:0")
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	eventually(t, log, "/readyz", func(status int, body string) bool { return status == http.StatusOK && body == "ready\n" })
	eventually(t, log, "/", func(status int, body string) bool { return status == http.StatusOK && strings.Contains(body, "<html") })
}
