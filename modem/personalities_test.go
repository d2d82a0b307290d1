package modem_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// personalities are all makes that have short messages, and some that nobody knows.
func personalities() (list []modemtest.Profile) {
	for _, p := range modemtest.Profiles {
		if !p.NoSMS {
			list = append(list, p)
		}
	}
	for seed := range uint64(20) {
		list = append(list, modemtest.Stranger(seed))
	}
	return list
}

// Every make and every stranger, as it comes out of the box, with what is known of its
// make: two datagrams of three segments go out with reports and two come in, each
// segment as often as the firmware hands it out, and nothing stays behind.
//
// What is not known is found out. Only two need a row: what makes a Novatel hang and
// where the codes of some Huawei go can be seen too late, or not at all.
func TestPersonalities(t *testing.T) {
	for _, profile := range personalities() {
		t.Run(profile.Name, func(t *testing.T) { outOfTheBox(t, profile, modem.Options{}) })
		if !profile.CDSWedges && !profile.PortSel {
			t.Run(profile.Name+"/unknown", func(t *testing.T) { outOfTheBox(t, profile, modem.Options{Profiles: modem.Profiles{}}) })
		}
	}
}

func outOfTheBox(t *testing.T, profile modemtest.Profile, o modem.Options) {
	t.Helper()
	mo := modemtest.ModemOptions{
		Profile: profile, NoiseEvery: 700 * time.Millisecond, Latency: 20 * time.Millisecond, SubmitTime: 2 * time.Second,
	}
	inField(t, modemtest.AirOptions{Seed: 1, Delay: time.Second}, mo, o, func(f *field) {
		f.ready()
		var sent []string
		for round := range byte(2) {
			out, in := threeSegments("out", round), threeSegments("in", round)
			sent = append(sent, string(out.Data))
			for i, ud := range segments(f, out, round) {
				if _, err := f.m.Send(context.Background(), f.mode(ud), i < 2); err != nil {
					f.Fatalf("segment %d: %v", i+1, err)
				}
			}
			if err := f.phone.Send(ours, in); err != nil {
				f.Fatal(err)
			}
			texts, reports := f.collect(10 * time.Minute)
			want := map[string]int{}
			for _, ud := range segments(f, in, round) {
				want[string(ud.Data)] = max(1, profile.Copies)
			}
			if !maps.Equal(texts, want) {
				f.Errorf("round %d: received %v", round, slices.Collect(maps.Values(texts)))
			}
			if want := reportsOf(profile, 3); reports != want {
				f.Errorf("round %d: %d reports, want %d", round, reports, want)
			}
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		var seen []string
		for _, d := range f.seen {
			seen = append(seen, string(d.Data))
		}
		if !slices.Equal(seen, sent) {
			f.Errorf("the phone has %d datagrams: %q", len(seen), seen)
		}
		if left := f.sim.Stored("SM") + f.sim.Stored("ME"); left > 0 {
			f.Errorf("%d messages left in the stores", left)
		}
		select {
		case err := <-f.ran:
			f.Errorf("Run: %v", err)
		default:
		}
	})
}

func threeSegments(name string, round byte) wdp.Datagram {
	data := bytes.Repeat([]byte{round + 1}, 300)
	for i := range data {
		data[i] ^= byte(i / 7)
	}
	return wdp.Datagram{Dst: 3590, Src: 3590, Data: append([]byte(name), data...)}
}

func segments(f *field, d wdp.Datagram, ref byte) []pdu.UserData {
	f.Helper()
	list, err := d.Segment(wdp.Ref{Value: uint16(ref), Wide: true})
	if err != nil || len(list) != 3 {
		f.Fatalf("%d segments, %v", len(list), err)
	}
	return list
}

// reportsOf is how many of n reports a make tells of: all, unless it takes no +CNMI.
func reportsOf(p modemtest.Profile, n int) int {
	if p.Refuses["+CNMI"] != "" {
		return 0
	}
	return n
}

// A modem without short messages does not come up, and says why.
func TestNoSMS(t *testing.T) {
	inField(t, modemtest.AirOptions{}, modemtest.ModemOptions{Profile: modemtest.A7670EUBL}, modem.Options{}, func(f *field) {
		err := <-f.ran
		var refused *modem.ResultError
		if !errors.As(err, &refused) {
			t.Errorf("Run: %v", err)
		}
		if v := f.m.Status().Verdict; !strings.Contains(v, "PDU mode") && !strings.Contains(v, "SMS") {
			t.Errorf("verdict: %s", v)
		}
	})
}
