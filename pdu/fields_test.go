package pdu

import (
	"fmt"
	"testing"
	"time"
)

func TestTimestamp(t *testing.T) {
	for _, test := range []struct{ hex, want string }{
		{"62904021000080", "2026-09-04T12:00:00+02:00"},
		{"62904021000000", "2026-09-04T12:00:00+00:00"},
		{"6290402100000a", "2026-09-04T12:00:00-05:00"},
		{"62904021000069", "2026-09-04T12:00:00-04:00"},
		{"99211332959597", "1999-12-31T23:59:59+19:45"},
		{"0910100000009f", "1990-01-01T00:00:00-19:45"},
		{"98211332959500", "2089-12-31T23:59:59+00:00"},
		{"42209200000000", "2024-02-29T00:00:00+00:00"},
		{"62904021000008", "2026-09-04T12:00:00+00:00"},
		{"32209200000000", "none"}, // 29 February 2023
		{"62004021000000", "none"}, // month 0
		{"62314021000000", "none"}, // month 13
		{"62900021000000", "none"}, // day 0
		{"62904042000000", "none"}, // hour 24
		{"62904021060000", "none"}, // minute 60
		{"62904021000600", "none"}, // second 60
		{"629040210000a0", "none"}, // no digit in the zone
		{"6290402100a000", "none"},
		{"6f904021000000", "none"},
		{"00000000000000", "none"},
		{"ffffffffffffff", "none"},
	} {
		var ts Timestamp
		b, _ := DecodeHex(test.hex)
		copy(ts[:], b)
		got := "none"
		at, ok := ts.Time()
		if ok {
			got = at.Format("2006-01-02T15:04:05-07:00")
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.hex, got, test.want)
		}
		if again := NewTimestamp(at); ok && again != ts && test.hex != "62904021000008" {
			t.Errorf("%s: %x again", test.hex, again)
		}
	}
}

// Each date that there is, and no other one, is a time.
func TestEveryDate(t *testing.T) {
	for year := 1990; year < 2090; year++ {
		for month := range 14 {
			for day := range 33 {
				ts := Timestamp{swapped(year % 100), swapped(month), swapped(day)}
				want := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
				exists := want.Year() == year && int(want.Month()) == month && want.Day() == day
				if got, ok := ts.Time(); ok != exists || ok && !got.Equal(want) {
					t.Fatalf("%x: %v, %v, want %v, %v", ts, got, ok, want, exists)
				}
			}
		}
	}
}

// A zone that is no whole quarter hour is cut to one; the instant stays.
func TestNewTimestampKeepsTheInstant(t *testing.T) {
	for _, offset := range []int{0, 1, 899, -1, 5*3600 + 1234, -30 * 3600} {
		at := time.Date(2026, 7, 8, 9, 10, 11, 999, time.FixedZone("", offset))
		got, ok := NewTimestamp(at).Time()
		if !ok || got.Unix() != at.Unix() {
			t.Errorf("zone of %d s: %v, want %v", offset, got, at)
		}
	}
}

func TestRelativeValidity(t *testing.T) {
	for octet, want := range map[byte]time.Duration{
		0: 5 * time.Minute, 1: 10 * time.Minute, 143: 12 * time.Hour, 144: 12*time.Hour + 30*time.Minute,
		167: 24 * time.Hour, 168: 2 * day, 196: 30 * day, 197: 5 * week, 255: 63 * week,
	} {
		if got := relative(octet); got != want {
			t.Errorf("%d: %v, want %v", octet, got, want)
		}
	}
	for octet := range 256 {
		d := relative(byte(octet))
		for ask, want := range map[time.Duration]int{d: octet, d - 1: octet, d + 1: min(octet+1, 255)} {
			if v := RelativeValidity(ask); v.Format != VPRelative || int(v.raw[0]) != want {
				t.Errorf("%v: octet %d, want %d", ask, v.raw[0], want)
			}
		}
	}
	for ask, want := range map[time.Duration]byte{0: 0, -time.Hour: 0, 1000 * week: 255} {
		if v := RelativeValidity(ask); v.raw[0] != want {
			t.Errorf("%v: octet %d, want %d", ask, v.raw[0], want)
		}
	}
}

func TestEnhancedValidity(t *testing.T) {
	for hex, want := range map[string]string{
		"00000000000000": "{false 0 0s}",
		"40000000000000": "{true 0 0s}",
		"01a70000000000": "{false 1 24h0m0s}",
		"42ff0000000000": "{true 2 4m15s}",
		"03999695000000": "none", // 69 minutes
		"03999595000000": "{false 3 99h59m59s}",
		"03210000000000": "{false 3 12h0m0s}",
		"03210600000000": "none", // 60 minutes
		"04000000000000": "none",
		"81a70000000000": "none", // extension
	} {
		b, _ := DecodeHex(hex)
		v, err := ParseValidity(VPEnhanced, b)
		if err != nil {
			t.Fatal(err)
		}
		got := "none"
		e, ok := v.Enhanced()
		if ok {
			got = fmt.Sprint(e)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", hex, got, want)
		}
		if again, exact := EnhancedValidity(e); ok && (!exact || again != v) {
			t.Errorf("%s: %x again", hex, again.raw)
		}
	}
	for _, e := range []Enhanced{
		{Format: EnhancedSeconds, Period: 256 * time.Second},
		{Format: EnhancedSeconds, Period: time.Millisecond},
		{Format: EnhancedRelative, Period: time.Minute},
		{Format: EnhancedClock, Period: 100 * time.Hour},
		{Format: EnhancedNone, Period: time.Second},
	} {
		if v, ok := EnhancedValidity(e); ok {
			t.Errorf("%+v: %x", e, v.raw)
		}
	}
}

// Every value of every coding group (TS 23.038 4).
func TestDCS(t *testing.T) {
	for value := range 256 {
		d := DCS(value)
		class, hasClass := d.Class()
		mwi, hasMWI := d.MWI()
		got := fmt.Sprintf("%v %v/%d %v/%v compressed=%v delete=%v reserved=%v",
			d.Alphabet(), hasClass, class, hasMWI, mwi, d.Compressed(), d.AutoDelete(), d.Reserved())
		alphabet, wantClass, wantMWI := GSM7, false, false
		var reserved bool
		var m MWI
		bits := value & 0x0f
		switch group := value >> 4; {
		case group < 8:
			alphabet = [...]Alphabet{GSM7, Octet, UCS2, GSM7}[bits>>2]
			reserved = bits>>2 == 3
			wantClass = group&1 == 1
		case group < 12:
			reserved = true
		case group < 15:
			wantMWI, m = true, MWI{Store: group > 12, Active: bits&8 != 0, Type: MWIType(bits & 3)}
			if group == 14 {
				alphabet = UCS2
			}
		default:
			wantClass = true
			if bits&4 != 0 {
				alphabet = Octet
			}
		}
		wantNumber := 0
		if wantClass {
			wantNumber = value & 3
		}
		want := fmt.Sprintf("%v %v/%d %v/%v compressed=%v delete=%v reserved=%v",
			alphabet, wantClass, wantNumber, wantMWI, m, value < 0x80 && value&0x20 != 0, value>>6 == 1, reserved)
		if got != want {
			t.Errorf("%02x: %s\n  want %s", value, got, want)
		}
	}
}
