package modem

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Every key of the form, and each means what it says.
func TestParseProfile(t *testing.T) {
	table, err := parseProfiles(`
[[profile]]
name = "a"
source = "s"
like = "b"
usb = ["1234:*"]
bridge = ["1a86:7523"]
maker = ["one"]
model = ["m*"]
ports = { at = [2], ppp = [3], gnss = [1], diag = [0], other = [4] }
layout = [{ usb = ["1234:0001"], at = [5, 6] }]
class = { at = ["ff/02/02"], ppp = ["ff/02/01"], gnss = ["ff/02/04"], diag = ["ff/02/03"] }
settle = "20s"
boot = "2m"
dtr = "on"
rts = "off"
init = ["^CURC=0"]
csms = 128
cnmi = ["2,1,0,1,0"]
walk = { mode = [1, 2], bm = [0], ds = [2, 0], bfr = [1] }
receive = "direct"
cnma = "=0"
noise = ["^RSSI", "PB DONE"]
radio = []
restart = ["^RESET"]
explain = "e f"
cms = [{ codes = [512], do = "unsure", hint = "h" }, { codes = [513, 520], do = "retry", after = "5s", hint = "h" }]
`)
	if err != nil {
		t.Fatal(err)
	}
	p := table[0]
	if p.Settle != 20*time.Second || p.Boot != 2*time.Minute || p.CMS[1].After != 5*time.Second {
		t.Errorf("durations: %v %v %v", p.Settle, p.Boot, p.CMS[1].After)
	}
	for key, ok := range map[string]bool{
		"source": p.Source == "s", "like": p.like == "b", "bridge": p.Bridge[0] == "1a86:7523", "maker": p.Maker[0] == "one",
		"model": p.Model[0] == "m*", "ports": p.Ports.Other[0] == 4, "layout": p.on("1234:0001").Ports.AT[1] == 6, "class": p.Class.Diag[0] == "ff/02/03",
		"dtr": p.DTR == "on", "rts": p.RTS == "off", "init": p.Init[0] == "^CURC=0", "csms": p.CSMS == 128, "cnmi": p.CNMI[0] == "2,1,0,1,0",
		"walk": strings.Join(p.Walk.DS, "") == "20", "receive": p.Receive == "direct", "cnma": p.CNMA == "=0", "noise": p.Noise[1] == "PB DONE",
		"radio": p.Radio != nil && len(p.Radio) == 0, "restart": p.Restart[0] == "^RESET", "explain": p.Explain == "e f",
		"cms": p.CMS[0].First == 512 && p.CMS[0].Last == 512 && p.CMS[1].Last == 520 && p.CMS[0].Do == "unsure",
	} {
		if !ok {
			t.Errorf("%s: %+v", key, p)
		}
	}
}

// All faults are told at once, each with its row and key.
func TestProfileFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[[profile]]\nname = ", "line 2:"},
		{"[[profil]]\nname = 'a'", "profil: no such key"},
		{"profile = 1", "profile: a list of tables"},
		{"profile = [1]", "profile[0]: a table"},
		{"[[profile]]\nsource = 's'\nusb = ['1234:*']", "profile 1: name: is missing"},
		{"[[profile]]\nname = 'a'\nusb = ['1234:*']", "a: source: is missing"},
		{"[[profile]]\nname = 'a'\nsource = 's'", "a: matches no modem"},
		{"[[profile]]\nname = 'a'\nsource = 's'\nusb = ['1234:*']\n[[profile]]\nname = 'a'\nsource = 's'\nusb = ['1235:*']", "a: name: stands there twice"},
		{row("usb = ['2C7C:0125']"), "a: usb[0]: \"2C7C:0125\""},
		{row("usb = '2c7c:0125'"), "a: usb: 2c7c:0125: a list"},
		{row("settel = '5s'"), "a: settel: no such key"},
		{row("settle = 5"), "a: settle: 5: a duration"},
		{row("settle = '5'"), "a: settle: \"5\": a duration"},
		{row("boot = '500ms'"), "a: boot:"},
		{row("boot = '-5s'"), "a: boot:"},
		{row("ports = { at = [300] }"), "a: ports: at[0]: 300"},
		{row("ports = { tty = [3] }"), "a: ports: tty: no such key"},
		{row("layout = [{ at = [3], if = 1 }]"), "a: layout[0]: if: no such key"},
		{row("class = { at = ['ff'] }"), "a: class: at[0]"},
		{row("model = ['A*']"), "a: model[0]"},
		{row("model = ['[a']"), "a: model[0]"},
		{row("init = ['+CPIN=1234']"), "a: init[0]: \"+CPIN=1234\": PINs"},
		{row("init = ['+CMGS=5']"), "a: init[0]"},
		{row("init = ['+A=1;+B=1']"), "a: init[0]"},
		{row("restart = ['\\n']"), "a: restart[0]"},
		{row("cnmi = ['2']"), "a: cnmi[0]"},
		{row("cnmi = ['2,1,0,1,7']"), "a: cnmi[0]"},
		{row("walk = { mode = [9] }"), "a: walk: mode[0]: 9"},
		{row("walk = { mt = [1] }"), "a: walk: mt: no such key"},
		{row("receive = 'auto'"), "a: receive: \"auto\": one of store, direct"},
		{row("cnma = '=2'"), "a: cnma:"},
		{row("noise = ['+CMT']"), "a: noise[0]: \"+CMT\" means something"},
		{row("noise = ['OK']"), "a: noise[0]"},
		{row("noise = ['SMS Ready']"), "a: noise[0]"},
		{row("noise = ['']"), "a: noise[0]"},
		{row("csms = 0"), "a: csms: 0"},
		{row("cms = [{ codes = [512], do = 'pray', hint = 'h' }]"), "a: cms[0]: do: \"pray\": one of retry"},
		{row("cms = [{ codes = [512], hint = 'h' }]"), "a: cms[0]: do: is missing"},
		{row("cms = [{ codes = [512], do = 'retry', hint = 'h' }]"), "a: cms[0]: after: is missing"},
		{row("cms = [{ codes = [512], do = 'fail' }]"), "a: cms[0]: hint: is missing"},
		{row("cms = [{ codes = [38], do = 'fail', hint = 'h' }]"), "a: cms[0]: codes[0]: 38"},
		{row("cms = [{ codes = [514, 512], do = 'fail', hint = 'h' }]"), "a: cms[0]: codes:"},
		{row("cms = [{ codes = [513], do = 'fail', hint = 'h' }, { codes = [512, 514], do = 'fail', hint = 'h' }]"), "a: cms[1]: codes from 512"},
		{row("settle = 1\nboot = 2\nfoo = 3"), "a: foo: no such key"},
	} {
		_, err := parseProfiles(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n%v, want %q", c.text, err, c.want)
		}
	}
	_, err := parseProfiles(row("settle = 1\nboot = 2\nfoo = 3"))
	if n := strings.Count(err.Error(), "\n"); n != 2 {
		t.Errorf("%d faults of three: %v", n+1, err)
	}
}

func row(keys string) string {
	if !strings.HasPrefix(keys, "usb") {
		keys = "usb = ['1234:*']\n" + keys
	}
	return "[[profile]]\nname = 'a'\nsource = 's'\n" + keys
}

func TestOwnProfiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "profiles.toml")
	table, err := ReadProfiles(file)
	if err != nil || len(table) != len(BuiltinProfiles()) {
		t.Fatalf("no file: %d rows, %v", len(table), err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`
[[profile]]
name = "mine"
source = "seen here"
like = "quectel"
usb = ["2c7c:0125"]
ports = { at = [7] }

[[profile]]
name = "zte"
source = "seen here"
usb = ["19d2:*"]
radio = []
`)
	if table, err = ReadProfiles(file); err != nil {
		t.Fatal(err)
	}
	mine, _ := table.USB("2c7c:0125")
	if mine.Name != "mine" || mine.Ports.AT[0] != 7 || mine.Walk.Mode[0] != "1" || mine.Radio[0] != "+CFUN=4" {
		t.Errorf("a row of one's own: %+v", mine)
	}
	if zte, _ := table.USB("19d2:0001"); len(zte.Ports.AT) != 0 || len(zte.Radio) != 0 || len(zte.Init) != 0 {
		t.Errorf("a row in place of another: %+v", zte)
	}
	if storage, _ := table.USB("19d2:2000"); storage.Name != "zte-storage" {
		t.Errorf("the place of a row has changed: %s", storage.Name)
	}
	for text, want := range map[string]string{
		"[[profile]]\nname = 'x'\nfoo = 1": "foo",
		row("like = 'nobody'"):             `a: like: no row is named "nobody"`,
		row("like = 'b'") + "\n[[profile]]\nname = 'b'\nsource = 's'\nusb = ['1:*']":                "usb[0]",
		row("like = 'b'") + "\n[[profile]]\nname = 'b'\nsource = 's'\nlike = 'a'\nusb = ['0001:*']": "in a circle",
	} {
		write(text)
		if _, err := ReadProfiles(file); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

// Whatever stands in the file, it is told or it is a table that can be used.
func FuzzParseProfiles(f *testing.F) {
	f.Add(builtin)
	f.Add(row("layout = [{ usb = ['1234:0001'], at = [1] }]"))
	f.Add(row("like = 'a'"))
	f.Add("profile = [{ name = 1 }]")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := parseProfiles(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a word")
			}
			return
		}
		if table.resolve() != nil {
			return
		}
		for _, row := range table {
			if row.Name == "" || row.Source == "" || row.Radio == nil || row.Restart == nil {
				t.Errorf("%+v", row)
			}
			for _, m := range row.CMS {
				if m.First < 512 || m.Last < m.First || m.Hint == "" {
					t.Errorf("%s: %+v", row.Name, m)
				}
			}
		}
		table.Of("1234:0001", Identity{Manufacturer: "one", Model: "m/1"})
	})
}
