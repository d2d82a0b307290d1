package main

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The program as a person or a script uses it: testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
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
