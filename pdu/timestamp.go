package pdu

import "time"

// A Timestamp is TP-SCTS, TP-DT or an absolute TP-VP as it is on air (9.2.3.11): seven
// octets of two swapped decimal digits, which keeps unreadable ones as they are.
//
//	+----+-------+-----+------+--------+--------+----------------------+
//	| YY | month | day | hour | minute | second | zone, quarter hours: |
//	|    |       |     |      |        |        | bit 3 is the sign    |
//	+----+-------+-----+------+--------+--------+----------------------+
//
// Years 90-99 are 1990-1999, the others 2000-2089.
type Timestamp [7]byte

// NewTimestamp returns t in its own zone, cut to a second and to a whole quarter hour of zone.
// t must be of the years 1990 to 2089.
func NewTimestamp(t time.Time) Timestamp {
	_, offset := t.Zone()
	quarters := max(-79, min(79, offset/900))
	t = t.In(time.FixedZone("", quarters*900))
	ts := Timestamp{
		swapped(t.Year() % 100), swapped(int(t.Month())), swapped(t.Day()),
		swapped(t.Hour()), swapped(t.Minute()), swapped(t.Second()),
	}
	if quarters < 0 {
		ts[6] = swapped(-quarters) | 0x08
	} else {
		ts[6] = swapped(quarters)
	}
	return ts
}

// Time returns the instant in the zone given, and whether the octets are one.
func (t Timestamp) Time() (time.Time, bool) {
	v, quarters, ok := t.fields()
	if !ok {
		return time.Time{}, false
	}
	return time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], v[5], 0, time.FixedZone("", quarters*900)), true
}

// fields returns year, month, day, hour, minute and second, and the zone in quarter hours;
// not of a 31 April, nor of a minute 60.
func (t Timestamp) fields() (v [6]int, quarters int, ok bool) {
	for i := range v {
		if v[i], ok = unswapped(t[i]); !ok {
			return v, 0, false
		}
	}
	if quarters, ok = unswapped(t[6] &^ 0x08); !ok {
		return v, 0, false
	}
	if t[6]&0x08 != 0 {
		quarters = -quarters
	}
	if v[0] += 2000; v[0] >= 2090 {
		v[0] -= 100
	}
	return v, quarters, v[1] >= 1 && v[1] <= 12 && v[2] >= 1 && v[2] <= daysIn(v[0], v[1]) && v[3] < 24 && v[4] < 60 && v[5] < 60
}

// daysIn tells how long a month of 1990 to 2089 is.
func daysIn(year, month int) int {
	switch {
	case month == 2 && year%4 == 0: // 2000 was one, too
		return 29
	case month == 2:
		return 28
	case month == 4, month == 6, month == 9, month == 11:
		return 30
	}
	return 31
}

// parseTimestamp warns of one that is no time, or that NewTimestamp would write otherwise.
func parseTimestamp(c *cursor, field string) Timestamp {
	var ts Timestamp
	at := c.pos
	copy(ts[:], c.octets(field, len(ts)))
	if c.fault != nil {
		return Timestamp{}
	}
	if _, _, ok := ts.fields(); !ok {
		c.warnAt(field, at, "%x is no time", ts[:])
	} else if ts[6] == 0x08 {
		c.warnAt(field, at+6, "negative zone of 0")
	}
	return ts
}

// swapped returns two digits as semi-octets, the tens in the low one (9.1.2.3).
func swapped(n int) byte { return byte(n%10<<4 | n/10) }

// unswapped returns the number, and whether both semi-octets are digits.
func unswapped(b byte) (int, bool) {
	tens, units := int(b&0x0f), int(b>>4)
	return tens*10 + units, tens < 10 && units < 10
}
