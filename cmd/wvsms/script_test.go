package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The program as a person or a script uses it: testdata/script. There `bridge` starts
// a bridge whose modem is missing, with its socket at $SOCKET, `loadenv` sets variables
// from a file, and `wait-for` waits for one.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"bridge": scriptBridge, "loadenv": scriptLoadenv, "wait-for": scriptWaitFor},
	})
}

// scriptWaitFor waits until a file is there.
func scriptWaitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: wait-for file")
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s does not come", args[0])
		}
	}
}

// scriptLoadenv sets the variables of a file of NAME=value lines.
func scriptLoadenv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: loadenv file")
	}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		ts.Setenv(name, value)
	}
}

func scriptBridge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: bridge")
	}
	dir, err := os.MkdirTemp("", "wv") // a Unix socket's path may be no longer than 107 octets
	ts.Check(err)
	ts.Defer(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	config := ts.MkAbs("bridge.toml")
	ts.Check(os.WriteFile(config, fmt.Appendf(nil, `
[spool]
path = %q
[socket]
listen = []
unix = %q
[[modem]]
name = "m0"
device = %q
`, filepath.Join(dir, "spool.db"), socket, filepath.Join(dir, "no-modem")), 0o600))
	run := exec.Command("wvsms", "run", "--config", config)
	ts.Check(run.Start())
	ts.Defer(func() {
		run.Process.Kill()
		run.Wait()
	})
	ts.Setenv("SOCKET", socket)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if c, err := dialTest(socket); err == nil {
			c.close()
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the bridge does not answer")
		}
	}
}

func TestExitCodes(t *testing.T) {
	tests := []struct {
		args []string
		want int
	}{
		{[]string{"version"}, 0},
		{[]string{"--help"}, 0},
		{[]string{"pdu", "decode", "--json", "07915805010000F0"}, 1},
		{[]string{"send", "--to", "+49", "--socket", "/nonexistent/socket", "/dev/null"}, 1},
		{nil, 2},
		{[]string{"nonsense"}, 2},
		{[]string{"send"}, 2},
		{[]string{"config", "check", "/nonexistent.toml"}, 2},
		{[]string{"run", "--config", "/nonexistent.toml"}, 2},
	}
	for _, test := range tests {
		err := exec.Command("wvsms", test.args...).Run()
		code := 0
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if code != test.want {
			t.Errorf("wvsms %q: exit code %d, want %d", test.args, code, test.want)
		}
	}
}
