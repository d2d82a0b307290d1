package spool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fill stores messages until there is no room, and returns how many went in.
func fill(t *testing.T, s *Spool, limit int) (n int, err error) {
	t.Helper()
	payload := bytes.Repeat([]byte("0123456789abcdef"), 500)
	for n = range limit {
		m := arrived(s.NewID(), 3590, "tcp")
		m.Payload = payload
		err = s.Update(t.Context(), func(tx *Tx) error { return tx.PutMessage(m) })
		if err != nil {
			if m.N != 0 {
				t.Errorf("N is %d after a failed commit", m.N)
			}
			return n, err
		}
	}
	return limit, nil
}

func unclaimedIs(t *testing.T, s *Spool, want int) {
	t.Helper()
	view(t, s, func(tx *Tx) error {
		equal(t, "unclaimed", want, must[int](t, "unclaimed")(tx.Unclaimed()))
		all := must[[]Head](t, "ready")(tx.Ready("tcp", nil, 0, 1e6))
		equal(t, "ready", want, len(all))
		return nil
	})
}

func TestFullByMaxBytes(t *testing.T) {
	s := newSpool(t, Options{MaxBytes: 1 << 20})
	n, err := fill(t, s, 1000)
	if !errors.Is(err, ErrFull) {
		t.Fatalf("after %d messages of 8 KB into 1 MiB: %v", n, err)
	}
	unclaimedIs(t, s, n)
	update(t, s, func(tx *Tx) error { _, err := tx.Unclaimed(); return err }) // which writes nothing
	if err := s.Trouble(); !errors.Is(err, ErrFull) {
		t.Errorf("on a full disk the trouble is %v", err)
	}
	// With room it goes on by itself.
	if err := s.writer.script("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	more, err := fill(t, s, 10)
	if err != nil {
		t.Errorf("with room again: %v", err)
	}
	unclaimedIs(t, s, n+more)
	if err := s.Trouble(); err != nil {
		t.Errorf("with room again the trouble is %v", err)
	}
}

// A batch in which one Update meets the full disk: those whose work SQLite threw away with it hear so.
func TestFullInABatch(t *testing.T) {
	s := newSpool(t, Options{MaxBytes: 1 << 20})
	var errs [3]error
	small := func(i int) func() {
		return func() {
			errs[i] = s.Update(t.Context(), func(tx *Tx) error { return tx.Count("small", 1) })
		}
	}
	hold(t, s, small(0), func() {
		m := arrived(s.NewID(), 3590, "tcp")
		m.Payload = make([]byte, 4<<20)
		errs[1] = s.Update(t.Context(), func(tx *Tx) error { return tx.PutMessage(m) })
	}, small(2))
	if !errors.Is(errs[1], ErrFull) {
		t.Errorf("the large one: %v", errs[1])
	}
	want := int64(0)
	for _, err := range []error{errs[0], errs[2]} {
		if err == nil {
			want++
		} else if !errors.Is(err, ErrFull) {
			t.Errorf("a small one: %v", err)
		}
	}
	counterIs(t, s, "small", want)
}

// tmpfs mounts a small file system of its own, or skips.
func tmpfs(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no file system of our own to fill: mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

func TestFullDisk(t *testing.T) {
	dir := tmpfs(t, "2m")
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openSpool(t, filepath.Join(dir, "spool.db"))
	n := 0
	for round := range 3 {
		more, err := fill(t, s, 1000)
		n += more
		if !errors.Is(err, ErrFull) {
			t.Fatalf("round %d: after %d messages of 8 KB: %v", round, n, err)
		}
		unclaimedIs(t, s, n)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	more, err := fill(t, s, 5)
	if err != nil {
		t.Errorf("with room again: %v", err)
	}
	unclaimedIs(t, s, n+more)
}

func TestOpenOnAFullDisk(t *testing.T) {
	dir := tmpfs(t, "1m")
	path := filepath.Join(dir, "spool.db")
	s := openSpool(t, path)
	n, _ := fill(t, s, 5)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ballast, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = ballast.Write(make([]byte, 4096))
	}
	ballast.Close()
	if s, err := Open(path, Options{}); err == nil {
		// Reading may work without room; writing must say why not.
		err = s.Update(t.Context(), func(tx *Tx) error { return tx.Count("a", 1) })
		if !errors.Is(err, ErrFull) {
			t.Errorf("update: %v", err)
		}
		s.Close()
	} else if !errors.Is(err, ErrFull) {
		t.Errorf("open: %v", err)
	}
	os.Remove(ballast.Name())
	unclaimedIs(t, openSpool(t, path), n)
}

func TestReadOnlyFileSystem(t *testing.T) {
	dir := tmpfs(t, "2m")
	path := filepath.Join(dir, "spool.db")
	openSpool(t, path).Close()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("remount: %v", err)
	}
	_, err := Open(path, Options{})
	if !errors.Is(err, ErrReadOnly) {
		t.Errorf("open on a read-only file system: %v", err)
	}
}

// Without rights, as anybody but root meets it.
func TestNoRights(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere; TestReadOnlyFileSystem stands in")
	}
	path := filepath.Join(t.TempDir(), "spool.db")
	openSpool(t, path).Close()
	for _, name := range []string{path, filepath.Dir(path)} {
		os.Chmod(name, 0o500)
		if _, err := Open(path, Options{}); !errors.Is(err, ErrReadOnly) {
			t.Errorf("open without write permission for %s: %v", name, err)
		}
		os.Chmod(name, 0o700)
	}
}

func TestNotASpool(t *testing.T) {
	for what, content := range map[string]string{
		"text":       "Dear diary\n" + strings.Repeat("x", 5000),
		"short text": "x",
		"zeros":      strings.Repeat("\x00", 4096),
	} {
		path := filepath.Join(t.TempDir(), "spool.db")
		os.WriteFile(path, []byte(content), 0o600)
		_, err := Open(path, Options{})
		if !errors.Is(err, ErrNotSpool) || !strings.Contains(err.Error(), "use another [spool] path") {
			t.Errorf("%s: %v", what, err)
		}
		if b, _ := os.ReadFile(path); string(b) != content {
			t.Errorf("%s: the file was changed", what)
		}
	}
}

func TestDatabaseOfAnotherProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	s := openSpool(t, path)
	if err := s.writer.script("PRAGMA application_id = 0"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	before, _ := os.ReadFile(path)
	if _, err := Open(path, Options{}); !errors.Is(err, ErrNotSpool) {
		t.Errorf("open: %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

// After a crash a damaged file is refused, with the remedy, and left as it is.
func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	s := openSpool(t, path)
	if _, err := fill(t, s, 50); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ damage func(b []byte) []byte }{
		"half of it":      {func(b []byte) []byte { return b[:len(b)/2/4096*4096] }},
		"header only":     {func(b []byte) []byte { return b[:100] }},
		"page of garbage": {func(b []byte) []byte { copy(b[4096*3:], bytes.Repeat([]byte{0xa5}, 4096*20)); return b }},
		"first page":      {func(b []byte) []byte { copy(b[100:], bytes.Repeat([]byte{0xa5}, 3000)); return b }},
	} {
		bad := c.damage(bytes.Clone(good))
		os.WriteFile(path, bad, 0o600)
		os.WriteFile(path+"-wal", []byte("left by a crash"), 0o600)
		s, err := Open(path, Options{})
		if err == nil {
			s.Close()
		}
		if !errors.Is(err, ErrCorrupt) || strings.Count(fmt.Sprint(err), corruptRemedy) != 1 {
			t.Errorf("%s: open: %v", what, err)
		}
		if b, _ := os.ReadFile(path); !bytes.Equal(b, bad) {
			t.Errorf("%s: the file was changed", what)
		}
		os.Remove(path + "-wal")
		os.Remove(path + "-shm")
	}
}

// Damage that shows only while running is ErrCorrupt as well, from the work and from Check.
func TestDamageWhileRunning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	s := openSpool(t, path)
	if _, err := fill(t, s, 50); err != nil {
		t.Fatal(err)
	}
	s.Close()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	st, _ := f.Stat()
	for at := int64(4096 * 3); at < st.Size(); at += 4096 {
		f.WriteAt(bytes.Repeat([]byte{0xa5}, 4096), at)
	}
	f.Close()
	s, err = Open(path, Options{}) // closed in good order: not read through
	if err == nil {
		defer s.Close()
		err = s.Check(t.Context())
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("check: %v", err)
		}
		err = s.Update(t.Context(), func(tx *Tx) error { return tx.PutMessage(arrived("X", 1, "tcp")) })
	}
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), corruptRemedy) {
		t.Errorf("use: %v", err)
	}
}
