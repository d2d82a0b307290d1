package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wvsms/csp"
	"wvsms/modem/modemtest"
)

// simClient is the number of the handset that plays a whole session.
const simClient = "+491712345679"

// wholeSession has a client of CSP log in with a digest, tell what it can, look who is
// there, make a list and leave, by SMS in parts of CSP's own as Android's client does. A
// service answers it through the socket. Each transaction is a line; the session fails if
// an octet of it differs.
func (s *stage) wholeSession(ctx context.Context, air *modemtest.Air, c *client) error {
	const user, password = "wv:alice@example.com", `se cr"et`
	service := modemtest.NewIMService(modemtest.IMServiceOptions{Accounts: map[string]string{user: password}})
	actor := modemtest.NewIMClient(modemtest.IMClientOptions{Server: simModem, User: user, Password: password, Size: modemtest.IMSize})
	handset := air.NewIMHandset(simClient, actor)
	handset.Act(actor.Begin)
	asked := map[string]exchanged{} // by the service, and not answered yet
	crossed := map[string]bool{}    // the messages, as the program has them
	for left := false; !left; {
		m, err := c.message(ctx)
		if err != nil {
			return fmt.Errorf("wait for the handset: %w", err)
		}
		if err := c.command("ACK " + m.id); err != nil {
			return err
		}
		crossed[string(m.payload)] = true
		came := newExchanged(m.payload, inParts(m.payload))
		if came.Mode == csp.Response {
			s.transaction(asked[came.ID], came)
		}
		for _, answer := range service.Push(time.Now(), m.peer, m.payload) {
			crossed[string(answer.Data)] = true
			_, segments, err := c.send(answer.To, answer.Data)
			if err != nil {
				return err
			}
			if goes := newExchanged(answer.Data, segments); goes.Mode == csp.Request {
				asked[goes.ID] = goes
			} else {
				s.transaction(came, goes)
			}
		}
		left = came.Code == "OR"
	}
	if err := wait(ctx, func() (done bool, err error) {
		handset.Act(func(time.Time) []modemtest.IMDatagram {
			done, err = actor.Done()
			return nil
		})
		return done, err
	}); err != nil {
		return err
	}
	for _, t := range actor.Transactions() {
		if !crossed[string(t.Sent)] || !crossed[string(t.Got)] {
			return fmt.Errorf("a message of %s, transaction %s, arrived changed", t.Request, t.ID)
		}
	}
	return nil
}

// An exchanged message is one half of a transaction.
type exchanged struct {
	csp.Transaction
	segments int
}

func newExchanged(b []byte, segments int) exchanged {
	e := exchanged{segments: segments}
	if m := csp.Inspect(b); len(m.Transactions) > 0 {
		e.Transaction = m.Transactions[0]
	}
	return e
}

// transaction tells one as the log of the bridge does.
func (s *stage) transaction(request, response exchanged) {
	status := ""
	if response.Status != 0 {
		status = fmt.Sprintf(" %d", response.Status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "         %s → %s%s, %d+%d segments: %s\n",
		request.Name(), response.Name(), status, request.segments, response.segments, request.Primitive)
}

// inParts is how many short messages a handset sends of a message.
func inParts(b []byte) int {
	parts, err := csp.Split(b, modemtest.IMSize)
	if err != nil {
		return 1
	}
	return len(parts)
}

// wait asks until something is done.
func wait(ctx context.Context, done func() (bool, error)) error {
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.New("the handset's session does not end")
		case <-time.After(5 * time.Millisecond):
		}
	}
}
