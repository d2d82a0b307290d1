// Package systemd holds the units that are shipped and what goes with them, and their
// tests.
package systemd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool is where a program is; the test is skipped where it is not, but in CI.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(name + " is not here")
	}
	return path
}

// units copies the units to a folder, for a machine where the program is not
// installed, and gives the paths there. An instance stands for its template.
func units(t *testing.T, dropIns ...string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	paths := map[string]string{}
	for name, file := range map[string]string{
		"wvsms.service":                 "wvsms.service",
		"wvsms.socket":                  "wvsms.socket",
		"wvsms-http.socket":             "examples/wvsms-http.socket",
		`wvsms-usbreset@1\x2d1.service`: "wvsms-usbreset@.service",
	} {
		unit, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(unit), "/usr/bin/wvsms", "/bin/true", 1)
		if name == "wvsms.service" {
			for _, file := range dropIns {
				more, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				text += string(more)
			}
		}
		paths[name] = filepath.Join(dir, name)
		if err := os.WriteFile(paths[name], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// systemd itself finds nothing to say against the units.
func TestUnits(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	for name, path := range units(t) {
		if out, err := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// What a service could do if it were taken over, by systemd's own measure: 0 nothing,
// 10 anything.
func TestExposure(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	for _, c := range []struct {
		unit    string
		most    float64
		dropIns []string
	}{
		{"wvsms.service", 1.3, nil},
		{"wvsms.service", 1.4, []string{"examples/beyond-loopback.conf"}},
		{`wvsms-usbreset@1\x2d1.service`, 1.2, nil},
	} {
		path := units(t, c.dropIns...)[c.unit]
		out, err := exec.Command(analyze, "security", "--offline=true", "--no-pager", fmt.Sprintf("--threshold=%.0f", c.most*10), path).CombinedOutput()
		if err != nil {
			t.Errorf("%s %v: more than %.1f: %v\n%s", c.unit, c.dropIns, c.most, err, out)
		}
	}
}

// The user and the folders that the units take for granted.
func TestUserAndFolders(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"etc", "usr/lib/sysusers.d", "usr/lib/tmpfiles.d"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("users are added by root, below any folder too")
	}
	for _, args := range [][]string{
		{tool(t, "systemd-sysusers"), "--root=" + root, "wvsms.sysusers"},
		{tool(t, "systemd-tmpfiles"), "--root=" + root, "--create", "wvsms.tmpfiles"},
	} {
		for i := range args {
			if strings.HasPrefix(args[i], "wvsms.") {
				args[i], _ = filepath.Abs(args[i])
			}
		}
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	for _, file := range []string{"passwd", "group"} {
		text, err := os.ReadFile(filepath.Join(root, "etc", file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains("\n"+string(text), "\nwvsms:") {
			t.Errorf("no wvsms in /etc/%s: %s", file, text)
		}
	}
	info, err := os.Stat(filepath.Join(root, "etc/wvsms/credentials"))
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o700 {
		t.Errorf("the folder of PINs has mode %o", mode)
	}
}
