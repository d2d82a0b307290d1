package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A lock keeps a second process away. It is a flock, which the kernel lets go of however its holder dies; what the
// file says is only for people. The file stays behind: unlinking it would let two processes lock two files of one name.
type lock struct{ f *os.File }

// takeLock locks path+".lock" or says who holds it.
func takeLock(path, command string, since time.Time) (*lock, error) {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		err = explain(filepath.Dir(path), "open spool "+path, err)
		if errors.Is(err, ErrReadOnly) {
			err = fmt.Errorf("%w: wvsms must be able to write in %s", err, filepath.Dir(path))
		}
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer f.Close()
		return nil, &fault{kind: ErrHeld, text: fmt.Sprintf("spool %s is held by %s: stop that one or use another [spool] path", path, holder(f))}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	// A full disk may refuse these few octets; the lock holds all the same.
	if f.Truncate(0) == nil {
		fmt.Fprintf(f, "pid %d\ncommand %s\nsince %s\n", os.Getpid(), oneLine(command), since.UTC().Format(time.RFC3339))
	}
	return &lock{f}, nil
}

func (l *lock) release() error {
	l.f.Truncate(0)
	return l.f.Close()
}

// holder reads who wrote the lock file: "pid 123 (wvsms run), since 2025-01-31T12:00:00Z".
func holder(r io.Reader) string {
	b, _ := io.ReadAll(io.LimitReader(r, 4<<10))
	said := map[string]string{}
	for line := range strings.Lines(string(b)) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), " ")
		said[k] = v
	}
	pid, err := strconv.Atoi(said["pid"])
	if err != nil {
		return "another process"
	}
	return fmt.Sprintf("pid %d (%s), since %s", pid, said["command"], said["since"])
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return s
}

// commandLine names this process for the lock file.
func commandLine() string {
	args := append([]string{filepath.Base(os.Args[0])}, os.Args[1:]...)
	return strings.Join(args, " ")
}
