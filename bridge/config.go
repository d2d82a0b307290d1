package bridge

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"wvsms/modem"
)

// Config is what the bridge is told to do: product.md's keys, checked.
type Config struct {
	Spool  SpoolConfig
	Socket SocketConfig
	HTTP   HTTPConfig
	Tokens []TokenConfig `key:"token"`
	TLS    TLSConfig
	Modems []ModemConfig `key:"modem"`
	Limits LimitsConfig
	UDP    []UDPConfig
	CSP    Choice
	Peers  []PeerConfig `key:"peer"`
	Log    LogConfig
}

// SpoolConfig is [spool].
type SpoolConfig struct {
	Path         string
	MaxUnclaimed int           // inbound messages without a consumer; then no SMS is taken any more
	MaxQueued    int           // outbound messages not finished; then SEND gets queue-full
	History      time.Duration // how long finished messages and events are kept,
	HistoryRows  int           // and how many messages each way, after a day
}

// SocketConfig is [socket]: the TCP socket and the ports that are bridged.
type SocketConfig struct {
	Listen     []string // TCP addresses
	AuthAlways bool     `key:"auth"` // a token is wanted on loopback and on the Unix socket, too
	Unix       string   // path of a Unix socket; "" none
	UnixMode   fs.FileMode
	UnixGroup  string   // name or number; "": the bridge's own
	Ports      []uint16 // WDP destination ports that go to the sockets; others are foreign
}

// ModemConfig is one [[modem]].
type ModemConfig struct {
	Name    string
	Device  string // path of its AT port, or "auto"; "": Match says which it is
	Match   Match  `key:"device"`
	Baud    int
	PINFile string `key:"pin_file"`
	Receive modem.ReceiveMode
	SMSC    string // service centre to set; "" leaves the SIM's

	Roaming RoamingPolicy

	Boot     time.Duration // how long a modem silent at first is waited for; 0: as its make needs
	DTR, RTS string        // "on" or "off"; "": as its make needs

	Recovery      []string // rungs of the recovery ladder that may be taken: radio, restart, usb
	PowerHook     []string // argv of a program that takes its power away and gives it back
	ArchiveDrafts bool     `key:"drafts"` // take what lies in the modem's stores and was not received out of them, too

	Quota `key:"segments_"`
}

// RoamingPolicy says what a modem does on another network than its SIM's own.
type RoamingPolicy int

const (
	RoamingAllow   RoamingPolicy = iota
	RoamingReceive               // it sends nothing, and receives
)

// UDPConfig is one [[udp]], with exactly one role: the field role has Listen and
// Peer, the server role has Forward.
type UDPConfig struct {
	Port    uint16 // WDP port
	Listen  string
	Peer    string
	Forward string
}

// PeerConfig is one [[peer]].
type PeerConfig struct {
	Number string // pattern
	Choice        // "" where [csp] says it
	Quota  `key:"peer_"`
	Every  *time.Duration `key:"peer_every"` // nil: [limits] says it, and of
	Burst  *int           `key:"peer_burst"` // the burst
}

// LogConfig is [log].
type LogConfig struct {
	Level  string
	Format string // console or json
	Redact bool   `key:"numbers"` // no number of people, SIMs and modems is told
}

// Defaults returns the configuration of an empty file: all but the modems.
func Defaults() Config {
	return Config{
		Spool:  SpoolConfig{Path: "/var/lib/wvsms/spool.db", MaxUnclaimed: 100_000, MaxQueued: 1_000_000, History: 30 * day, HistoryRows: 1_000_000},
		Socket: SocketConfig{Listen: []string{"127.0.0.1:3590"}, UnixMode: 0o660, Ports: []uint16{3590, 3716, 2948}},
		Limits: defaultLimits,
		Log:    LogConfig{Level: "info", Format: "console"},
	}
}

const (
	day         = 24 * time.Hour
	defaultPort = 3590 // wv-csp-sms
)

// ReadConfig reads and checks the file. All faults are reported together, each
// under its key.
func ReadConfig(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("read config: %w (wvsms config example prints one to start from; wvsms run --sim needs none)", err)
	}
	if err != nil {
		return Config{}, fmt.Errorf("read config: %w", err)
	}
	c, err := ParseConfig(string(text))
	if err != nil {
		return Config{}, fmt.Errorf("config %s:\n%w", path, err)
	}
	return c, nil
}

// ParseConfig checks the text of a configuration file.
func ParseConfig(text string) (Config, error) {
	var raw map[string]any
	if _, err := toml.Decode(text, &raw); err != nil {
		var perr toml.ParseError
		if errors.As(err, &perr) {
			return Config{}, fmt.Errorf("line %d: %s", perr.Position.Line, perr.Message)
		}
		return Config{}, err
	}
	c := Defaults()
	root := &table{values: raw, faults: new(Faults)}
	root.table("spool", c.Spool.read)
	root.table("socket", c.Socket.read)
	root.table("http", c.HTTP.read)
	root.tables("token", func(t *table) { c.Tokens = append(c.Tokens, readToken(t)) })
	root.table("tls", c.TLS.read)
	root.tables("modem", func(t *table) { c.Modems = append(c.Modems, readModem(t)) })
	root.table("limits", c.Limits.read)
	root.tables("udp", func(t *table) { c.UDP = append(c.UDP, readUDP(t)) })
	root.table("csp", c.CSP.read)
	root.tables("peer", func(t *table) { c.Peers = append(c.Peers, readPeer(t)) })
	root.table("log", c.Log.read)
	root.unknown()
	c.checkTogether(root)
	if faults := *root.faults; len(faults) > 0 {
		slices.SortFunc(faults, func(a, b Fault) int { return strings.Compare(a.Key+a.Text, b.Key+b.Text) })
		return Config{}, faults
	}
	return c, nil
}

func (c *SpoolConfig) read(t *table) {
	t.text("path", &c.Path)
	t.integer("max_unclaimed", &c.MaxUnclaimed, 1, 100_000_000)
	t.integer("max_queued", &c.MaxQueued, 1, 100_000_000)
	t.duration("history", &c.History)
	t.integer("history_rows", &c.HistoryRows, 1000, 100_000_000)
	if c.Path == "" {
		t.fault("path", "is empty: name the file in which messages are kept")
	}
	if c.History < day {
		t.fault("history", "is shorter than 1d: keys and acknowledgements of a day must be known")
	}
}

func (c *SocketConfig) read(t *table) {
	t.texts("listen", &c.Listen)
	for i, addr := range c.Listen {
		key := fmt.Sprintf("listen[%d]", i)
		t.address(key, addr)
		if slices.Contains(c.Listen[:i], addr) {
			t.fault(key, addr+" stands there twice")
		}
	}
	c.readUnix(t)
	c.readAuth(t)
	t.ports("ports", &c.Ports)
	if len(c.Ports) == 0 && !t.faulty("ports") {
		t.fault("ports", "is empty: nothing would be bridged")
	}
}

func readModem(t *table) ModemConfig {
	c := ModemConfig{Name: fmt.Sprintf("m%d", t.index), Baud: 115200}
	t.text("name", &c.Name)
	if !validName(c.Name) {
		t.fault("name", fmt.Sprintf("%q: 1 to 32 letters, digits, - and _", c.Name))
	}
	c.readDevice(t)
	t.integer("baud", &c.Baud, 300, 4_000_000)
	t.duration("boot", &c.Boot)
	if c.Boot > time.Hour {
		t.fault("boot", "is longer than 1h: no modem takes that long to start")
	}
	t.level("dtr", &c.DTR)
	t.level("rts", &c.RTS)
	drafts := "keep"
	t.text("drafts", &drafts)
	if c.ArchiveDrafts = drafts == "archive"; !c.ArchiveDrafts && drafts != "keep" {
		t.fault("drafts", fmt.Sprintf("%q: keep or archive", drafts))
	}
	c.readPINFile(t)
	receive := "auto"
	t.text("receive", &receive)
	switch receive {
	case "auto":
		c.Receive = modem.ReceiveAuto
	case "store":
		c.Receive = modem.ReceiveStore
	case "direct":
		c.Receive = modem.ReceiveDirect
	default:
		t.fault("receive", fmt.Sprintf("%q: auto, store or direct", receive))
	}
	t.text("smsc", &c.SMSC)
	if err := checkNumber(c.SMSC); c.SMSC != "" && err != nil {
		t.fault("smsc", err.Error())
	}
	roaming := "allow"
	t.text("roaming", &roaming)
	switch roaming {
	case "allow":
	case "receive":
		c.Roaming = RoamingReceive
	default:
		t.fault("roaming", fmt.Sprintf("%q: allow or receive", roaming))
	}
	c.Recovery = []string{radio.String(), restart.String(), resetUSB.String()}
	all := slices.Clone(c.Recovery)
	t.texts("recovery", &c.Recovery)
	for i, name := range c.Recovery {
		if at := fmt.Sprintf("recovery[%d]", i); !slices.Contains(all, name) && !t.faulty(at) {
			t.fault(at, fmt.Sprintf("%q: radio, restart or usb", name))
		}
	}
	t.texts("power_hook", &c.PowerHook)
	if len(c.PowerHook) > 0 && !filepath.IsAbs(c.PowerHook[0]) {
		t.fault("power_hook[0]", fmt.Sprintf("%q is no absolute path of a program; the arguments follow as strings of their own, no shell reads them", c.PowerHook[0]))
	}
	c.Quota.read(t, "segments_per_day", "segments_per_30d")
	return c
}

func (c *ModemConfig) readPINFile(t *table) {
	n, number := t.values["pin_file"].(int64)
	if number {
		t.values["pin_file"] = strconv.FormatInt(n, 10)
	}
	t.secretFile("pin_file", &c.PINFile)
	if c.PINFile != "" && strings.Trim(c.PINFile, "0123456789") == "" { // a PIN is shown nowhere
		t.fault("pin_file", "has digits alone: name the file that holds the PIN")
	}
}

// line is how the modem's tty is set: as the user says, else as its make needs.
func (c ModemConfig) line(row modem.Profile) modem.Line {
	row.DTR, row.RTS = cmp.Or(c.DTR, row.DTR), cmp.Or(c.RTS, row.RTS)
	return row.Line(c.Baud)
}

// Open opens the modem's tty. What hangs on the line is not known yet: the row for that
// sets what the user does not.
func (c ModemConfig) Open(profiles modem.Profiles) (modem.Port, error) {
	row, _ := profiles.Of("", modem.Identity{})
	return modem.OpenLine(c.Device, c.line(row))
}

func validName(s string) bool {
	for _, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && r != '-' && r != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

func readUDP(t *table) UDPConfig {
	c := UDPConfig{Port: defaultPort}
	port := int(c.Port)
	t.integer("port", &port, 1, 49151)
	c.Port = uint16(port)
	t.text("listen", &c.Listen)
	t.text("peer", &c.Peer)
	t.text("forward", &c.Forward)
	switch {
	case c.Forward != "" && (c.Listen != "" || c.Peer != ""):
		t.fault("forward", "stands beside listen or peer: a [[udp]] has one role, listen and peer (field) or forward (server)")
	case c.Forward != "":
		t.loopback("forward", c.Forward)
	case c.Listen == "" && c.Peer == "":
		t.fault("", "has no role: listen and peer (field) or forward (server)")
	case c.Listen == "":
		t.fault("listen", "is missing beside peer: the address on which datagrams are taken")
	case c.Peer == "":
		t.fault("peer", "is missing beside listen: the number to which each datagram goes")
	default:
		t.loopback("listen", c.Listen)
		if err := checkNumber(c.Peer); err != nil {
			t.fault("peer", err.Error())
		}
	}
	return c
}

func readPeer(t *table) PeerConfig {
	var c PeerConfig
	t.text("number", &c.Number)
	if !(Patterns{c.Number}).valid() {
		t.fault("number", fmt.Sprintf("%q: a number, or the beginning of one and *", c.Number))
	}
	c.Choice.read(t)
	c.Quota.read(t, "peer_per_day", "peer_per_30d")
	if _, ok := t.values["peer_every"]; ok {
		c.Every = new(time.Duration)
		t.every("peer_every", c.Every)
	}
	t.given("peer_burst", &c.Burst, 1, mostBurst)
	return c
}

func (c *LogConfig) read(t *table) {
	t.text("level", &c.Level)
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Level) {
		t.fault("level", fmt.Sprintf("%q: debug, info, warn or error", c.Level))
	}
	t.text("format", &c.Format)
	if c.Format != "console" && c.Format != "json" {
		t.fault("format", fmt.Sprintf("%q: console or json", c.Format))
	}
	numbers := "show"
	t.text("numbers", &numbers)
	if c.Redact = numbers == "redact"; !c.Redact && numbers != "show" {
		t.fault("numbers", fmt.Sprintf("%q: show or redact", numbers))
	}
}

// checkTogether finds what no single key can show.
func (c *Config) checkTogether(t *table) {
	if len(c.Modems) == 0 && !t.faulty("modem") {
		t.fault("modem", "is missing: at least one [[modem]] with its device")
	}
	if len(c.Socket.Listen) == 0 && c.Socket.Unix == "" && len(c.UDP) == 0 {
		t.fault("socket.listen", "is empty, and there is neither socket.unix nor [[udp]]: nobody could reach the bridge")
	}
	c.checkAccess(t)
	c.checkDevices(t)
	c.checkQuotas(t)
	names := map[string]int{}
	for i, m := range c.Modems {
		if first, ok := names[m.Name]; ok {
			t.fault(fmt.Sprintf("modem[%d].name", i), fmt.Sprintf("%q is modem[%d]'s already", m.Name, first))
		}
		names[m.Name] = i
	}
	roles, listens := map[string]int{}, map[string]int{}
	for i, u := range c.UDP {
		if t.faulty(fmt.Sprintf("udp[%d]", i)) {
			continue
		}
		if !slices.Contains(c.Socket.Ports, u.Port) && !t.faulty("socket.ports") {
			t.fault(fmt.Sprintf("udp[%d].port", i), fmt.Sprintf("%d is not among socket.ports: its messages would be foreign", u.Port))
		}
		role := u.Peer + "/" + strconv.Itoa(int(u.Port)) // one field role a peer and port, one server role a port
		if first, ok := roles[role]; ok {
			t.fault(fmt.Sprintf("udp[%d]", i), fmt.Sprintf("serves the same peer and port as udp[%d]", first))
		}
		if first, ok := listens[u.Listen]; ok && u.Listen != "" {
			t.fault(fmt.Sprintf("udp[%d].listen", i), fmt.Sprintf("%s is udp[%d]'s already", u.Listen, first))
		}
		roles[role], listens[u.Listen] = i, i
	}
}
