package udev

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

var update = flag.Bool("update", false, "write 70-wvsms-modems.rules from the table of modems")

// known lists the ids of USB devices that the table of modems has, but for those of
// which it says that they are none.
func known(t *testing.T) (ids []string) {
	t.Helper()
	var table struct {
		Profile []struct {
			USB     []string
			Layout  []struct{ USB []string }
			Explain string
		}
	}
	if _, err := toml.DecodeFile("../modem/profiles.toml", &table); err != nil {
		t.Fatal(err)
	}
	for _, row := range table.Profile {
		if row.Explain != "" {
			continue
		}
		ids = append(ids, row.USB...)
		for _, layout := range row.Layout {
			ids = append(ids, layout.USB...)
		}
	}
	if len(ids) == 0 {
		t.Fatal("the table names no device")
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// modemRules tells udev of them.
func modemRules(ids []string) string {
	products := map[string][]string{}
	for _, id := range ids {
		vendor, product, _ := strings.Cut(id, ":")
		products[vendor] = append(products[vendor], product)
	}
	var text strings.Builder
	text.WriteString(`# USB ids of modems, from modem/profiles.toml by: go test ./udev -update. What becomes of
# them stands in 71-wvsms.rules.
ACTION=="remove", GOTO="wvsms_modems_end"
SUBSYSTEM!="tty", GOTO="wvsms_modems_end"
ENV{ID_BUS}!="usb", GOTO="wvsms_modems_end"
`)
	for _, vendor := range slices.Sorted(maps.Keys(products)) {
		if slices.Contains(products[vendor], "*") {
			fmt.Fprintf(&text, "ENV{ID_VENDOR_ID}==%q, ENV{WVSMS_MODEM}=\"1\"\n", vendor)
			continue
		}
		fmt.Fprintf(&text, "ENV{ID_VENDOR_ID}==%q, ENV{ID_MODEL_ID}==%q, ENV{WVSMS_MODEM}=\"1\"\n",
			vendor, strings.Join(products[vendor], "|"))
	}
	text.WriteString("LABEL=\"wvsms_modems_end\"\n")
	return text.String()
}

// The rules know the modems that the table knows.
func TestTable(t *testing.T) {
	want := modemRules(known(t))
	if *update {
		if err := os.WriteFile("70-wvsms-modems.rules", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("70-wvsms-modems.rules")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("70-wvsms-modems.rules is not what modem/profiles.toml says: go test ./udev -update")
	}
}

// One of each maker is given to the bridge.
func TestByTable(t *testing.T) {
	var devices []device
	ids := map[string]string{}
	each := slices.CompactFunc(known(t), func(a, b string) bool { return a[:4] == b[:4] })
	for n, id := range each {
		tty := fmt.Sprintf("ttyUSB%d", n)
		ids[tty] = id
		devices = append(devices, device{at: fmt.Sprintf("1-%d", n+1), driver: "option", class: "ff", ttys: []string{tty},
			id: strings.ReplaceAll(strings.Replace(id, "*", "1234", 1), ":", "")})
	}
	enter(t, devices)
	for tty, id := range ids {
		if v := appear(t, tty); !v.group {
			t.Errorf("%s: got %+v", id, v)
		}
	}
}
