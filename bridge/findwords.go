package bridge

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// explain says why the [[modem]] has no modem: what it looks for, and what of that is
// on the bus. f.mu is held.
func (f *finder) explain(c ModemConfig) string {
	what := "no modem on USB"
	if c.Device != auto {
		what += " that fits " + c.Match.String()
	}
	switch {
	case errors.Is(f.trouble, fs.ErrNotExist):
		return what + ": this machine shows no USB at all (" + f.trouble.Error() + ")"
	case f.trouble != nil:
		return what + ": " + f.trouble.Error()
	}
	var seen []string
	for _, s := range f.sticks {
		if words := f.about(c, s); words != "" {
			seen = append(seen, words)
		}
	}
	if len(seen) == 0 {
		return what + " yet"
	}
	return what + " yet: " + strings.Join(seen, "; ")
}

// about says why a stick is not the [[modem]]'s; "" where nobody would expect it to be.
func (f *finder) about(c ModemConfig, s *stick) string {
	mine := c.Match.fits(s.Device)
	switch {
	case s.profile.Explain != "":
		return fmt.Sprintf("%s: %s", s, s.profile.Explain)
	case f.knows(s) && s.bare():
		return fmt.Sprintf("%s shows no terminal but a disk (ZeroCD): usb_modeswitch turns it into a modem", s)
	case f.knows(s) && !s.hasTerminal():
		return fmt.Sprintf("%s has no terminal: is the kernel's driver for it there (modprobe option)?", s)
	case !mine || !f.may(c, s):
		return ""
	case f.holder(s) != "":
		return fmt.Sprintf("%s is modem %s's", s, f.holder(s))
	case f.spokenFor(s):
		return fmt.Sprintf("%s is named by path in another [[modem]]", s)
	case s.port == "" && s.profile.Settle > 0 && s.probes == 0 && !s.probing:
		return fmt.Sprintf("%s is starting, it is asked %s after it came", s, s.profile.Settle)
	case s.port == "" && len(s.heard) > 0:
		var ports []string
		for _, tty := range slices.Sorted(maps.Keys(s.heard)) {
			ports = append(ports, tty+": "+s.heard[tty].Error())
		}
		return fmt.Sprintf("%s does not answer (%s)", s, strings.Join(ports, ", "))
	case s.port == "":
		return fmt.Sprintf("%s is being asked who it is", s)
	case !c.means(s):
		return fmt.Sprintf("%s has IMEI %s", s, s.who())
	}
	for _, o := range f.sought() {
		if o.Name != c.Name && f.seats[o.Name].own == s.who() {
			return fmt.Sprintf("%s is modem %s's", s, o.Name)
		}
	}
	if seat := f.seats[c.Name]; seat.own != "" && seat.own != s.who() {
		return fmt.Sprintf("%s (%s) is there, and is taken instead of %s when that has been away for %s",
			s, s.who(), seat.own, strangerGrace)
	}
	return fmt.Sprintf("%s is another [[modem]]'s by turn", s)
}

// holder is the [[modem]] that has the stick.
func (f *finder) holder(s *stick) string {
	for name, seat := range f.seats {
		if seat.stick != nil && seat.stick.Path == s.Path {
			return name
		}
	}
	return ""
}

// bare: nothing but mass storage, with the drivers for Windows on it.
func (s *stick) bare() bool {
	const storage = 0x08
	for _, i := range s.Interfaces {
		if i.Class != storage {
			return false
		}
	}
	return len(s.Interfaces) > 0
}

func (s *stick) hasTerminal() bool {
	for _, i := range s.Interfaces {
		if i.TTY != "" {
			return true
		}
	}
	return false
}
