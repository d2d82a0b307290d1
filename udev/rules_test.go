// Package udev holds the rules that are shipped, and their test.
package udev

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const wvsmsGID = 3590

var rules = []string{"70-wvsms-modems.rules", "71-wvsms.rules"}

// A verdict is what udev made of one terminal.
type verdict struct {
	group bool   // it belongs to group wvsms, mode 0660
	link  string // below /dev/wvsms
	mm    bool   // ModemManager is kept off
}

var bench = []device{
	{at: "1-1.1", id: "2c7c0125", maker: "Quectel", product: "EC25-EUX", driver: "option", class: "ff",
		ttys: []string{"ttyUSB0", "ttyUSB1", "ttyUSB2", "ttyUSB3"}},
	// Two sticks that nothing but their sockets tells apart.
	{at: "1-1.2", id: "12d11506", maker: "HUAWEI_MOBILE", product: "HUAWEI_MOBILE", driver: "option", class: "ff",
		ttys: []string{"ttyUSB4", "ttyUSB5"}},
	{at: "1-1.3", id: "12d11506", maker: "HUAWEI_MOBILE", product: "HUAWEI_MOBILE", driver: "option", class: "ff",
		ttys: []string{"ttyUSB6", "ttyUSB7"}},
	{at: "1-1.4.1", id: "10c4ea60", maker: "Silicon Labs", product: "CP2102 USB to UART Bridge Controller", serial: "0001",
		driver: "cp210x", class: "ff", ttys: []string{"ttyUSB8"}},
	{at: "1-1.4.2", id: "1a867523", product: "USB Serial", driver: "ch341", class: "ff", ttys: []string{"ttyUSB9"}},
	{at: "1-1.4.3", id: "23410042", maker: "Arduino (www.arduino.cc)", serial: "75330303035351F0A1B1", driver: "cdc_acm", class: "02",
		ttys: []string{"ttyACM0"}},
	{at: "1-1.4.4", id: "154601a8", maker: "u-blox AG - www.u-blox.com", product: "u-blox GNSS receiver", driver: "cdc_acm", class: "02",
		ttys: []string{"ttyACM1"}},
	{at: "1-2", id: "05c69008", maker: "Qualcomm CDMA Technologies MSM", product: "QHSUSB__BULK", driver: "qcserial", class: "ff",
		ttys: []string{"ttyUSB10"}},
}

const usbPath = "platform-fd500000.pcie-pci-0000:01:00.0-usb-0:"

// Modems of known makers are given to the bridge; what could be anything is not; and
// nothing is taken from ModemManager.
func TestByMake(t *testing.T) {
	enter(t, bench)
	want := map[string]verdict{
		"ttyUSB0": {true, usbPath + "1.1:1.0-if00", false},
		"ttyUSB1": {true, usbPath + "1.1:1.1-if01", false},
		"ttyUSB2": {true, usbPath + "1.1:1.2-if02", false},
		"ttyUSB3": {true, usbPath + "1.1:1.3-if03", false},
		"ttyUSB4": {true, usbPath + "1.2:1.0-if00", false},
		"ttyUSB5": {true, usbPath + "1.2:1.1-if01", false},
		"ttyUSB6": {true, usbPath + "1.3:1.0-if00", false},
		"ttyUSB7": {true, usbPath + "1.3:1.1-if01", false},
		"ttyUSB8": {}, "ttyUSB9": {}, "ttyUSB10": {}, "ttyACM0": {}, "ttyACM1": {}, "ttyAMA0": {},
	}
	for tty, want := range want {
		if got := appear(t, tty); got != want {
			t.Errorf("%s: got %+v, want %+v", tty, got, want)
		}
	}
}

// A port that was chosen is given to the bridge, whatever it is, and ModemManager is kept
// off that port alone. The rule is the one that the program prints.
func TestByChoice(t *testing.T) {
	program := filepath.Join(t.TempDir(), "wvsms")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/wvsms").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	enter(t, bench)
	chosen := []string{"ttyUSB7", "ttyUSB8", "ttyAMA0"}
	for _, tty := range chosen {
		appear(t, tty) // udev has seen it when a person chooses it
		rule, err := exec.Command(program, "udev-rule", "/dev/"+tty).Output()
		if err != nil {
			t.Fatal(err)
		}
		local, err := os.OpenFile("/run/udev/rules.d/70-wvsms-local.rules", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		local.Write(rule)
		if err := local.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]verdict{
		"ttyUSB2": {true, usbPath + "1.1:1.2-if02", false},
		"ttyUSB4": {true, usbPath + "1.2:1.0-if00", false},
		"ttyUSB5": {true, usbPath + "1.2:1.1-if01", false},
		"ttyUSB6": {true, usbPath + "1.3:1.0-if00", false},
		"ttyUSB7": {true, usbPath + "1.3:1.1-if01", true},
		"ttyUSB8": {true, usbPath + "1.4.1:1.0-if00", true},
		"ttyAMA0": {true, "", true},
		"ttyUSB9": {}, "ttyACM0": {},
	}
	for tty, want := range want {
		if got := appear(t, tty); got != want {
			t.Errorf("%s: got %+v, want %+v", tty, got, want)
		}
	}
}

// enter puts the test into a mount namespace whose /sys is a machine with these
// devices, whose udev has our rules, and whose /dev has nothing but
// their terminals. The thread it is locked to ends with the test.
func enter(t *testing.T, devices []device) {
	t.Helper()
	if _, err := exec.LookPath("udevadm"); err != nil || os.Getuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("the rules are tried by root, with udevadm")
		}
		t.Skip("the rules are tried by root, with udevadm")
	}
	if version := udevVersion(t); version > 255 {
		t.Skipf("udevadm test of %d only tells what it would do", version)
	}
	sys := sysfs{t, t.TempDir()}
	sys.host()
	for _, d := range devices {
		sys.plug(d)
	}
	group, err := os.ReadFile("/etc/group")
	if err != nil {
		t.Fatal(err)
	}
	groups := filepath.Join(t.TempDir(), "group")
	if err := os.WriteFile(groups, []byte("wvsms:x:3590:\n"+string(group)), 0o644); err != nil {
		t.Fatal(err)
	}

	runtime.LockOSThread()
	must := func(what string, err error) {
		if err != nil {
			t.Helper()
			t.Fatalf("%s: %v", what, err)
		}
	}
	must("unshare", unix.Unshare(unix.CLONE_FS|unix.CLONE_NEWNS))
	must("make / private", unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	must("mount /sys", unix.Mount(sys.dir, "/sys", "", unix.MS_BIND, ""))
	must("mount /etc/group", unix.Mount(groups, "/etc/group", "", unix.MS_BIND, ""))
	for _, dir := range []string{"/run", "/dev"} {
		must("mount "+dir, unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"))
	}
	must("mkdir", os.MkdirAll("/run/udev/rules.d", 0o755))
	must("mknod", unix.Mknod("/dev/null", syscall.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	for _, name := range rules {
		text, err := os.ReadFile(name)
		must("read the rules", err)
		must("write the rules", os.WriteFile("/run/udev/rules.d/"+name, text, 0o644))
	}
}

// appear has udev handle the appearance of tty.
func appear(t *testing.T, tty string) verdict {
	t.Helper()
	node := "/dev/" + tty
	var major, minor uint32
	number, err := os.ReadFile("/sys/class/tty/" + tty + "/dev")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(number), "%d:%d", &major, &minor); err != nil {
		t.Fatal(err)
	}
	os.Remove(node)
	if err := unix.Mknod(node, syscall.S_IFCHR|0o600, int(unix.Mkdev(major, minor))); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("udevadm", "test", "/sys/class/tty/"+tty)
	cmd.Env = append(os.Environ(), "SYSTEMD_DEVICE_VERIFY_SYSFS=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var v verdict
	for line := range strings.Lines(string(out)) {
		// "…/71-wvsms.rules:9 Invalid key …": udev reads on, and says so.
		if strings.Contains(line, "-wvsms") && strings.Contains(line, ".rules:") && (strings.Contains(line, "nvalid") || strings.Contains(line, "ignoring")) {
			t.Error(line)
		}
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "ID_MM_PORT_IGNORE":
			v.mm = value == "1"
		case "DEVLINKS":
			links := strings.Fields(value)
			if i := slices.IndexFunc(links, func(l string) bool { return strings.HasPrefix(l, "/dev/wvsms/") }); i >= 0 {
				v.link = filepath.Base(links[i])
			}
		}
	}
	var st unix.Stat_t
	if err := unix.Stat(node, &st); err != nil {
		t.Fatal(err)
	}
	v.group = st.Gid == wvsmsGID && st.Mode&0o777 == 0o660
	t.Logf("%s: %+v gid %d mode %o", tty, v, st.Gid, st.Mode&0o777)
	return v
}

func udevVersion(t *testing.T) (version int) {
	out, err := exec.Command("udevadm", "--version").Output()
	if err == nil {
		_, err = fmt.Sscan(string(out), &version)
	}
	if err != nil {
		t.Fatalf("udevadm --version: %v", err)
	}
	return version
}
