package bridge

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"wvsms/modem"
)

const oneModem = "[[modem]]\ndevice = \"/dev/ttyUSB2\"\n"

func TestConfigDefaults(t *testing.T) {
	got, err := ParseConfig(oneModem)
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.Modems = []ModemConfig{{Name: "m0", Device: "/dev/ttyUSB2", Baud: 115200, Receive: modem.ReceiveAuto, Recovery: allRungs}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

var allRungs = []string{"radio", "restart", "usb"}

func TestConfigAll(t *testing.T) {
	got, err := ParseConfig(`
[spool]
path = "/x/spool.db"
max_unclaimed = 5
max_queued = 6
history = "90d"
history_rows = 2_000
[socket]
listen = ["127.0.0.1:1", "[::1]:2", "localhost:3", ":3590", "[::]:3591"]
auth = "always"
unix = "/run/wvsms.sock"
unix_mode = "666"
unix_group = "dialout"
ports = [3590]
[http]
listen = "192.168.1.2:9590"
[tls]
cert = "/etc/cert.pem"
key = "credential:key"
[[token]]
file = "/etc/token"
rights = ["receive", "send"]
[[token]]
name = "boss"
file = "credential:boss"
rights = ["admin"]
[[modem]]
name = "left"
device = "/dev/left"
baud = 9600
boot = "40s"
dtr = "off"
rts = "on"
drafts = "archive"
pin_file = "/etc/pin"
receive = "direct"
recovery = ["radio"]
power_hook = ["/usr/sbin/uhubctl", "-a", "cycle"]
[[modem]]
device = "/dev/right"
receive = "store"
segments_per_day = 0
segments_per_30d = 40
[limits]
segments_per_day = 0
allow_to = ["+49*", "112"]
allow_from = []
deny_to = ["+49900*"]
deny_from = ["+48*"]
segments_per_30d = 900
modem_per_day = 30
modem_per_30d = 300
peer_per_day = 20
peer_per_30d = 200
peer_every = "10s"
peer_burst = 3
max_octets = 1000
price = "0.09 EUR"
loop_segments = 50
loop_within = "5s"
[[udp]]
listen = "127.0.0.1:3590"
peer = "+491712345678"
[[udp]]
forward = "127.0.0.1:4590"
[csp]
long = "dd"
[[peer]]
number = "+49171*"
parts = "pass"
transcode = "wbxml"
peer_per_day = 7
peer_per_30d = 70
peer_every = ""
peer_burst = 9
[log]
level = "debug"
format = "json"
numbers = "redact"
`)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Spool: SpoolConfig{Path: "/x/spool.db", MaxUnclaimed: 5, MaxQueued: 6, History: 90 * 24 * time.Hour, HistoryRows: 2000},
		Socket: SocketConfig{
			Listen: []string{"127.0.0.1:1", "[::1]:2", "localhost:3", ":3590", "[::]:3591"}, AuthAlways: true,
			Unix: "/run/wvsms.sock", UnixMode: 0o666, UnixGroup: "dialout", Ports: []uint16{3590},
		},
		HTTP:   HTTPConfig{Listen: "192.168.1.2:9590"},
		Tokens: []TokenConfig{{"t0", "/etc/token", MaySend | MayReceive}, {"boss", "credential:boss", MayTend}},
		TLS:    TLSConfig{Cert: "/etc/cert.pem", Key: "credential:key"},
		Modems: []ModemConfig{
			{Name: "left", Device: "/dev/left", Baud: 9600, PINFile: "/etc/pin", Receive: modem.ReceiveDirect, Boot: 40 * time.Second, DTR: "off", RTS: "on", ArchiveDrafts: true, Recovery: []string{"radio"}, PowerHook: []string{"/usr/sbin/uhubctl", "-a", "cycle"}},
			{Name: "m1", Device: "/dev/right", Baud: 115200, Receive: modem.ReceiveStore, Recovery: allRungs, Quota: Quota{new(0), new(40)}},
		},
		Limits: LimitsConfig{
			SegmentsPer30d: 900, ModemPerDay: 30, ModemPer30d: 300, PeerPerDay: 20, PeerPer30d: 200, PeerEvery: 10 * time.Second, PeerBurst: 3,
			MaxOctets: 1000, Price: Price{90_000, "EUR"}, LoopSegments: 50, LoopWithin: 5 * time.Second,
			AllowTo: Patterns{"+49*", "112"}, AllowFrom: Patterns{}, DenyTo: Patterns{"+49900*"}, DenyFrom: Patterns{"+48*"},
		},
		UDP:   []UDPConfig{{Port: 3590, Listen: "127.0.0.1:3590", Peer: "+491712345678"}, {Port: 3590, Forward: "127.0.0.1:4590"}},
		CSP:   Choice{Long: "dd"},
		Peers: []PeerConfig{{Number: "+49171*", Choice: Choice{Parts: "pass", Transcode: "wbxml"}, Quota: Quota{new(7), new(70)}, Every: new(time.Duration), Burst: new(9)}},
		Log:   LogConfig{Level: "debug", Format: "json", Redact: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Of each key the first [[peer]] counts that fits and has it, then [csp], then the default.
func TestChoice(t *testing.T) {
	c, err := ParseConfig(oneModem + `
[csp]
long = "dd"
[[peer]]
number = "+491711"
transcode = "wbxml"
[[peer]]
number = "+49171*"
long = "concat"
transcode = "none"
parts = "pass"
`)
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range map[string]Choice{
		"+491711": {"concat", "pass", "wbxml"},
		"+491712": {"concat", "pass", "none"},
		"+44":     {"dd", "join", "none"},
	} {
		set, err := settingsOf(c, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		if got := set.choice(number); got != want {
			t.Errorf("%s: %+v, want %+v", number, got, want)
		}
	}
}

// Each fault stands under its key, and all of them at once.
func TestConfigFaults(t *testing.T) {
	tests := []struct {
		text string
		want []string // beginnings of lines
	}{
		{"", []string{"modem: is missing"}},
		{oneModem + "x = 1\n[nonsense]\n", []string{"modem[0].x: unknown key", "nonsense: unknown key"}},
		{"[[modem]]\n", []string{"modem[0].device: is missing"}},
		{oneModem + "[csp]\nlong = \"short\"\nmore = 1\n[[peer]]\nnumber = \"+49\"\ntranscode = true\nparts = \"\"\n", []string{"csp.long: \"short\": concat or dd", "csp.more: unknown key", "peer[0].parts: \"\": join or pass", "peer[0].transcode: true: a string"}},
		{"[[modem]]\ndevice = \"ttyUSB0\"\n", []string{`modem[0].device: "ttyUSB0" is neither "auto" nor an absolute path: "/dev/ttyUSB0"`}},
		{"[[modem]]\ndevice = {}\n", []string{"modem[0].device: says nothing"}},
		{"[[modem]]\ndevice = { vid = \"2c7\", pid = 293, usb = \"1\", imei = \"35\", serial = \"\", colour = 1 }\n", []string{
			"modem[0].device.colour: unknown key", `modem[0].device.imei: "35": 15 digits`, "modem[0].device.pid: 293: a string",
			`modem[0].device.serial: ""`, `modem[0].device.usb: "1": bus and ports`, `modem[0].device.vid: "2c7": four hex digits`}},
		{"[[modem]]\ndevice = { pid = \"0125\" }\n", []string{"modem[0].device.pid: stands without vid"}},
		{"[[modem]]\ndevice = [1]\n", []string{`modem[0].device: a list: a string or a table is wanted`}},
		{"[[modem]]\ndevice = { usb = \"1-1\" }\n[[modem]]\ndevice = { usb = \"1-1\" }\n", []string{"modem[1].device: usb=1-1 is modem[0]'s already"}},
		{"[modem]\ndevice = \"/dev/x\"\n", []string{"modem: a table: a list of tables [[modem]] is wanted"}},
		{oneModem + oneModem, []string{"modem[1].device: /dev/ttyUSB2 is modem[0]'s already"}},
		{oneModem + "name = \"m 0\"\nbaud = 1\nreceive = \"often\"\nroaming = \"never\"\nsmsc = \"x\"\n", []string{"modem[0].baud: 1", `modem[0].name: "m 0"`, `modem[0].receive: "often"`, `modem[0].roaming: "never"`, "modem[0].smsc: "}},
		{oneModem + "drafts = \"burn\"\ndtr = \"high\"\nboot = \"2h\"\n", []string{`modem[0].boot: is longer`, `modem[0].drafts: "burn"`, `modem[0].dtr: "high"`}},
		{oneModem + "pin_file = \"credential:\"\n", []string{`modem[0].pin_file: "credential:": the name of the credential is missing`}},
		{oneModem + "pin_file = \"1357\"\n", []string{"modem[0].pin_file: has digits alone: name the file that holds the PIN"}},
		{oneModem + "pin_file = 1357\n", []string{"modem[0].pin_file: has digits alone: name the file that holds the PIN"}},
		{oneModem + "pin_file = \"credential:../pin\"\n", []string{`modem[0].pin_file: "credential:../pin": a credential's name has no slash`}},
		{oneModem + "recovery = [\"radio\", \"pray\"]\npower_hook = [\"uhubctl -a cycle\"]\n", []string{"modem[0].power_hook[0]: \"uhubctl -a cycle\" is no absolute path", `modem[0].recovery[1]: "pray": radio, restart or usb`}},
		{oneModem + "[spool]\nhistory = \"30\"\nmax_queued = 0\npath = 7\n", []string{"spool.history: ", "spool.max_queued: 0", "spool.path: 7"}},
		{oneModem + "[spool]\nhistory = 30\n", []string{"spool.history: 30: a duration"}},
		{oneModem + "[spool]\nhistory_rows = 9\n", []string{"spool.history_rows: 9: 1000 to 100000000"}},
		{oneModem + "[spool]\nhistory = \"1h\"\n", []string{"spool.history: is shorter than 1d"}},
		{oneModem + "[socket]\nlisten = [\"0.0.0.0:3590\"]\n", []string{`socket.listen[0]: "0.0.0.0:3590" is beyond loopback`}},
		{oneModem + "[http]\nlisten = \":9590\"\n[[token]]\nfile = \"x\"\nrights = [\"send\"]\n", []string{`http.listen: ":9590" is beyond loopback, which needs [tls] with cert and key, and at least one [[token]]`}},
		{oneModem + "[socket]\nlisten = [\"[fe80::1%eth0]:3590\"]\n[tls]\ncert = \"x\"\nkey = \"y\"\n", []string{`socket.listen[0]: "[fe80::1%eth0]:3590" is beyond`}},
		{oneModem + "[socket]\nauth = \"always\"\n", []string{"socket.auth: is always, and there is no [[token]]"}},
		{oneModem + "[socket]\nauth = \"never\"\nunix_mode = \"0999\"\n", []string{`socket.auth: "never": remote or always`, `socket.unix_mode: "0999": three octal`}},
		{oneModem + "[socket]\nunix_mode = \"0066\"\n", []string{`socket.unix_mode: "0066": the bridge's own`}},
		{oneModem + "[tls]\ncert = \"x\"\n", []string{"tls.key: is missing beside cert"}},
		{oneModem + "[tls]\nkey = \"credential:a/b\"\n", []string{"tls.cert: is missing beside key", `tls.key: "credential:a/b"`}},
		{oneModem + "[[token]]\nrights = [\"send\", \"fly\"]\n", []string{"token[0].file: is missing", `token[0].rights[1]: "fly": send, receive or admin`}},
		{oneModem + "[[token]]\nname = \"a b\"\nfile = \"credential:\"\ntoken = \"0123\"\n", []string{`token[0].file: "credential:": the name`, `token[0].name: "a b"`, `token[0].rights: is missing`, "token[0].token: unknown key"}},
		{oneModem + "[[token]]\nname = \"a\"\nfile = \"x\"\nrights = [\"send\"]\n[[token]]\nname = \"a\"\nfile = \"y\"\nrights = [\"send\"]\n", []string{`token[1].name: "a" is token[0]'s already`}},
		{oneModem + "[socket]\nlisten = [\"example.org:3590\", \"127.0.0.1\"]\n", []string{`socket.listen[0]: "example.org:3590": the host is no IP address`, `socket.listen[1]: "127.0.0.1" is no host:port`}},
		{oneModem + "[socket]\nlisten = [3590]\nports = [70000]\n", []string{"socket.listen[0]: 3590: a string", "socket.ports[0]: 70000"}},
		{oneModem + "[socket]\nlisten = [\"127.0.0.1:1\", \"127.0.0.1:1\"]\n", []string{"socket.listen[1]: 127.0.0.1:1 stands there twice"}},
		{oneModem + "[socket]\nlisten = [\"127.0.0.1:70000\"]\n", []string{`socket.listen[0]: "127.0.0.1:70000": a port number`}},
		{oneModem + "[socket]\nlisten = []\n", []string{"socket.listen: is empty"}},
		{oneModem + "[[udp]]\n", []string{"udp[0]: has no role"}},
		{oneModem + "[[udp]]\nlisten = \"127.0.0.1:1\"\nforward = \"127.0.0.1:2\"\n", []string{"udp[0].forward: stands beside"}},
		{oneModem + "[[udp]]\nlisten = \"127.0.0.1:1\"\n", []string{"udp[0].peer: is missing"}},
		{oneModem + "[[udp]]\npeer = \"+49\"\n", []string{"udp[0].listen: is missing"}},
		{oneModem + "[[udp]]\nlisten = \"127.0.0.1:1\"\npeer = \"bob\"\n", []string{"udp[0].peer: "}},
		{oneModem + "[[udp]]\nforward = \"10.0.0.1:2\"\n", []string{`udp[0].forward: "10.0.0.1:2" is beyond loopback`}},
		{oneModem + "[[udp]]\nforward = \"127.0.0.1:2\"\nport = 9\n", []string{"udp[0].port: 9 is not among"}},
		{oneModem + "[[udp]]\nforward = \"127.0.0.1:2\"\n[[udp]]\nforward = \"127.0.0.1:3\"\n", []string{"udp[1]: serves the same"}},
		{oneModem + "[limits]\nallow_to = [\"+49*1\"]\nsegments_per_day = -1\n", []string{"limits.allow_to[0]: ", "limits.segments_per_day: -1"}},
		{oneModem + "segments_per_day = -1\nsegments_per_30d = \"1\"\n[limits]\nmodem_per_30d = 2.5\n", []string{"limits.modem_per_30d: 2.5: a whole", "modem[0].segments_per_30d: \"1\": a whole", "modem[0].segments_per_day: -1"}},
		{oneModem + "[limits]\nsegments_per_30d = 499\n", []string{"limits.segments_per_30d: 499 segments in 30 days are fewer than the 500 that may go in 24 h"}},
		{oneModem + "segments_per_30d = 9\n[limits]\nmodem_per_day = 10\npeer_per_30d = 5\n[[peer]]\nnumber = \"+49\"\npeer_per_day = 6\n", []string{"modem[0].segments_per_30d: 9 segments", "peer[0].peer_per_30d: 5 segments"}},
		{oneModem + "[limits]\npeer_every = \"11m\"\npeer_burst = 0\nmax_octets = 32641\nloop_within = \"0s\"\n", []string{"limits.loop_within: is from 1s to 10m", "limits.max_octets: 32641", "limits.peer_burst: 0", "limits.peer_every: is more than 10m"}},
		{oneModem + "[limits]\nprice = 0.09\ndeny_to = \"+49\"\n", []string{"limits.deny_to: \"+49\": a list", "limits.price: 0.09: a string"}},
		{oneModem + "[limits]\nprice = \"0.09 EUR each\"\n[[peer]]\nnumber = \"+49\"\npeer_every = 10\n", []string{"limits.price: \"0.09 EUR each\": the currency", "peer[0].peer_every: 10: a duration"}},
		{oneModem + "[log]\nlevel = \"loud\"\nformat = \"xml\"\nnumbers = \"some\"\n", []string{`log.format: "xml"`, `log.level: "loud"`, `log.numbers: "some": show or redact`}},
		{"a = \n", []string{"line 1: "}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			_, err := ParseConfig(test.text)
			if err == nil {
				t.Fatal("no fault")
			}
			lines := strings.Split(err.Error(), "\n")
			ok := len(lines) == len(test.want)
			for i := range lines {
				ok = ok && strings.HasPrefix(lines[i], test.want[i])
			}
			if !ok {
				t.Errorf("got\n%v\nwant\n%s", err, strings.Join(test.want, "\n"))
			}
		})
	}
}

// A modem may be described instead of named; several may have one description.
func TestConfigDevice(t *testing.T) {
	got, err := ParseConfig(`
[[modem]]
device = "auto"
[[modem]]
device = "auto"
[[modem]]
device = { vid = "2C7C", pid = "0125" }
[[modem]]
device = { vid = "2c7c", pid = "0125" }
[[modem]]
device = { serial = "x y", usb = "1-1.4", imei = "351234567890123" }
`)
	if err != nil {
		t.Fatal(err)
	}
	var devices []string
	for _, m := range got.Modems {
		devices = append(devices, m.Device+m.Match.String())
	}
	want := []string{"auto", "auto", "vid=2c7c pid=0125", "vid=2c7c pid=0125", "serial=x y usb=1-1.4 imei=351234567890123"}
	if diff := cmp.Diff(want, devices); diff != "" {
		t.Error(diff)
	}
}

func TestReadConfigMissing(t *testing.T) {
	_, err := ReadConfig(t.TempDir() + "/none.toml")
	if !os.IsNotExist(err) && (err == nil || !strings.Contains(err.Error(), "wvsms config example")) {
		t.Errorf("got %v", err)
	}
}

func TestPatterns(t *testing.T) {
	tests := []struct {
		patterns Patterns
		number   string
		want     bool
	}{
		{Patterns{"*"}, "+49171", true},
		{Patterns{"*"}, "", true},
		{Patterns{"+49*"}, "+49171", true},
		{Patterns{"+49*"}, "+48171", false},
		{Patterns{"+49171"}, "+491712", false},
		{Patterns{"+48*", "+49171"}, "+49171", true},
		{Patterns{}, "+49171", false},
	}
	for _, test := range tests {
		if got := test.patterns.Match(test.number); got != test.want {
			t.Errorf("%q matches %q: %v", test.patterns, test.number, got)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(oneModem)
	f.Add("[spool]\nhistory = \"30d\"\n[[udp]]\nforward = \"127.0.0.1:1\"\n[[udp]]\n[limits]\nallow_to = [1, \"*\"]\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseConfig(text)
		if err != nil {
			return
		}
		// What is accepted keeps to what the rest of the bridge relies on.
		if len(c.Modems) == 0 || len(c.Socket.Ports) == 0 || c.Spool.History < day || c.Spool.HistoryRows < 1000 {
			t.Errorf("accepted: %+v", c)
		}
	})
}

// The user's word about a modem's lines goes before its make's.
func TestLineOfModem(t *testing.T) {
	row := modem.Profile{DTR: "off"}
	for _, c := range []struct {
		config ModemConfig
		want   modem.Line
	}{
		{ModemConfig{Baud: 9600}, modem.Line{Baud: 9600, DTROff: true}},
		{ModemConfig{DTR: "on", RTS: "off"}, modem.Line{RTSOff: true}},
		{ModemConfig{DTR: "off", RTS: "on"}, modem.Line{DTROff: true}},
	} {
		if got := c.config.line(row); got != c.want {
			t.Errorf("%+v: %+v, want %+v", c.config, got, c.want)
		}
	}
}
