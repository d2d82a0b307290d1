package spool

import (
	"database/sql"
	"time"
)

// A Quarantined is a short message set aside as it came, with the reason.
type Quarantined struct {
	N                        int64 // set by Quarantine
	Modem, SIM, Peer, Reason string
	Raw                      []byte // PDU-mode octets
	Text                     string // what the modem said, where there is no readable PDU
	At, AtWall               time.Time
}

// Quarantine sets a short message aside, sets its N and lets go of the oldest beyond keep.
func (tx *Tx) Quarantine(q *Quarantined, keep int) error {
	n, err := tx.insert("INSERT INTO quarantine (modem, sim, peer, reason, raw, text, at, at_wall) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		q.Modem, q.SIM, q.Peer, q.Reason, q.Raw, q.Text, nano(q.At), nano(q.AtWall))
	if err != nil {
		return err
	}
	tx.assign(&q.N, n)
	_, err = tx.exec("DELETE FROM quarantine WHERE n <= ?", n-int64(keep))
	return err
}

// QuarantineSize is how many are set aside: they go from the old end only.
func (tx *Tx) QuarantineSize() (n int, err error) {
	return n, tx.get([]any{&n}, "SELECT coalesce((SELECT max(n) FROM quarantine) - (SELECT min(n) FROM quarantine) + 1, 0)")
}

// Quarantines lists what was set aside after number afterN, in order.
func (tx *Tx) Quarantines(afterN int64, limit int) ([]Quarantined, error) {
	return list(tx, scanQuarantined, "SELECT n, modem, sim, peer, reason, raw, text, at, at_wall FROM quarantine WHERE n > ? ORDER BY n LIMIT ?", afterN, limit)
}

func scanQuarantined(r *sql.Rows) (q Quarantined, err error) {
	err = r.Scan(&q.N, &q.Modem, &q.SIM, &q.Peer, &q.Reason, &q.Raw, &q.Text, (*stamp)(&q.At), (*stamp)(&q.AtWall))
	return q, err
}
