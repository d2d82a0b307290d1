package spool

import (
	"slices"
	"strings"
	"time"
)

// SetHome notes the SIM that last heard from this peer; "" forgets it. Open messages to the peer that no modem has begun
// and none was named for move with it.
func (tx *Tx) SetHome(peer, sim string, at time.Time) error {
	peer = peerKey(peer)
	const day = int64(24 * time.Hour)
	// Not a write for each message heard: used serves Purge only.
	r, err := tx.exec(`INSERT INTO peer (peer, home, used) VALUES (?1, ?2, ?3)
		ON CONFLICT DO UPDATE SET home = excluded.home, used = max(used, excluded.used)
		WHERE home <> excluded.home OR used < excluded.used - ?4`, peer, sim, at.UnixNano(), day)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err
	}
	_, err = tx.exec(moveLane, homeLane(sim), peer)
	return err
}

const moveLane = `UPDATE outbound INDEXED BY outbound_peer SET lane = ?1
	WHERE state = 'queued' AND peer IN (?2, '+' || ?2) AND want_modem = '' AND sim = '' AND lane <> ?1`

// Home is the SIM that last heard from this peer; "" = none.
func (tx *Tx) Home(peer string) (sim string, err error) {
	if err = tx.get([]any{&sim}, "SELECT home FROM peer WHERE peer = ?", peerKey(peer)); err == ErrNotFound {
		return "", nil
	}
	return sim, err
}

// SetSyntax notes the CSP syntax in which a peer spoke.
func (tx *Tx) SetSyntax(peer, syntax string, at time.Time) error {
	_, err := tx.exec(`INSERT INTO peer (peer, used, syntax) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET syntax = excluded.syntax WHERE syntax <> excluded.syntax`, peerKey(peer), at.UnixNano(), syntax)
	return err
}

// Syntax is the CSP syntax in which a peer spoke last; "" is not known.
func (tx *Tx) Syntax(peer string) (syntax string, err error) {
	if err = tx.get([]any{&syntax}, "SELECT syntax FROM peer WHERE peer = ?", peerKey(peer)); err == ErrNotFound {
		return "", nil
	}
	return syntax, err
}

// peerKey is how a number is compared: with "+" and without it is the same handset.
func peerKey(peer string) string { return strings.TrimPrefix(peer, "+") }

// KeepHomes forgets the homes that are none of these SIMs, so that what waits for one of them goes by any, and returns how
// many SIMs that were.
func (tx *Tx) KeepHomes(sims []string) (gone int, err error) {
	homes, err := list(tx, scanString, "SELECT DISTINCT home FROM peer WHERE home <> ''")
	if err != nil {
		return 0, err
	}
	for _, sim := range homes {
		if slices.Contains(sims, sim) {
			continue
		}
		gone++
		if _, err := tx.exec("UPDATE outbound SET lane = '*' WHERE state = 'queued' AND lane = ? AND sim = ''", ownLane(sim)); err != nil {
			return gone, err
		}
		if _, err := tx.exec("UPDATE peer SET home = '' WHERE home = ?", sim); err != nil {
			return gone, err
		}
	}
	return gone, nil
}
