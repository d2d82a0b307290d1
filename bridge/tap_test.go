package bridge

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// passages takes what a tap shows until nothing more comes.
func (r *rig) passages(t *Tap) (all []Passage) {
	ctx, stop := context.WithTimeout(r.ctx, time.Minute)
	defer stop()
	for {
		p, err := t.Next(ctx)
		if err != nil {
			return all
		}
		all = append(all, p)
	}
}

// A tap shows what goes out with what became of it, and what comes in, whatever it is and
// however often: before anything is made of it.
func TestTap(t *testing.T) {
	inRig(t, modemtest.AirOptions{Delay: 10 * time.Second}, nil, func(r *rig) {
		r.collect(phone)
		tap := r.Tap()
		defer tap.Close()
		id := r.accept(Request{Payload: bytes.Repeat([]byte("x"), 200), Report: true})
		r.settle(time.Minute)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 1"})
		failed := r.accept(Request{Payload: []byte("y")})
		r.settle(time.Minute)
		in := tpdus(t, phone, segmentsOf(t, phone, []byte("WV12PO0"), wdp.Ref{}, nil))[0]
		for _, tpdu := range [][]byte{in, in, {0x44, 0x0C, 0x91, 0xFF}} {
			r.air.Inject(ownNumber, tpdu)
			r.settle(time.Minute)
		}
		var got []string
		for _, p := range r.passages(tap) {
			name := map[string]string{id: "long", failed: "failed", "": "-"}[p.ID]
			got = append(got, fmt.Sprintf("%s in=%v %s %s %d octets", p.Kind, p.In, name, strings.TrimSpace(p.Outcome+" "+p.Why), len(p.TPDU)))
			if p.Modem != "m0" || p.At.IsZero() || p.Kind == "deliver" && !bytes.Equal(p.TPDU, in) {
				t.Errorf("%+v", p)
			}
		}
		want := []string{
			"submit in=false long  154 octets", "result in=false long accepted 0 octets",
			"submit in=false long  100 octets", "result in=false long accepted 0 octets",
			"report in=true -  25 octets", "report in=true -  25 octets",
			"submit in=false failed  22 octets", "result in=false failed refused +CMS ERROR: 1 (the number is not assigned) 0 octets",
			fmt.Sprintf("deliver in=true -  %d octets", len(in)), fmt.Sprintf("deliver in=true -  %d octets", len(in)), "undecodable in=true -  4 octets",
		}
		if !slices.Equal(got, want) {
			t.Errorf("seen:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Who looks on and does not keep up misses some, and is told how many; nobody waits for him.
func TestTapDrops(t *testing.T) {
	b := &Bridge{clock: &clock{source: SystemSource()}}
	b.taps.pass(Passage{Kind: "deliver"}) // nobody looks
	slow, other := b.Tap(), b.Tap()
	other.Close()
	for i := range tapRoom + 5 {
		b.taps.pass(Passage{Kind: "deliver", MR: i})
	}
	for i := range tapRoom {
		if p, err := slow.Next(t.Context()); err != nil || p.MR != i {
			t.Fatalf("number %d: %+v, %v", i, p, err)
		}
	}
	if p, err := slow.Next(t.Context()); err != nil || p.Kind != "dropped" || p.Dropped != 5 {
		t.Errorf("behind them: %+v, %v", p, err)
	}
	if !b.taps.watched() {
		t.Error("nobody looks?")
	}
	slow.Close()
	if b.taps.watched() || len(other.passages) > 0 {
		t.Error("who has left is shown more")
	}
}

// CAPTURE writes what passes between answers, until the client leaves; then nothing of it
// is left.
func TestCapture(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		c := r.client()
		c.say("CAPTURE of something")
		c.settle("ERR syntax")
		c.say("CAPTURE")
		c.say("CAPTURE")
		c.settle("OK", "OK")
		r.accept(Request{To: "+491799999999", Payload: []byte("x")})
		r.settle(time.Minute)
		c.say("PING")
		c.settle("TPDU m0 out 22 time=2000-01-01T00:00:", "TPDU m0 out 0 time=2000-01-01T00:0", "PONG")
		c.close()
		r.settle(time.Minute)
		if r.taps.watched() {
			t.Error("the tap stays")
		}
	})
}

func TestPassageLines(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 123456000, time.UTC)
	for _, test := range []struct {
		p    Passage
		want string
	}{
		{Passage{At: at, Modem: "m0", Kind: "submit", ID: "01A", TPDU: []byte("\x00octets")}, "TPDU m0 out 7 time=2026-11-26T12:00:00.123456Z kind=submit id=01A\r\n\x00octets"},
		{Passage{At: at, Modem: "m0", Kind: "result", ID: "01A", Outcome: "accepted", MR: 7}, "TPDU m0 out 0 time=2026-11-26T12:00:00.123456Z kind=result id=01A outcome=accepted mr=7\r\n"},
		{Passage{At: at, Modem: "m0", Kind: "result", ID: "01A", Outcome: "refused", MR: -1, Why: "+CMS ERROR: 1"}, `TPDU m0 out 0 time=2026-11-26T12:00:00.123456Z kind=result id=01A outcome=refused why="+CMS\x20ERROR:\x201"` + "\r\n"},
		{Passage{At: at, Modem: "m 0", In: true, Kind: "deliver", TPDU: []byte("x")}, `TPDU "m\x200" in 1 time=2026-11-26T12:00:00.123456Z kind=deliver` + "\r\nx"},
		{Passage{At: at, Kind: "dropped", Dropped: 12}, "DROPPED 12 time=2026-11-26T12:00:00.123456Z"},
	} {
		if got := string(appendPassage(nil, test.p)); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// While nobody looks on, a TPDU costs nothing.
func BenchmarkTapUnwatched(b *testing.B) {
	s := &session{bridge: &Bridge{}}
	mode := make([]byte, 160)
	b.ReportAllocs()
	for range b.N {
		s.tapSubmit("01A", mode)
		s.tapResult("01A", 7, nil)
	}
}
