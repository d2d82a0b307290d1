package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

type explainCmd struct {
	ID string `arg:"" help:"The message: the id that SEND or MSG gave."`
	operatorFlags
}

// Run tells the life of one message.
func (c *explainCmd) Run(ctx context.Context, std *stdio) error {
	text, err := c.show(ctx, c.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		_, err := fmt.Fprintf(std.Out, "%s\n", text)
		return err
	}
	var m shown
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("explain %s: %w", visible(c.ID), err)
	}
	var b bytes.Buffer
	if m.Direction == "in" {
		m.tellInbound(&b)
	} else if err := m.tellOutbound(&b); err != nil {
		return fmt.Errorf("explain %s: %w", visible(c.ID), err)
	}
	c.tellOutlook(&b, &m)
	_, err = std.Out.Write(b.Bytes())
	return err
}

func (m *shown) tellOutbound(w io.Writer) error {
	segments, err := m.ledger()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Message %s to %s, port %d: %s in %s", m.ID, visible(m.To), m.Port, count(m.Octets, "octet"), count(m.Total, "segment"))
	if m.RefBits != 0 && m.Total > 1 {
		fmt.Fprintf(w, ", under the %d-bit reference %d", m.RefBits, m.Ref)
	}
	fmt.Fprint(w, ".\n")
	m.tellCSP(w)
	under := ""
	if m.Key != "" {
		under = fmt.Sprintf(" under the key %q", visible(m.Key))
	}
	fmt.Fprintf(w, "Accepted %s from %s%s, to be sent within %s.", moment(m.Accepted), whose(m.Origin), under, m.TTL)
	if m.Report {
		fmt.Fprint(w, " A delivery report was asked for.")
	}
	fmt.Fprint(w, "\n\nWhat happened\n")
	m.tellStory(w, segments)

	fmt.Fprintf(w, "\nHow it stands\n  %s The network has accepted %d of %s", states[m.State], m.OnNetwork, count(m.Total, "segment"))
	if m.NotKnown > 0 {
		fmt.Fprintf(w, "; whether it has %d more, nobody knows", m.NotKnown)
	}
	if n := undelivered(segments); n > 0 {
		fmt.Fprintf(w, "; it took %d more, which it could not deliver", n)
	}
	fmt.Fprint(w, ".\n")
	if m.Why != "" {
		fmt.Fprintf(w, "  The reason: %s.\n", strings.TrimSuffix(visible(m.Why), "."))
	}
	m.tellDialogue(w)
	return nil
}

// tellDialogue shows what was said around the last attempts that ended in trouble.
func (m *shown) tellDialogue(w io.Writer) {
	if len(m.Dialogue) == 0 {
		return
	}
	fmt.Fprint(w, "\nWhat was said when it failed (> to the modem, < by it; seconds before the end; messages are masked)\n")
	for _, d := range m.Dialogue {
		fmt.Fprintf(w, "  %smodem %s, until %s\n", m.which(d.Segment), visible(d.Modem), moment(d.At))
		for _, line := range d.Lines {
			fmt.Fprintf(w, "    %s\n", visible(line))
		}
	}
}

// undelivered counts the segments of which a report says that they failed: without one, a
// segment that has failed has no TP-MR.
func undelivered(segments []segment) (n int) {
	for _, s := range segments {
		if s.State == "failed" && s.MR != nil {
			n++
		}
	}
	return n
}

var states = map[string]string{
	"queued":    "It is in the queue.",
	"sent":      "It is sent.",
	"delivered": "It is delivered.",
	"failed":    "It has failed.",
	"expired":   "Its time to live ended before it was sent.",
	"unknown":   "It has ended, and nobody knows whether it arrived.",
	"cancelled": "It was cancelled.",
}

// tellStory puts attempts and events into one order, each in a line.
func (m *shown) tellStory(w io.Writer, segments []segment) {
	type line struct {
		after int64
		text  string
	}
	var lines []line
	kept := map[int]int{}
	for _, a := range m.Attempts {
		kept[a.Segment]++
		lines = append(lines, line{a.After, moment(a.At) + "  " + m.tellAttempt(a)})
	}
	for _, e := range m.Events {
		if text := m.tellEvent(e); text != "" {
			lines = append(lines, line{e.After, moment(e.At) + "  " + text})
		}
	}
	for _, s := range segments {
		if s.State == "submitting" && s.Last != nil {
			lines = append(lines, line{math.MaxInt64, moment(*s.Last) + "  " + m.which(s.Seq) + "modem " + visible(s.Modem) + " is submitting it"})
		}
	}
	// An attempt stands before the events that follow from it.
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.after, b.after) })
	for _, l := range lines {
		fmt.Fprintf(w, "  %s\n", l.text)
	}
	if len(lines) == 0 {
		fmt.Fprintln(w, "  Nothing yet: no modem has tried to send it.")
	}
	for _, s := range segments {
		more := s.Attempts - kept[s.Seq]
		if s.State == "submitting" {
			more-- // the one that is under way
		}
		if more > 0 {
			fmt.Fprintf(w, "  (%s%s earlier, no longer kept)\n", m.which(s.Seq), count(more, "attempt"))
		}
	}
}

func (m *shown) tellAttempt(a attempt) string {
	text := m.which(a.Segment) + "modem " + visible(a.Modem) + " submitted it: "
	why := ""
	told := func(e event) bool { return e.After == a.After && strings.Contains(e.Why, a.Why) }
	if a.Why != "" && !slices.ContainsFunc(m.Events, told) {
		why = ": " + visible(a.Why)
	}
	switch a.Outcome {
	case "accepted":
		text += "the network accepted it"
		if a.MR != nil {
			text += fmt.Sprintf(" as TP-MR %d", *a.MR)
		}
	case "refused":
		text += "it was refused"
	case "not-sent":
		text += "it was not handed over"
	default:
		text += "nobody knows whether the network has it"
	}
	return text + why + " (answered after " + a.Took + ")"
}

func (m *shown) tellEvent(e event) string {
	why := ""
	if e.Why != "" {
		why = ": " + visible(e.Why)
	}
	switch {
	case e.Word == "sent" && e.Segment > 0:
		return "" // the attempt says it
	case e.Word == "sent":
		return "the network has all of it"
	case e.Word == "delivered" && e.Why != "":
		return m.which(e.Segment) + visible(e.Why)
	case e.Word == "delivered" && e.Segment > 0:
		return m.which(e.Segment) + "the phone has it, says a status report"
	case e.Word == "delivered" && m.Total == 1:
		return "the phone has it, says a status report"
	case e.Word == "delivered":
		return "the phone has all of it"
	case e.Word == "note":
		return m.which(e.Segment) + visible(e.Why)
	}
	return e.Word + why
}

// which names a segment where there are several.
func (m *shown) which(seq int) string {
	if seq == 0 || m.Total == 1 {
		return ""
	}
	return fmt.Sprintf("segment %d of %d: ", seq, m.Total)
}

func (m *shown) tellCSP(w io.Writer) {
	if m.CSP != "" {
		fmt.Fprintf(w, "It is %s.\n", visible(m.CSP))
	}
}

func (c *explainCmd) tellOutlook(w io.Writer, m *shown) {
	fmt.Fprintf(w, "\nWhat comes next\n  %s\n", visible(m.Next))
	if m.Never != "" {
		fmt.Fprintf(w, "  %s\n", visible(m.Never))
	}
	if len(m.Can) == 0 {
		return
	}
	fmt.Fprint(w, "\nWhat you can do\n")
	socket := ""
	if c.Socket != defaultSocket {
		socket = " --socket " + c.Socket
	}
	socket += c.args()
	for _, a := range m.Can {
		command := "wvsms queue " + a.Command + " " + m.ID + socket
		if a.Command == "listen" {
			command = fmt.Sprintf("wvsms listen --ports %d%s", m.Port, socket)
		}
		fmt.Fprintf(w, "  %s\n      %s\n", command, visible(a.Effect))
	}
}

// whose names where a message came from, or goes to.
func whose(origin string) string {
	if origin == "tcp" {
		return "a program on the socket"
	}
	return "the UDP role " + visible(origin)
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
