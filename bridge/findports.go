package bridge

import (
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
	roles := s.profile.Ports
	var list []string
	for _, n := range slices.Concat(roles.AT, roles.PPP) {
		for _, i := range s.Interfaces {
			if i.Number == n && i.TTY != "" {
				list = append(list, i.TTY)
			}
		}
	}
	shunned := slices.Concat(roles.AT, roles.PPP, roles.GNSS, roles.Diag, roles.Other)
	var rest []usb.Interface
	for _, i := range s.Interfaces {
		if i.TTY != "" && !slices.Contains(shunned, i.Number) && rank(s.Device, i) < shun &&
			(named || isModem(i) || f.knows(s.VID) && byModemDriver(i)) {
			rest = append(rest, i)
		}
	}
	slices.SortStableFunc(rest, func(a, b usb.Interface) int { return rank(s.Device, a) - rank(s.Device, b) })
	for _, i := range rest {
		list = append(list, i.TTY)
	}
	return list
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

// knows tells whether a row of the profiles is about a maker.
func (f *finder) knows(vid uint16) bool {
	return slices.ContainsFunc(f.profiles, func(p modem.Profile) bool {
		return slices.ContainsFunc(p.USB, func(id string) bool { return strings.HasPrefix(id, usb.Device{VID: vid}.ID()[:5]) })
	})
}

// shun is the rank of a terminal that is not to be opened.
const shun = 3

// rank is how likely a terminal without a role in the profiles speaks AT. Huawei
// tells by the protocol number of the interface: 1 PPP, 2 AT, 3 diagnostic, whatever
// its number (ModemManager 1.24, oFono 1.31).
func rank(d usb.Device, i usb.Interface) int {
	const huawei = 0x12d1
	if d.VID != huawei || i.Class != 0xff || i.Subclass != 1 && i.Subclass != 2 {
		return 1
	}
	return map[uint8]int{2: 0, 1: 1, 3: shun}[i.Protocol]
}

// portsToAsk leaves out what has shown to be no modem. f.mu is held.
func (f *finder) portsToAsk(s *stick) []string {
	named := slices.ContainsFunc(f.modems, func(c ModemConfig) bool { return c.Match.named() && c.Match.fits(s.Device) })
	return slices.DeleteFunc(f.ports(s, named), func(tty string) bool { return s.never[tty] })
}

// learn takes down what came of asking a terminal. One that the profile calls AT is
// never given up: it may have been the noise of a start. f.mu is held.
func (f *finder) learn(s *stick, tty string, id modem.Identity, err error) {
	if err == nil {
		s.port, s.id = tty, id
		delete(s.heard, tty)
		f.log.Info().Str("usb", s.Path).Str("id", s.ID()).Str("port", tty).Str("imei", id.IMEI).
			Str("model", strings.TrimSpace(id.Manufacturer+" "+id.Model)).Msg("modem found")
		return
	}
	s.heard[tty] = err.Error()
	var not *modem.NotModemError
	i := slices.IndexFunc(s.Interfaces, func(i usb.Interface) bool { return i.TTY == tty })
	if errors.As(err, &not) && not.Heard != modem.HeardNothing && !slices.Contains(s.profile.Ports.AT, s.Interfaces[i].Number) {
		s.never[tty] = true
	}
	f.log.Debug().Err(err).Str("usb", s.Path).Str("port", tty).Msg("port is no modem's, or none that answers now")
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
