package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"wvsms/bridge"
)

// What a test tells the daemon that it starts, in the environment.
const (
	// envPoints names a file to which each point of Options.Probe is appended, a line each.
	envPoints = "WVSMS_TEST_POINTS"
	// envCrash is "POINT#N": kill -9 when the point is reached for the N-th time.
	envCrash = "WVSMS_TEST_CRASH"
	// envClock names a file with what is added to the wall clock, a Go duration. It is
	// read at each look at the clock, so that the clock can be set while the bridge runs.
	envClock = "WVSMS_TEST_CLOCK"
	// envBus names the folder of a modemtest.Bus, in which modems are looked for.
	envBus = "WVSMS_TEST_BUS"
)

func instrumentFromEnv(o *bridge.Options) {
	if dir := os.Getenv(envBus); dir != "" {
		o.Sys, o.Dev, o.Run = filepath.Join(dir, "sys"), filepath.Join(dir, "dev"), filepath.Join(dir, "run")
	}
	probes := []func(string){}
	if path := os.Getenv(envPoints); path != "" {
		probes = append(probes, pointRecorder(path))
	}
	if spec := os.Getenv(envCrash); spec != "" {
		probes = append(probes, crashAt(spec))
	}
	if len(probes) > 0 {
		o.Probe = func(point string) {
			for _, probe := range probes {
				probe(point)
			}
		}
	}
	if path := os.Getenv(envClock); path != "" {
		o.Clock = bridge.SystemSource()
		o.Clock.Wall = func() time.Time {
			text, err := os.ReadFile(path)
			if err != nil {
				return time.Now()
			}
			offset, err := time.ParseDuration(strings.TrimSpace(string(text)))
			if err != nil {
				panic(fmt.Sprintf("%s: %v", path, err))
			}
			return time.Now().Add(offset)
		}
	}
}

func pointRecorder(path string) func(string) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		panic(err)
	}
	return func(point string) { fmt.Fprintln(f, point) }
}

// crashAt kills this process at the N-th time that it reaches a point.
func crashAt(spec string) func(string) {
	point, number, _ := strings.Cut(spec, "#")
	n := 1
	if number != "" {
		if _, err := fmt.Sscan(number, &n); err != nil {
			panic(fmt.Sprintf("%s=%s: %v", envCrash, spec, err))
		}
	}
	var mu sync.Mutex
	return func(at string) {
		mu.Lock()
		defer mu.Unlock()
		if at != point {
			return
		}
		if n--; n == 0 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // nothing is done after it
		}
	}
}
