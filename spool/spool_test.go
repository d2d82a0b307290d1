package spool

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if child := os.Getenv("SPOOL_TEST_CHILD"); child != "" {
		os.Exit(children[child](os.Getenv("SPOOL_TEST_PATH")))
	}
	goleak.VerifyTestMain(m)
}

// children are what this test binary does when a test starts it again as another process.
var children = map[string]func(path string) int{}

// t0 is when these tests play, with nanoseconds that must come back.
var t0 = time.Date(2025, 1, 31, 12, 0, 0, 123456789, time.UTC)

func newSpool(t testing.TB, o ...Options) *Spool {
	t.Helper()
	return openSpool(t, filepath.Join(t.TempDir(), "spool.db"), o...)
}

func openSpool(t testing.TB, path string, o ...Options) *Spool {
	t.Helper()
	s, err := Open(path, append(o, Options{})[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func update(t testing.TB, s *Spool, f func(tx *Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s *Spool, f func(tx *Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// equal compares what a table of a test says with what came back; nil and empty octets are one.
func equal(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// must is for the one value a test wants.
func must[T any](t testing.TB, what string) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return v
	}
}

func TestReopenKeepsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	s := openSpool(t, path)
	id := s.NewID()
	want := queued(id, "+491", t0)
	update(t, s, func(tx *Tx) error { return tx.PutOutbound(want) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(path + "-*"); len(left) > 0 {
		t.Errorf("after Close there are still %v", left)
	}

	s = openSpool(t, path)
	view(t, s, func(tx *Tx) error {
		m, err := tx.Outbound(id)
		if err == nil {
			equal(t, "outbound", want, m)
		}
		return err
	})
	if !s.Known(id) {
		t.Error("the id of before is not known: the secret was not kept")
	}
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	s := openSpool(t, path)
	update(t, s, func(tx *Tx) error { return tx.Set("a", "b") })
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		st, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", filepath.Base(name), st.Mode())
		}
	}
}

func TestSettingsThePromiseRestsOn(t *testing.T) {
	writerKeepsThePromise(t, newSpool(t))
}

func writerKeepsThePromise(t *testing.T, s *Spool) {
	t.Helper()
	for pragma, want := range map[string]string{
		"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "auto_vacuum": "2", "application_id": "1465275216",
	} {
		var got string
		if err := s.writer.row("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("PRAGMA %s = %q, %v; want %s", pragma, got, err, want)
		}
	}
}

func TestOddPathsAreNoOptions(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a b.db", "50%.db", "what?mode=memory.db", "#1.db", "äö.db", "a&_pragma=synchronous(0)"} {
		s := openSpool(t, filepath.Join(dir, name))
		update(t, s, func(tx *Tx) error { return tx.Set("a", "b") })
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("spool at %q: %v", name, err)
		}
	}
}

func TestUseAfterClose(t *testing.T) {
	s := newSpool(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	nothing := func(*Tx) error { t.Error("f was run"); return nil }
	for what, err := range map[string]error{
		"Update": s.Update(t.Context(), nothing), "View": s.View(t.Context(), nothing), "Check": s.Check(t.Context()),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: %v, want ErrClosed", what, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

func TestOpenInNoGoodPlace(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none", "spool.db"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrNotSpool) {
		t.Errorf("a directory: %v", err)
	}
	os.WriteFile(filepath.Join(dir, "file"), nil, 0o600)
	if _, err := Open(filepath.Join(dir, "file", "spool.db"), Options{}); err == nil {
		t.Error("below a file: opened")
	}
}

func TestCheckFindsNothingInAGoodSpool(t *testing.T) {
	s := newSpool(t)
	update(t, s, func(tx *Tx) error { return tx.PutOutbound(queued(s.NewID(), "+491", t0)) })
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("check under a cancelled context: %v", err)
	}
}

// queued is an accepted message of two segments.
func queued(id, peer string, at time.Time) *Outbound {
	return &Outbound{
		ID: id, Peer: peer, Port: 3590, FromPort: 3591, Payload: []byte{0, 1, 2, 0xff}, Octets: 4, Key: "", Digest: [32]byte{1, 2, 31: 9},
		Unknown: "auto", Origin: "tcp", Accepted: at, AcceptedWall: at.Add(time.Hour), Expires: at.Add(24 * time.Hour),
		State: StateQueued, Due: at,
		Segments: []OutSegment{{Seq: 1, State: SegQueued, MR: -1}, {Seq: 2, State: SegQueued, MR: -1}},
	}
}
