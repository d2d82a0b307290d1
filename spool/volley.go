package spool

import (
	"database/sql"
	"time"
)

// A Volley is what goes back and forth between us and one peer.
type Volley struct {
	Peer     string    // digits
	Segments int       // to the peer, in an unbroken row of answers
	Said     time.Time // when the last segment to the peer was accepted or submitted; zero: never
	Heard    time.Time // when the last message from it came; zero: never
	Stopped  time.Time // when the row was taken for a loop; zero: it was not
}

// Volley reads that with a peer; one that is new if there is none.
func (tx *Tx) Volley(peer string) (Volley, error) {
	v := Volley{Peer: peerKey(peer)}
	err := tx.get([]any{&v.Segments, (*stamp)(&v.Said), (*stamp)(&v.Heard), (*stamp)(&v.Stopped)},
		"SELECT segments, said, heard, stopped FROM volley WHERE peer = ?", v.Peer)
	if err == ErrNotFound {
		return v, nil
	}
	return v, err
}

// PutVolley writes one down.
func (tx *Tx) PutVolley(v Volley) error {
	_, err := tx.exec(`INSERT INTO volley (peer, segments, said, heard, stopped) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET segments = excluded.segments, said = excluded.said, heard = excluded.heard, stopped = excluded.stopped`,
		peerKey(v.Peer), v.Segments, nano(v.Said), nano(v.Heard), nano(v.Stopped))
	return err
}

// SayTo notes that a segment to a peer with which there is a volley goes on air.
func (tx *Tx) SayTo(peer string, at time.Time) error {
	_, err := tx.exec("UPDATE volley SET said = ?2 WHERE peer = ?1 AND said < ?2", peerKey(peer), at.UnixNano())
	return err
}

// Stopped lists those that were taken for loops, up to limit.
func (tx *Tx) Stopped(limit int) ([]Volley, error) {
	return list(tx, func(r *sql.Rows) (v Volley, err error) {
		err = r.Scan(&v.Peer, &v.Segments, (*stamp)(&v.Said), (*stamp)(&v.Heard), (*stamp)(&v.Stopped))
		return v, err
	}, "SELECT peer, segments, said, heard, stopped FROM volley WHERE stopped IS NOT NULL ORDER BY peer LIMIT ?", limit)
}
