package bridge

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"wvsms/spool"
)

// Implementation.
const writeStep = 4 << 10 // octets written under one deadline: a slow reader is none that reads nothing

// A conn is one client of the socket.
//
// Its commands run one after the other in serve's goroutine. Two more may write: the
// one that gives messages after RECV and the one that tells events after EVENTS. Who
// holds out writes; a command holds it from its execution to the end of its answer, so
// that MSG and EVT stand between answers and no EVT precedes the OK that it follows from.
type conn struct {
	srv *server
	nc  net.Conn
	in  *bufio.Reader

	line net.Conn // below nc, where that is TLS

	out   gate
	frame []byte // what is being written; under out

	from     netip.Addr
	stranger bool    // a token is to be shown yet
	caller   *Caller // whose token was shown; nil: none was

	streams  sync.WaitGroup // pump, follow and watch
	consumer *consumer      // after RECV
	follower *follower      // after EVENTS

	capturing bool // after CAPTURE
}

// A gate is a mutex that is held while a client is waited for. Made of a channel,
// because testing/synctest lets no time pass for who waits for a sync.Mutex: the 30 s
// of a client that reads nothing would never end there.
type gate chan struct{}

func (g gate) Lock()   { g <- struct{}{} }
func (g gate) Unlock() { <-g }

// serve talks to one client until it leaves, is closed or ctx ends.
func (s *server) serve(ctx context.Context, nc net.Conn, e entrance) {
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	c := &conn{srv: s, nc: nc, line: nc, out: make(gate, 1), from: addressOf(nc)}
	err := c.meet(ctx, e)
	defer c.part()
	if err != nil {
		s.log.Debug().Err(err).Stringer("from", c.from).Msg("a connection ended before its begin")
		return
	}
	c.in = bufio.NewReaderSize(c.nc, maxLine+2)
	streams, stop := context.WithCancel(ctx)
	defer c.streams.Wait()
	defer stop()

	c.frame = append(c.frame, "WVSMS 1 ready max="...)
	c.frame = strconv.AppendInt(c.frame, maxSend, 10)
	err = c.flush()
	for err == nil {
		err = c.command(streams)
	}
	c.stopConsumer()
	stop()
	c.streams.Wait()
	if errors.Is(err, errHangUp) {
		linger(c.nc)
	}
}

var errHangUp = errors.New("hang up after the answer")

// An outOfStep is a Refusal after which nothing that follows can be trusted to be a command.
type outOfStep struct{ Refusal }

// command reads and executes one command and writes its answer. An error ends the connection.
func (c *conn) command(ctx context.Context) error {
	line, err := c.readLine()
	if err == io.EOF && line == "" {
		return err
	}
	var run func() error
	if err == nil {
		run, err = c.prepare(ctx, line)
	}
	if c.stranger && errors.Is(err, os.ErrDeadlineExceeded) {
		err = &outOfStep{Refusal{"auth", fmt.Sprintf("no token came within %v", strangerTime)}}
	}
	c.out.Lock()
	defer c.out.Unlock()
	if err == nil {
		err = run()
	}
	return c.answer(err)
}

// answer completes the answer of a command that ended with err. c.out is held.
func (c *conn) answer(err error) error {
	var refused *Refusal
	var lost *outOfStep
	switch {
	case err == nil, errors.Is(err, errHangUp):
	case errors.As(err, &lost):
		c.refuse(lost.Refusal)
		err = errHangUp
	case errors.As(err, &refused):
		c.refuse(*refused)
		err = nil
	default: // the client is gone
		return err
	}
	return errors.Join(c.flushLocked(), err)
}

func (c *conn) refuse(r Refusal) {
	c.frame = append(c.frame[:0], "ERR "...)
	c.frame = append(c.frame, r.Code...)
	c.frame = append(c.frame, ' ')
	for i := range len(r.Text) {
		if b := r.Text[i]; printable(b) || b == ' ' {
			c.frame = append(c.frame, b)
		} else {
			c.frame = append(c.frame, '?')
		}
	}
}

// readLine returns a line without its end. A line without an end is an outOfStep, and
// io.EOF comes with an empty line only.
func (c *conn) readLine() (string, error) {
	raw, err := c.in.ReadSlice('\n')
	line := bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
	switch {
	case errors.Is(err, bufio.ErrBufferFull), err == nil && len(line) > maxLine:
		return "", &outOfStep{Refusal{"line-too-long", "a line has at most " + strconv.Itoa(maxLine) + " octets"}}
	case err == io.EOF && len(raw) > 0:
		return "", &outOfStep{Refusal{"syntax", "the last line has no end"}}
	case err != nil:
		return "", err
	}
	return string(line), nil
}

// readPayload reads n octets and the line end after them. They are kept if keep is set.
func (c *conn) readPayload(n int, keep bool) ([]byte, error) {
	var payload bytes.Buffer // grows with what comes, not with what was announced
	var to io.Writer = &payload
	if !keep {
		to = io.Discard
	}
	if _, err := io.CopyN(to, c.in, int64(n)); err != nil {
		return nil, ended(err, "the payload is shorter than its length")
	}
	b, err := c.in.ReadByte()
	if err == nil && b == '\r' {
		b, err = c.in.ReadByte()
	}
	if err != nil {
		return nil, ended(err, "no line end after the payload")
	}
	if b != '\n' {
		return nil, &outOfStep{Refusal{"syntax", "no line end after the payload: its length is wrong"}}
	}
	return payload.Bytes(), nil
}

// ended: a client that closes its side in the middle is still told why nothing was kept.
func ended(err error, why string) error {
	if err == io.EOF {
		return &outOfStep{Refusal{"syntax", why}}
	}
	return err
}

func (c *conn) flush() error {
	c.out.Lock()
	defer c.out.Unlock()
	return c.flushLocked()
}

// flushLocked ends the frame and writes it. A client that takes nothing for 30 s is closed.
func (c *conn) flushLocked() error {
	c.frame = append(c.frame, '\r', '\n')
	rest := c.frame
	if probe := c.srv.cfg.Probe; probe != nil {
		word, _, _ := strings.Cut(strings.TrimSpace(string(rest)), " ")
		probe("write " + word)
		defer probe("written " + word)
	}
	c.frame = c.frame[:0]
	if cap(c.frame) > 2*maxSend {
		c.frame = nil
	}
	for len(rest) > 0 {
		stall := stallLimit
		if c.stranger {
			stall = lingerTime
		}
		c.nc.SetWriteDeadline(time.Now().Add(stall))
		n, err := c.nc.Write(rest[:min(len(rest), writeStep)])
		if err != nil {
			c.nc.Close()
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// pump writes the messages that the hub gives to the consumer.
func (c *conn) pump(ctx context.Context, consumer *consumer) {
	for {
		t, ok := c.srv.hub.take(consumer)
		if ok {
			c.give(ctx, consumer, t)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-consumer.left:
			return
		case <-consumer.wake:
		}
	}
}

// give writes one message. It is read only now: what was acknowledged before it was
// given to this consumer shows here, what is acknowledged later shows in begin.
func (c *conn) give(ctx context.Context, consumer *consumer, t turn) {
	var m *spool.Message
	err := c.srv.b.Spool().View(ctx, func(tx *spool.Tx) (err error) {
		m, err = tx.Message(t.id)
		return err
	})
	if !c.srv.hub.settle(ctx, t, m, err) {
		return
	}
	c.out.Lock()
	defer c.out.Unlock()
	again, ok := c.srv.hub.begin(consumer, t)
	if !ok {
		return
	}
	c.frame = appendMessage(c.frame, m, again)
	if err := c.flushLocked(); err == nil && !again {
		c.srv.b.Took(CommitToConsumer, c.srv.b.Now().Sub(m.Received))
	}
	c.srv.hub.end(consumer, t)
}

// appendMessage appends MSG and the payload, without the line end after it.
func appendMessage(b []byte, m *spool.Message, again bool) []byte {
	b = append(b, "MSG "...)
	b = append(b, m.ID...)
	b = append(b, ' ')
	b = appendPeer(b, m.Peer)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(m.Payload)), 10)
	b = append(b, " port="...)
	b = strconv.AppendUint(b, uint64(m.Port), 10)
	b = append(b, " from-port="...)
	b = strconv.AppendUint(b, uint64(m.FromPort), 10)
	b = append(b, " to="...)
	b = AppendValue(b, m.To)
	b = append(b, " alphabet="...)
	b = AppendValue(b, m.Alphabet)
	b = append(b, " modem="...)
	b = AppendValue(b, m.Modem)
	if !m.SCTS.IsZero() {
		b = append(b, " time="...)
		b = appendTime(b, m.SCTS)
	}
	b = append(b, " received="...)
	b = appendTime(b, m.ReceivedWall)
	if again {
		b = append(b, " redelivered=yes"...)
	}
	b = append(b, '\r', '\n')
	return append(b, m.Payload...)
}

// appendPeer appends a number as it is and an alphanumeric address in quotes.
func appendPeer(b []byte, peer string) []byte {
	digits := peer
	if len(digits) > 1 && digits[0] == '+' {
		digits = digits[1:]
	}
	for i := range len(digits) {
		// TS 23.040 9.1.2.3: * # a b c are digits too, for TON other than international.
		if !bytes.ContainsRune([]byte("0123456789*#abc"), rune(digits[i])) {
			return appendQuoted(b, peer)
		}
	}
	return AppendValue(b, peer)
}
