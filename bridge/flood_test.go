package bridge

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"wvsms/modem"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

var floodFull = flag.Bool("flood.full", false, "a million first segments from ten thousand senders; minutes")

const floodSIM = "262010000000001"

// A flood is a bridge that modems give segments, as fast as it takes them.
type flood struct {
	*Bridge
	t    *testing.T
	path string
	base time.Time
}

func newFlood(t *testing.T, small bounds) *flood {
	t.Helper()
	cfg := Defaults()
	cfg.Spool.Path = filepath.Join(t.TempDir(), "spool.db")
	cfg.Socket.Listen = nil
	b, err := Open(t.Context(), cfg, Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	if !*floodFull {
		b.bounds = small
	}
	return &flood{Bridge: b, t: t, path: cfg.Spool.Path, base: time.Now().UTC().Truncate(time.Second)}
}

// take gives the bridge one segment through modem m.
func (f *flood) take(m int, from string, at time.Duration, ud pdu.UserData) {
	oa, err := pdu.ParseNumber(from)
	if err != nil {
		f.t.Error(err)
		return
	}
	tpdu, err := (&pdu.Deliver{OA: oa, DCS: 0x04, SCTS: pdu.NewTimestamp(f.base.Add(at)), UD: ud}).AppendBinary(nil)
	if err != nil {
		f.t.Error(err)
		return
	}
	s := &session{bridge: f.Bridge, name: fmt.Sprint("m", m), sim: floodSIM, recovery: &recovery{b: f.Bridge}, log: zerolog.Nop()}
	if err := s.take(context.Background(), modem.Received{Mode: append([]byte{0}, tpdu...)}); err != nil {
		f.t.Errorf("take a segment of %s: %v", from, err)
	}
}

// first is the n-th first segment of a datagram, of which no other comes.
func first(n int) pdu.UserData {
	data := binary.BigEndian.AppendUint32(make([]byte, 0, 127), uint32(n))
	return pdu.UserData{
		UDHI: true,
		UDH:  []pdu.IE{pdu.ConcatIE(pdu.Concat{Ref: uint16(n), Bits: 16, Total: byte(2 + n%254), Seq: 1}), pdu.PortIE(3590, 3590)},
		Data: data[:cap(data)],
	}
}

func (f *flood) payloads() (list [][]byte) {
	f.t.Helper()
	err := f.spool.View(context.Background(), func(tx *spool.Tx) error {
		heads, err := tx.Ready(tcpRoute, nil, 0, 1<<20)
		for _, h := range heads {
			m, err := tx.Message(h.ID)
			if err != nil {
				return err
			}
			list = append(list, m.Payload)
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return list
}

// has checks that a sender's datagram still waits for its segments.
func (f *flood) has(from string) {
	f.t.Helper()
	err := f.spool.View(context.Background(), func(tx *spool.Tx) error {
		n, err := tx.PartialsOf(floodSIM, strings.TrimPrefix(from, "+"))
		if n != 1 {
			f.t.Errorf("%s has %d unfinished datagrams, want the one that it began", from, n)
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *flood) partials() (n, rows int) {
	f.t.Helper()
	err := f.spool.View(context.Background(), func(tx *spool.Tx) (err error) {
		if n, err = tx.Partials(); err != nil {
			return err
		}
		rows, err = tx.Fingerprints()
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return n, rows
}

// cut is a datagram of three segments.
func (f *flood) cut(letter byte) (data []byte, segments []pdu.UserData) {
	f.t.Helper()
	data = bytes.Repeat([]byte{letter}, 300)
	segments, err := wdp.Datagram{Dst: 3590, Src: 3590, Data: data}.Segment(wdp.Ref{Value: uint16(letter), Wide: true})
	if err != nil {
		f.t.Fatal(err)
	}
	return data, segments
}

// First segments from very many senders, of datagrams that never become whole: what had
// begun before becomes whole after it, what is sent meanwhile arrives meanwhile, and
// neither memory nor disk fills up.
func TestFloodFromMany(t *testing.T) {
	const modems = 64 // they share commits
	n, senders, small := 1_500, 100, bounds{perSender: 8, partials: 200, fingerprints: 1_000}
	if *floodFull {
		n, senders = 1_000_000, 10_000
	}
	f := newFlood(t, small)
	const early, busy = "+491700000001", "+491700000002"
	before, waiting := f.cut('b')
	f.take(0, early, 0, waiting[0])

	var flooding sync.WaitGroup
	for m := range modems {
		flooding.Go(func() {
			random := rand.New(rand.NewPCG(3590, uint64(m)))
			for i := m; i < n && !t.Failed(); i += modems {
				f.take(m, fmt.Sprintf("+4915%08d", random.IntN(senders)), time.Duration(i)*time.Second/100, first(i))
			}
		})
	}
	arrived := 0
	for letter := byte('c'); letter <= 'z'; letter++ {
		data, segments := f.cut(letter)
		for i, ud := range segments {
			f.take(modems, busy, time.Duration(i)*time.Second, ud)
			if open, rows := f.partials(); open > f.bounds.partials || rows > f.bounds.fingerprints+boundBatch {
				t.Fatalf("%d unfinished, %d segments are kept", open, rows)
			}
		}
		if got := f.payloads(); len(got) != arrived+1 || !bytes.Equal(got[arrived], data) {
			t.Fatalf("in the middle of the flood %d of %d arrived", len(got), arrived+1)
		}
		arrived++
	}
	flooding.Wait()
	if open, _ := f.partials(); open < f.bounds.partials-1 { // one may have become whole last
		t.Errorf("%d unfinished: it was no flood", open)
	}
	f.has(early)
	f.take(0, early, time.Second, waiting[1])
	f.take(0, early, 2*time.Second, waiting[2])
	if got := f.payloads(); len(got) != arrived+1 || !bytes.Equal(got[arrived], before) {
		t.Error("what had begun before the flood was pushed out")
	}
	f.checkSize()
}

// One sender's flood takes its own room only.
func TestFloodFromOne(t *testing.T) {
	n, small := 300, bounds{perSender: 8, partials: 20, fingerprints: 1_000}
	if *floodFull {
		n = 100_000
	}
	f := newFlood(t, small)
	var want [][]byte
	var rest []func()
	for i := range f.bounds.partials - f.bounds.perSender {
		from, letter := fmt.Sprintf("+4916%08d", i), byte(i)
		data, segments := f.cut(letter)
		if i < 12 {
			want = append(want, data)
			rest = append(rest, func() {
				f.has(from)
				f.take(0, from, time.Second, segments[1])
				f.take(0, from, 2*time.Second, segments[2])
			})
		}
		f.take(0, from, 0, segments[0])
	}
	for i := range n {
		f.take(0, "+491500000000", time.Duration(i)*time.Second/100, first(i))
	}
	if open, _ := f.partials(); open != f.bounds.partials {
		t.Errorf("%d unfinished, want %d", open, f.bounds.partials)
	}
	for _, send := range rest {
		send()
	}
	if got := f.payloads(); len(got) != len(want) {
		t.Errorf("%d of %d others became whole", len(got), len(want))
	}
	f.checkSize()
}

// Where each number has one only, nobody is to blame: the oldest gives way, and comes
// back with its next segment.
func TestFloodFromStrangers(t *testing.T) {
	f := newFlood(t, bounds{})
	f.bounds = bounds{perSender: 8, partials: 10, fingerprints: 1_000}
	number := func(i int) string { return fmt.Sprintf("+4915%08d", i) }
	data, segments := f.cut('s')
	for i := range 15 {
		f.take(0, number(i), 0, segments[0])
	}
	for i := 5; i < 15; i++ {
		f.has(number(i))
	}
	f.take(0, number(2), time.Second, segments[1])
	f.has(number(2))
	f.take(0, number(2), 2*time.Second, segments[2])
	if got := f.payloads(); len(got) != 1 || !bytes.Equal(got[0], data) {
		t.Errorf("%d became whole", len(got))
	}
}

// Datagrams that miss one of their many segments are bounded by what they take, not only
// in number.
func TestFloodOfLongOnes(t *testing.T) {
	f := newFlood(t, bounds{})
	f.bounds = bounds{perSender: 8, partials: 1_000, fingerprints: 500}
	for i := range 30 {
		for seq := 2; seq <= 50; seq++ {
			ud := first(i)
			ud.UDH = []pdu.IE{pdu.ConcatIE(pdu.Concat{Ref: uint16(i), Bits: 16, Total: 50, Seq: byte(seq)}), pdu.PortIE(3590, 3590)}
			f.take(0, fmt.Sprintf("+4915%08d", i/4), time.Duration(seq)*time.Second, ud)
			if _, rows := f.partials(); rows > f.bounds.fingerprints+2*boundBatch {
				t.Fatalf("%d segments are kept", rows)
			}
		}
	}
}

// checkSize looks at what the flood took, where it was a large one.
func (f *flood) checkSize() {
	f.t.Helper()
	if !*floodFull {
		return
	}
	st, err := os.Stat(f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		f.t.Fatal(err)
	}
	var kiB int
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(peak, &kiB); err != nil {
		f.t.Fatal(err)
	}
	f.t.Logf("the spool takes %d MiB, at its peak the process took %d MiB", st.Size()>>20, kiB>>10)
	if st.Size() > 128<<20 || kiB > 64<<10 {
		f.t.Error("that is more than 128 and 64 MiB")
	}
}
