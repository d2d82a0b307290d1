package spool

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"wvsms/spool/spooltest"
)

// A trade is a spool with one message each way every 3 s and a purge every hour, as the bridge does it.
type trade struct {
	s       *Spool
	day     int // messages a day
	now     time.Time
	n       int
	purging time.Duration // in all
}

const every = 3 * time.Second

// run passes n messages each way. Commits are shared: what they cost is not the question here.
func (y *trade) run(t testing.TB, n int) {
	hour := y.day / 24
	for end := y.n + n; y.n < end; {
		update(t, y.s, func(tx *Tx) error {
			for range min(end-y.n, hour-y.n%hour, 50) {
				if err := y.message(tx); err != nil {
					return err
				}
			}
			return nil
		})
		if y.n%hour == 0 {
			began := time.Now()
			y.purge(t)
			y.purging += time.Since(began)
		}
	}
}

// message is the life of one message each way.
func (y *trade) message(tx *Tx) error {
	y.now = y.now.Add(every)
	y.n++
	out := queued(y.s.NewID(), peers[y.n%len(peers)], y.now)
	out.Segments = out.Segments[:1]
	out.Payload = bytes.Repeat([]byte("wvsms"), 30)
	err := tx.PutOutbound(out)
	seg := &out.Segments[0]
	seg.State, seg.At, seg.SentAt, seg.AirAt, seg.Attempts = SegSubmitting, y.now, y.now, y.now, 1
	out.Modem, out.SIM = "m0", "simA"
	err = errors.Join(err, tx.PutOutbound(out), tx.Spend(y.now, "m0", "simA", out.Peer, 0))
	seg.State, seg.MR = SegAccepted, y.n%256
	out.State, out.Settled = StateSent, y.now
	err = errors.Join(err, tx.PutOutbound(out), tx.PutEvent(&Event{ID: out.ID, Word: "sent", At: y.now, AtWall: y.now}))

	in := arrived(y.s.NewID(), 3590, "tcp")
	in.Payload = out.Payload
	fp := received(0, 0, 1, y.now)
	fp.Fingerprint, fp.Done, fp.Mode = sha256.Sum256([]byte(in.ID)), true, nil
	err = errors.Join(err, tx.PutMessage(in), tx.PutInSegment(fp))
	in.State, in.AckedAt = MsgAcked, y.now
	return errors.Join(err, tx.PutMessage(in))
}

var peers = []string{"+491", "+492", "+493", "+494", "+495"}

// purge is scaled as the days are: 30 days of history, 7 of fingerprints, 1 of the budget.
func (y *trade) purge(t testing.TB) {
	day := time.Duration(y.day) * every
	h := horizon(y.now.Add(-30*day), y.now.Add(-7*day), y.now.Add(-day))
	h.Tally = h.Outbound
	for n := 500; n >= 500; {
		update(t, y.s, func(tx *Tx) (err error) {
			n, err = tx.Purge(h, 500)
			return err
		})
	}
}

func (y *trade) size(t testing.TB) int64 {
	t.Helper()
	st, err := os.Stat(y.s.path)
	if err != nil {
		t.Fatal(err)
	}
	return st.Size()
}

// Months of days that are a four-hundredth as long: from the second month on the file grows no more, and a message costs as
// many writes as ever.
func TestMonths(t *testing.T) {
	if brief() {
		t.Skip("takes a minute with the race detector")
	}
	const months = 4
	dir := memory(t)
	disk := spooltest.Under(t, dir)
	y := &trade{s: openSpool(t, filepath.Join(dir, "spool.db")), day: 72, now: t0}
	var writes atomic.Int64
	disk.Before(func(kind spooltest.Kind, _ string) error {
		if kind == spooltest.Write {
			writes.Add(1)
		}
		return nil
	})
	var sizes, costs []int64
	for range months {
		before := writes.Load()
		y.run(t, 30*y.day)
		sizes, costs = append(sizes, y.size(t)>>10), append(costs, (writes.Load()-before)/int64(30*y.day))
	}
	t.Logf("KiB at the end of each month: %d", sizes)
	t.Logf("writes a message in each month: %d", costs)
	for i := 2; i < months; i++ {
		if sizes[i] > sizes[1]*11/10 {
			t.Errorf("in month %d the file has %d KiB, after the second one it had %d", i+1, sizes[i], sizes[1])
		}
		if costs[i] > costs[1]*5/4 {
			t.Errorf("in month %d a message costs %d writes, in the second one %d", i+1, costs[i], costs[1])
		}
	}
}

// A year at one message each way every 3 s, with days of true length: go test -bench Year -benchtime 365x.
func BenchmarkYear(b *testing.B) {
	s := newSpool(b)
	if err := s.writer.script("PRAGMA synchronous = OFF"); err != nil { // what is measured is not the disk
		b.Fatal(err)
	}
	y := &trade{s: s, day: int(24 * time.Hour / every), now: t0}
	for day := 1; b.Loop(); day++ {
		began := time.Now()
		y.purging = 0
		y.run(b, y.day)
		if day == 1 || day%5 == 0 {
			b.Logf("day %3d: %4d MiB, a message costs %v, of which the purge %v", day, y.size(b)>>20,
				time.Since(began)/time.Duration(y.day), y.purging/time.Duration(y.day))
		}
	}
}
