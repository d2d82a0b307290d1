package spool

import (
	"database/sql"
	"time"
)

// An Attempt is one submission of a segment that came to its end.
type Attempt struct {
	ID           string // of the message
	Seq          int
	Began, Ended time.Time
	EndedWall    time.Time
	Modem, SIM   string
	Outcome      Outcome
	MR           int // TP-MR, -1 = none
	Why          string
}

// An Outcome is how an Attempt ended.
type Outcome string

const (
	OutcomeAccepted Outcome = "accepted" // by the network
	OutcomeRefused  Outcome = "refused"  // by the network or the modem
	OutcomeNotSent  Outcome = "not-sent" // it was not handed over
	OutcomeUnknown  Outcome = "unknown"  // nobody knows
)

// attemptsKept is how many attempts of one segment are kept: one that fails for a year must not fill the disk.
const attemptsKept = 20

const (
	oldAttempts = `DELETE FROM attempt WHERE n IN (SELECT n FROM attempt
		WHERE outbound = (SELECT n FROM outbound WHERE id = ?1) AND seq = ?2 ORDER BY n DESC LIMIT -1 OFFSET ?3)`
	attemptColumns = "id, seq, began, ended, ended_wall, attempt.modem, attempt.sim, outcome, mr, attempt.why"
	attemptsOf     = "SELECT " + attemptColumns + ` FROM outbound JOIN attempt ON outbound = outbound.n
		WHERE id = ? ORDER BY attempt.n`
	unknownAttempts = "SELECT " + attemptColumns + ` FROM attempt INDEXED BY attempt_unknown JOIN outbound ON outbound = outbound.n
		WHERE attempt.sim = ?1 AND outcome = 'unknown' AND peer IN (?2, '+' || ?2) AND (report = 1 OR unknown = 'hold')
		ORDER BY attempt.n DESC LIMIT ?3`
)

func scanAttempt(r *sql.Rows) (a Attempt, err error) {
	err = r.Scan(&a.ID, &a.Seq, (*stamp)(&a.Began), (*stamp)(&a.Ended), (*stamp)(&a.EndedWall), &a.Modem, &a.SIM, &a.Outcome, &a.MR, &a.Why)
	return a, err
}

// UnknownAttempts lists the attempts of this SIM of which nobody knows whether the network has them, to this peer and with
// a report asked for, the newest first: also of segments that went on air by a later attempt.
func (tx *Tx) UnknownAttempts(sim, peer string, limit int) ([]Attempt, error) {
	return list(tx, scanAttempt, unknownAttempts, sim, peerKey(peer), limit)
}

// PutAttempt appends an attempt to a message's history, which goes when the message does.
func (tx *Tx) PutAttempt(a *Attempt) error {
	_, err := tx.exec(`INSERT INTO attempt (outbound, seq, began, ended, ended_wall, modem, sim, outcome, mr, why)
		SELECT n, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM outbound WHERE id = ?`,
		a.Seq, nano(a.Began), nano(a.Ended), nano(a.EndedWall), a.Modem, a.SIM, string(a.Outcome), a.MR, a.Why, a.ID)
	if err != nil || a.Outcome == OutcomeAccepted { // which ends them
		return err
	}
	_, err = tx.exec(oldAttempts, a.ID, a.Seq, attemptsKept)
	return err
}

// AttemptsOf lists the kept attempts of one message, in the order of their ends.
func (tx *Tx) AttemptsOf(id string) ([]Attempt, error) {
	return list(tx, scanAttempt, attemptsOf, id)
}
