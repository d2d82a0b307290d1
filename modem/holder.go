package modem

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A Holder is a process that has a port open.
type Holder struct {
	Name string // of its program
	PID  int
}

func (h Holder) String() string { return fmt.Sprintf("%s (pid %d)", h.Name, h.PID) }

// IsModemManager tells whether it is the daemon of that name, of whatever version.
func (h Holder) IsModemManager() bool { return strings.EqualFold(h.Name, "ModemManager") }

// FindHolder names a process that has the device at path open, another one if there
// is, as far as /proc shows it to us within d.
func FindHolder(path string, d time.Duration) (h Holder, found bool) {
	device, err := filepath.EvalSymlinks(path)
	if err != nil {
		return Holder{}, false
	}
	until := time.Now().Add(d)
	all, _ := filepath.Glob("/proc/[0-9]*")
	self := fmt.Sprintf("/proc/%d", os.Getpid())
	for _, process := range all {
		if time.Now().After(until) {
			break
		}
		if process != self && opens(process, device) {
			return describe(process), true
		}
	}
	if opens(self, device) {
		return describe(self), true
	}
	return Holder{}, false
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

func describe(process string) Holder {
	pid, _ := strconv.Atoi(filepath.Base(process))
	command, _ := os.ReadFile(process + "/comm")
	return Holder{strings.TrimSpace(string(command)), pid}
}
