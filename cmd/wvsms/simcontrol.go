package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"wvsms/modem/modemtest"
)

// simControl takes commands on a Unix socket, one a line, and answers each with
// OK or ERR and the reason.
type simControl struct {
	air      *modemtest.Air
	modems   []*simLine
	listener net.Listener
}

const simControlHelp = `reset NUMBER | hangup NUMBER | urc NUMBER LINE | csq NUMBER N | creg NUMBER REG EPS
fault NUMBER KIND [on=+CMGS] [at=begun|prompt|data|done] [after=5s] [p=0.1] [times=N] [text=…]
deliver NUMBER TPDU-HEX | counts | help`

func (c *simControl) listen(path string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		os.Remove(path) // left by one that was killed
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("listen for control: %w", err)
	}
	c.listener = l
	return nil
}

// run answers until ctx ends.
func (c *simControl) run(ctx context.Context) error {
	var conns sync.WaitGroup
	defer conns.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conns.Go(func() { <-ctx.Done(); c.listener.Close() })
	for {
		conn, err := c.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept control: %w", err)
		}
		done := make(chan struct{})
		conns.Go(func() {
			select {
			case <-ctx.Done():
			case <-done:
			}
			conn.Close()
		})
		conns.Go(func() {
			defer close(done)
			lines := bufio.NewScanner(conn)
			for lines.Scan() {
				answer, err := c.do(lines.Text())
				if err != nil {
					fmt.Fprintln(conn, "ERR", err)
				} else {
					fmt.Fprintln(conn, strings.TrimSpace("OK "+answer))
				}
			}
		})
	}
}

// do executes one command.
func (c *simControl) do(line string) (answer string, err error) {
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch word {
	case "help":
		return simControlHelp, nil
	case "counts":
		return c.air.Counts().String(), nil
	}
	number, rest, _ := strings.Cut(rest, " ")
	if word == "deliver" {
		tpdu, err := hex.DecodeString(rest)
		if err != nil {
			return "", fmt.Errorf("read the TPDU: %w", err)
		}
		c.air.Inject(number, tpdu)
		return "", nil
	}
	var m *simLine
	for _, candidate := range c.modems {
		if candidate.Number() == number {
			m = candidate
		}
	}
	if m == nil {
		return "", fmt.Errorf("%s: no such modem, or no such command: say help", strings.TrimSpace(word+" "+number))
	}
	switch word {
	case "reset":
		m.Reset()
	case "hangup":
		m.HangUp()
	case "urc":
		m.URC(rest)
	case "csq":
		n, err := strconv.Atoi(rest)
		if err != nil {
			return "", fmt.Errorf("read the signal: %w", err)
		}
		m.SetSignal(n)
	case "creg":
		var reg, eps int
		if _, err := fmt.Sscanf(rest, "%d %d", &reg, &eps); err != nil {
			return "", fmt.Errorf("read the registration: %w", err)
		}
		m.SetRegistration(reg, eps)
	case "fault":
		f, err := modemtest.ParseFault(rest)
		if err != nil {
			return "", err
		}
		m.Fault(f)
	default:
		return "", fmt.Errorf("%s: no such command: say help", word)
	}
	return "", nil
}
