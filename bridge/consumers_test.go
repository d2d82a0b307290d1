package bridge

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/spool"
)

// "A client that does not read for 30 s is closed": what it was given goes to others,
// under the same ids.
func TestSilentConsumerIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDialogue(t)
		near, far := newDuplex() // nobody reads what is written to near
		served := make(chan struct{})
		go func() {
			d.server.serve(t.Context(), far, entrance{})
			close(served)
		}()
		in := bufio.NewReader(near)
		if _, err := in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		io.WriteString(near, "RECV\n")
		if line, err := in.ReadString('\n'); line != "OK\r\n" {
			t.Fatalf("%q, %v", line, err)
		}
		var ids []string
		for range 3 {
			ids = append(ids, d.desk.arrive(message("+1", "hello")))
		}
		d.server.hub.messageReady()
		synctest.Wait()

		time.Sleep(stallLimit - time.Second)
		synctest.Wait()
		select {
		case <-served:
			t.Fatal("closed before its time")
		default:
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		select {
		case <-served:
		default:
			t.Fatal("still served although it reads nothing")
		}

		d.play("S: WVSMS 1 ready max=32640\nC: RECV\nS: OK")
		for _, id := range ids {
			d.play("S: MSG " + id + " +1 5 <*>\n" + `S= hello\r\n`)
		}
	})
}

// Ten consumers at once that acknowledge, put off, fall silent, stop reading and crash
// as they like: each message is acknowledged, none is offered after OK to its ACK, and
// messages of one sender are with one consumer at a time.
func TestTenConsumers(t *testing.T) {
	t.Parallel()
	seeds := uint64(8)
	if brief() {
		seeds = 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newCrowd(t, seed).run() })
		})
	}
}

// A crowd is ten consumers and what they know together.
type crowd struct {
	t    *testing.T
	d    *dialogue
	seed uint64

	mu     sync.Mutex
	sent   map[string]string    // payload by id
	acked  map[string]time.Time // when OK to ACK was read
	held   map[string]*holding  // by id
	offers int
	good   bool // from now on everybody acknowledges everything
}

// A holding is a message that a consumer was given and has not acknowledged.
type holding struct {
	by     *visit
	sender string
	until  time.Time // end of the ack-wait
}

// A visit is one connection of a consumer.
type visit struct {
	*crowd
	nc      *duplex
	random  *rand.Rand
	ackWait time.Duration
	pending []string // ids of the ACKs, "" for others, without an answer
	out     chan string
	over    bool // it is leaving: what it has may go to others
	lapsed  bool // it let an ack-wait pass, or may have been closed without knowing
}

func newCrowd(t *testing.T, seed uint64) *crowd {
	return &crowd{
		t: t, d: newDialogue(t), seed: seed,
		sent: map[string]string{}, acked: map[string]time.Time{}, held: map[string]*holding{},
	}
}

func (c *crowd) run() {
	const consumers, messages, senders = 10, 300, 12
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i := range consumers {
		random := rand.New(rand.NewPCG(c.seed, uint64(i)))
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					c.visit(random, stop)
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(c.seed, 1000))
	for i := range messages {
		payload := fmt.Sprintf("%d:%s", i, strings.Repeat("x", random.IntN(3000)))
		c.mu.Lock()
		id := c.d.desk.arrive(message(fmt.Sprintf("+%d", 1+random.IntN(senders)), payload))
		c.sent[id] = payload
		c.mu.Unlock()
		c.d.server.hub.messageReady()
		time.Sleep(time.Duration(random.IntN(60_000)) * time.Millisecond)
	}
	c.mu.Lock()
	c.good = true
	c.mu.Unlock()
	// The longest that one can be put off or kept by somebody, each once more.
	time.Sleep(3 * longestNak)
	close(stop)
	all.Wait()
	for id := range c.sent {
		if state := c.d.desk.state(id); state != spool.MsgAcked {
			c.t.Errorf("%s is %s at the end", id, state)
		}
	}
	if c.offers < messages*5/4 {
		c.t.Errorf("only %d offers of %d messages: the test is too tame", c.offers, messages)
	}
}

// visit is one connection, from the greeting to its end.
func (c *crowd) visit(random *rand.Rand, stop chan struct{}) {
	near, far := newDuplex()
	v := &visit{
		crowd: c, nc: near, random: random, out: make(chan string, 1000), // more than a window: the reader never waits
		ackWait: time.Duration(1+random.IntN(60)) * time.Minute,
	}
	window, stay := 1+random.IntN(20), time.Duration(random.IntN(7200))*time.Second // read draws from here on
	c.d.server.admit(c.t.Context(), far)
	ended := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		defer close(ended)
		v.read()
	})
	both.Go(v.write)
	v.ask(fmt.Sprintf("RECV max=%d ack-wait=%dm", window, v.ackWait/time.Minute))
	select {
	case <-ended:
	case <-stop:
	case <-time.After(stay):
	}
	v.leave()
	both.Wait()
}

func (v *visit) leave() {
	v.mu.Lock()
	if !v.over {
		v.over = true
		close(v.out)
	}
	v.mu.Unlock()
	v.nc.Close()
}

// ask queues a command; v.write sends it, so that reading never waits for writing.
func (v *visit) ask(command string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over {
		return
	}
	id := ""
	if rest, ok := strings.CutPrefix(command, "ACK "); ok {
		id = rest
		v.lapse()
		delete(v.held, id) // the sender's next may go elsewhere before the answer is read
	}
	v.pending = append(v.pending, id)
	v.out <- command
}

func (v *visit) write() {
	for command := range v.out {
		if _, err := io.WriteString(v.nc, command+"\n"); err != nil {
			return
		}
	}
}

func (v *visit) read() {
	in := bufio.NewReader(v.nc)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		switch words[0] {
		case "WVSMS":
		case "OK":
			v.answered()
		case "MSG":
			payload := make([]byte, atoi(words[3])+2)
			if _, err := io.ReadFull(in, payload); err != nil {
				return
			}
			if !v.offered(words[1], words[2], string(payload[:len(payload)-2])) {
				return
			}
		default:
			if !strings.HasPrefix(line, "ERR gone ") { // NAK of what another one has acknowledged
				v.t.Errorf("%q came", line)
			}
			v.answered()
		}
	}
}

// lapse: whose ack-wait ends has neither that message nor those that it put off. c.mu
// is held.
func (c *crowd) lapse() {
	for id, h := range c.held {
		if !h.until.After(time.Now()) {
			h.by.lapsed = true
			delete(c.held, id)
		}
	}
}

func (v *visit) answered() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lapse()
	if len(v.pending) == 0 {
		v.t.Error("an answer to nothing")
		return
	}
	id := v.pending[0]
	v.pending = v.pending[1:]
	if id != "" && v.acked[id].IsZero() {
		v.acked[id] = time.Now()
	}
}

// offered looks at a message, and does what this consumer does with it; false: it
// leaves.
func (v *visit) offered(id, sender, payload string) bool {
	v.mu.Lock()
	now := time.Now()
	v.offers++
	if at := v.acked[id]; !at.IsZero() && at.Before(now) {
		v.t.Errorf("%s is offered %v after OK to its ACK", id, now.Sub(at))
	}
	if v.sent[id] != payload {
		v.t.Errorf("%s is %.20q, sent was %.20q", id, payload, v.sent[id])
	}
	v.lapse()
	for other, h := range v.held {
		if h.sender == sender && h.by != v && !h.by.over && !h.by.lapsed && other != id {
			v.t.Errorf("%s of %s is offered while another consumer has %s", id, sender, other)
		}
	}
	v.held[id] = &holding{v, sender, now.Add(v.ackWait)}
	dice := v.random.IntN(100)
	if v.good {
		dice = 0
	}
	v.mu.Unlock()

	// No two things happen in one moment, so that what is after what is plain.
	time.Sleep(time.Duration(1 + v.random.IntN(2_000_000_000)))
	switch {
	case dice < 60:
		v.ask("ACK " + id)
	case dice < 75:
		v.ask(fmt.Sprintf("NAK %s delay=%dm", id, 1+v.random.IntN(30)))
	case dice < 92: // nothing: it keeps it
	case dice < 96: // it reads nothing for a while
		v.mu.Lock()
		v.lapsed = true
		v.mu.Unlock()
		time.Sleep(stallLimit + 10*time.Second)
	default:
		v.leave()
		return false
	}
	return true
}

func message(from, payload string) spool.Message {
	return spool.Message{Peer: from, Payload: []byte(payload), Alphabet: "8bit", Modem: "m0"}
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
