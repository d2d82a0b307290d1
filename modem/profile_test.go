package modem

import (
	"bufio"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestBuiltinProfiles(t *testing.T) {
	for _, row := range BuiltinProfiles() {
		if row.Explain != "" && !strings.Contains(row.Explain, " ") {
			t.Errorf("%s: %q explains nothing", row.Name, row.Explain)
		}
		if row.like != "" && !row.matchesOne() {
			t.Errorf("%s: like another, and matches nothing of its own", row.Name)
		}
	}
}

// TestPortsOfDevices: testdata/ports.txt has the ports of each device in a line; other
// rows before its own must not take it.
func TestPortsOfDevices(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "ports.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, lines := BuiltinProfiles(), 0
	for scan := bufio.NewScanner(f); scan.Scan(); lines++ {
		id, ports, _ := strings.Cut(scan.Text(), " ")
		want := map[string][]uint8{}
		for _, one := range strings.Fields(ports) {
			role, numbers, _ := strings.Cut(one, "=")
			for _, n := range strings.Split(numbers, ",") {
				number, err := strconv.ParseUint(n, 10, 8)
				if err != nil {
					t.Fatal(err)
				}
				want[role] = append(want[role], uint8(number))
			}
		}
		row, ok := table.USB(id)
		got := map[string][]uint8{"at": row.Ports.AT, "ppp": row.Ports.PPP, "gnss": row.Ports.GNSS, "diag": row.Ports.Diag, "other": row.Ports.Other}
		maps.DeleteFunc(got, func(_ string, n []uint8) bool { return n == nil })
		if !ok || row.Explain != "" || !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s: row %q has %v, want %v", id, row.Name, got, want)
		}
	}
	if lines < 200 {
		t.Errorf("%d devices only", lines)
	}
}

func TestProfileOf(t *testing.T) {
	table := BuiltinProfiles()
	for _, c := range []struct {
		usb, maker, model, want string
		known                   bool
	}{
		{"2c7c:0125", "", "", "quectel", true},
		{"2c7c:0125", "Quectel", "EC25", "quectel", true},
		{"2c7c:4242", "Quectel", "EC42", "quectel", true},
		{"", "QUECTEL", "EG91", "quectel", true},
		{"", "Quectel_Ltd", "Quectel_M26", "quectel-gsm", true},
		{"10c4:ea60", "Quectel_Ltd", "Quectel_M95", "quectel-gsm", true},
		{"1a86:7523", "SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom-gsm", true},
		{"1e0e:9001", "SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "simcom", true},
		{"1e0e:9011", "INCORPORATED", "A7600E-HNVW", "simcom-a76xx", true},
		{"", "SIMCOM INCORPORATED", "A7670E-FASE", "simcom-a76xx", true},
		{"", "SIMCOM INCORPORATED", "A7670E-LNXY-UBL", "simcom-no-sms", true},
		{"12d1:1001", "huawei", "E1550", "huawei", true},
		{"12d1:1506", "", "", "huawei", true},
		{"12d1:14dc", "", "", "huawei-hilink", true},
		{"12d1:1f01", "", "", "huawei-storage", true},
		{"05c6:9008", "", "", "qualcomm-download", true},
		{"1546:01a7", "", "", "ublox-gnss", true},
		{"0483:5740", "", "", "board", true},
		{"1546:1010", "u-blox", "TOBY-L4106", "ublox-toby", true},
		{"1546:1102", "u-blox", "SARA-U270", "ublox", true},
		{"1bc7:1040", "Telit", "LM940", "telit-slow", true},
		{"1bc7:1201", "Telit", "LE910C1-EU", "telit", true},
		{"19d2:2000", "", "", "zte-storage", true},
		{"19d2:9999", "ZTE INCORPORATED", "MF190", "zte", true},
		{"", "SIEMENS", "MC75i", "siemens-mc75", true},
		{"", "SIEMENS", "TC35i", "siemens-tc35", true},
		{"1e2d:0053", "Cinterion", "PHS8-P", "cinterion", true},
		{"", "WAVECOM MODEM", "MULTIBAND  900E  1800", "wavecom", true},
		{"1410:1430", "Novatel Wireless Incorporated", "Ovation", "novatel", true},
		{"0bdb:1911", "Ericsson", "F5521gw", "ericsson-mbm", true},
		{"05c6:6000", "QUALCOMM INCORPORATED", "MSM", "qualcomm-raw", true},
		{"05c6:9000", "QUALCOMM INCORPORATED", "MSM", "qualcomm", true},
		{"", "NEOWAY", "M590", "neoway-m590", true},
		{"dead:beef", "nobody", "M/1", "generic-usb", false},
		{"0403:6001", "nobody", "", "generic-uart", false},
		{"", "", "", "generic-uart", false},
	} {
		got, known := table.Of(c.usb, Identity{Manufacturer: c.maker, Model: c.model})
		if got.Name != c.want || known != c.known {
			t.Errorf("%s %q %q: row %q, %v, want %q", c.usb, c.maker, c.model, got.Name, known, c.want)
		}
	}
	for _, id := range []string{"dead:beef", "10c4:ea60", ""} {
		if row, ok := table.USB(id); ok {
			t.Errorf("%q is taken for a modem of %s before anybody has named it", id, row.Name)
		}
	}
}

func TestRoleOfInterface(t *testing.T) {
	for _, c := range []struct {
		id                      string
		number, class, sub, pro uint8
		role                    Role
		rank                    int
	}{
		{"2c7c:0125", 2, 0xff, 0, 0, RoleAT, 0},
		{"2c7c:0125", 3, 0xff, 0, 0, RoleAT, 1},
		{"2c7c:0125", 1, 0xff, 0, 0, RoleGNSS, 0},
		{"2c7c:0125", 0, 0xff, 0xff, 0xff, RoleDiag, 0},
		{"2c7c:0125", 9, 0xff, 0, 0, RoleUnknown, 0},
		{"12d1:1506", 0, 0xff, 2, 1, RolePPP, 1},
		{"12d1:1506", 1, 0xff, 2, 2, RoleAT, 1},
		{"12d1:1506", 4, 0xff, 1, 3, RoleDiag, 0},
		{"12d1:1001", 1, 0xff, 0xff, 0xff, RoleOther, 0},
		{"0bdb:1911", 9, 2, 2, 1, RoleGNSS, 0},
		{"0bdb:1911", 1, 2, 2, 1, RoleAT, 0},
	} {
		row, _ := BuiltinProfiles().USB(c.id)
		if role, rank := row.Role(c.number, c.class, c.sub, c.pro); role != c.role || rank != c.rank {
			t.Errorf("%s if%d %02x/%02x/%02x: role %d rank %d, want %d %d", c.id, c.number, c.class, c.sub, c.pro, role, rank, c.role, c.rank)
		}
	}
}
