package spool

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// backup is Backup to a new file, which is opened.
func backup(t *testing.T, path string) (*Spool, Copy) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy.db")
	c, err := Backup(t.Context(), path, to, false)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(to); err != nil || st.Mode().Perm() != 0o600 || st.Size() != c.Octets {
		t.Errorf("the copy is %v, %v", st.Mode(), err)
	}
	return openSpool(t, to), c
}

// A copy has every row, of a spool that is open, closed, or was left by a crash; no file is
// left beside one that nobody has open.
func TestBackupHasEverything(t *testing.T) {
	for name, crashed := range map[string]bool{"closed": false, "crashed": true} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "spool.db")
			inhabited(t, path, crashed)
			os.Remove(path + ".lock") // whoever backs up makes none
			copied, c := backup(t, path)
			if names, _ := filepath.Glob(path + "*"); len(names) != 1 {
				t.Errorf("files are left: %v", names)
			}
			s := openSpool(t, path)
			want := contents(t, s)
			equal(t, "closed", want, contents(t, copied))
			if err := examineAllOf(copied); err != nil {
				t.Error(err)
			}
			if c.Schema != len(migrations()) || c.Outbound != len(want["outbound"]) || c.Inbound != len(want["message"]) {
				t.Errorf("%+v", c)
			}
			if id := s.NewID(); !copied.Known(id) {
				t.Error("the copy gives out other ids")
			}
			open, _ := backup(t, path) // as another process would, while s is open
			equal(t, "open", want, contents(t, open))
			update(t, s, func(tx *Tx) error { return tx.Count("after", 1) })
		})
	}
}

func TestBackupRefuses(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "spool.db"), filepath.Join(dir, "other.db")
	s := openSpool(t, path)
	update(t, s, func(tx *Tx) error { return tx.Count("a", 1) })
	os.WriteFile(other, []byte("precious"), 0o644)
	os.WriteFile(filepath.Join(dir, "text"), []byte("this is no database, but text"), 0o600)
	os.Symlink(path, filepath.Join(dir, "link.db"))
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for name, test := range map[string]struct {
		ctx      context.Context
		from, to string
		force    bool
		want     string
		kind     error
	}{
		"there is one":           {t.Context(), path, other, false, "--force", fs.ErrExist},
		"the spool":              {t.Context(), path, path, true, "the spool itself", nil},
		"by another name":        {t.Context(), path, filepath.Join(dir, "link.db"), true, "the spool itself", nil},
		"its log":                {t.Context(), path, path + "-wal", true, "the spool itself", nil},
		"a directory":            {t.Context(), path, dir, true, "is a directory", nil},
		"no directory":           {t.Context(), path, filepath.Join(dir, "none", "x.db"), false, "no such file", fs.ErrNotExist},
		"no spool":               {t.Context(), filepath.Join(dir, "none.db"), filepath.Join(dir, "x.db"), false, "there is none", fs.ErrNotExist},
		"another kind of a file": {t.Context(), filepath.Join(dir, "text"), filepath.Join(dir, "x.db"), false, "not an SQLite database", ErrNotSpool},
		"interrupted":            {stopped, path, filepath.Join(dir, "x.db"), false, "", context.Canceled},
	} {
		_, err := Backup(test.ctx, test.from, test.to, test.force)
		if err == nil || !strings.Contains(err.Error(), test.want) || test.kind != nil && !errors.Is(err, test.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b, _ := os.ReadFile(other); string(b) != "precious" {
		t.Error("what was there was overwritten")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*part*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
	if _, err := Backup(t.Context(), path, other, true); err != nil {
		t.Error(err)
	}
	if st, err := os.Stat(other); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("what replaced it is %v, %v", st.Mode(), err)
	}
	counterIs(t, s, "a", 1)
}

// A log that was damaged while nobody had the spool open would be cut short.
func TestBackupOfADamagedLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	inhabited(t, path, true)
	b, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	b[walHeader+frameHeader+100] ^= 1
	os.WriteFile(path+"-wal", b, 0o600)
	if _, err := Backup(t.Context(), path, filepath.Join(t.TempDir(), "x.db"), false); !errors.Is(err, ErrCorrupt) {
		t.Errorf("%v", err)
	}
	if after, _ := os.ReadFile(path + "-wal"); string(after) != string(b) {
		t.Error("the log was changed")
	}
}

// What root leaves beside the spool of a service must not keep that one from starting: each
// file belongs to whom the spool does, also in the middle.
func TestBackupByRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const service = 65534
	path := filepath.Join(t.TempDir(), "spool.db")
	inhabited(t, path, true)
	os.Remove(path + ".lock")
	for _, name := range []string{path, path + "-wal"} {
		if err := os.Chown(name, service, service); err != nil {
			t.Fatal(err)
		}
	}
	err := inDatabase(path, func(c *conn) error {
		var n int
		if err := c.row("SELECT count(*) FROM outbound").Scan(&n); err != nil {
			return err
		}
		names, _ := filepath.Glob(path + "*")
		for _, name := range names {
			if st, err := os.Stat(name); err != nil || st.Sys().(*syscall.Stat_t).Uid != service {
				t.Errorf("%s is not the service's: %v", name, err)
			}
		}
		if len(names) < 3 {
			t.Errorf("only %v are there", names)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	backup(t, path)
	if names, _ := filepath.Glob(path + "*"); len(names) != 1 {
		t.Errorf("files are left: %v", names)
	}
}
