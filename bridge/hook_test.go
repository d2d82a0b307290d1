package bridge

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The hook gets its arguments as they are and nothing of the bridge's environment; what
// it says is told when it fails.
func TestRunProgram(t *testing.T) {
	t.Setenv("WVSMS_SECRET", "not for hooks")
	out := filepath.Join(t.TempDir(), "out")
	program := script(t, `printf '%s\n' "$@" >"$WVSMS_OUT"; env >>"$WVSMS_OUT"; pwd >>"$WVSMS_OUT"`)
	if err := runProgram(t.Context(), []string{program, "a b", "$(id)", ""}, []string{"WVSMS_OUT=" + out, "WVSMS_MODEM=m0"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(text); !strings.HasPrefix(got, "a b\n$(id)\n\n") || !strings.Contains(got, "WVSMS_MODEM=m0\n") ||
		!strings.Contains(got, "\n/\n") || strings.Contains(got, "WVSMS_SECRET") {
		t.Errorf("it saw\n%s", got)
	}
	program = script(t, "echo no such hub >&2; head -c 100000 /dev/zero; echo; echo the end; exit 3")
	err = runProgram(t.Context(), []string{program}, nil)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.HasSuffix(err.Error(), `the end"`) || len(err.Error()) > 2*hookOutput {
		t.Errorf("%.200q", err)
	}
	if err = runProgram(t.Context(), []string{"/no/such/program"}, nil); err == nil || err.Error() != "run /no/such/program: no such file or directory" {
		t.Error(err)
	}
}

// A hook that hangs is killed with all that it started.
func TestRunProgramIsKilled(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	program := script(t, `sleep 1000 & echo $! $$ >"$WVSMS_OUT.new"; mv "$WVSMS_OUT.new" "$WVSMS_OUT"; wait`)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runProgram(ctx, []string{program}, []string{"WVSMS_OUT=" + pids}) }()
	var text []byte
	for deadline := time.Now().Add(time.Minute); len(text) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the hook was not started")
		}
		text, _ = os.ReadFile(pids)
	}
	cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "killed") {
		t.Error(err)
	}
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); alive(pid); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("process %d is alive", pid)
			}
		}
	}
}

// alive tells whether a process runs; a dead one may wait for its parent to look.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ") && syscall.Kill(pid, 0) == nil
}

func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
