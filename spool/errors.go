package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// What can be wrong, for errors.Is. The text of an error says which file and what helps.
var (
	ErrNotFound = errors.New("not found")
	ErrFull     = errors.New("disk full")           // the disk, a quota or Options.MaxBytes; goes by itself when space returns
	ErrReadOnly = errors.New("not writable")        // file system, directory or file
	ErrIO       = errors.New("input/output error")  // the disk fails
	ErrCorrupt  = errors.New("database damaged")    // wrong octets read back
	ErrBusy     = errors.New("database is locked")  // another program (sqlite3, a backup) holds it for long
	ErrHeld     = errors.New("spool is held")       // another process has it open
	ErrNewer    = errors.New("spool is too new")    // written by a later wvsms
	ErrNotSpool = errors.New("file is not a spool") // no database, or another program's
	ErrClosed   = errors.New("spool is closed")
)

// A fault is an error of one of the kinds above in the words of the case at hand.
type fault struct {
	kind, cause error
	text        string
}

func (f *fault) Error() string { return f.text }

func (f *fault) Unwrap() []error {
	if f.cause == nil {
		return []error{f.kind}
	}
	return []error{f.kind, f.cause}
}

// explain puts err, from SQLite or the file system, under its kind; dir is where the spool lives.
func explain(dir, verb string, err error) error {
	if err == nil || errors.As(err, new(*fault)) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if kind := kindOf(dir, err); kind != nil {
		text := fmt.Sprintf("%s: %v: %v", verb, kind, err)
		if kind == ErrCorrupt {
			text += ": " + corruptRemedy
		}
		return &fault{kind: kind, cause: err, text: text}
	}
	return fmt.Errorf("%s: %w", verb, err)
}

const corruptRemedy = "put a backup in its place, or start wvsms run --recover, which sets it aside and saves what can be read"

func kindOf(dir string, err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case lib.SQLITE_FULL:
			return ErrFull
		case lib.SQLITE_READONLY, lib.SQLITE_PERM:
			return ErrReadOnly
		case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB: // checkFile has seen the right first octets
			return ErrCorrupt
		case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
			return ErrBusy
		case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN:
			return diskFault(dir)
		}
		return nil
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return ErrReadOnly
	case errors.Is(err, syscall.EIO):
		return ErrIO
	}
	return nil
}

// diskFault tells the causes apart that SQLite reports as one I/O error: SQLITE_FULL covers a short write, but not a
// shared-memory file that cannot grow or an fsync that finds no room for a delayed allocation.
func diskFault(dir string) error {
	const room = 256 << 10 // less than this is full: one commit and the -shm file need about as much
	var st syscall.Statfs_t
	if syscall.Statfs(dir, &st) != nil {
		return ErrIO
	}
	const readOnly = 1 // ST_RDONLY
	switch {
	case st.Flags&readOnly != 0:
		return ErrReadOnly
	case st.Bavail*uint64(st.Bsize) < room:
		return ErrFull
	}
	return ErrIO
}

// checkPlace looks at the directory and the file before SQLite does, which has one error for all of it.
func checkPlace(path string) error {
	dir := filepath.Dir(path)
	st, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("open spool %s: no directory %s: make it (mkdir -p) or use another [spool] path: %w", path, dir, fs.ErrNotExist)
	case err != nil:
		return explain(dir, "open spool "+path, err)
	case !st.IsDir():
		return fmt.Errorf("open spool %s: %s is not a directory: use another [spool] path", path, dir)
	}
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return &fault{kind: ErrNotSpool, text: fmt.Sprintf("open spool %s: it is a %s, not a file: use another [spool] path", path, what(st.Mode()))}
	}
	return nil
}

func what(m fs.FileMode) string {
	if m.IsDir() {
		return "directory"
	}
	return "device"
}
