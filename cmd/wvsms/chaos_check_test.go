package main

import (
	"fmt"
	"slices"
	"strings"

	"wvsms/modem/modemtest"
)

// check holds a history against the promise. It returns what is wrong, in words.
func (h *history) check() (wrong []string) {
	v := newVerdict(h)
	wrong = append(wrong, h.exits...)
	wrong = append(wrong, h.wrongs...)
	v.checkAcceptance()
	for _, s := range h.sends {
		if s.id != "" {
			v.checkEnd(s)
			v.checkDelivery(s)
			v.checkCopies(s)
		}
	}
	v.checkOffers()
	v.checkAcks()
	v.checkEvents()
	return append(wrong, v.wrong...)
}

// unfinished are the messages from which something is still to come.
func (h *history) unfinished() (left []string) {
	v := newVerdict(h)
	for _, s := range h.sends {
		if len(v.finals(s)) == 0 {
			left = append(left, fmt.Sprintf("message %d: no final event", s.n))
		} else if groups(v.air[s.n], airCounts.alive) > 0 && len(v.got[s.n]) == 0 {
			left = append(left, fmt.Sprintf("message %d: not delivered", s.n))
		}
	}
	return left
}

type verdict struct {
	h      *history
	air    []map[airKey]airCounts
	got    [][]string       // ids under which a message was delivered, by its number
	events map[string][]evt // by idKey
	wrong  []string
}

func newVerdict(h *history) *verdict {
	v := &verdict{h: h, air: h.onAir(), got: h.delivered(), events: map[string][]evt{}}
	for _, e := range h.events {
		key := idKey(e.bridge, e.id)
		v.events[key] = append(v.events[key], e)
	}
	return v
}

func idKey(bridge int, id string) string { return fmt.Sprint(bridge, " ", id) }

func (v *verdict) fault(s *sent, format string, args ...any) {
	v.wrong = append(v.wrong, fmt.Sprintf("message %d (%s, bridge %d to %d, unknown=%s, %d segments): ",
		s.n, s.id, s.from, s.to, s.policy, s.segments)+fmt.Sprintf(format, args...))
}

// sentAs finds the message that a bridge was to deliver, by its octets and its sender.
func (h *history) sentAs(o offer) *sent {
	from := h.owner(strings.TrimPrefix(o.peer, "+"))
	for _, s := range h.sends {
		if s.to == o.bridge && s.from == from && string(s.payload) == o.payload {
			return s
		}
	}
	return nil
}

// delivered are the ids under which each message came to its consumers.
func (h *history) delivered() [][]string {
	got := make([][]string, len(h.sends))
	for _, o := range h.offers {
		if s := h.sentAs(o); s != nil && !slices.Contains(got[s.n], o.id) {
			got[s.n] = append(got[s.n], o.id)
		}
	}
	return got
}

// finals are the events that end a message: product.md, "Events are kept".
func (v *verdict) finals(s *sent) (words []string) {
	for _, e := range v.events[idKey(s.from, s.id)] {
		switch {
		case e.segment != 0:
		case e.word == "sent" && !s.report, slices.Contains([]string{"delivered", "failed", "expired", "unknown", "cancelled"}, e.word):
			words = append(words, e.word)
		}
	}
	return words
}

// checkAcceptance: each SEND was answered in the end, and no id was given twice.
func (v *verdict) checkAcceptance() {
	ids := map[string]int{}
	for _, s := range v.h.sends {
		if s.id == "" {
			v.fault(s, "no answer to its SEND")
			continue
		}
		if n, ok := ids[idKey(s.from, s.id)]; ok {
			v.fault(s, "message %d has the same id", n)
		}
		ids[idKey(s.from, s.id)] = s.n
	}
}

// checkEnd: one final event, after unknown one correction, and each of them true.
func (v *verdict) checkEnd(s *sent) {
	finals := v.finals(s)
	switch n := len(finals); {
	case n == 0:
		v.fault(s, "it vanished: no final event")
		return
	case n == 2 && finals[0] == "unknown" && finals[1] != "unknown":
	case n > 1:
		v.fault(s, "it ends as %v", finals)
	}
	switch end := finals[len(finals)-1]; end {
	case "sent":
		if groups(v.air[s.n], taken) == 0 {
			v.fault(s, "it is told to be sent, yet the network did not take all of it")
		}
	case "delivered":
		if groups(v.air[s.n], handed) == 0 {
			v.fault(s, "it is told to be delivered, yet the network did not hand over all of it")
		}
	case "cancelled":
		if !s.cancelling {
			v.fault(s, "it is told to be cancelled, which nobody asked for")
		}
	}
}

// checkDelivery: what the network took whole and did not lose came to a consumer.
// Together with checkEnd that leaves nothing to vanish: what ended as sent was taken
// whole, so that it came or the network lost it.
func (v *verdict) checkDelivery(s *sent) {
	if len(v.got[s.n]) == 0 && groups(v.air[s.n], airCounts.alive) > 0 {
		v.fault(s, "it was lost: the network handed all of it over, and no consumer got it")
	}
}

// checkCopies: nothing comes twice and nothing goes twice, but for what the policy
// allows and an event announces.
func (v *verdict) checkCopies(s *sent) {
	announced := map[int]int{} // copies, by segment
	for _, e := range v.events[idKey(s.from, s.id)] {
		if e.word == "note" && strings.Contains(e.line, `sent\x20again`) {
			announced[e.segment]++
		}
	}
	copies := len(v.got[s.n]) - 1
	switch {
	case copies <= 0:
	case s.policy != "resend":
		v.fault(s, "it came %d times, as %v", copies+1, v.got[s.n])
	case copies > announced[1] || s.segments > 1:
		v.fault(s, "it came %d times, as %v, and %d copies were announced", copies+1, v.got[s.n], announced[1])
	}
	for key, counts := range v.air[s.n] {
		again := counts[modemtest.Taken] - 1
		switch {
		case again <= 0:
		case s.policy == "hold" || s.policy == "fail" || s.policy == "auto" && key.total == 1:
			v.fault(s, "it went on air %d times: %v", again+1, key)
		case again > announced[key.sequence]:
			v.fault(s, "it went on air %d times, and %d copies were announced: %v", again+1, announced[key.sequence], key)
		}
	}
	if n := groups(v.air[s.n], taken); n > 1 && !(s.policy == "resend" && s.segments == 1) {
		v.fault(s, "it went on air whole under %d references", n)
	}
}

// checkOffers: every octet as it was sent, one id a message, marked when it comes
// again, and never again after OK to its ACK.
func (v *verdict) checkOffers() {
	first := map[string]offer{}
	for _, o := range v.h.offers {
		at := idKey(o.bridge, o.id)
		s := v.h.sentAs(o)
		if s == nil {
			v.wrong = append(v.wrong, fmt.Sprintf("bridge %d offers %s from %s: %d octets that were not sent from there: %x", o.bridge, o.id, o.peer, len(o.payload), o.payload))
		}
		f, again := first[at]
		switch {
		case !again:
			first[at] = o
		case f.payload != o.payload || f.peer != o.peer:
			v.wrong = append(v.wrong, fmt.Sprintf("bridge %d offers two messages as %s", o.bridge, o.id))
		case !o.redelivered && o.fence > f.at:
			v.wrong = append(v.wrong, fmt.Sprintf("bridge %d offers %s again and does not say so", o.bridge, o.id))
		}
	}
	for _, a := range v.h.acks {
		if a.answer != "OK" {
			continue
		}
		for _, o := range v.h.offers {
			// On the connection of the OK, what follows it came later. On others it
			// may have been under way; the fence says that it was not.
			if o.bridge == a.bridge && o.id == a.id && (o.conn == a.conn && o.at > a.at || o.fence > a.at) {
				v.wrong = append(v.wrong, fmt.Sprintf("bridge %d offers %s again [%d] after OK to its ACK [%d]", o.bridge, o.id, o.at, a.at))
			}
		}
	}
}

// checkAcks: ACK of what was offered is OK, also when repeated. A full disk may refuse it.
func (v *verdict) checkAcks() {
	for _, a := range v.h.acks {
		if a.answer != "OK" && !strings.HasPrefix(a.answer, "ERR disk ") {
			v.wrong = append(v.wrong, fmt.Sprintf("bridge %d answers ACK %s with %q", a.bridge, a.id, a.answer))
		}
	}
}

// checkEvents: what was told once is told again, word for word.
func (v *verdict) checkEvents() {
	ids := map[string]bool{}
	for _, s := range v.h.sends {
		ids[idKey(s.from, s.id)] = true
	}
	lines := map[string]string{}
	last := map[int]int64{} // one that came after the second reading is told once
	for _, e := range v.h.replays {
		lines[fmt.Sprint(e.bridge, " ", e.n)] = e.line
		last[e.bridge] = max(last[e.bridge], e.n)
	}
	for _, e := range v.h.events {
		if line := lines[fmt.Sprint(e.bridge, " ", e.n)]; line != e.line && e.n <= last[e.bridge] {
			v.wrong = append(v.wrong, fmt.Sprintf("bridge %d: %q is told as %q later", e.bridge, e.line, line))
		}
		if e.word != "note" && !ids[idKey(e.bridge, e.id)] {
			v.wrong = append(v.wrong, fmt.Sprintf("bridge %d: %q is about nothing that was accepted", e.bridge, e.line))
		}
	}
	told := map[string]bool{}
	for _, e := range v.h.events {
		told[fmt.Sprint(e.bridge, " ", e.n)] = true
	}
	for _, e := range v.h.replays {
		if !told[fmt.Sprint(e.bridge, " ", e.n)] {
			v.wrong = append(v.wrong, fmt.Sprintf("bridge %d: %q was not told as it happened", e.bridge, e.line))
		}
	}
}
