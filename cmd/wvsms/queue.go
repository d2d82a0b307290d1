package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"wvsms/bridge"
)

type queueCmd struct {
	List   queueListCmd   `cmd:"" help:"List what waits to be sent, or what came in."`
	Show   queueShowCmd   `cmd:"" help:"Show the ledger of one message."`
	Retry  queueRetryCmd  `cmd:"" help:"Put what the network has not accepted back into the queue, with a new time to live."`
	Cancel queueCancelCmd `cmd:"" help:"End messages: what is not on air yet will not go."`
	Resume queueResumeCmd `cmd:"" help:"Let messages go again to numbers with which a loop was stopped."`
}

// operatorFlags are those of each command that asks a running bridge.
type operatorFlags struct {
	Socket string `default:"127.0.0.1:3590" help:"The bridge: host:port or the path of a Unix socket."`
	JSON   bool   `name:"json" help:"Print an object a line."`
	accessFlags
}

// defaultSocket is where a bridge listens unless it is told otherwise.
const defaultSocket = "127.0.0.1:3590"

// byID is a command about one message. The id is quoted where it must be, so that
// whatever stands there is one argument of one line.
func byID(word, id string) string { return string(bridge.AppendValue([]byte(word+" "), id)) }

// object asks for DATA.
func (c *client) object(line string) (json.RawMessage, error) {
	if err := c.write(line, nil); err != nil {
		return nil, err
	}
	f, err := c.answer(c.hold)
	if err != nil {
		return nil, err
	}
	if f.word != "DATA" {
		return nil, fmt.Errorf("the bridge answers %q", f.line)
	}
	return f.payload, nil
}

// show asks for SHOW's object.
func (f *operatorFlags) show(ctx context.Context, id string) (json.RawMessage, error) {
	conn, err := f.dial(ctx, f.Socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	text, err := conn.object(byID("SHOW", id))
	if err != nil {
		return nil, fmt.Errorf("show %s: %w", visible(id), err)
	}
	return text, nil
}

type queueRetryCmd struct {
	IDs []string `arg:"" name:"id" help:"Messages to try again. What may have arrived may arrive twice: see explain."`
	operatorFlags
}

// Run puts messages back into the queue.
func (c *queueRetryCmd) Run(ctx context.Context, std *stdio) error {
	return c.operate(ctx, std.Out, "RETRY", "back in the queue", c.IDs)
}

type queueCancelCmd struct {
	IDs []string `arg:"" name:"id" help:"Messages to end."`
	operatorFlags
}

// Run ends messages.
func (c *queueCancelCmd) Run(ctx context.Context, std *stdio) error {
	return c.operate(ctx, std.Out, "CANCEL", "cancelled", c.IDs)
}

type queueResumeCmd struct {
	Numbers []string `arg:"" name:"number" help:"Numbers to which the bridge accepts nothing more, since two programs answered each other."`
	operatorFlags
}

// Run ends loops that were stopped.
func (c *queueResumeCmd) Run(ctx context.Context, std *stdio) error {
	return c.operate(ctx, std.Out, "RESUME", "messages go again", c.Numbers)
}

// operate does the same to several messages: each is tried, whatever the bridge says
// of the others.
func (f *operatorFlags) operate(ctx context.Context, out io.Writer, word, done string, ids []string) error {
	conn, err := f.dial(ctx, f.Socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	failed := 0
	for _, id := range ids {
		err := conn.command(byID(word, id))
		var refused *refusedError
		if err != nil && !errors.As(err, &refused) {
			return fmt.Errorf("%s %s: %w", strings.ToLower(word), visible(id), err)
		}
		if refused != nil {
			failed++
		}
		if err := f.report(out, id, done, refused); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%s: %d of %d refused", strings.ToLower(word), failed, len(ids))
	}
	return nil
}

func (f *operatorFlags) report(out io.Writer, id, done string, refused *refusedError) error {
	what := map[string]any{"id": id, "done": refused == nil}
	line := visible(id) + ": " + done
	if refused != nil {
		what["error"] = map[string]string{"code": refused.code, "text": refused.text}
		line = visible(id) + ": " + refused.Error()
	}
	if f.JSON {
		return json.NewEncoder(out).Encode(what)
	}
	_, err := fmt.Fprintln(out, line)
	return err
}

// A shown is what SHOW tells of a message, as far as it is printed for people.
type shown struct {
	ID          string     `json:"id"`
	Direction   string     `json:"direction"`
	From        string     `json:"from"`
	To          string     `json:"to"`
	Port        int        `json:"port"`
	FromPort    int        `json:"from_port"`
	CSP         string     `json:"csp"`
	Octets      int        `json:"octets"`
	Alphabet    string     `json:"alphabet"`
	State       string     `json:"state"`
	Why         string     `json:"why"`
	Modem       string     `json:"modem"`
	Key         string     `json:"key"`
	Origin      string     `json:"origin"`
	Route       string     `json:"route"`
	TTL         string     `json:"ttl"`
	Report      bool       `json:"report"`
	Unknown     string     `json:"unknown"`
	Ref         int        `json:"ref"`
	RefBits     int        `json:"ref_bits"`
	Restarts    int        `json:"restarts"`
	Accepted    time.Time  `json:"accepted"`
	Due         string     `json:"due_in"`
	Expires     string     `json:"expires_in"`
	Settled     *time.Time `json:"settled"`
	Total       int        `json:"segments_total"`
	OnNetwork   int        `json:"segments_accepted"`
	NotKnown    int        `json:"segments_unknown"`
	Attempts    []attempt  `json:"attempts"`
	Events      []event    `json:"events"`
	Dialogue    []dialogue `json:"dialogue"`
	Arrivals    []arrival  `json:"arrivals"`
	SCTS        *time.Time `json:"scts"`
	Received    time.Time  `json:"received"`
	Offers      int        `json:"offers"`
	Naks        int        `json:"naks"`
	Acked       *time.Time `json:"acked"`
	Next, Never string
	Can         []struct{ Command, Effect string }
	Segments    json.RawMessage `json:"segments"` // a list of one sent, a number of one received
}

type segment struct {
	Seq      int        `json:"seq"`
	State    string     `json:"state"`
	MR       *int       `json:"mr"`
	Modem    string     `json:"modem"`
	Attempts int        `json:"attempts"`
	Why      string     `json:"why"`
	Last     *time.Time `json:"last_attempt"`
}

type attempt struct {
	Segment int       `json:"segment"`
	At      time.Time `json:"at"`
	Took    string    `json:"took"`
	After   int64     `json:"after_ms"`
	Modem   string    `json:"modem"`
	Outcome string    `json:"outcome"`
	MR      *int      `json:"mr"`
	Why     string    `json:"why"`
}

type event struct {
	N       int64     `json:"n"`
	Word    string    `json:"word"`
	Segment int       `json:"segment"`
	Why     string    `json:"why"`
	At      time.Time `json:"at"`
	After   int64     `json:"after_ms"`
}

// A dialogue is what was said to a modem and by it around an attempt that failed.
type dialogue struct {
	Segment int       `json:"segment"`
	At      time.Time `json:"at"`
	Modem   string    `json:"modem"`
	Lines   []string  `json:"lines"`
}

// An arrival is a segment of a message received.
type arrival struct {
	Segment int        `json:"segment"`
	At      time.Time  `json:"at"`
	SCTS    *time.Time `json:"scts"`
	Modem   string     `json:"modem"`
	Copies  int        `json:"copies"`
}

func (m *shown) ledger() (list []segment, err error) {
	if m.Direction != "in" && m.Segments != nil {
		err = json.Unmarshal(m.Segments, &list)
	}
	return list, err
}

// moment is a time for people.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
