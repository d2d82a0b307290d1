// Package udev holds the rules that are shipped, and their test.
package udev

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Each line is a comment or a list of key, operator, quoted value: what udev takes.
// That the rules do what they say is tried with udev itself where it runs.
func TestRules(t *testing.T) {
	text, err := os.ReadFile("70-wvsms.rules")
	if err != nil {
		t.Fatal(err)
	}
	term := `(SUBSYSTEM|SUBSYSTEMS|KERNEL|ENV\{[A-Z_]+\}|GROUP|MODE)(==|=)"[^"]+"`
	rule := regexp.MustCompile(`^#?` + term + `(, ` + term + `)*$`)
	rules := 0
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		rules++
		if !rule.MatchString(line) {
			t.Errorf("line %d: %s", i+1, line)
		}
	}
	if rules == 0 {
		t.Error("no rule")
	}
}
