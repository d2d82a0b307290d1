package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// describe prints what the figures depend on, as lines of configuration.
func describe(w io.Writer, dir string) error {
	var uts unix.Utsname
	var info unix.Sysinfo_t
	if err := errors.Join(unix.Uname(&uts), unix.Sysinfo(&info)); err != nil {
		return fmt.Errorf("ask for the kernel: %w", err)
	}
	system, device, err := fileSystem(dir)
	if err != nil {
		return err
	}
	flush, err := flushTime(dir)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "date: %s\nkernel: %s %s\ncores: %d\nmemory: %.1f GiB\nload: %.1f in the minute before\ndisk: %s on %s\nfdatasync: %.3f ms, median of 200 with 4 KiB each\n",
		time.Now().UTC().Format("2006-01-02"), unix.ByteSliceToString(uts.Sysname[:]), unix.ByteSliceToString(uts.Release[:]), runtime.NumCPU(),
		float64(info.Totalram)*float64(info.Unit)/(1<<30), float64(info.Loads[0])/(1<<16), system, device, flush.Seconds()*1e3)
	return err
}

// fileSystem tells type and device of the mount that dir is on: the longest that it lies under.
func fileSystem(dir string) (system, device string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", "", err
	}
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return "", "", fmt.Errorf("find the disk of %s: %w", dir, err)
	}
	longest := ""
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 3 || len(f[1]) < len(longest) {
			continue
		}
		if under := strings.TrimSuffix(f[1], "/") + "/"; strings.HasPrefix(dir+"/", under) {
			longest, device, system = f[1], f[0], f[2]
		}
	}
	return system, device, nil
}

// flushTime is what a commit cannot be faster than.
func flushTime(dir string) (time.Duration, error) {
	f, err := os.CreateTemp(dir, "flush-")
	if err != nil {
		return 0, fmt.Errorf("measure fdatasync: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var all []time.Duration
	for i := range 200 {
		begun := time.Now()
		if _, err = f.WriteAt(make([]byte, 4096), int64(i%8)*4096); err == nil {
			err = unix.Fdatasync(int(f.Fd()))
		}
		if err != nil {
			return 0, fmt.Errorf("measure fdatasync: %w", err)
		}
		all = append(all, time.Since(begun))
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}
