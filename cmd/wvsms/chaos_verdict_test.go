package main

import (
	"fmt"
	"strings"
	"testing"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
)

// A tale is a history made up by hand: two bridges, and what the test tells of them.
type tale struct{ *history }

func newTale() tale {
	h := &history{}
	h.bridge([]string{"+4901"})
	h.bridge([]string{"+4902"})
	return tale{h}
}

// sent is a message of bridge 0 to bridge 1 that was accepted.
func (t tale) sent(policy string, payload string) *sent {
	o := order{n: len(t.sends), from: 0, to: 1, number: "+4902", payload: []byte(payload), policy: policy}
	t.ordered([]*order{&o})
	t.accepted(&o, fmt.Sprintf("OK out%d segments=1", o.n))
	return t.sends[o.n]
}

func (t tale) event(s *sent, what string) {
	line := fmt.Sprintf("EVT %d %s %s", len(t.events)+1, s.id, what)
	t.told(parseEvent(s.from, line))
	t.retold(parseEvent(s.from, line))
}

// network tells of segment seq of total, under a reference.
func (t tale) network(ref uint16, seq, total byte, data string, fates ...modemtest.Fate) {
	ud := pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(3590, 3590)}, Data: []byte(data)}
	if total > 1 {
		ud.UDH = append(ud.UDH, pdu.ConcatIE(pdu.Concat{Ref: ref, Bits: 16, Total: total, Seq: seq}))
	}
	for _, f := range fates {
		t.saw(modemtest.Sighting{From: "4901", To: "4902", UD: ud, Fate: f})
	}
}

func (t tale) offer(id, payload string) offer {
	return t.offered(offer{conn: 1, bridge: 1, id: id, peer: "+4901", payload: payload, fence: t.stamp()})
}

// well is a message that takes its way as it should.
func (t tale) well(policy, payload string) *sent {
	s := t.sent(policy, payload)
	t.network(0, 1, 1, payload, modemtest.Taken, modemtest.Handed)
	t.event(s, "sent")
	id := fmt.Sprint("in", s.n)
	t.offer(id, payload)
	t.acked(1, 1, id, "OK")
	return s
}

const (
	firstHalf  = "0123456789abcdefghijklmnopqrstuvwxyz"
	secondHalf = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

	announce = `note why="it\x20will\x20be\x20sent\x20again" segment=`
)

// halves is a message of two segments, of which the network does what the test says.
func (t tale) halves(policy string, first, second []modemtest.Fate) *sent {
	s := t.sent(policy, firstHalf+secondHalf)
	s.segments = 2
	t.network(7, 1, 2, firstHalf, first...)
	t.network(7, 2, 2, secondHalf, second...)
	return s
}

func fates(f ...modemtest.Fate) []modemtest.Fate { return f }

// The checker passes what the promise allows and names what it forbids.
func TestChaosVerdict(t *testing.T) {
	const taken, lost, doubled, handed = modemtest.Taken, modemtest.Lost, modemtest.Doubled, modemtest.Handed
	for name, test := range map[string]struct {
		tell func(t tale)
		want string // in the one thing that is wrong; "": nothing is
	}{
		"all is well": {func(t tale) { t.well("auto", "hello"); t.well("resend", "world"); t.well("fail", "") }, ""},

		// Nothing vanishes.
		"no answer": {func(t tale) {
			t.ordered([]*order{{n: 0, from: 0, to: 1, payload: []byte("hello"), policy: "auto"}})
		}, "no answer to its SEND"},
		"no event":      {func(t tale) { t.sent("auto", "hello") }, "no final event"},
		"failed":        {func(t tale) { t.event(t.sent("auto", "hello"), `failed why="refused"`) }, ""},
		"expired":       {func(t tale) { t.event(t.sent("auto", "hello"), "expired") }, ""},
		"a report late": {func(t tale) { s := t.well("hold", "hello"); t.event(s, "delivered") }, "ends as [sent delivered]"},
		"a correction": {func(t tale) {
			s := t.sent("hold", "hello")
			t.event(s, "unknown")
			t.network(0, 1, 1, "hello", taken, handed)
			t.event(s, "delivered")
			t.offer("in0", "hello")
		}, ""},
		"two corrections": {func(t tale) {
			s := t.sent("hold", "hello")
			t.event(s, "unknown")
			t.event(s, "failed")
			t.event(s, "expired")
		}, "ends as [unknown failed expired]"},
		"an end of one segment only": {func(t tale) { t.event(t.sent("auto", "hello"), "sent segment=1/1") }, "no final event"},
		"sent, but a report was wanted": {func(t tale) {
			s := t.sent("auto", "hello")
			s.report = true
			t.network(0, 1, 1, "hello", taken, handed)
			t.offer("in0", "hello")
			t.event(s, "sent")
		}, "no final event"},
		"cancelled by nobody": {func(t tale) { t.event(t.sent("auto", "hello"), "cancelled") }, "nobody asked for"},
		"cancelled":           {func(t tale) { s := t.sent("auto", "hello"); s.cancelling = true; t.event(s, "cancelled") }, ""},
		"sent, yet not taken": {func(t tale) { t.event(t.sent("auto", "hello"), "sent") }, "network did not take all"},
		"sent, one segment not taken": {func(t tale) {
			t.event(t.halves("auto", fates(taken, handed), nil), "sent")
		}, "network did not take all"},
		"delivered, yet not handed over": {func(t tale) {
			s := t.sent("auto", "hello")
			t.network(0, 1, 1, "hello", taken, lost)
			t.event(s, "delivered")
		}, "did not hand over"},
		"lost by the network": {func(t tale) {
			s := t.sent("auto", "hello")
			t.network(0, 1, 1, "hello", taken, lost)
			t.event(s, "sent")
		}, ""},
		"one segment lost by the network": {func(t tale) {
			t.event(t.halves("auto", fates(taken, handed), fates(taken, lost)), "sent")
		}, ""},
		"lost by the receiver": {func(t tale) {
			s := t.sent("auto", "hello")
			t.network(0, 1, 1, "hello", taken, handed)
			t.event(s, "sent")
		}, "no consumer got it"},
		"lost by the receiver, unknown to the sender": {func(t tale) {
			t.event(t.halves("auto", fates(taken, handed), fates(taken, handed)), "unknown")
		}, "no consumer got it"},
		"lost once, gone again": {func(t tale) {
			s := t.halves("auto", fates(taken, handed), fates(taken, lost, taken, handed))
			t.event(s, announce+"2/2")
			t.event(s, "sent")
		}, "no consumer got it"},

		// Nothing is doubled.
		"two ids for one SEND": {func(t tale) {
			s := t.well("auto", "hello")
			t.accepted(&s.order, "OK other segments=1 duplicate=yes")
		}, "its key gives the id"},
		"a repetition that is none": {func(t tale) {
			s := t.well("auto", "hello")
			t.accepted(&s.order, "OK out0 segments=1")
		}, "not called a duplicate"},
		"one id for two SENDs": {func(t tale) {
			t.well("auto", "hello")
			t.sent("auto", "world").id = "out0"
			t.network(0, 1, 1, "world", taken, handed)
			t.offer("in1", "world")
		}, "message 0 has the same id"},
		"came twice":              {func(t tale) { t.well("auto", "hello"); t.offer("in1", "hello") }, "came 2 times"},
		"came twice under resend": {func(t tale) { t.well("resend", "hello"); t.offer("in1", "hello") }, "0 copies were announced"},
		"came twice, announced": {func(t tale) {
			s := t.well("resend", "hello")
			t.event(s, announce+"1/1")
			t.network(0, 1, 1, "hello", taken, handed)
			t.offer("in1", "hello")
		}, ""},
		"came twice, and another thing was said": {func(t tale) {
			s := t.well("resend", "hello")
			t.event(s, `note segment=1/1 why="the\x20SC\x20goes\x20on"`)
			t.offer("in1", "hello")
		}, "0 copies were announced"},
		"doubled by the network": {func(t tale) {
			t.well("auto", "hello")
			t.network(0, 1, 1, "hello", doubled, handed)
		}, ""},
		"went twice under hold": {func(t tale) {
			t.well("hold", "hello")
			t.network(0, 1, 1, "hello", taken, handed)
		}, "went on air 2 times"},
		"went twice under resend": {func(t tale) {
			t.well("resend", "hello")
			t.network(0, 1, 1, "hello", taken, handed)
		}, "0 copies were announced"},
		"a segment went again": {func(t tale) {
			s := t.halves("auto", fates(taken, handed), fates(taken, handed, taken, handed))
			t.event(s, announce+"2/2")
			t.event(s, "sent")
			t.offer("in0", firstHalf+secondHalf)
		}, ""},
		"a segment went again under fail": {func(t tale) {
			s := t.halves("fail", fates(taken, handed), fates(taken, handed, taken, handed))
			t.event(s, announce+"2/2")
			t.event(s, "sent")
			t.offer("in0", firstHalf+secondHalf)
		}, "went on air 2 times"},
		"whole under two references": {func(t tale) {
			s := t.halves("auto", fates(taken, handed), fates(taken, handed))
			t.network(8, 1, 2, firstHalf, taken, handed)
			t.network(8, 2, 2, secondHalf, taken, handed)
			t.event(s, "sent")
			t.offer("in0", firstHalf+secondHalf)
		}, "whole under 2 references"},
		"begun again under another reference": {func(t tale) {
			s := t.halves("auto", fates(taken, handed), nil)
			t.network(8, 1, 2, firstHalf, taken, handed)
			t.network(8, 2, 2, secondHalf, taken, handed)
			t.event(s, "sent")
			t.offer("in0", firstHalf+secondHalf)
		}, ""},

		// Every octet is as it was.
		"a changed octet": {func(t tale) { t.well("auto", "hello"); t.offer("in1", "hellp") }, "were not sent from there"},
		"another sender": {func(t tale) {
			t.well("auto", "hello")
			t.offered(offer{conn: 1, bridge: 1, id: "in9", peer: "+4903", payload: "hello"})
		}, "were not sent from there"},
		"a chimera": {func(t tale) {
			t.well("auto", "one two")
			t.well("auto", "three four")
			t.offer("in2", "one four")
		}, "were not sent from there"},
		"one id for two": {func(t tale) {
			t.well("auto", "hello")
			s := t.sent("auto", "world")
			t.network(0, 1, 1, "world", taken, handed)
			t.event(s, "sent")
			t.offered(offer{conn: 2, bridge: 1, id: "in0", peer: "+4901", payload: "world"})
		}, "offers two messages as in0"},

		// Nothing is offered again after OK to its ACK.
		"again on the connection of the OK": {func(t tale) {
			t.well("auto", "hello")
			t.offered(offer{conn: 1, bridge: 1, id: "in0", peer: "+4901", payload: "hello"})
		}, "after OK to its ACK"},
		"again on another connection": {func(t tale) {
			t.well("auto", "hello")
			t.offered(offer{conn: 2, bridge: 1, id: "in0", peer: "+4901", payload: "hello", redelivered: true, fence: t.stamp()})
		}, "after OK to its ACK"},
		"under way to another connection": {func(t tale) {
			fence := t.stamp()
			t.well("auto", "hello")
			t.offered(offer{conn: 2, bridge: 1, id: "in0", peer: "+4901", payload: "hello", redelivered: true, fence: fence})
		}, ""},
		"again without OK": {func(t tale) {
			s := t.sent("auto", "hello")
			t.network(0, 1, 1, "hello", taken, handed)
			t.event(s, "sent")
			t.offer("in0", "hello")
			t.offered(offer{conn: 2, bridge: 1, id: "in0", peer: "+4901", payload: "hello", redelivered: true, fence: t.stamp()})
		}, ""},
		"again and not marked": {func(t tale) {
			s := t.sent("auto", "hello")
			t.network(0, 1, 1, "hello", taken, handed)
			t.event(s, "sent")
			t.offer("in0", "hello")
			t.offer("in0", "hello")
		}, "does not say so"},
		"an ACK refused": {func(t tale) { t.well("auto", "hello"); t.acked(1, 1, "in0", "ERR no-such-id") }, "answers ACK in0"},

		// Events stay, and are about something.
		"an event that is told otherwise later": {func(t tale) {
			t.well("auto", "hello")
			t.replays[0].line = "EVT 1 out0 failed"
		}, "is told as"},
		"an event that is not told again": {func(t tale) {
			t.well("auto", "hello")
			t.well("auto", "world")
			t.replays = t.replays[1:]
		}, "is told as"},
		"an event after the second reading": {func(t tale) {
			t.well("auto", "hello")
			t.well("auto", "world")
			t.replays = t.replays[:1]
		}, ""},
		"an event that was not told": {func(t tale) {
			t.well("auto", "hello")
			t.retold(parseEvent(0, "EVT 2 out0 note"))
		}, "was not told as it happened"},
		"an event about nothing": {func(t tale) {
			t.well("auto", "hello")
			t.event(&sent{id: "nobody"}, "sent")
		}, "nothing that was accepted"},
		"a bridge that ended": {func(t tale) { t.exited(1, "exit status 2") }, "bridge 1 ended by itself"},
	} {
		t.Run(name, func(t *testing.T) {
			tale := newTale()
			test.tell(tale)
			wrong := tale.check()
			switch {
			case test.want == "" && len(wrong) > 0:
				t.Errorf("rejected: %q", wrong)
			case test.want != "" && !(len(wrong) >= 1 && strings.Contains(strings.Join(wrong, "\n"), test.want)):
				t.Errorf("says %q, want %q", wrong, test.want)
			case len(wrong) > 1:
				t.Errorf("says %q, want %q alone", wrong, test.want)
			}
		})
	}
}

// A tail of one octet fits many messages; its reference tells which one it is of.
func TestChaosShortTail(t *testing.T) {
	tale := newTale()
	for i, payload := range []string{"first message, and z", "second message, and z"} {
		s := tale.sent("auto", payload)
		s.segments = 2
		tale.network(uint16(i), 2, 2, "z", modemtest.Taken, modemtest.Handed)
		tale.network(uint16(i), 1, 2, strings.TrimSuffix(payload, "z"), modemtest.Taken, modemtest.Handed)
		tale.event(s, "sent")
		tale.offer(fmt.Sprint("in", i), payload)
	}
	if wrong := tale.check(); len(wrong) > 0 {
		t.Error(wrong)
	}
	for n, segments := range tale.onAir() {
		if len(segments) != 2 || groups(segments, airCounts.alive) != 1 {
			t.Errorf("message %d has %v on air", n, segments)
		}
	}
}

// One seed, one plan; another seed, another one.
func TestChaosPlan(t *testing.T) {
	numbers := [][]string{{"+4901"}, {"+4902", "+4903"}, {"+4904"}}
	plan := func(seed uint64) string {
		var b strings.Builder
		for _, o := range planOrders(seed, 200, numbers) {
			fmt.Fprintf(&b, "%+v\n", *o)
		}
		fmt.Fprintln(&b, planLives(seed, 50, 3))
		r := stream(seed, "modem")
		for range 100 {
			tr := drawTrouble(r)
			fmt.Fprintln(&b, tr.name)
			if tr.fault != nil {
				fmt.Fprintln(&b, tr.fault(r, &modemtest.Generic))
			}
		}
		return b.String()
	}
	first := plan(1)
	if plan(1) != first {
		t.Error("one seed, two plans")
	}
	if plan(2) == first {
		t.Error("two seeds, one plan")
	}
	payloads := map[string]bool{}
	for _, o := range planOrders(1, 2000, numbers) {
		key := fmt.Sprint(o.from, o.to, string(o.payload))
		if payloads[key] || o.from == o.to {
			t.Errorf("message %d from %d to %d is not unique", o.n, o.from, o.to)
		}
		payloads[key] = true
	}
}
