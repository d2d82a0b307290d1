package spool

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Durable commits a second, one business event each: alone, and with 16 callers that share fsyncs.
func BenchmarkCommit(b *testing.B) {
	event := func(s *Spool) error {
		return s.Update(b.Context(), func(tx *Tx) error {
			if err := tx.PutOutbound(queued(s.NewID(), "+491", t0)); err != nil {
				return err
			}
			return tx.PutEvent(&Event{ID: "X", Word: "note", At: t0})
		})
	}
	b.Run("alone", func(b *testing.B) {
		s := newSpool(b)
		for b.Loop() {
			if err := event(s); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("16 callers", func(b *testing.B) {
		s := newSpool(b)
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := event(s); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// The queries of the hot path with a long queue: half of it is another modem's, a quarter another SIM's.
func BenchmarkQueue(b *testing.B) {
	for _, rows := range []int{1e5, 1e6} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			if rows > 1e5 && brief() {
				b.Skip("long")
			}
			s := newSpool(b)
			fillQueue(b, s, rows)
			far := t0.Add(1e5 * time.Hour)
			for name, f := range map[string]func(tx *Tx) error{
				"Due":        func(tx *Tx) error { _, err := tx.Due(far, "m0", "simA", nil, 8); return err },
				"DueNone":    func(tx *Tx) error { _, err := tx.Due(t0.Add(-1), "m0", "simA", nil, 8); return err },
				"NextDue":    func(tx *Tx) error { _, _, err := tx.NextDueAfter(t0, "m0", "simA"); return err },
				"Expired":    func(tx *Tx) error { _, err := tx.Expired(t0, 8); return err },
				"ByMR":       func(tx *Tx) error { _, err := tx.ByMR("+4910", 5, 4); return err },
				"QueueDepth": func(tx *Tx) error { _, err := tx.QueueDepth(); return err },
				"Submitting": func(tx *Tx) error { _, err := tx.Submitting(); return err },
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if err := s.View(b.Context(), f); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			b.Run("Accept", func(b *testing.B) {
				for b.Loop() {
					err := s.Update(b.Context(), func(tx *Tx) error { return tx.PutOutbound(queued(s.NewID(), "+4917", t0)) })
					if err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("NextRef", func(b *testing.B) {
				now := t0
				for b.Loop() {
					now = now.Add(time.Minute)
					err := s.Update(b.Context(), func(tx *Tx) error { _, _, err := tx.NextRef("+4917", 16, now); return err })
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func fillQueue(b *testing.B, s *Spool, rows int) {
	var n atomic.Int64
	for n.Load() < int64(rows) {
		update(b, s, func(tx *Tx) error {
			for range 2000 {
				i := int(n.Add(1))
				m := queued(s.NewID(), fmt.Sprintf("+49%d", i%1000), t0.Add(time.Duration(i)*time.Second))
				m.Segments = m.Segments[:1]
				switch i % 4 {
				case 0, 1:
					m.WantModem = "m1"
				case 2:
					m.Modem = "m2"
					m.Segments[0].State, m.Segments[0].MR = SegUnknown, i%256
				}
				if err := tx.PutOutbound(m); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// A backup of 100,000 messages, while two callers commit as fast as they can: how long one of
// their commits takes meanwhile, and how large the log grows.
func BenchmarkBackup(b *testing.B) {
	path := filepath.Join(b.TempDir(), "spool.db")
	s := openSpool(b, path)
	fillQueue(b, s, 100_000)
	var backing, over atomic.Bool
	var mu sync.Mutex
	took := map[bool][]time.Duration{}
	var load sync.WaitGroup
	for range 2 {
		load.Go(func() {
			for !over.Load() {
				begun, during := time.Now(), backing.Load()
				if err := s.Update(context.Background(), func(tx *Tx) error { return tx.PutOutbound(queued(s.NewID(), "+4917", t0)) }); err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				took[during] = append(took[during], time.Since(begun))
				mu.Unlock()
			}
		})
	}
	log := func() float64 {
		st, err := os.Stat(path + "-wal")
		if err != nil {
			b.Fatal(err)
		}
		return float64(st.Size()) / (1 << 20)
	}
	time.Sleep(time.Second)
	before, most := log(), 0.0
	for b.Loop() {
		backing.Store(true)
		to := filepath.Join(b.TempDir(), "copy.db")
		if _, err := Backup(b.Context(), path, to, true); err != nil {
			b.Fatal(err)
		}
		backing.Store(false)
		most = max(most, log())
		time.Sleep(500 * time.Millisecond)
	}
	time.Sleep(time.Second)
	b.ReportMetric(before, "MiB-log-before")
	b.ReportMetric(most, "MiB-log-most")
	b.ReportMetric(log(), "MiB-log-after")
	over.Store(true)
	load.Wait()
	for name, during := range map[string]bool{"alone": false, "during": true} {
		all := took[during]
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "ms-commit-median-"+name)
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "ms-commit-99th-"+name)
	}
}
