package modem

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// A Profile is what is known of a family of modems: a row of profiles.toml, which
// says what its fields mean.
type Profile struct {
	Name    string        `toml:"name"`
	Source  string        `toml:"source"`
	USB     []string      `toml:"usb"`
	Maker   string        `toml:"maker"`
	Model   string        `toml:"model"`
	Ports   Ports         `toml:"ports"`
	Settle  time.Duration `toml:"settle"`
	Init    []string      `toml:"init"`
	CNMI    []string      `toml:"cnmi"`
	Receive string        `toml:"receive"`
	CNMA    string        `toml:"cnma"`
	Noise   []string      `toml:"noise"`
	Radio   []string      `toml:"radio"`
	Restart []string      `toml:"restart"`
	Explain string        `toml:"explain"`
	CMS     []Meaning     `toml:"cms"`
}

// Ports are USB interface numbers by what they speak, best first.
type Ports struct {
	AT    []uint8 `toml:"at"`
	PPP   []uint8 `toml:"ppp"`
	GNSS  []uint8 `toml:"gnss"`
	Diag  []uint8 `toml:"diag"`
	Other []uint8 `toml:"other"`
}

// A Meaning is what a maker means by numbers of +CMS ERROR that TS 27.005 3.2.5
// leaves to it.
type Meaning struct {
	Codes [2]int        `toml:"codes"` // first and last
	Do    string        `toml:"do"`
	After time.Duration `toml:"after"`
	Hint  string        `toml:"hint"`
}

// Profiles is the table of families, the first that fits counts.
type Profiles []Profile

//go:embed profiles.toml
var builtin string

// BuiltinProfiles is the table that the program brings along.
func BuiltinProfiles() Profiles {
	table, err := parseProfiles(builtin)
	if err != nil {
		panic(err) // a test reads it
	}
	return table
}

// ReadProfiles is the table with the rows of a file before it, if there is one.
func ReadProfiles(file string) (Profiles, error) {
	table := BuiltinProfiles()
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return table, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read modem profiles: %w", err)
	}
	own, err := parseProfiles(string(text))
	if err != nil {
		return nil, fmt.Errorf("modem profiles %s: %w", file, err)
	}
	for _, row := range table {
		if !own.has(row.Name) {
			own = append(own, row)
		}
	}
	return own, nil
}

func parseProfiles(text string) (Profiles, error) {
	var file struct {
		Profile Profiles `toml:"profile"`
	}
	meta, err := toml.Decode(text, &file)
	if err != nil {
		return nil, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("key %s is not known", unknown[0])
	}
	return file.Profile, nil
}

func (p Profiles) has(name string) bool {
	for _, row := range p {
		if row.Name == name {
			return true
		}
	}
	return false
}

// USB is the row for a device that is not opened yet, by its ids ("2c7c:0125").
func (p Profiles) USB(id string) (Profile, bool) {
	for _, row := range p {
		if row.onBus(id) {
			return row, true
		}
	}
	return Profile{}, false
}

// Of is the row for a modem by what it says of itself, and by its ids on the bus
// where it is on one (usb is "" otherwise).
func (p Profiles) Of(usb string, id Identity) (Profile, bool) {
	for _, row := range p {
		if row.says(id) && (usb == "" || len(row.USB) == 0 || row.onBus(usb)) {
			return row, true
		}
	}
	return p.USB(usb)
}

func (p Profile) onBus(id string) bool {
	for _, pattern := range p.USB {
		if ok, _ := path.Match(pattern, id); ok {
			return true
		}
	}
	return false
}

func (p Profile) says(id Identity) bool {
	if p.Maker == "" && p.Model == "" {
		return false
	}
	model, _ := path.Match(p.Model, id.Model)
	return strings.Contains(strings.ToLower(id.Manufacturer), p.Maker) && (p.Model == "" || model)
}
