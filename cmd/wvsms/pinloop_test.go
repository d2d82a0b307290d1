package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// A wrong PIN, from a systemd credential, and a process that is killed 100 times as soon as
// it knows: the SIM is given the PIN once, and nothing that is written shows it.
func TestWrongPINAndKills(t *testing.T) {
	const wrong = "8642"
	n := newTestNet(t, modemtest.AirOptions{})
	m, device := n.modem(modemtest.ModemOptions{Number: numberA, PIN: "1357"})
	b := newTestBridge(t, device, "auto", "")
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	withPIN := strings.Replace(string(text), `receive = "auto"`, `pin_file = "credential:sim-pin"`, 1)
	if err := os.WriteFile(b.config, []byte(withPIN), 0o600); err != nil {
		t.Fatal(err)
	}
	credentials := t.TempDir()
	if err := os.WriteFile(filepath.Join(credentials, "sim-pin"), []byte(wrong+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	points := filepath.Join(b.dir, "points")
	b.env = []string{"CREDENTIALS_DIRECTORY=" + credentials, envPoints + "=" + points}
	lives := 100
	if brief() {
		lives = 25
	}
	for life := range lives {
		told := len(b.log.String())
		b.start()
		for deadline := time.Now().Add(patience); !strings.Contains(b.log.String()[told:], "use SIM: "); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("life %d tells nothing of the SIM", life)
			}
		}
		b.kill()
	}
	reached, err := os.ReadFile(points)
	if err != nil {
		t.Fatal(err)
	}
	if left := m.PINTries(); left != 2 {
		t.Errorf("the SIM bears %d more wrong PINs, it was given %d", left, 3-left)
	}
	if tries := strings.Count(string(reached), "committed PIN refused\n"); tries != 1 {
		t.Errorf("%d PINs were refused", tries)
	}
	if strings.Contains(strings.ReplaceAll(b.log.String(), b.dir, ""), wrong) { // by chance a number of that may hold it
		t.Error("the PIN stands in the log")
	}
}
