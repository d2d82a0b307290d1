package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The rule says yes to two things, and has no opinion on anything else. duk is the
// engine that polkit runs its rules on.
func TestPolkit(t *testing.T) {
	duk := tool(t, "duk")
	rule, err := os.ReadFile("wvsms.polkit")
	if err != nil {
		t.Fatal(err)
	}
	const (
		before = `var polkit = { Result: { YES: "yes" }, addRule: function (f) { polkit.rule = f; } };`
		after  = `
function ask(user, id, verb, unit) {
	var details = { verb: verb, unit: unit };
	print(polkit.rule({ id: id, lookup: function (k) { return details[k]; } }, { user: user }));
}`
		manage = "org.freedesktop.systemd1.manage-units"
	)
	// In JavaScript's strings a backslash is two.
	cases := []struct{ user, id, verb, unit, want string }{
		{"wvsms", manage, "start", `wvsms-usbreset@1\\x2d1.service`, "yes"},
		{"wvsms", manage, "start", `wvsms-usbreset@2\\x2d1.4.3.service`, "yes"},
		{"wvsms", manage, "stop", `wvsms-usbreset@1\\x2d1.service`, "undefined"},
		{"wvsms", manage, "start", `ssh.service`, "undefined"},
		{"wvsms", manage, "start", `wvsms-usbreset@.service`, "undefined"},
		{"wvsms", manage, "start", `wvsms-usbreset@..-..-etc.service`, "undefined"},
		{"wvsms", manage, "start", `wvsms-usbreset@1\\x2d1.service\n`, "undefined"},
		{"wvsms", manage, "start", `x-wvsms-usbreset@1\\x2d1.service`, "undefined"},
		{"wvsms", "org.freedesktop.systemd1.manage-unit-files", "start", `wvsms-usbreset@1\\x2d1.service`, "undefined"},
		{"wvsms", "org.freedesktop.login1.reboot", "", "", "undefined"},
		{"wvsms", "org.freedesktop.ModemManager1.Control", "", "", "yes"},
		{"wvsms", "org.freedesktop.ModemManager1.Device.Control", "", "", "undefined"},
		{"pi", "org.freedesktop.ModemManager1.Control", "", "", "undefined"},
		{"pi", manage, "start", `wvsms-usbreset@1\\x2d1.service`, "undefined"},
	}
	script := before + string(rule) + after
	var want []string
	for _, c := range cases {
		script += "\nask('" + strings.Join([]string{c.user, c.id, c.verb, c.unit}, "','") + "');"
		want = append(want, c.want)
	}
	path := filepath.Join(t.TempDir(), "ask.js")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(duk, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := strings.Fields(string(out))
	if len(got) != len(want) {
		t.Fatalf("got %d answers to %d questions:\n%s", len(got), len(want), out)
	}
	for i, c := range cases {
		if got[i] != c.want {
			t.Errorf("%+v: got %s", c, got[i])
		}
	}
}
