package spool

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func init() {
	// Four writers, so that batches form; each row is printed once its Update has returned. Every commit also moves two
	// counters, which must stay equal.
	children["commit"] = func(path string) int {
		s, err := Open(path, Options{})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for {
					m := arrived(s.NewID(), uint16(w), "tcp")
					err := s.Update(context.Background(), func(tx *Tx) error {
						if err := tx.Count("before", 1); err != nil {
							return err
						}
						if err := tx.PutMessage(m); err != nil {
							return err
						}
						return tx.Count("after", 1)
					})
					if err != nil {
						fmt.Println(err)
						return
					}
					fmt.Println(m.N, m.ID)
				}
			})
		}
		wg.Wait()
		return 1
	}
}

// Promise 1: what Update has returned for survives kill -9, and nothing is there by halves.
func TestKill(t *testing.T) {
	rounds := 20
	if brief() {
		rounds = 3
	}
	path := filepath.Join(t.TempDir(), "spool.db")
	promised := map[string]int64{}
	for round := range rounds {
		cmd, out := child(t, "commit", path)
		// The kill comes at a random time after the first answers.
		for range 1 + rand.IntN(50) {
			if out.Scan() {
				note(t, promised, out.Text())
			}
		}
		timer := time.AfterFunc(time.Duration(rand.IntN(30))*time.Millisecond, func() { cmd.Process.Kill() })
		for out.Scan() {
			note(t, promised, out.Text())
		}
		cmd.Wait()
		timer.Stop()

		s, err := Open(path, Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		view(t, s, func(tx *Tx) error {
			all, err := tx.Ready("tcp", nil, 0, 1e6)
			if err != nil {
				return err
			}
			there := map[string]int64{}
			for _, h := range all {
				there[h.ID] = h.N
			}
			for id, n := range promised {
				if there[id] != n {
					t.Errorf("round %d: %s was promised as %d and is there as %d", round, id, n, there[id])
				}
			}
			rows := int64(len(all))
			equal(t, "counted before", rows, must[int64](t, "before")(tx.Counter("before")))
			equal(t, "counted after", rows, must[int64](t, "after")(tx.Counter("after")))
			equal(t, "unclaimed", int(rows), must[int](t, "unclaimed")(tx.Unclaimed()))
			return nil
		})
		if err := s.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d rows promised", rounds, len(promised))
}

// A first start may be killed at any instant, too: the next one makes a spool of what is there.
func TestKilledFirstStart(t *testing.T) {
	for round := range 10 {
		path := filepath.Join(t.TempDir(), "spool.db")
		cmd, _ := child(t, "hold", path)
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond) // the kill's instant, not a wait for anything
		cmd.Process.Kill()
		cmd.Wait()
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		writerKeepsThePromise(t, s)
		update(t, s, func(tx *Tx) error { return tx.Count("a", 1) })
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A header page without a table is what is left when the kill falls between setting WAL mode and the first migration.
func TestHeaderOnlyIsANewSpool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		t.Fatal(err)
	}
	c, err := dial(db, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL")
	if err != nil {
		t.Fatal(err)
	}
	c.close()
	db.Close()
	writerKeepsThePromise(t, openSpool(t, path))
}

// note takes one line of the child; a line is one write, so the kill cuts none in two.
func note(t *testing.T, promised map[string]int64, line string) {
	t.Helper()
	n, id, ok := strings.Cut(line, " ")
	num, err := strconv.ParseInt(n, 10, 64)
	if !ok || err != nil || len(id) != 26 {
		t.Fatalf("child: %s", line)
	}
	promised[id] = num
}
