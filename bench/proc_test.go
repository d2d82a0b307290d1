package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A process is a program that is measured.
type process struct {
	cmd    *exec.Cmd
	said   *bytes.Buffer
	exited chan struct{}
	killed sync.Once // later the number may be another's
}

// start runs a program until the benchmark ends. What it says is shown where the benchmark fails.
func start(b *testing.B, env []string, name string, args ...string) *process {
	p := &process{cmd: exec.Command(name, args...), said: &bytes.Buffer{}, exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	go func() { p.cmd.Wait(); close(p.exited) }()
	b.Cleanup(func() {
		p.stop()
		if b.Failed() {
			b.Logf("%s said:\n%s", filepath.Base(name), tail(p.said.String(), 4000))
		}
	})
	return p
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// stop ends it in good order, and by force after ten seconds.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		p.kill()
	}
}

// kill ends it and its children, which are of one process group.
func (p *process) kill() {
	p.killed.Do(func() { syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) })
	<-p.exited
}

// pids are those of it and its children.
func (p *process) pids() (all []int) {
	group := strconv.Itoa(p.cmd.Process.Pid)
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		if f := statFields(file); len(f) > 2 && f[2] == group {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			all = append(all, pid)
		}
	}
	return all
}

// cpu is the time it has spent, to 1/100 s.
func (p *process) cpu() time.Duration { return cpuOf(p.cmd.Process.Pid) }

func cpuOf(pid int) time.Duration {
	fields := statFields(fmt.Sprintf("/proc/%d/stat", pid))
	if len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, f := range fields[11:13] {
		n, _ := strconv.ParseInt(f, 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// statFields are those behind the name of the program: proc(5), from (3) on.
func statFields(file string) []string {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
}

// busy is the time that it and its children have spent, to the nanosecond where their
// threads live; what ended ones spent is in the coarse count.
func (p *process) busy() time.Duration {
	var fine, coarse time.Duration
	for _, pid := range p.pids() {
		coarse += cpuOf(pid)
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, task := range tasks {
			b, _ := os.ReadFile(task)
			if f := strings.Fields(string(b)); len(f) > 0 {
				ns, _ := strconv.ParseInt(f[0], 10, 64)
				fine += time.Duration(ns)
			}
		}
	}
	return max(fine, coarse)
}

// rss and peak are its resident memory in MiB, now and at most.
func (p *process) rss() float64  { return statusOf(p.cmd.Process.Pid, "VmRSS") }
func (p *process) peak() float64 { return statusOf(p.cmd.Process.Pid, "VmHWM") }

func statusOf(pid int, key string) float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, key+":"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib / 1024
		}
	}
	return 0
}

// built is the folder of what program builds.
var built string

// program builds wvsms, once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wvsms-bench-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "wvsms")
	build := exec.Command("go", "build", "-trimpath", "-o", path, "wvsms/cmd/wvsms")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build wvsms: %w: %s", err, said)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}
