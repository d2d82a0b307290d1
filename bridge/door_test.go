package bridge

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

var (
	stranger = netip.MustParseAddr("198.51.100.7")
	friend   = netip.MustParseAddr("203.0.113.9")
)

// tries makes n attempts one after the other, and returns how many were looked at.
func (d *door) tries(now time.Time, from netip.Addr, n int) (looked int) {
	for range n {
		if wait, _ := d.try(now, from, false); wait == 0 {
			looked++
		}
	}
	return looked
}

// Who guesses has five tries, then one every ten seconds; who guesses rightly while he
// has to wait is told nothing.
func TestDoorSlowsGuessing(t *testing.T) {
	var d door
	now := time.Unix(1e9, 0)
	if n := d.tries(now, stranger, 100); n != 5 {
		t.Errorf("%d tries at once", n)
	}
	if wait, _ := d.try(now, stranger, true); wait != 10*time.Second {
		t.Errorf("a right token while it is closed: wait %v", wait)
	}
	if wait, _ := d.try(now, friend, true); wait != 0 {
		t.Errorf("another address waits %v", wait)
	}
	looked := 0
	for range 3600 {
		now = now.Add(time.Second)
		looked += d.tries(now, stranger, 10)
	}
	if looked != 360 {
		t.Errorf("%d tries in an hour", looked)
	}
	now = now.Add(time.Minute)
	if wait, _ := d.try(now, stranger, true); wait != 0 {
		t.Errorf("after a minute's rest: wait %v", wait)
	}
	if n := d.tries(now, stranger, 100); n != 5 {
		t.Errorf("after a right one: %d tries", n)
	}
}

// All addresses of a /64 are one; an IPv4 address in IPv6's clothes is the same one.
func TestDoorKnowsAddresses(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"198.51.100.7", "::ffff:198.51.100.7", true},
		{"198.51.100.7", "198.51.100.8", false},
	} {
		a, b := netip.MustParseAddr(c.a), netip.MustParseAddr(c.b)
		var d door
		d.tries(time.Unix(1e9, 0), a, 5)
		if n := d.tries(time.Unix(1e9, 0), b, 1); n == 1 == c.same {
			t.Errorf("%s and %s: the same is %v", a, b, !c.same)
		}
	}
	if origin(netip.Addr{}) == origin(netip.MustParseAddr("0.0.0.0")) {
		t.Error("the Unix socket has an address")
	}
}

// However many addresses guess, there is a try a second in all, what is remembered is
// bounded, and who has shown a token before is not kept out by others.
func TestDoorAgainstMany(t *testing.T) {
	var d door
	now := time.Unix(1e9, 0)
	if wait, _ := d.try(now, friend, true); wait != 0 {
		t.Fatal("the friend has to wait")
	}
	looked, most := 0, 0
	for i := range 60 * 1000 {
		if i%1000 == 0 {
			now = now.Add(time.Second)
			if wait, _ := d.try(now, friend, true); wait != 0 {
				t.Fatalf("the friend has to wait %v", wait)
			}
		}
		from := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		looked += d.tries(now, from, 1)
		most = max(most, len(d.each))
	}
	if looked > strikesAll+60 || looked < strikesAll {
		t.Errorf("%d tries in a minute", looked)
	}
	if most > strikesAll+60 {
		t.Errorf("%d addresses are remembered", most)
	}
	if n := d.tries(now, friend, 100); n != strikesEach {
		t.Errorf("the friend errs %d times", n)
	}
	if wait, _ := d.try(now.Add(friendTime), friend, true); wait != 0 {
		t.Errorf("later: %v", wait)
	}
}

func TestDoorRemembersFewFriends(t *testing.T) {
	var d door
	now := time.Unix(1e9, 0)
	for i := range 10 * mostFriends {
		now = now.Add(time.Second)
		d.try(now, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), true)
	}
	last := netip.AddrFrom4([4]byte{10, 0, byte((10*mostFriends - 1) >> 8), byte((10*mostFriends - 1) & 255)})
	if len(d.friends) != mostFriends || !d.knows(now, last) || d.knows(now.Add(friendTime), last) {
		t.Errorf("%d friends; the last one is known: %v", len(d.friends), d.knows(now, last))
	}
}

// The log has the first failure at once, and the others ten seconds later in one line.
func TestDoorAlarms(t *testing.T) {
	var d door
	now := time.Unix(1e9, 0)
	told := ""
	for i := range 25 {
		if _, n := d.try(now.Add(time.Duration(i)*time.Second), stranger, false); n > 0 {
			told += fmt.Sprintf("%d: %d\n", i, n)
		}
	}
	if told != "0: 1\n10: 10\n20: 10\n" {
		t.Error(told)
	}
}
