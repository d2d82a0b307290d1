package bridge

import (
	"slices"
	"time"
)

// assign gives every [[modem]] without a stick the one that it would get now, also to
// those that do not wait at the moment: what is theirs is not for others. A stick that
// has not been asked yet may turn out to be the first one, and is waited for. grace is
// when the next one's patience with its own modem ends. f.mu is held.
func (f *finder) assign(now time.Time) (places map[string]*stick, grace time.Time) {
	var free []*stick
	for _, s := range f.sticks {
		if !f.taken(s) && !f.spokenFor(s) && (s.port != "" || s.probes == 0) {
			free = append(free, s)
		}
	}
	places = map[string]*stick{}
	place := func(c ModemConfig, fits func(*stick) bool) {
		i := slices.IndexFunc(free, func(s *stick) bool { return f.may(c, s) && fits(s) })
		if f.seats[c.Name].stick == nil && places[c.Name] == nil && i >= 0 {
			places[c.Name] = free[i]
			free = slices.Delete(free, i, i+1)
		}
	}
	var described, autos []ModemConfig
	for _, c := range f.sought() {
		if c.Match.IMEI != "" {
			place(c, func(s *stick) bool { return SameIMEI(c.Match.IMEI, s.id.IMEI) })
		} else if c.Device == auto {
			autos = append(autos, c)
		} else {
			described = append(described, c)
		}
	}
	own := func(c ModemConfig) {
		seat := f.seats[c.Name]
		place(c, func(s *stick) bool { return s.port != "" && s.who() == seat.own })
		if places[c.Name] != nil {
			seat.seen = now
		}
	}
	unowned := func(s *stick) bool {
		for _, seat := range f.seats {
			has := seat.stick != nil && seat.stick.who() == seat.own // a twin: one IMEI for a whole batch
			if s.port != "" && s.who() == seat.own && !has {
				return false
			}
		}
		return true
	}
	patient := func(c ModemConfig) bool {
		seat := f.seats[c.Name]
		end := seat.seen.Add(strangerGrace)
		if seat.own == "" || seat.stick != nil || c.Match.single() || !end.After(now) {
			return false
		}
		if grace.IsZero() || end.Before(grace) {
			grace = end
		}
		return true
	}
	// Its own is everybody's first choice. But who is new and says which modem it means
	// comes before those that take any.
	for _, c := range described {
		own(c)
	}
	for _, c := range described {
		if f.seats[c.Name].own == "" {
			place(c, unowned)
			place(c, func(*stick) bool { return true })
		}
	}
	for _, c := range autos {
		own(c)
	}
	for _, c := range slices.Concat(described, autos) {
		if !patient(c) {
			place(c, unowned)
		}
	}
	return places, grace
}

// means compares what only the modem itself could tell.
func (c ModemConfig) means(s *stick) bool {
	return c.Match.IMEI == "" || SameIMEI(c.Match.IMEI, s.id.IMEI)
}

// sought are the [[modem]]s that have to be looked for, in the order of the file.
func (f *finder) sought() []ModemConfig {
	return slices.DeleteFunc(slices.Clone(f.modems), func(c ModemConfig) bool { return !c.sought() })
}
