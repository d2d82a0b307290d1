package spool

import (
	"database/sql"
	"time"
)

// Count adds to a named counter ("foreign.text", "type0", "duplicate"), which starts at 0 and is never purged.
func (tx *Tx) Count(name string, by int64) error {
	_, err := tx.exec("INSERT INTO counter VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value", name, by)
	return err
}

// Counter reads a named counter.
func (tx *Tx) Counter(name string) (v int64, err error) {
	if err = tx.get([]any{&v}, "SELECT value FROM counter WHERE name = ?", name); err == ErrNotFound {
		return 0, nil
	}
	return v, err
}

// Counters reads all of them.
func (tx *Tx) Counters() (map[string]int64, error) {
	all := map[string]int64{}
	err := tx.each(func(r *sql.Rows) (bool, error) {
		var name string
		var value int64
		err := r.Scan(&name, &value)
		all[name] = value
		return true, err
	}, "SELECT name, value FROM counter")
	return all, err
}

// gauge reads one of the counts that triggers keep (schema/001.sql).
func (tx *Tx) gauge(name string) (n int, err error) {
	return n, tx.get([]any{&n}, "SELECT value FROM gauge WHERE name = ?", name)
}

// lastNumber is the highest row number that a table with AUTOINCREMENT has given out.
func (tx *Tx) lastNumber(table string) (n int64, err error) {
	if err = tx.get([]any{&n}, "SELECT seq FROM sqlite_sequence WHERE name = ?", table); err == ErrNotFound {
		return 0, nil
	}
	return n, err
}

// TryPIN records that this PIN is tried on this card: true the first time ever, false for good after that. The attempt
// may be made once Update has returned, not before. It is never purged: three wrong ones lock the card.
func (tx *Tx) TryPIN(iccid string, digest [32]byte, at time.Time) (bool, error) {
	r, err := tx.exec("INSERT INTO pin_attempt VALUES (?, ?, ?) ON CONFLICT DO NOTHING", iccid, digest[:], nano(at))
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

// PINWorked takes the record of an attempt back: the card took the PIN, so that it may be tried again when the card asks
// again. If it does not work then, the record of that attempt stays.
func (tx *Tx) PINWorked(iccid string, digest [32]byte) error {
	_, err := tx.exec("DELETE FROM pin_attempt WHERE iccid = ? AND digest = ?", iccid, digest[:])
	return err
}

// Set keeps a small value under a name.
func (tx *Tx) Set(name, value string) error {
	_, err := tx.exec("INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", name, value)
	return err
}

// Get reads what Set kept.
func (tx *Tx) Get(name string) (value string, ok bool, err error) {
	switch err = tx.get([]any{&value}, "SELECT value FROM setting WHERE name = ?", name); err {
	case nil:
		return value, true, nil
	case ErrNotFound:
		return "", false, nil
	}
	return "", false, err
}
