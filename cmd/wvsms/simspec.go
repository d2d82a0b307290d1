package main

import (
	"fmt"
	"strconv"
	"strings"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
)

// A simSpec is what --modem says: key=value, parted by commas.
type simSpec struct {
	number, pin, profile, smsc, link string
	simSlots, meSlots                int
}

// parseSimSpec reads text over the usual values.
func parseSimSpec(text string, usual simSpec) (simSpec, error) {
	s := usual
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return s, fmt.Errorf("%q is no key=value", pair)
		}
		var err error
		switch key {
		case "number":
			s.number = value
		case "pin":
			s.pin = value
		case "profile":
			s.profile = value
		case "smsc":
			s.smsc = value
		case "link":
			s.link = value
		case "sim":
			s.simSlots, err = slots(value)
		case "me":
			s.meSlots, err = slots(value)
		default:
			return s, fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return s, fmt.Errorf("%s: %w", key, err)
		}
	}
	return s, nil
}

func slots(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > 10_000 {
		return 0, fmt.Errorf("%q is no number of slots from 1 to 10000", value)
	}
	return n, nil
}

func (s simSpec) make(air *modemtest.Air, c *simCmd) (*simLine, error) {
	if _, err := pdu.ParseNumber(s.number); err != nil {
		return nil, fmt.Errorf("number: %w", err)
	}
	profile, err := findProfile(s.profile)
	if err != nil {
		return nil, err
	}
	return &simLine{
		Modem: air.NewModem(modemtest.ModemOptions{
			Number: s.number, PIN: s.pin, SMSC: s.smsc, Profile: profile,
			SIMSlots: s.simSlots, MESlots: s.meSlots,
			Latency: c.Latency, SubmitTime: c.Submit, NoiseEvery: c.Noise, Baud: c.Baud,
		}),
		profile: profile.Name,
		link:    s.link,
	}, nil
}

func findProfile(name string) (modemtest.Profile, error) {
	profile, ok := modemtest.FindProfile(name)
	if !ok {
		return profile, fmt.Errorf("unknown profile %q: there are %s", name, profileNames())
	}
	return profile, nil
}

// profileNames are those of --profile.
func profileNames() string {
	var names []string
	for _, p := range modemtest.Profiles {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ") + ", and stranger-N for any number N"
}
