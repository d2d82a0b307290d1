package main

import (
	"fmt"
	"io"
)

func (m *shown) tellInbound(w io.Writer) {
	fmt.Fprintf(w, "Message %s from %s, port %d: %s in %s segment", m.ID, visible(m.From), m.Port, count(m.Octets, "octet"), m.Segments)
	if m.parts() != 1 {
		fmt.Fprint(w, "s")
	}
	fmt.Fprint(w, ".\n")
	m.tellCSP(w)
	fmt.Fprintf(w, "Received %s over modem %s, for %s.", moment(m.Received), visible(m.Modem), whose(m.Route))
	if m.SCTS != nil {
		fmt.Fprintf(w, " The network stamped it %s.", moment(*m.SCTS))
	}
	fmt.Fprint(w, "\n\nWhat happened\n")
	m.tellArrivals(w)
	fmt.Fprint(w, "\nHow it stands\n  ")
	switch {
	case m.Offers == 0:
		fmt.Fprint(w, "It was not offered yet")
	default:
		fmt.Fprintf(w, "It was offered %s", count(m.Offers, "time"))
	}
	if m.Naks > 0 {
		fmt.Fprintf(w, " and put off %s", count(m.Naks, "time"))
	}
	if m.Acked != nil {
		fmt.Fprintf(w, ". It was acknowledged %s.\n", moment(*m.Acked))
	} else {
		fmt.Fprint(w, ". Nobody has acknowledged it.\n")
	}
}

// parts is the number of segments of a message received.
func (m *shown) parts() (n int) {
	fmt.Sscan(string(m.Segments), &n)
	return n
}

// tellArrivals tells the segments in the order in which they came, and what came of them.
func (m *shown) tellArrivals(w io.Writer) {
	for i, a := range m.Arrivals {
		fmt.Fprintf(w, "  %s  ", moment(a.At))
		if m.parts() > 1 {
			fmt.Fprintf(w, "segment %d of %d ", a.Segment, m.parts())
		} else {
			fmt.Fprint(w, "it ")
		}
		fmt.Fprintf(w, "came over modem %s", visible(a.Modem))
		switch {
		case a.SCTS == nil:
			fmt.Fprint(w, ", with no valid stamp of the network")
		default:
			fmt.Fprintf(w, ", stamped %s", moment(*a.SCTS))
		}
		if a.Copies > 0 {
			fmt.Fprintf(w, "; %s of it came as well: acknowledged and dropped", copies(a.Copies))
		}
		if i == len(m.Arrivals)-1 && m.parts() > 1 {
			fmt.Fprint(w, "; with it the message was whole")
		}
		fmt.Fprintln(w)
	}
	if len(m.Arrivals) == 0 {
		fmt.Fprintln(w, "  (when its segments came is no longer kept)")
	}
	fmt.Fprintf(w, "  %s  kept for %s, and acknowledged to the network\n", moment(m.Received), whose(m.Route))
	if m.Acked != nil {
		fmt.Fprintf(w, "  %s  %s has it\n", moment(*m.Acked), whose(m.Route))
	}
}

func copies(n int) string {
	if n == 1 {
		return "1 copy"
	}
	return fmt.Sprintf("%d copies", n)
}
