package main

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// stream is the chance of one actor. Each has its own, so that what one of them meets
// does not change what another one does.
func stream(seed uint64, actor string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(actor))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// between is a duration from least to most.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)+1))
}

func oneIn(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// An order is a message that a client is to send.
type order struct {
	n        int // its number, also in the payload
	from, to int // bridges
	number   string
	payload  []byte
	policy   string // unknown=
	report   bool
	ttl      string // "": that of the bridge

	repeat bool // SEND again under its key after OK
	desert bool // leave before the answer, once
	cancel bool // CANCEL it at once
}

func (o *order) key() string { return fmt.Sprintf("chaos-%d", o.n) }

func (o *order) command() string {
	keys := []string{"key=" + o.key(), "unknown=" + o.policy}
	if o.report {
		keys = append(keys, "report=yes")
	}
	if o.ttl != "" {
		keys = append(keys, "ttl="+o.ttl)
	}
	return fmt.Sprintf("SEND %s %d %s\r\n%s", o.number, len(o.payload), strings.Join(keys, " "), o.payload)
}

// planOrders draws the messages; numbers are those of the modems of each bridge.
func planOrders(seed uint64, messages int, numbers [][]string) []*order {
	r := stream(seed, "orders")
	empty := map[[2]int]bool{}
	orders := make([]*order, messages)
	for i := range orders {
		o := &order{n: i, from: i % len(numbers), policy: pick(r, []string{"auto", "auto", "hold", "resend", "fail"})}
		o.to = (o.from + 1 + r.IntN(len(numbers)-1)) % len(numbers)
		o.number = pick(r, numbers[o.to])
		o.report = oneIn(r, 3)
		o.payload = planPayload(r, i)
		// An empty datagram is told from another one by its sender alone.
		if pair := [2]int{o.from, o.to}; oneIn(r, 20) && !empty[pair] {
			empty[pair], o.payload = true, []byte{}
		}
		switch {
		case o.report || o.policy == "hold":
			o.ttl = fmt.Sprintf("%ds", 40+r.IntN(60)) // what lacks a report ends then
		case oneIn(r, 10):
			o.ttl = fmt.Sprintf("%ds", 3+r.IntN(20))
		}
		o.repeat, o.desert, o.cancel = oneIn(r, 6), oneIn(r, 8), oneIn(r, 40)
		orders[i] = o
	}
	return orders
}

// borders are the sizes around which a segment more is needed.
var borders = []int{132, 133, 134, 254, 255, 256, 257, 381, 382, 384, 385, 508, 509, 512, 513}

// planPayload is unique by its number, and random otherwise: no segment of six octets
// or more is like another one.
func planPayload(r *rand.Rand, n int) []byte {
	size := 0
	switch roll := r.IntN(20); {
	case roll < 9:
		size = 6 + r.IntN(128)
	case roll < 12:
		size = pick(r, borders)
	default:
		size = 134 + r.IntN(766)
	}
	b := binary.BigEndian.AppendUint32(make([]byte, 0, size), uint32(n))
	for len(b) < size {
		b = append(b, byte(r.Uint32()))
	}
	return b
}

// A life is one process of a bridge.
type life struct {
	crash string        // "POINT#N": where it kills itself, if it gets there in time
	limit time.Duration // when it is killed otherwise
	down  time.Duration // until the next one
	clock string        // what becomes of the wall clock meanwhile: see clockMoves
}

// A crashPoint is a named point of a bridge; most is how many times it may pass there
// before it is killed.
type crashPoint struct {
	name string
	most int
}

// crashPoints are before and after each commit, Ctrl-Z, acknowledgement to the modem
// and write to a client. Those that only a start or bad luck leads to come at the first
// time.
var crashPoints = slices.Concat(
	commits(5, "accept", "ledger", "arrival", "ack"), commits(3, "report"), commits(2, "nak", "operate", "park"),
	commits(1, "expire", "recover", "clock", "introduce", "homes"),
	points(5, "submit", "submitted", "CMGD", "CMGD done", "CNMA", "CNMA done"),
	points(5, "write OK", "written OK", "write MSG", "written MSG", "write EVT", "written EVT"),
)

func commits(most int, events ...string) (all []crashPoint) {
	for _, e := range events {
		all = append(all, points(most, "commit "+e, "committed "+e)...)
	}
	return all
}

func points(most int, names ...string) (all []crashPoint) {
	for _, name := range names {
		all = append(all, crashPoint{name, most})
	}
	return all
}

// planLives draws the deaths of all bridges: two in three at a named point, each point
// as often as any other.
func planLives(seed uint64, kills, bridges int) [][]life {
	r := stream(seed, "lives")
	lives := make([][]life, bridges)
	var order []int
	for i := range kills {
		l := life{limit: between(r, 500*time.Millisecond, 4*time.Second), down: between(r, 0, 700*time.Millisecond)}
		if oneIn(r, 10) {
			l.down += between(r, 0, 3*time.Second) // long enough for SIMs to fill
		}
		if !oneIn(r, 3) {
			if len(order) == 0 {
				order = r.Perm(len(crashPoints))
			}
			p := crashPoints[order[0]]
			order = order[1:]
			l.crash = fmt.Sprintf("%s#%d", p.name, 1+r.IntN(p.most))
			l.limit += 2 * time.Second
		}
		if oneIn(r, 5) {
			l.clock = pick(r, clockMoves)
		}
		lives[i%bridges] = append(lives[i%bridges], l)
	}
	return lives
}

// clockMoves are what wall clocks do: small steps, an hour by somebody's hand, a clock
// without a battery, and NTP.
var clockMoves = []string{"+2s", "+9s", "+30s", "-20s", "-1h", "1970", "true", "true"}

// moveClock is the offset after a move.
func moveClock(offset time.Duration, move string, now time.Time) time.Duration {
	switch move {
	case "true":
		return 0
	case "1970":
		return time.Unix(0, 0).Add(10 * time.Second).Sub(now)
	}
	d, err := time.ParseDuration(move)
	if err != nil {
		panic(err)
	}
	return offset + d
}
