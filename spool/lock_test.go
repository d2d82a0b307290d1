package spool

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func init() {
	children["hold"] = func(path string) int {
		if _, err := Open(path, Options{Command: "wvsms run"}); err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("held")
		io.ReadAll(os.Stdin) // until killed
		return 0
	}
}

// child starts this test binary again as another process.
func child(t *testing.T, what, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SPOOL_TEST_CHILD="+what, "SPOOL_TEST_PATH="+path)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, bufio.NewScanner(out)
}

func TestHeldByAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	cmd, out := child(t, "hold", path)
	if !out.Scan() || out.Text() != "held" {
		t.Fatalf("child: %s", out.Text())
	}
	_, err := Open(path, Options{})
	if !errors.Is(err, ErrHeld) {
		t.Fatalf("open what another process holds: %v", err)
	}
	year := time.Now().UTC().Format("since 2006-")
	for _, want := range []string{path, fmt.Sprintf("pid %d (wvsms run)", cmd.Process.Pid), year, "stop that one or use another [spool] path"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	// However it dies, the spool is free.
	cmd.Process.Kill()
	cmd.Wait()
	openSpool(t, path)
}

func TestHeldInThisProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	s := openSpool(t, path)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		if _, err := Open(name, Options{}); !errors.Is(err, ErrHeld) {
			t.Errorf("open %s twice: %v", name, err)
		}
	}
	// The refused one has not disturbed the first.
	update(t, s, func(tx *Tx) error { return tx.Set("a", "b") })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openSpool(t, path)
}

func TestHolder(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"pid 7\ncommand wvsms run --sim\nsince 2025-01-31T12:00:00Z\n", "pid 7 (wvsms run --sim), since 2025-01-31T12:00:00Z"},
		{"", "another process"},
		{"pid x\n", "another process"},
	} {
		if got := holder(strings.NewReader(c.file)); got != c.want {
			t.Errorf("holder of %q: %q, want %q", c.file, got, c.want)
		}
	}
}
