package modem

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// holder names another process that has the device at path open, as far as
// /proc shows it to us, within d; "" when none is seen.
func holder(path string, d time.Duration) string {
	device, err := filepath.EvalSymlinks(path)
	if err != nil {
		return ""
	}
	until := time.Now().Add(d)
	all, _ := filepath.Glob("/proc/[0-9]*")
	self := fmt.Sprintf("/proc/%d", os.Getpid())
	for _, process := range all {
		if time.Now().After(until) {
			break
		}
		if process != self && opens(process, device) {
			return describe(process)
		}
	}
	if opens(self, device) {
		return describe(self) + " (this process)"
	}
	return ""
}

func opens(process, device string) bool {
	fds, _ := os.ReadDir(process + "/fd")
	for _, fd := range fds {
		if at, err := os.Readlink(process + "/fd/" + fd.Name()); err == nil && at == device {
			return true
		}
	}
	return false
}

func describe(process string) string {
	pid := filepath.Base(process)
	command, _ := os.ReadFile(process + "/comm")
	return fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(command)), pid)
}
