package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wvsms/modem/modemtest"
)

// What a message wears off a memory card: octets that the kernel writes to the storage for
// the process (write_bytes of proc(5): pages made dirty, 4 KiB each; what the file system
// itself writes comes on top), and flushes (fsync and fdatasync, which strace counts; the
// octets and the rate are those of a run without it). One at a time a message waits for
// its final event before the next one is sent; under load eight programs send.
func BenchmarkWear(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
		do   func(w *wear, b *testing.B, n int)
	}{
		{"outbound/alone", 300, (*wear).outAlone}, {"outbound/load", 1600, (*wear).outLoad},
		{"inbound/alone", 300, (*wear).inAlone}, {"inbound/load", 800, (*wear).inLoad},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				w := newWear(b, 0)
				w.run(b)
				w.ready(b, 1)
				before, begun := w.written(b), time.Now()
				c.do(w, b, c.n)
				b.ReportMetric(float64(c.n)/time.Since(begun).Seconds(), "messages/s")
				if onDisk(b, w.spool) {
					b.ReportMetric(float64(w.written(b)-before)/1024/float64(c.n), "KiB/message")
				}
				w.stop()

				log := w.traced(b)
				flushed := flushes(b, log)
				c.do(w, b, c.n)
				b.ReportMetric(float64(flushes(b, log)-flushed)/float64(c.n), "flushes/message")
			}
		})
	}
}

// A wear is a bridge on one modem, and what is counted of it.
type wear struct {
	*bridge
	sim   *sim
	taken *taker
	sent  int // inbound messages so far
}

// newWear has a bridge make its spool, and end.
func newWear(b *testing.B, submit time.Duration) *wear {
	w := &wear{taken: &taker{}}
	w.sim = newSim(b, modemtest.ModemOptions{SubmitTime: submit, SIMSlots: 250, MESlots: 250}, modemtest.AirOptions{Taken: w.taken.take})
	w.bridge = newBridge(b, "", w.sim)
	w.stop()
	return w
}

// outAlone sends one message when the last one has its final event.
func (w *wear) outAlone(b *testing.B, n int) {
	events, cl := w.events(b), w.dial(b)
	for i := range n {
		if err := cl.send(number(i), payload(100), ""); err != nil {
			b.Fatal(err)
		}
		await(b, events, "EVT")
	}
}

func (w *wear) outLoad(b *testing.B, n int) {
	events := w.events(b)
	var wg sync.WaitGroup
	for range 8 {
		cl := w.dial(b)
		wg.Go(func() {
			for i := range n / 8 {
				if err := cl.send(number(i), payload(100), ""); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	for range n {
		await(b, events, "EVT")
	}
	wg.Wait()
}

func (w *wear) inAlone(b *testing.B, n int) {
	cl, h := w.consume(b), w.sim.air.NewHandset(handset, nil)
	for range n {
		w.sent++
		sendIn(b, h, w.sim, w.sent)
		id, _ := cl.message(b)
		cl.ack(b, id)
		await(b, cl, "OK")
	}
	cl.Close()
}

func (w *wear) inLoad(b *testing.B, n int) {
	cl, h := w.consume(b), w.sim.air.NewHandset(handset, nil)
	for range n {
		w.sent++
		sendIn(b, h, w.sim, w.sent)
	}
	for range n {
		id, _ := cl.message(b)
		cl.ack(b, id)
	}
	cl.Close()
}

// events is a client that hears of what becomes of messages.
func (w *wear) events(b *testing.B) *client {
	c := w.dial(b)
	c.line("EVENTS")
	await(b, c, "OK")
	return c
}

// await reads up to a line that begins with word.
func await(b *testing.B, c *client, word string) {
	c.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		switch said, err := c.answer(); {
		case err != nil:
			b.Fatalf("wait for %s: %v", word, err)
		case strings.HasPrefix(said, word):
			return
		}
	}
}

// written are the octets that went to the storage.
func (p *process) written(b *testing.B) int64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/io", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "write_bytes: "); ok {
			n, _ := strconv.ParseInt(text, 10, 64)
			return n
		}
	}
	b.Fatal("/proc tells no write_bytes")
	return 0
}

// onDisk tells whether a file lies on storage: a file system in memory writes nothing.
func onDisk(b *testing.B, path string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		b.Fatal(err)
	}
	memory := st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC
	if memory {
		b.Log("the spool lies in memory: octets are not counted; TMPDIR says where it is put")
	}
	return !memory
}
