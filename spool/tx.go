package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A Tx is the spool inside one Update or View. It belongs to the goroutine that f runs in and ends with f.
//
// An SQL error ends it: f may return what it likes afterwards, nothing is committed.
type Tx struct {
	s    *Spool
	ctx  context.Context
	c    *conn
	view bool
	err  error

	wrote    bool                 // something
	about    string               // the business event, for Options.Probe
	outbound map[string]*Outbound // messages as they are on disk: PutOutbound writes what differs
	undo     []func()             // puts back what the Tx wrote into the caller's structs
}

var (
	errEnded = errors.New("transaction used after its end")
	errView  = errors.New("write in a View")
)

func (tx *Tx) usable() error {
	if tx.err == nil && tx.c == nil {
		tx.err = errEnded
	}
	if tx.err == nil {
		tx.err = tx.ctx.Err()
	}
	return tx.err
}

// About names the business event that the commit is, for Options.Probe.
func (tx *Tx) About(event string) { tx.about = event }

// fail keeps the first error of the transaction.
func (tx *Tx) fail(err error) error {
	if err != nil && tx.err == nil {
		tx.err = explain(tx.s.dir, "spool", err)
		return tx.err
	}
	return err
}

func (tx *Tx) exec(q string, args ...any) (sql.Result, error) {
	if err := tx.usable(); err != nil {
		return nil, err
	}
	if tx.view {
		return nil, tx.fail(errView)
	}
	tx.wrote = true
	r, err := tx.c.exec(q, args...)
	return r, tx.fail(err)
}

// insert runs an INSERT and returns the row's number.
func (tx *Tx) insert(q string, args ...any) (int64, error) {
	r, err := tx.exec(q, args...)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// each runs scan for every row; false ends it early.
func (tx *Tx) each(scan func(*sql.Rows) (bool, error), q string, args ...any) error {
	if err := tx.usable(); err != nil {
		return err
	}
	rows, err := tx.c.query(q, args...)
	if err != nil {
		return tx.fail(err)
	}
	defer rows.Close()
	for rows.Next() {
		more, err := scan(rows)
		if err != nil {
			return tx.fail(err)
		}
		if !more {
			return tx.fail(rows.Close())
		}
	}
	return tx.fail(rows.Err())
}

// get scans the first row into dest; without one it is ErrNotFound.
func (tx *Tx) get(dest []any, q string, args ...any) error {
	found := false
	err := tx.each(func(r *sql.Rows) (bool, error) {
		found = true
		return false, r.Scan(dest...)
	}, q, args...)
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}

// list collects one T a row.
func list[T any](tx *Tx, scan func(*sql.Rows) (T, error), q string, args ...any) ([]T, error) {
	var all []T
	err := tx.each(func(r *sql.Rows) (bool, error) {
		v, err := scan(r)
		all = append(all, v)
		return true, err
	}, q, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

func scanString(r *sql.Rows) (v string, err error) { err = r.Scan(&v); return }
func scanInt(r *sql.Rows) (v int64, err error)     { err = r.Scan(&v); return }

// assign sets *p, and puts it back if the transaction fails: the caller may offer the same struct again.
func (tx *Tx) assign(p *int64, v int64) {
	old := *p
	tx.undo = append(tx.undo, func() { *p = old })
	*p = v
}

func (tx *Tx) rollback() {
	for i := len(tx.undo) - 1; i >= 0; i-- {
		tx.undo[i]()
	}
}

// View runs f on a read-only snapshot, beside Updates and up to three other Views.
func (s *Spool) View(ctx context.Context, f func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("view spool: %w", err)
	}
	var c *conn
	select {
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("view spool: %w", ctx.Err())
	case c = <-s.views:
	}
	defer func() { s.views <- c }()
	if s.closed() {
		return ErrClosed
	}
	if c == nil {
		fresh, err := dial(s.db, readerPragmas)
		if err != nil {
			return explain(s.dir, "view spool", err)
		}
		c = fresh
	}
	if _, err := c.exec("BEGIN"); err != nil {
		c.close()
		c = nil
		return explain(s.dir, "view spool", err)
	}
	tx := &Tx{s: s, ctx: ctx, c: c, view: true}
	defer func() {
		tx.c = nil
		if _, err := c.exec("ROLLBACK"); err != nil {
			c.close()
			c = nil
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	return tx.err
}
