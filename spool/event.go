package spool

import (
	"database/sql"
	"time"
)

// An Event is one line of a message's life, kept for EVENTS and explain.
type Event struct {
	N              int64 // set by PutEvent
	ID, Word       string
	Segment, Total int // Segment 0: about the whole message
	Why            string
	At, AtWall     time.Time
}

const eventColumns = "n, id, word, segment, total, why, at, at_wall"

func scanEvent(r *sql.Rows) (e Event, err error) {
	err = r.Scan(&e.N, &e.ID, &e.Word, &e.Segment, &e.Total, &e.Why, (*stamp)(&e.At), (*stamp)(&e.AtWall))
	return e, err
}

// PutEvent appends an event and sets its N, which rises for ever, also after purges.
func (tx *Tx) PutEvent(e *Event) error {
	n, err := tx.insert("INSERT INTO event (id, word, segment, total, why, at, at_wall) VALUES (?, ?, ?, ?, ?, ?, ?)",
		e.ID, e.Word, e.Segment, e.Total, e.Why, nano(e.At), nano(e.AtWall))
	if err != nil {
		return err
	}
	tx.assign(&e.N, n)
	return nil
}

const (
	eventsAfter = "SELECT " + eventColumns + " FROM event WHERE n > ? ORDER BY n LIMIT ?"
	eventsOf    = "SELECT " + eventColumns + " FROM event WHERE id = ? ORDER BY n"
)

// Events lists the events after number after, in order.
func (tx *Tx) Events(after int64, limit int) ([]Event, error) {
	return list(tx, scanEvent, eventsAfter, after, limit)
}

// EventsOf lists the kept events of one message, in order.
func (tx *Tx) EventsOf(id string) ([]Event, error) {
	return list(tx, scanEvent, eventsOf, id)
}

// EventRange is the number of the first event kept, last+1 when there is none, and of the last one there ever was.
func (tx *Tx) EventRange() (first, last int64, err error) {
	if last, err = tx.lastNumber("event"); err != nil {
		return 0, 0, err
	}
	err = tx.get([]any{&first}, "SELECT n FROM event ORDER BY n LIMIT 1")
	if err == ErrNotFound {
		return last + 1, last, nil
	}
	return first, last, err
}
