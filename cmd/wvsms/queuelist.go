package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"wvsms/bridge"
)

// listPage is how many rows are asked for at a time, so that neither side needs memory
// for a long list.
const listPage = 200

type queueListCmd struct {
	State      string `placeholder:"STATE" help:"Only those in this state: queued (the default), sent, delivered, failed, expired, unknown or cancelled; of the inbox ready (the default) or acked; of partials waiting or parked; all."`
	Inbox      bool   `xor:"what" help:"List messages received instead."`
	Partials   bool   `xor:"what" help:"List messages received that miss segments instead."`
	Quarantine bool   `xor:"what" help:"List short messages that were set aside instead, with the reason and the PDU."`
	Payload    bool   `help:"With --quarantine: print what is in the short messages, too. --json always has it."`
	Limit      int    `help:"End after so many; 0 is never."`
	operatorFlags
}

// A listing is one kind of list.
type listing struct {
	what     string // LIST's word
	state    string // listed unless the user says otherwise
	heading  string
	nothing  string // said to people when the list is empty
	describe func(row) string
}

var (
	queueListing = listing{"queue", "queued",
		fmt.Sprintf(queueFormat, "ID", "TO", "STATE", "SEGMENTS", "NEXT IN", "EXPIRES IN", "WHY"),
		"nothing waits to be sent (--state all lists what has ended, too)", row.queued}
	inboxListing = listing{"inbox", "ready",
		fmt.Sprintf(inboxFormat, "ID", "FROM", "PORT", "STATE", "OCTETS", "OFFERED", "RECEIVED"),
		"nothing waits for a consumer (--state all lists what is acknowledged, too)", row.received}
	partialsListing = listing{"partials", "",
		fmt.Sprintf(partialsFormat, "N", "FROM", "PORT", "REF", "STATE", "HERE", "AGE", "GIVEN UP IN", "SEGMENTS HERE"),
		"no message misses segments", row.partial}
	quarantineListing = listing{"quarantine", "",
		fmt.Sprintf(quarantineFormat, "N", "TIME", "MODEM", "FROM", "REASON", "PDU"),
		"nothing is set aside", row.setAside}
)

// Columns have a fixed width, so that a list of any length can be printed as it comes.
const (
	queueFormat      = "%-26s  %-16s  %-9s  %8s  %9s  %10s  %s"
	inboxFormat      = "%-26s  %-16s  %5s  %-5s  %6s  %7s  %s"
	partialsFormat   = "%8s  %-16s  %5s  %-8s  %-7s  %7s  %9s  %11s  %s"
	quarantineFormat = "%8s  %-23s  %-8s  %-16s  %-12s  %s"
)

// A row is one object of LIST.
type row struct {
	N        int64     `json:"n"`
	ID       string    `json:"id"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Port     int       `json:"port"`
	Octets   int       `json:"octets"`
	State    string    `json:"state"`
	Why      string    `json:"why"`
	Unknown  string    `json:"unknown"`
	Due      string    `json:"due_in"`
	Expires  string    `json:"expires_in"`
	Total    int       `json:"segments_total"`
	Accepted int       `json:"segments_accepted"`
	NotKnown int       `json:"segments_unknown"`
	Offers   int       `json:"offers"`
	Received time.Time `json:"received"`
	Ref      int       `json:"ref"`
	RefBits  int       `json:"ref_bits"`
	Name     string    `json:"name"`
	Have     []int     `json:"have"`
	Age      string    `json:"age"`
	Deadline string    `json:"deadline_in"`
	Modem    string    `json:"modem"`
	Reason   string    `json:"reason"`
	PDU      string    `json:"pdu"`
	Text     string    `json:"text"`
	At       time.Time `json:"at"`
}

// Run prints a list, page by page.
func (c *queueListCmd) Run(ctx context.Context, std *stdio) error {
	if c.Limit < 0 {
		return usageError{errors.New("--limit is at least 0")}
	}
	kind := queueListing
	switch {
	case c.Inbox:
		kind = inboxListing
	case c.Partials:
		kind = partialsListing
	case c.Quarantine:
		kind = quarantineListing
	}
	if c.State != "" {
		kind.state = c.State
	}
	conn, err := c.dial(ctx, c.Socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	printed, err := c.pages(conn, kind, std.Out)
	var refused *refusedError
	switch {
	case errors.As(err, &refused) && refused.code == "syntax":
		return usageError{err}
	case err != nil:
		return err
	}
	if printed == 0 && !c.JSON {
		fmt.Fprintln(std.Err, kind.nothing)
	}
	return nil
}

func (c *queueListCmd) pages(conn *client, kind listing, out io.Writer) (printed int, err error) {
	var after int64
	for {
		limit := listPage
		if c.Limit > 0 {
			limit = min(limit, c.Limit-printed)
		}
		line := fmt.Sprintf("LIST %s limit=%d after=%d", kind.what, limit, after)
		if kind.state != "" && kind.state != "all" {
			line = option(line, "state", kind.state)
		}
		text, err := conn.object(line)
		if err != nil {
			return printed, fmt.Errorf("list the %s: %w", kind.what, err)
		}
		var page []json.RawMessage
		if err := json.Unmarshal(text, &page); err != nil {
			return printed, fmt.Errorf("list the %s: %w", kind.what, err)
		}
		for _, one := range page {
			var r row
			if err := json.Unmarshal(one, &r); err != nil {
				return printed, fmt.Errorf("list the %s: %w", kind.what, err)
			}
			if printed == 0 && !c.JSON {
				fmt.Fprintln(out, kind.heading)
			}
			line := string(one)
			if !c.JSON {
				line = strings.TrimRight(kind.describe(r.masked(c.Payload)), " ")
			}
			if _, err := fmt.Fprintln(out, line); err != nil {
				return printed, fmt.Errorf("write the list: %w", err)
			}
			printed++
			after = r.N
		}
		if len(page) < limit || printed == c.Limit {
			return printed, nil
		}
	}
}

func (r row) queued() string {
	next := r.Due
	if r.Unknown == "hold" && r.NotKnown > 0 && r.Accepted+r.NotKnown == r.Total {
		next = "held" // it is not tried again: its reason says what it waits for
	}
	if r.Expires == "" {
		next = ""
	}
	return fmt.Sprintf(queueFormat, r.ID, visible(r.To), r.State, fmt.Sprintf("%d/%d", r.Accepted, r.Total), dash(next), dash(r.Expires), visible(r.Why))
}

func (r row) received() string {
	return fmt.Sprintf(inboxFormat, r.ID, visible(r.From), fmt.Sprint(r.Port), r.State, fmt.Sprint(r.Octets), fmt.Sprint(r.Offers), moment(r.Received))
}

func (r row) partial() string {
	return fmt.Sprintf(partialsFormat, fmt.Sprint(r.N), visible(r.From), fmt.Sprint(r.Port), cmp.Or(r.Name, fmt.Sprintf("%d/%d", r.Ref, r.RefBits)), r.State,
		fmt.Sprintf("%d/%d", len(r.Have), r.Total), r.Age, dash(r.Deadline), strings.Trim(fmt.Sprint(r.Have), "[]"))
}

// masked is the row without what a short message holds, unless that was asked for.
func (r row) masked(payload bool) row {
	if payload {
		return r
	}
	if r.PDU != "" {
		r.PDU = bridge.MaskPDU(r.PDU)
	}
	if r.Text != "" {
		r.Text = fmt.Sprintf("<%d characters>", len(r.Text))
	}
	return r
}

func (r row) setAside() string {
	what := r.PDU
	if what == "" {
		what = visible(r.Text)
	}
	return fmt.Sprintf(quarantineFormat, fmt.Sprint(r.N), moment(r.At), visible(r.Modem), dash(visible(r.From)), visible(r.Reason), what)
}
