package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// commandLine parses and runs a command that looks at the program itself.
func commandLine(t *testing.T, args ...string) (*kong.Context, string) {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Name("wvsms"), helpVars())
	if err != nil {
		t.Fatal(err)
	}
	app, err := parser.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := app.Run(&stdio{Out: &out}); err != nil {
		t.Fatal(err)
	}
	return app, out.String()
}

// program is where a tool of the test is; it is skipped where it is not, but in CI.
func program(t *testing.T, name string) string {
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

// Every command and every flag is in the manual.
func TestManual(t *testing.T) {
	app, page := commandLine(t, "man")
	sections := strings.Split(page, "\n.SS ")
	commands := leaves(app.Model.Node)
	if len(sections) != len(commands)+1 {
		t.Errorf("%d commands are described, of %d", len(sections)-1, len(commands))
	}
	for _, command := range commands {
		path := roff(commandPath(command))
		section := ""
		for _, s := range sections {
			if s == path || strings.HasPrefix(s, path+"\n") || strings.HasPrefix(s, path+" ") {
				section = s
			}
		}
		if !strings.Contains(section+"\n", "\n"+roff(command.Help)+"\n") {
			t.Errorf("%s is not described: %q", path, section)
		}
		for _, flag := range command.Flags {
			short := ""
			if flag.Short != 0 {
				short = fmt.Sprintf("-%c, ", flag.Short)
			}
			if flag.Name != "help" && !flag.Hidden && !strings.Contains(section, "\n.B "+roff(short+"--"+flag.Name)) {
				t.Errorf("%s: --%s is not described", path, flag.Name)
			}
		}
	}
	if strings.Contains(page, commandsMark) {
		t.Error("the mark stands in the page still")
	}
}

// The page has no fault that mandoc would see.
func TestManualReads(t *testing.T) {
	mandoc := program(t, "mandoc")
	_, page := commandLine(t, "man")
	cmd := exec.Command(mandoc, "-Tlint", "-Wwarning")
	cmd.Stdin = strings.NewReader(page)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// What bash offers after words of a command line, as if tab were typed there.
func TestCompletionBash(t *testing.T) {
	bash := program(t, "bash")
	app, script := commandLine(t, "completion", "bash")
	complete := func(words ...string) []string {
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = quote(w)
		}
		cmd := exec.Command(bash, "--norc", "-c", fmt.Sprintf("%s\nCOMP_WORDS=(%s); COMP_CWORD=%d; _wvsms; printf '%%s\\n' \"${COMPREPLY[@]}\"",
			script, strings.Join(quoted, " "), len(words)-1))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.Fields(string(out))
	}
	offered := func(want string, words ...string) {
		t.Helper()
		if got := complete(words...); !slices.Contains(got, want) {
			t.Errorf("%q is not offered after %q, but %q", want, words, got)
		}
	}
	for _, command := range leaves(app.Model.Node) {
		words := append([]string{"wvsms"}, strings.Fields(commandPath(command))...)
		offered(words[len(words)-1], words...)
		got := complete(append(words, "--")...)
		for _, flag := range ownFlags(command) {
			if !slices.Contains(got, "--"+flag.Name) {
				t.Errorf("after %q is no --%s, but %q", words, flag.Name, got)
			}
		}
	}
	offered("--wait", "wvsms", "send", "--to", "+49171", "--w")
	if got := complete("wvsms", "send", "payload.wbxm"); len(got) != 0 {
		t.Errorf("where files are wanted came %q", got)
	}
}

// zsh and fish read what is written for them, and every command and flag is in it.
func TestCompletionOthers(t *testing.T) {
	for _, shell := range []string{"zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			app, script := commandLine(t, "completion", shell)
			for _, command := range leaves(app.Model.Node) {
				if !strings.Contains(script, command.Help) {
					t.Errorf("no %s", commandPath(command))
				}
				for _, flag := range ownFlags(command) {
					if !strings.Contains(script, map[string]string{"zsh": "'--", "fish": "-l "}[shell]+flag.Name) {
						t.Errorf("%s: no --%s", commandPath(command), flag.Name)
					}
				}
			}
			file := filepath.Join(t.TempDir(), "completion")
			if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(program(t, shell), "-n", file).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
