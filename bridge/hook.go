package bridge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// A Hook runs the operator's program that takes a modem's power away and gives it back:
// argv as configured, env as KEY=value: WVSMS_MODEM, WVSMS_DEVICE, and WVSMS_USB, the path
// on the bus where it is known.
type Hook func(ctx context.Context, argv, env []string) error

const (
	hookPath   = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	hookOutput = 1 << 10         // octets of it that an error tells
	hookGrace  = 2 * time.Second // for the pipes of a killed one
)

// runProgram is the one place where another program is started: which hub, relay or pin
// feeds a modem only the operator knows. No shell reads the arguments, nothing that came
// over the air stands in them or in the environment, and when ctx ends the program is
// killed with all that it started.
func runProgram(ctx context.Context, argv, env []string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append([]string{hookPath}, env...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = hookGrace
	var said tail
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	var unstarted *os.PathError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("run %s: killed, it took too long", argv[0])
	case errors.As(err, &unstarted):
		return fmt.Errorf("run %s: %w", argv[0], unstarted.Err)
	case err != nil && len(said.octets) == 0:
		return fmt.Errorf("run %s: %w", argv[0], err)
	case err != nil:
		return fmt.Errorf("run %s: %w: %q", argv[0], err, said.String())
	}
	return nil
}

// A tail keeps the last octets written to it. A program's two outputs are one writer to
// exec, which writes to it from one goroutine.
type tail struct{ octets []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.octets = append(t.octets, b...)
	if over := len(t.octets) - hookOutput; over > 0 {
		t.octets = append(t.octets[:0], t.octets[over:]...)
	}
	return len(b), nil
}

// String is one line of printable text.
func (t *tail) String() string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || unicode.IsSpace(r) {
			return r
		}
		return -1
	}, string(t.octets))
	return strings.Join(strings.Fields(text), " ")
}
