package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"syscall"
)

// A Copy is what Backup has made.
type Copy struct {
	Octets   int64
	Schema   int
	Outbound int // messages of each direction, in whatever state
	Inbound  int
}

// Backup copies the spool at path to the file to, also while another process has it open:
// that one goes on writing. What was committed when it began is in the copy, and the copy is
// there whole and durable, or not at all. One that is there already is replaced if force says so.
//
// While it runs, the log of the spool is not written back and grows; then it is, as before.
func Backup(ctx context.Context, path, to string, force bool) (c Copy, err error) {
	if path, err = realPath(path); err != nil {
		return c, err
	}
	if isNew, err := checkFile(path); err != nil {
		return c, err
	} else if isNew {
		return c, fmt.Errorf("back up spool %s: there is none: %w", path, fs.ErrNotExist)
	}
	if err := checkTarget(path, to, force); err != nil {
		return c, err
	}
	// SQLite takes a damaged log for a shorter one. A spool that is open was looked at.
	if err := checkAtRest(path); err != nil {
		return c, err
	}
	part, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".part-*") // 0600, as the spool is
	if err != nil {
		return c, fmt.Errorf("back up spool %s: %w", path, err)
	}
	defer os.Remove(part.Name())
	defer part.Close()
	if c, err = copyTo(ctx, path, part.Name()); err != nil {
		return c, explain(filepath.Dir(to), fmt.Sprintf("back up spool %s to %s", path, to), err)
	}
	if err := part.Sync(); err != nil {
		return c, explain(filepath.Dir(to), "back up to "+to, err)
	}
	if err := checkTarget(path, to, force); err != nil { // it took a while
		return c, err
	}
	if err := os.Rename(part.Name(), to); err != nil {
		return c, fmt.Errorf("back up spool %s: %w", path, err)
	}
	return c, syncDir(filepath.Dir(to))
}

// checkTarget keeps a backup from what is there, and from the spool's own files in any case.
func checkTarget(path, to string, force bool) error {
	st, err := os.Stat(to)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("back up to %s: %w", to, err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		if own, err := os.Stat(path + suffix); err == nil && os.SameFile(own, st) {
			return fmt.Errorf("back up to %s: that is the spool itself: use another file", to)
		}
	}
	switch {
	case !st.Mode().IsRegular():
		return fmt.Errorf("back up to %s: it is a %s, not a file", to, what(st.Mode()))
	case !force:
		return fmt.Errorf("back up to %s: it is there already: use another file, or --force: %w", to, fs.ErrExist)
	}
	return nil
}

// checkAtRest looks at the log of a spool that nobody has open, as Open does.
func checkAtRest(path string) error {
	if isHeld(path) {
		return nil
	}
	_, err := (&Spool{path: path, dir: filepath.Dir(path)}).checkLog(false)
	if err != nil && isHeld(path) { // since then
		return nil
	}
	return err
}

// isHeld tells whether a process has the spool open. It keeps none from opening it for longer
// than that takes, and makes no file: as root's, it would keep the service out.
func isHeld(path string) bool {
	f, err := os.Open(path + ".lock")
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// copyTo copies within one read transaction, and reads the copy through.
func copyTo(ctx context.Context, path, to string) (c Copy, err error) {
	if err := inDatabase(path, func(from *conn) error {
		if _, err := checkSchema(from, path, math.MaxInt); err != nil {
			return err
		}
		_, err := from.c.ExecContext(ctx, "VACUUM INTO ?", to)
		return err
	}); err != nil {
		return c, err
	}
	return c, inDatabase(to, func(copied *conn) error {
		if c.Schema, err = checkSchema(copied, to, math.MaxInt); err != nil {
			return err
		}
		if err := (&Spool{path: to}).check(ctx, copied.c); err != nil {
			return err
		}
		st, err := os.Stat(to)
		if err != nil {
			return err
		}
		c.Octets = st.Size()
		return copied.row("SELECT (SELECT count(*) FROM outbound), (SELECT count(*) FROM message)").Scan(&c.Outbound, &c.Inbound)
	})
}

// inDatabase runs f with a connection of its own that commits nothing.
func inDatabase(path string, f func(*conn) error) error {
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return err
	}
	defer db.Close()
	c, err := dial(db, "PRAGMA busy_timeout = 10000; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON")
	if err != nil {
		return err
	}
	return errors.Join(f(c), c.close())
}
