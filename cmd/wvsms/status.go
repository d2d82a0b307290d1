package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	statusEach   = time.Second     // INFO is not asked for more often,
	statusAtMost = 5 * time.Second // and at least so often: no event tells how the modems are
)

type statusCmd struct {
	Watch bool `help:"Go on, and tell again when something has changed, until interrupted."`
	operatorFlags
}

// Run tells how the bridge is. It fails where no message could be sent now.
func (c *statusCmd) Run(ctx context.Context, std *stdio) error {
	conn, err := c.dial(ctx, c.Socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if c.Watch {
		return c.watch(ctx, conn, std)
	}
	v, err := conn.status()
	if err != nil {
		return err
	}
	if c.JSON {
		_, err = fmt.Fprintf(std.Out, "%s\n", v.text)
	} else {
		_, err = io.WriteString(std.Out, v.heading(c.Socket)+v.screen())
	}
	if why := v.silent(); err == nil && why != "" {
		return errors.New(why)
	}
	return err
}

// status asks for INFO.
func (c *client) status() (*bridgeStatus, error) {
	text, err := c.object("INFO")
	if err != nil {
		return nil, fmt.Errorf("ask the bridge how it is: %w", err)
	}
	v := &bridgeStatus{text: text}
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("ask the bridge how it is: %w", err)
	}
	return v, nil
}

// watch tells it again when it has changed: on a terminal in the same place, else below.
func (c *statusCmd) watch(ctx context.Context, conn *client, std *stdio) error {
	if err := conn.command("EVENTS"); err != nil {
		return fmt.Errorf("ask for events: %w", err)
	}
	moved := make(chan struct{}, 1)
	reads, left := make(chan answered), make(chan struct{})
	defer close(left)
	go conn.pass(reads, moved, left)
	show := appender{out: std.Out}.show
	if isTerminal(std.Out) {
		show = redrawer{out: std.Out}.show
	}
	told := ""
	for {
		if err := conn.write("INFO", nil); err != nil {
			return c.ended(ctx, err)
		}
		r := <-reads
		if r.err != nil {
			return c.ended(ctx, r.err)
		}
		v := &bridgeStatus{text: r.payload}
		if err := json.Unmarshal(r.payload, v); err != nil {
			return fmt.Errorf("ask the bridge how it is: %w", err)
		}
		screen := v.screen()
		if screen != told {
			told = screen
			var err error
			if c.JSON {
				_, err = fmt.Fprintf(std.Out, "%s\n", v.text)
			} else {
				err = show(v.heading(c.Socket) + screen)
			}
			if err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
		if !c.rest(ctx, moved) {
			return nil
		}
	}
}

// An answered is DATA, or why there is none.
type answered struct {
	payload []byte
	err     error
}

// pass hands on answers, and tells that an event came. It ends with the connection.
func (c *client) pass(to chan<- answered, moved chan<- struct{}, left <-chan struct{}) {
	for {
		f, err := c.read()
		if err == nil && f.word != "DATA" {
			select {
			case moved <- struct{}{}:
			default: // it is known
			}
			continue
		}
		select {
		case to <- answered{f.payload, err}:
		case <-left:
			return
		}
		if err != nil {
			return
		}
	}
}

// rest waits until it is time to ask again; false: ctx ended.
func (c *statusCmd) rest(ctx context.Context, moved <-chan struct{}) bool {
	least, most := time.NewTimer(statusEach), time.NewTimer(statusAtMost)
	defer least.Stop()
	defer most.Stop()
	select {
	case <-least.C:
	case <-ctx.Done():
		return false
	}
	select {
	case <-moved:
	case <-most.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// ended: who interrupts it has seen enough.
func (c *statusCmd) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("connection to the bridge lost: %w", err)
}

// A redrawer keeps one screen of a terminal.
type redrawer struct{ out io.Writer }

func (r redrawer) show(text string) error {
	// Home; each line, and what is left of the last screen in it and below it, erased.
	text = "\x1b[H" + strings.ReplaceAll(text, "\n", "\x1b[K\n") + "\x1b[J"
	_, err := io.WriteString(r.out, text)
	return err
}

// An appender is for what is no terminal: one after the other, each with its time.
type appender struct{ out io.Writer }

func (a appender) show(text string) error {
	_, err := fmt.Fprintf(a.out, "%s\n%s\n", moment(time.Now()), text)
	return err
}
