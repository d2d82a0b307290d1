package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	readers = 3 // Views at a time: SHOW, LIST, status; each costs a page cache

	// logBytes are written to the log before they are carried over into the database: what changes again and again is
	// carried once.
	logBytes = 4 << 20

	// After a crash, a database up to this size is read through before it is trusted; a larger one would keep a Pi
	// waiting for its card. Neither kill -9 nor a power cut damages it where fsync is honoured; Check finds the rest.
	checkAtOpen = 64 << 20
)

const writerPragmas = `
PRAGMA busy_timeout = 10000;
PRAGMA foreign_keys = ON;
PRAGMA synchronous = FULL;
PRAGMA temp_store = MEMORY;
PRAGMA cell_size_check = ON;
PRAGMA journal_size_limit = 8388608`

const readerPragmas = `
PRAGMA cache_size = -512;
PRAGMA busy_timeout = 10000;
PRAGMA query_only = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cell_size_check = ON`

// Options of Open. The zero value is good.
type Options struct {
	Command  string           // told to whoever finds the spool held; "" = this process's command line
	Now      func() time.Time // for the time in ids; nil = time.Now
	MaxBytes int64            // the database file grows no further: ErrFull; 0 = as far as the disk goes

	// Probe, if not nil, is called right before and right after each commit with "commit EVENT" and "committed EVENT" for
	// each event in it (see Tx.About): tests end the process there.
	Probe func(point string)

	// Committed, if not nil, is called after each commit with each event in it. It must not wait for anything.
	Committed func(event string)
}

// A Spool is one open spool file.
type Spool struct {
	path, dir string
	opt       Options
	secret    []byte
	lock      *lock
	db        *sql.DB

	turns  turns  // who may write
	writer *conn  // with the turn; nil: to be dialled
	batch  *batch // with the turn; nil: none open

	trouble atomic.Pointer[error] // of the last commit

	views   chan *conn // a nil one is to be dialled
	closing chan struct{}
	once    sync.Once
	ended   error
}

// Open opens the spool at path, or makes one where there is none, and locks it. It starts nothing.
func Open(path string, o Options) (s *Spool, err error) {
	if path, err = realPath(path); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Command == "" {
		o.Command = commandLine()
	}
	if err := checkPlace(path); err != nil {
		return nil, err
	}
	s = &Spool{path: path, dir: filepath.Dir(path), opt: o, views: make(chan *conn, readers), closing: make(chan struct{})}
	if s.lock, err = takeLock(path, o.Command, time.Now()); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		s.stop()
		return nil, s.remedy(explain(s.dir, "open spool "+path, err))
	}
	for range readers {
		s.views <- nil
	}
	return s, nil
}

// realPath is the one name of the file: one file is one lock, by whichever name it is reached.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("open spool: %w", err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path, nil
}

func (s *Spool) start() error {
	if _, err := putInPlace(s.path); err != nil {
		return err
	}
	isNew, err := checkFile(s.path)
	if err != nil {
		return err
	}
	crashed, err := s.checkLog(isNew)
	if err != nil {
		return err
	}
	if isNew {
		if err := create(s.path); err != nil {
			return err
		}
	}

	if s.db, err = sql.Open("sqlite", dsn(s.path)); err != nil {
		return err
	}
	s.db.SetMaxIdleConns(-1) // conn keeps what is worth keeping
	c, err := dial(s.db, "PRAGMA busy_timeout = 10000")
	if err != nil {
		return err
	}
	s.writer = c
	scripts := migrations()
	version, err := checkSchema(c, s.path, len(scripts))
	if err != nil {
		return err
	}
	if version == 0 {
		// Only possible before the first table: space can be given back later.
		if err := c.script(fmt.Sprintf("PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL", pageSize)); err != nil {
			return err
		}
	}
	var mode string
	if err := c.row("PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("set WAL mode: it stays %q: use a file system with shared memory maps", mode)
	}
	if err := s.tune(c); err != nil {
		return err
	}
	if st, err := os.Stat(s.path); crashed && err == nil && st.Size() <= checkAtOpen {
		if err := s.check(context.Background(), c.c); err != nil {
			return err
		}
	}
	if err := migrate(c, version, scripts); err != nil {
		return err
	}
	if isNew {
		if err := syncDir(s.dir); err != nil {
			return err
		}
	}
	return c.row("SELECT value FROM secret WHERE name = 'id'").Scan(&s.secret)
}

// checkLog looks at the log that a crash has left; a close in good order leaves none. SQLite takes one that is damaged
// for shorter than it is, and deletes one without a database: messages would be sent and offered again.
func (s *Spool) checkLog(isNew bool) (crashed bool, err error) {
	st, err := os.Stat(s.path + "-wal")
	if err != nil || st.Size() == 0 {
		return false, nil
	}
	p, err := openRaw(s.path)
	if err != nil {
		return true, err
	}
	defer p.close()
	switch {
	case p.holes:
		return true, &fault{kind: ErrCorrupt, text: fmt.Sprintf("open spool %s: %v: %s-wal is not as it was written", s.path, ErrCorrupt, s.path)}
	case isNew && len(p.logged) > 0:
		return true, &fault{kind: ErrCorrupt, text: fmt.Sprintf("open spool %s: %v: it is empty, and %s-wal is not", s.path, ErrCorrupt, s.path)}
	}
	return true, nil
}

// tune sets what a writing connection forgets when it is closed.
func (s *Spool) tune(c *conn) error {
	if err := c.script(writerPragmas); err != nil {
		return err
	}
	var page int64
	if err := c.row("PRAGMA page_size").Scan(&page); err != nil {
		return err
	}
	if err := c.script(fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", logBytes/page)); err != nil {
		return err
	}
	if s.opt.MaxBytes == 0 {
		return nil
	}
	return c.script(fmt.Sprintf("PRAGMA max_page_count = %d", max(1, s.opt.MaxBytes/page)))
}

// remedy adds what the operator can do.
func (s *Spool) remedy(err error) error {
	switch {
	case errors.Is(err, ErrCorrupt) && !strings.Contains(err.Error(), corruptRemedy):
		return fmt.Errorf("%w: %s", err, corruptRemedy)
	case errors.Is(err, ErrFull):
		return fmt.Errorf("%w: make room in %s", err, s.dir)
	case errors.Is(err, ErrReadOnly):
		return fmt.Errorf("%w: wvsms must be able to write %s and the files beside it", err, s.path)
	}
	return err
}

// create makes the empty file, which SQLite would make readable for all.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// syncDir makes the names of new files durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Close waits for Updates and Views in progress, writes the log back into the database and lets go of the lock.
func (s *Spool) Close() error {
	s.once.Do(func() {
		close(s.closing)
		s.turns.take(context.Background())
		if s.batch != nil { // the turn came with it
			s.commit(s.batch, nil)
		}
		for range readers {
			if c := <-s.views; c != nil {
				c.close()
			}
		}
		s.ended = s.stop()
		s.turns.pass()
	})
	return s.ended
}

func (s *Spool) stop() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
		s.writer = nil
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	errs = append(errs, s.lock.release())
	return errors.Join(errs...)
}

func (s *Spool) closed() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// Check reads the whole database through (PRAGMA quick_check: 0.2 s for each 100,000 messages on a PC; a card reads tens of MB/s)
// beside other work. A damaged one is ErrCorrupt.
func (s *Spool) Check(ctx context.Context) error {
	if s.closed() {
		return ErrClosed
	}
	c, err := s.db.Conn(ctx)
	if err != nil {
		return explain(s.dir, "check spool "+s.path, err)
	}
	defer c.Close()
	return s.remedy(explain(s.dir, "check spool "+s.path, s.check(ctx, c)))
}

func (s *Spool) check(ctx context.Context, c *sql.Conn) error {
	var said string
	if err := c.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return &fault{kind: ErrCorrupt, text: fmt.Sprintf("check %s: %v: %s", s.path, ErrCorrupt, oneLine(said))}
	}
	return nil
}
