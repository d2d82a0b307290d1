package modem

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Profile is what is known of a family of modems: a row of profiles.toml, which
// says what its fields mean.
type Profile struct {
	Name, Source string

	USB, Bridge  []string
	Maker, Model []string

	Ports  Ports // of the device it was asked for, where the row has several layouts
	Class  Classes
	layout []layout

	Settle, Boot time.Duration
	DTR, RTS     string // "on", "off"; "": on, as for any terminal
	Init         []string

	CSMS    int // service in which messages wait for +CNMA
	CNMI    []string
	Walk    Walk
	Receive string
	CNMA    string

	Noise          []string
	Radio, Restart []string
	Explain        string
	CMS            []Meaning

	like  string
	given map[string]bool // keys that the row itself has
}

// Ports are USB interface numbers by what they speak, best first.
type Ports struct{ AT, PPP, GNSS, Diag, Other []uint8 }

// layout is the ports of some devices of a family.
type layout struct {
	usb []string
	Ports
}

// Classes are USB interface classes, "ff/02/02", by what they speak.
type Classes struct{ AT, PPP, GNSS, Diag []string }

// Walk is the order in which values of +CNMI are tried, nil where it is the usual one.
type Walk struct{ Mode, BM, DS, BFR []string }

// A Meaning is what a maker means by numbers of +CMS ERROR that TS 27.005 3.2.5
// leaves to it.
type Meaning struct {
	First, Last int
	Do          string
	After       time.Duration
	Hint        string
}

// Verbs are the words that Meaning.Do may be.
var Verbs = []string{"retry", "wait", "stuck", "elsewhere", "fail", "unsure"}

// Profiles is the table of families, the first that fits counts.
type Profiles []Profile

//go:embed profiles.toml
var builtin string

// BuiltinProfiles is the table that the program brings along. It is not to be changed.
var BuiltinProfiles = sync.OnceValue(func() Profiles {
	table, err := parseProfiles(builtin)
	if err == nil {
		err = table.resolve()
	}
	if err != nil {
		panic(err) // a test reads it
	}
	return table
})

// ReadProfiles is the table with the rows of a file, if there is one, in place of
// those of the same name and before the others.
func ReadProfiles(file string) (Profiles, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return BuiltinProfiles(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read modem profiles: %w", err)
	}
	own, err := parseProfiles(string(text))
	if err != nil {
		return nil, fmt.Errorf("modem profiles %s:\n%w", file, err)
	}
	table, err := parseProfiles(builtin)
	if err == nil {
		table = own.over(table)
		err = table.resolve()
	}
	if err != nil {
		return nil, fmt.Errorf("modem profiles %s:\n%w", file, err)
	}
	return table, nil
}

// over lays rows over a table.
func (p Profiles) over(table Profiles) Profiles {
	var first Profiles
	table = slices.Clone(table)
	for _, row := range p {
		if i := table.index(row.Name); i >= 0 {
			table[i] = row
		} else {
			first = append(first, row)
		}
	}
	return append(first, table...)
}

func (p Profiles) index(name string) int {
	return slices.IndexFunc(p, func(row Profile) bool { return row.Name == name })
}

// USB is the row for a device that is not opened yet, by its ids ("2c7c:0125").
func (p Profiles) USB(id string) (Profile, bool) {
	for _, row := range p {
		if row.onBus(id) {
			return row.on(id), true
		}
	}
	return Profile{}, false
}

// Of is the row for a modem by what it says of itself, and by its ids on the bus
// where it is on one (usb is "" otherwise). Of one that is not known it is the row
// for any modem, and false.
func (p Profiles) Of(usb string, id Identity) (Profile, bool) {
	behind := p.behindBridge(usb)
	seen := usb != "" && !behind
	for _, row := range p {
		names, ids := len(row.Maker)+len(row.Model) > 0, len(row.USB)+len(row.layout) > 0
		if (names || ids && seen) && (!names || row.says(id)) && (!ids || !seen || row.onBus(usb)) {
			return row.on(usb), true
		}
	}
	if row, ok := p.USB(usb); ok { // under another name
		return row, true
	}
	for _, row := range p {
		if general := !row.matchesOne(); general && (len(row.Bridge) > 0) == (usb == "" || behind) {
			return row, false
		}
	}
	return Profile{}, false
}

// behindBridge: the ids are those of a chip that makes a UART out of USB. They tell
// nothing of what hangs on it.
func (p Profiles) behindBridge(usb string) bool {
	return slices.ContainsFunc(p, func(row Profile) bool { return matches(row.Bridge, usb) })
}

// matchesOne: the row is of a family, not of any modem.
func (p Profile) matchesOne() bool {
	return len(p.USB) > 0 || len(p.layout) > 0 || len(p.Maker) > 0 || len(p.Model) > 0
}

func (p Profile) onBus(id string) bool {
	return matches(p.USB, id) || slices.ContainsFunc(p.layout, func(l layout) bool { return matches(l.usb, id) })
}

// on is the row with the ports of one device.
func (p Profile) on(id string) Profile {
	for _, l := range p.layout {
		if matches(l.usb, id) {
			p.Ports = l.Ports
			break
		}
	}
	return p
}

func (p Profile) says(id Identity) bool {
	maker := strings.ToLower(id.Manufacturer)
	return (len(p.Maker) == 0 || slices.ContainsFunc(p.Maker, func(word string) bool { return strings.Contains(maker, word) })) &&
		(len(p.Model) == 0 || matches(p.Model, strings.ReplaceAll(strings.ToLower(id.Model), "/", "-")))
}

func matches(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := path.Match(pattern, s)
		return ok
	})
}

// Line is how the tty of such a modem is set.
func (p Profile) Line(baud int) Line {
	return Line{Baud: baud, DTROff: p.DTR == "off", RTSOff: p.RTS == "off"}
}

// Role is what the terminal of a USB interface speaks.
type Role int

const (
	RoleUnknown Role = iota
	RoleAT
	RolePPP
	RoleGNSS
	RoleDiag // binary: what is written to it may wedge the modem
	RoleOther
)

// Role of an interface by its number or, where the row does not have that, by its
// class; rank is its place among those that speak the same, 0 the best.
func (p Profile) Role(number, class, subclass, protocol uint8) (role Role, rank int) {
	for _, one := range []struct {
		role    Role
		numbers []uint8
	}{{RoleAT, p.Ports.AT}, {RolePPP, p.Ports.PPP}, {RoleGNSS, p.Ports.GNSS}, {RoleDiag, p.Ports.Diag}, {RoleOther, p.Ports.Other}} {
		if i := slices.Index(one.numbers, number); i >= 0 {
			return one.role, i
		}
	}
	triple := fmt.Sprintf("%02x/%02x/%02x", class, subclass, protocol)
	for _, one := range []struct {
		role    Role
		classes []string
	}{{RoleAT, p.Class.AT}, {RolePPP, p.Class.PPP}, {RoleGNSS, p.Class.GNSS}, {RoleDiag, p.Class.Diag}} {
		if i := slices.Index(one.classes, triple); i >= 0 {
			return one.role, i
		}
	}
	return RoleUnknown, 0
}
