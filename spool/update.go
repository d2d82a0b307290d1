package spool

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// maxBatch bounds how long the first of a batch waits for its commit.
const maxBatch = 64

// A batch is one SQL transaction that commits the Updates of several callers at once: an fsync costs 5–20 ms on a card,
// whatever it writes. Each f runs in its own caller's goroutine, one after the other; the caller passes the turn on to
// the next who waits, and the last one commits for all.
type batch struct {
	size int           // Updates in it
	says []string      // what they are about
	done chan struct{} // closed after the commit
	err  error         // of the commit; read after done
}

// Update runs f and commits what it did: one business event, one durable commit, or nothing at all. The error of f rolls
// it back and is returned as it is. The context counts until f has returned; from there on the commit decides.
//
// f must not wait for anything and not call Update.
func (s *Spool) Update(ctx context.Context, f func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("update spool: %w", err)
	}
	if err := s.turns.take(ctx); err != nil {
		return fmt.Errorf("update spool: %w", err)
	}
	tx := &Tx{s: s, ctx: ctx}
	b, err := s.perform(tx, f)
	if err == nil {
		<-b.done
		err = b.err
	}
	s.writable(tx, err)
	if err != nil {
		tx.rollback()
	}
	return err
}

// writable notes how an Update fared. One that wrote nothing says nothing of the disk.
func (s *Spool) writable(tx *Tx, err error) {
	switch {
	case err == nil && tx.wrote:
		if s.trouble.Load() != nil {
			s.trouble.Store(nil)
		}
	case errors.Is(err, ErrFull), errors.Is(err, ErrReadOnly), errors.Is(err, ErrIO), errors.Is(err, ErrCorrupt), errors.Is(err, ErrBusy):
		s.trouble.Store(&err)
	}
}

// Trouble is why the last commit that wrote something could not be made; nil it was, or there was none yet.
func (s *Spool) Trouble() error {
	if err := s.trouble.Load(); err != nil {
		return *err
	}
	return nil
}

// perform runs f inside the open batch, or a new one. It has the turn and gives it away, whatever f does.
func (s *Spool) perform(tx *Tx, f func(*Tx) error) (b *batch, err error) {
	if s.closed() && s.writer == nil {
		s.turns.pass()
		return nil, ErrClosed
	}
	b, err = s.join()
	if err != nil {
		s.turns.pass()
		return nil, err
	}
	good := false
	defer func() { // also when f panics
		tx.c = nil
		s.leave(b, good, tx.about, tx.err)
	}()
	tx.c = s.writer
	if err = tx.usable(); err != nil {
		return b, err
	}
	if err = f(tx); err == nil {
		err = tx.usable()
	}
	good = err == nil
	return b, err
}

// join begins a transaction, or a savepoint in the one that is open.
func (s *Spool) join() (*batch, error) {
	if s.batch != nil {
		if _, err := s.writer.exec("SAVEPOINT one"); err != nil {
			s.commit(s.batch, err)
			return nil, explain(s.dir, "update spool", err)
		}
		return s.batch, nil
	}
	if s.writer == nil {
		c, err := dial(s.db, "")
		if err == nil {
			err = s.tune(c)
		}
		if err != nil {
			if c != nil {
				c.close()
			}
			return nil, explain(s.dir, "update spool", err)
		}
		s.writer = c
	}
	if _, err := s.writer.exec("BEGIN IMMEDIATE"); err != nil {
		s.reset()
		return nil, explain(s.dir, "update spool", err)
	}
	s.batch = &batch{done: make(chan struct{})}
	return s.batch, nil
}

// leave closes one Update's part of the batch, then hands the turn on or commits. cause is what SQL said against it.
func (s *Spool) leave(b *batch, good bool, about string, cause error) {
	var err error
	switch {
	case good && b.size == 0:
	case good:
		_, err = s.writer.exec("RELEASE one")
	case b.size == 0: // nothing else in it
		s.reset()
		s.batch = nil
		s.turns.pass()
		return
	default:
		// SQLite ends the whole transaction by itself on a full disk or an I/O error: then there is no savepoint to go
		// back to, and the others hear that their work was not committed.
		_, err = s.writer.exec("ROLLBACK TO one")
		if err == nil {
			_, err = s.writer.exec("RELEASE one")
		}
		if err != nil && cause != nil {
			err = cause
		}
	}
	if good {
		b.size++
		b.says = append(b.says, about)
	}
	if err == nil && b.size < maxBatch && s.turns.handOn() {
		return
	}
	s.commit(b, err)
	s.turns.pass()
}

// commit ends the batch and answers everyone in it; with an err, by rolling it back.
func (s *Spool) commit(b *batch, err error) {
	if err == nil {
		s.probe("commit", b)
		_, err = s.writer.exec("COMMIT")
		s.probe("committed", b)
	}
	if err != nil {
		s.reset()
		b.err = explain(s.dir, "commit to spool", err)
	} else if s.opt.Committed != nil {
		for _, event := range b.says {
			s.opt.Committed(event)
		}
	}
	s.batch = nil
	close(b.done)
}

func (s *Spool) probe(point string, b *batch) {
	if s.opt.Probe == nil {
		return
	}
	for _, event := range b.says {
		s.opt.Probe(strings.TrimSpace(point + " " + event))
	}
}

// reset gets the writer out of whatever transaction it is in, also where SQLite has ended it by itself; if need be at the
// price of the connection: then the next Update dials again. A commit whose sync failed stands whole in the log. It is
// this connection that knows better: one that finds no other reads the log anew and takes it for done.
func (s *Spool) reset() {
	if _, err := s.writer.exec("ROLLBACK"); err == nil {
		return
	}
	if _, err := s.writer.exec("BEGIN"); err == nil {
		if _, err := s.writer.exec("ROLLBACK"); err == nil {
			return
		}
	}
	s.writer.close()
	s.writer = nil
}
