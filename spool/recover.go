package spool

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Report says what Recover has saved.
type Report struct {
	Cause  error // why the spool was not opened
	Aside  string
	Tables []TableReport
	Notes  []string // what that means for single messages, and for all
}

// A TableReport is about one table.
type TableReport struct {
	Name      string
	Saved     int
	LostPages int // nobody knows how many rows stood there
	LostRows  int // not whole
	Refused   int // whole, but without sense, or without the row they belong to
}

// Whole tells whether nothing of the table is known to be lost.
func (t TableReport) Whole() bool { return t.LostPages+t.LostRows+t.Refused == 0 }

func (t TableReport) String() string {
	said := []string{fmt.Sprintf("%d saved", t.Saved)}
	for _, lost := range []struct {
		n    int
		what string
	}{{t.LostPages, "pages could not be read"}, {t.LostRows, "not whole"}, {t.Refused, "without sense"}} {
		if lost.n > 0 {
			said = append(said, fmt.Sprintf("%d %s", lost.n, lost.what))
		}
	}
	return t.Name + ": " + strings.Join(said, ", ")
}

// Recover makes a spool of what can still be read where Open, or reading all of the file, finds it damaged. The damaged
// files are set aside under the name in the report, never changed. A sound spool, or none, is left alone: no report.
//
// It may be killed at any instant: the next Open finds the damaged spool, or the recovered one.
func Recover(path string, o Options) (*Report, error) {
	cause := examineAll(path, o)
	switch {
	case cause == nil:
		return nil, nil
	case errors.Is(cause, ErrCorrupt), errors.Is(cause, ErrIO), errors.Is(cause, ErrNotSpool):
	default:
		return nil, cause
	}
	path, err := realPath(path)
	if err != nil {
		return nil, err
	}
	if o.Command == "" {
		o.Command = commandLine()
	}
	l, err := takeLock(path, o.Command, time.Now())
	if err != nil {
		return nil, err
	}
	defer l.release()
	r := &Report{Cause: cause}
	if err := r.rebuild(path); err != nil {
		return nil, explain(filepath.Dir(path), "recover spool "+path, err)
	}
	r.Aside, err = putInPlace(path)
	return r, err
}

// examineAll opens the spool and reads all of it, the indexes too.
func examineAll(path string, o Options) error {
	s, err := Open(path, o)
	if err != nil {
		return err
	}
	defer s.Close()
	var said string
	if err := s.writer.row("PRAGMA integrity_check(1)").Scan(&said); err != nil {
		return explain(s.dir, "check spool "+s.path, err)
	}
	if said != "ok" {
		return &fault{kind: ErrCorrupt, text: fmt.Sprintf("check %s: %v: %s", s.path, ErrCorrupt, oneLine(said))}
	}
	return nil
}

// rebuild makes the recovered spool, whole and durable, and gives it the name at which putInPlace takes it.
func (r *Report) rebuild(path string) error {
	pages, err := openRaw(path)
	if err != nil {
		return err
	}
	defer pages.close()
	scripts := migrations()
	version, headed := pages.version()
	if version < 1 || version > len(scripts) {
		version = len(scripts)
	}
	building := path + ".recovering"
	for _, suffix := range []string{"", "-journal"} { // what a killed recovery has left
		if err := os.Remove(building + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := create(building); err != nil {
		return err
	}
	if err := r.fill(building, pages, scripts[:version]); err != nil {
		os.Remove(building)
		return err
	}
	if !(headed && pages.application() == applicationID) && !r.recognised() {
		os.Remove(building)
		return r.Cause // no database, or another program's
	}
	return finish(path, building)
}

// recognised tells whether something was saved that only a spool has.
func (r *Report) recognised() bool {
	for _, t := range r.Tables {
		switch t.Name {
		case "secret", "outbound", "message", "in_segment":
			if t.Saved > 0 {
				return true
			}
		}
	}
	return false
}

// fill copies into a new spool. It need not survive a crash before it is whole.
func (r *Report) fill(building string, pages *rawPages, scripts []string) error {
	db, err := sql.Open("sqlite", dsn(building))
	if err != nil {
		return err
	}
	defer db.Close()
	c, err := dial(db, fmt.Sprintf("PRAGMA page_size = %d;", pages.size)+`
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = MEMORY;
PRAGMA synchronous = OFF;
PRAGMA foreign_keys = ON;
PRAGMA temp_store = MEMORY`)
	if err != nil {
		return err
	}
	defer c.close()
	if err := migrate(c, 0, scripts); err != nil {
		return err
	}
	if _, err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	salvage := &salvage{report: r, c: c, scavenger: scavenger{rawPages: pages, seen: map[uint32]bool{}}}
	if err := salvage.run(); err != nil {
		return err
	}
	tx := &Tx{s: &Spool{dir: filepath.Dir(building)}, ctx: context.Background(), c: c}
	if err := salvage.mend(tx); err != nil {
		return err
	}
	_, err = c.exec("COMMIT")
	return err
}

// version is the schema, and whether the file begins as a database does.
func (p *rawPages) version() (version int, headed bool) {
	b, ok := p.page(1)
	if !ok || string(b[:len(magic)]) != magic {
		return 0, false
	}
	return int(binary.BigEndian.Uint32(b[60:])), true
}

// application tells whose database it is; 0: nobody's.
func (p *rawPages) application() int {
	b, ok := p.page(1)
	if !ok {
		return 0
	}
	return int(binary.BigEndian.Uint32(b[68:]))
}
