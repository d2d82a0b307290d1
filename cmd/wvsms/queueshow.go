package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

type queueShowCmd struct {
	ID string `arg:"" help:"The message."`
	operatorFlags
}

// Run prints what the bridge knows of one message, without comment: explain has that.
func (c *queueShowCmd) Run(ctx context.Context, std *stdio) error {
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
		return fmt.Errorf("show %s: %w", visible(c.ID), err)
	}
	return m.table(std.Out)
}

func (m *shown) table(out io.Writer) error {
	segments, err := m.ledger()
	if err != nil {
		return fmt.Errorf("show %s: %w", visible(m.ID), err)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	field := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	field("id", "%s", m.ID)
	state := m.State
	if m.Why != "" {
		state += ": " + visible(m.Why)
	}
	field("state", "%s", state)
	if m.Direction == "in" {
		field("from", "%s, port %d (their port %d)", visible(m.From), m.Port, m.FromPort)
		field("payload", "%d octets, %s, %s segments", m.Octets, m.Alphabet, m.Segments)
		field("received", "%s by modem %s, for %s", moment(m.Received), visible(m.Modem), visible(m.Route))
		field("offered", "%d times, put off %d times", m.Offers, m.Naks)
		if m.Acked != nil {
			field("acknowledged", "%s", moment(*m.Acked))
		}
		return w.Flush()
	}
	field("to", "%s, port %d (our port %d)", visible(m.To), m.Port, m.FromPort)
	field("payload", "%d octets, %d segments", m.Octets, m.Total)
	field("accepted", "%s from %s, ttl %s", moment(m.Accepted), visible(m.Origin), m.TTL)
	field("policy", "report=%s unknown=%s", yesNo(m.Report), m.Unknown)
	if m.RefBits != 0 {
		field("reference", "%d of %d bits, begun again %d times", m.Ref, m.RefBits, m.Restarts)
	}
	if m.Expires != "" {
		field("next look", "in %s, expires in %s", m.Due, m.Expires)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nSEGMENT\tSTATE\tATTEMPTS\tMODEM\tMR\tLAST ATTEMPT\tWHY")
	for _, s := range segments {
		mr, last := "-", "-"
		if s.MR != nil {
			mr = fmt.Sprint(*s.MR)
		}
		if s.Last != nil {
			last = moment(*s.Last)
		}
		fmt.Fprintf(w, "%d/%d\t%s\t%d\t%s\t%s\t%s\t%s\n", s.Seq, m.Total, s.State, s.Attempts, dash(visible(s.Modem)), mr, last, dash(visible(s.Why)))
	}
	if len(m.Events) > 0 {
		fmt.Fprintln(w, "\nEVENT\tTIME\tWORD\tSEGMENT\tWHY")
	}
	for _, e := range m.Events {
		seg := "-"
		if e.Segment > 0 {
			seg = fmt.Sprintf("%d/%d", e.Segment, m.Total)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", e.N, moment(e.At), e.Word, seg, dash(visible(e.Why)))
	}
	return w.Flush()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// dash stands for nothing.
func dash(s string) string {
	if strings.TrimSpace(s) == "" {
		return "-"
	}
	return s
}
