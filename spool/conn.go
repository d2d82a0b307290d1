package spool

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"net/url"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// dsn names the file so that no character of the path is taken for an option.
func dsn(path string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath()
}

// A conn is one SQLite connection with its prepared statements. Statements run under no context: an interrupt between
// BEGIN and COMMIT would leave us guessing. Tx looks at the context between statements instead.
type conn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

func dial(db *sql.DB, pragmas string) (*conn, error) {
	sc, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	c := &conn{c: sc, stmts: map[string]*sql.Stmt{}}
	if err := c.script(pragmas); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.Close()
	}
	return c.c.Close() // for good: the pool keeps none
}

func (c *conn) script(q string) error {
	_, err := c.c.ExecContext(context.Background(), q)
	return err
}

func (c *conn) stmt(q string) (*sql.Stmt, error) {
	s, ok := c.stmts[q]
	if ok {
		return s, nil
	}
	s, err := c.c.PrepareContext(context.Background(), q)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", q, err)
	}
	c.stmts[q] = s
	return s, nil
}

func (c *conn) exec(q string, args ...any) (sql.Result, error) {
	s, err := c.stmt(q)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(context.Background(), args...)
}

// query's rows must be closed before the same text is run again: they are the statement itself.
func (c *conn) query(q string, args ...any) (*sql.Rows, error) {
	s, err := c.stmt(q)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.Background(), args...)
}

func (c *conn) row(q string, args ...any) *sql.Row {
	return c.c.QueryRowContext(context.Background(), q, args...)
}

// nano is a time as it stands in the database; beyond 1678–2262 the nearest there is.
func nano(t time.Time) any {
	switch {
	case t.IsZero():
		return nil
	case t.Before(time.Unix(0, math.MinInt64)):
		return int64(math.MinInt64)
	case t.After(time.Unix(0, math.MaxInt64)):
		return int64(math.MaxInt64)
	}
	return t.UnixNano()
}

// A stamp scans what nano wrote.
type stamp time.Time

func (s *stamp) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*s = stamp{}
	case int64:
		*s = stamp(time.Unix(0, v).UTC())
	default:
		return fmt.Errorf("time is a %T", v)
	}
	return nil
}

// A digest scans 32 octets.
type digest [32]byte

func (d *digest) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok || len(b) != len(d) {
		return fmt.Errorf("hash is %T of %d octets, not 32", v, len(b))
	}
	copy(d[:], b)
	return nil
}

// octets is a blob that is never NULL.
func octets(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
