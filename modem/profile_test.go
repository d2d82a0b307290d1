package modem

import "testing"

func TestBuiltinProfiles(t *testing.T) {
	for _, row := range BuiltinProfiles() {
		if row.Name == "" || row.Source == "" {
			t.Errorf("a row without a name or a source: %+v", row)
		}
		if len(row.USB) == 0 && row.Maker == "" && row.Model == "" {
			t.Errorf("%s: matches nothing", row.Name)
		}
	}
}

func TestProfileOf(t *testing.T) {
	table := BuiltinProfiles()
	for _, c := range []struct {
		usb, maker, model, want string
	}{
		{"2c7c:0125", "", "", "quectel-lte"},
		{"2c7c:0125", "Quectel", "EC25", "quectel-lte"},
		{"", "QUECTEL", "EC25", "quectel-lte"},
		{"12d1:14dc", "", "", "huawei-hilink"},
		{"dead:beef", "nobody", "", ""},
		{"", "", "", ""},
	} {
		got, ok := table.Of(c.usb, Identity{Manufacturer: c.maker, Model: c.model})
		if got.Name != c.want || ok != (c.want != "") {
			t.Errorf("%s %q %q: row %q, %v", c.usb, c.maker, c.model, got.Name, ok)
		}
	}
}
