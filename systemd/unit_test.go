// Package systemd holds the unit that is shipped, and its test.
package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// systemd itself finds nothing to say against the unit.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("systemd-analyze is not here")
	}
	unit, err := os.ReadFile("wvsms.service")
	if err != nil {
		t.Fatal(err)
	}
	// The program is not installed where the unit is tested.
	text := strings.Replace(string(unit), "/usr/bin/wvsms", "/bin/true", 1)
	path := filepath.Join(t.TempDir(), "wvsms.service")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
