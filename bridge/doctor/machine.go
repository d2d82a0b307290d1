package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"wvsms/bridge"
	"wvsms/modem"
)

// spoolNeeds octets are a spool that is empty, with its journal.
const spoolNeeds = 1 << 20

// machine looks at what is there before a modem is.
func (d *doctor) machine(ctx context.Context) {
	d.config()
	d.table()
	d.user()
	d.power()
	d.bus()
	d.rival(ctx)
}

func (d *doctor) config() {
	d.cfg = bridge.Defaults()
	cfg, err := bridge.ReadConfig(d.o.Config)
	switch {
	case err == nil:
		d.cfg = cfg
		d.good("config", "%s is good, modems: %d", d.o.Config, len(cfg.Modems))
		d.spool()
	case errors.Is(err, fs.ErrNotExist):
		d.say("config", Warn, "there is no "+d.o.Config, "wvsms config example | sudo tee "+d.o.Config)
	default:
		d.say("config", Fail, strings.ReplaceAll(err.Error(), "\n", "; "), "mend it, and see wvsms config check "+d.o.Config)
	}
}

func (d *doctor) table() {
	var err error
	if d.profiles, err = modem.ReadProfiles(d.o.Profiles); err != nil {
		d.profiles = modem.BuiltinProfiles()
		d.say("profiles", Fail, err.Error(), "mend or remove that file: what is built in is used until then")
	}
}

func (d *doctor) spool() {
	dir := filepath.Dir(d.cfg.Spool.Path)
	const remedy = "sudo install -d -o wvsms -g wvsms -m 0750 "
	if _, err := os.Stat(dir); err != nil {
		d.say("spool", Fail, "the folder of the spool cannot be looked at: "+err.Error(), remedy+dir)
		return
	}
	if err := unix.Access(dir, unix.W_OK); err != nil {
		d.say("spool", Fail, fmt.Sprintf("%s cannot be written here: %v", dir, err), remedy+dir+", or run this as the user of the bridge")
		return
	}
	if d.o.Room(dir) < spoolNeeds {
		d.say("spool", Fail, fmt.Sprintf("the disk of %s is full: the bridge takes no message, and waits", dir), "make room there: the bridge goes on by itself")
		return
	}
	d.good("spool", "%s can be written", dir)
}

// room is what a user other than root may fill.
func room(folder string) uint64 {
	var disk unix.Statfs_t
	if err := unix.Statfs(folder, &disk); err != nil {
		return math.MaxUint64
	}
	return disk.Bavail * uint64(disk.Bsize)
}

// user: root needs no group.
func (d *doctor) user() {
	name, groups := d.o.User()
	switch {
	case name == "root":
		d.good("user", "run as root")
	case slices.Contains(groups, "wvsms"), slices.Contains(groups, "dialout"):
		d.good("user", "%s is in the groups %s", name, strings.Join(groups, ", "))
	default:
		d.say("user", Warn, name+" is in none of the groups that may use modems (wvsms, dialout)", "sudo usermod -aG wvsms "+name+", and log in anew")
	}
}

// power: sticks fall off the bus of a Raspberry Pi whose supply is too weak.
func (d *doctor) power() {
	if bridge.Undervoltage(d.o.Sys) {
		d.say("power", Fail, "the Pi reports undervoltage: modems may fall off the bus when they send", "use a stronger supply or a powered hub")
	}
}

// rival tells of ModemManager, unless it is kept off the port that is examined.
func (d *doctor) rival(ctx context.Context) {
	if !d.o.ModemManager(ctx) {
		d.good("ModemManager", "does not run")
		return
	}
	devices := []string{d.o.Device}
	if d.o.Device == "" {
		devices = nil
		for _, c := range d.cfg.Modems {
			devices = append(devices, c.Device)
		}
	}
	for _, device := range devices {
		if !filepath.IsAbs(device) || d.keptOff(device) {
			continue
		}
		d.say("ModemManager", Warn, "it runs and may take "+device, modem.KeepOff(device))
		return
	}
	d.good("ModemManager", "runs, and is kept off")
}

// keptOff tells whether udev says of a port that ModemManager is to ignore it. Where
// that stands is udev's own business, and has not changed in ten years.
func (d *doctor) keptOff(device string) bool {
	path, err := filepath.EvalSymlinks(device)
	if err != nil {
		return true // it is not there
	}
	number := read(filepath.Join(d.o.Sys, "class/tty", filepath.Base(path), "dev"))
	f, err := os.Open(filepath.Join(d.o.Udev, "c"+number))
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if t := lines.Text(); t == "E:ID_MM_PORT_IGNORE=1" || t == "E:ID_MM_DEVICE_IGNORE=1" {
			return true
		}
	}
	return false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// read is what a small file says, "" where it is not there.
func read(file string) string {
	text, _ := os.ReadFile(file)
	return strings.TrimSpace(string(text))
}
