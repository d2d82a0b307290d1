package spool

import (
	"database/sql"
	"math"
	"strings"
)

const (
	newestOutbound    = "SELECT " + outboundColumns + " FROM outbound WHERE n < ? ORDER BY n DESC LIMIT ?"
	newestMessages    = "SELECT " + messageColumns + " FROM message WHERE n < ? ORDER BY n DESC LIMIT ?"
	newestQuarantined = "SELECT n, modem, sim, peer, reason, raw, text, at, at_wall FROM quarantine WHERE n < ? ORDER BY n DESC LIMIT ?"
)

// NewestOutbound lists the messages that were accepted last, newest first, without payloads.
func (tx *Tx) NewestOutbound(limit int) ([]*Outbound, error) {
	all, err := list(tx, scanOutbound, newestOutbound, int64(math.MaxInt64), limit)
	if err != nil {
		return nil, err
	}
	return all, tx.withSegments(all)
}

// NewestMessages lists the messages that came in last, newest first, without payloads.
func (tx *Tx) NewestMessages(limit int) ([]*Message, error) {
	return list(tx, func(r *sql.Rows) (*Message, error) { return scanMessage(r) }, newestMessages, int64(math.MaxInt64), limit)
}

// NewestQuarantined lists what was set aside last, newest first.
func (tx *Tx) NewestQuarantined(limit int) ([]Quarantined, error) {
	return list(tx, scanQuarantined, newestQuarantined, int64(math.MaxInt64), limit)
}

// OutStates counts the outbound messages in each state.
func (tx *Tx) OutStates() (map[OutState]int, error) {
	all := map[OutState]int{}
	err := tx.each(func(r *sql.Rows) (bool, error) {
		var name string
		var n int
		err := r.Scan(&name, &n)
		all[OutState(strings.TrimPrefix(name, "out."))] = n
		return true, err
	}, "SELECT name, value FROM gauge WHERE name >= 'out.' AND name < 'out/'")
	return all, err
}
