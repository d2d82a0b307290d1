package spool

import (
	"database/sql"
	"fmt"
	"time"
)

// A Dialogue is what was said to a modem and by it when something went wrong. It goes when what it is about does.
type Dialogue struct {
	About      string // the id of a message, or AboutQuarantined
	Seq        int    // of the segment; 0: none
	Modem      string
	At, AtWall time.Time // the end
	Lines      string    // each with its time before the end and its arrow
}

// AboutQuarantined is what a dialogue about a short message that was set aside is filed under.
func AboutQuarantined(n int64) string { return fmt.Sprintf("q:%d", n) }

const (
	dialoguesKept     = 2000 // in all: 16 MB at most
	dialoguesKeptEach = 3    // of what they are about: one that fails for a day tells nothing new

	dialogueColumns = "about, seq, modem, at, at_wall, lines"
	oldDialogues    = "DELETE FROM dialogue WHERE n IN (SELECT n FROM dialogue WHERE about = ? ORDER BY n DESC LIMIT -1 OFFSET ?)"
	dialoguesOf     = "SELECT " + dialogueColumns + " FROM dialogue WHERE about = ? ORDER BY n"
)

// PutDialogue keeps a dialogue, and lets go of the oldest beyond those that are kept.
func (tx *Tx) PutDialogue(d *Dialogue) error {
	n, err := tx.insert("INSERT INTO dialogue ("+dialogueColumns+") VALUES (?, ?, ?, ?, ?, ?)",
		d.About, d.Seq, d.Modem, nano(d.At), nano(d.AtWall), d.Lines)
	if err != nil {
		return err
	}
	if _, err := tx.exec(oldDialogues, d.About, dialoguesKeptEach); err != nil {
		return err
	}
	_, err = tx.exec("DELETE FROM dialogue WHERE n <= ?", n-dialoguesKept)
	return err
}

// DialoguesOf lists the kept dialogues about one message or short message, in order.
func (tx *Tx) DialoguesOf(about string) ([]Dialogue, error) {
	return list(tx, func(r *sql.Rows) (d Dialogue, err error) {
		err = r.Scan(&d.About, &d.Seq, &d.Modem, (*stamp)(&d.At), (*stamp)(&d.AtWall), &d.Lines)
		return d, err
	}, dialoguesOf, about)
}
