package bridge

import (
	"cmp"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"wvsms/modem"
	"wvsms/modem/usb"
)

// Which terminals may be opened at all. A printer or a board that gets AT commands
// may do anything, and some diagnostic ports wedge the modem.

// may tells whether a [[modem]] may mean the stick, as far as that shows before it
// is opened.
func (f *finder) may(c ModemConfig, s *stick) bool {
	if s.profile.Explain != "" || !c.Match.fits(s.Device) {
		return false
	}
	return len(f.ports(s, c.Match.named())) > 0
}

// ports are the terminals of a stick that may be asked, the likeliest first: in the
// order of the profile's row, AT before PPP, then those that it says nothing of. Of
// these, if the device is not named by the user, only such as a modem's maker or
// class of USB vouches for.
func (f *finder) ports(s *stick, named bool) []string {
	type port struct {
		tty         string
		group, rank int
	}
	var list []port
	for _, i := range s.Interfaces {
		if i.TTY == "" {
			continue
		}
		role, rank := s.profile.Role(i.Number, i.Class, i.Subclass, i.Protocol)
		switch {
		case role == modem.RoleAT:
			list = append(list, port{i.TTY, 0, rank})
		case role == modem.RolePPP:
			list = append(list, port{i.TTY, 1, rank})
		case role == modem.RoleUnknown && (named || isModem(i) || f.knows(s) && byModemDriver(i)):
			list = append(list, port{i.TTY, 2, 0})
		}
	}
	slices.SortStableFunc(list, func(a, b port) int { return cmp.Or(a.group-b.group, a.rank-b.rank) })
	var ttys []string
	for _, p := range list {
		ttys = append(ttys, p.tty)
	}
	return ttys
}

// isModem: communications device, abstract control model, AT commands of V.250 (USB
// class definitions for communications devices 1.2, table 4 and 5; PSTN subclass 1.2).
func isModem(i usb.Interface) bool {
	return i.Class == 0x02 && i.Subclass == 0x02 && i.Protocol == 0x01
}

// byModemDriver: these drivers of Linux serve modems. The others with a ttyUSB are
// UARTs, at which anything may be.
func byModemDriver(i usb.Interface) bool {
	return i.Class == 0xff && slices.Contains([]string{"option", "qcserial", "sierra", "hso"}, i.Driver)
}

// knows tells whether a row of the profiles is about the stick, or another product of
// its maker.
func (f *finder) knows(s *stick) bool {
	return s.profile.Name != "" || slices.ContainsFunc(f.profiles, func(p modem.Profile) bool {
		return p.Explain == "" && slices.ContainsFunc(p.USB, func(id string) bool { return strings.HasPrefix(id, s.ID()[:5]) })
	})
}

// portsToAsk leaves out what has shown to be no modem. f.mu is held.
func (f *finder) portsToAsk(s *stick) []string {
	named := slices.ContainsFunc(f.modems, func(c ModemConfig) bool { return c.Match.named() && c.Match.fits(s.Device) })
	return slices.DeleteFunc(f.ports(s, named), func(tty string) bool { return s.never[tty] })
}

// learn takes down what came of asking a terminal. One that the profile calls AT is
// never given up where noise may have been that of a start. Nor is one that is silent
// or only echoes: so does a modem that is busy. f.mu is held.
func (f *finder) learn(s *stick, tty string, id modem.Identity, err error) {
	if err == nil {
		s.port, s.id = tty, id
		delete(s.heard, tty)
		f.log.Info().Str("usb", s.Path).Str("id", s.ID()).Str("port", tty).Str("imei", id.IMEI).
			Str("model", strings.TrimSpace(id.Manufacturer+" "+id.Model)).Msg("modem found")
		return
	}
	s.heard[tty] = err
	var not *modem.NotModemError
	if errors.As(err, &not) {
		switch not.Heard {
		case modem.HeardNMEA:
			s.never[tty] = true
		case modem.HeardBinary, modem.HeardText:
			s.never[tty] = s.roleOf(tty) != modem.RoleAT
		}
	}
	f.log.Debug().Err(err).Str("usb", s.Path).Str("port", tty).Msg("port is no modem's, or none that answers now")
}

func (s *stick) roleOf(tty string) (role modem.Role) {
	for _, i := range s.Interfaces {
		if i.TTY == tty {
			role, _ = s.profile.Role(i.Number, i.Class, i.Subclass, i.Protocol)
		}
	}
	return role
}

// spokenFor tells whether a [[modem]] names a terminal of the stick by its path.
func (f *finder) spokenFor(s *stick) bool {
	for _, c := range f.modems {
		if c.Device == "" || c.Device == auto {
			continue
		}
		path, err := filepath.EvalSymlinks(c.Device)
		if err != nil {
			continue
		}
		for _, i := range s.Interfaces {
			if i.TTY == "" {
				continue
			}
			if own, err := filepath.EvalSymlinks(filepath.Join(f.dev, i.TTY)); err == nil && own == path {
				return true
			}
		}
	}
	return false
}

// Candidates are the terminals of a USB device at which the [[modem]] may be, the
// likeliest first: what the bridge itself would ask. None for one that is no modem, or
// that Match rules out.
func (c ModemConfig) Candidates(known modem.Profiles, d usb.Device) []string {
	row, _ := known.USB(d.ID())
	f, s := finder{profiles: known}, &stick{Device: d, profile: row}
	if !f.may(c, s) {
		return nil
	}
	return f.ports(s, c.Match.named())
}
