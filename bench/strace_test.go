package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// traced runs a bridge that has ended again, under strace, which writes down each flush;
// more are options of strace. It hangs on from outside (-D): the process is wvsms itself.
func (br *bridge) traced(b *testing.B, more ...string) (log string) {
	if err := exec.Command("strace", "-D", "-f", "--seccomp-bpf", "true").Run(); err != nil {
		b.Skipf("run strace: %v", err)
	}
	log = filepath.Join(b.TempDir(), "flushes")
	args := append([]string{"strace", "-D", "-f", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o", log}, more...)
	br.args = append(args, br.args...)
	br.run(b)
	br.ready(b, br.modems)
	return log
}

// flushes counts them as they return.
func flushes(b *testing.B, log string) (n int) {
	text, err := os.ReadFile(log)
	if err != nil {
		b.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte("sync")) && bytes.Contains(line, []byte("= 0")) {
			n++
		}
	}
	return n
}
