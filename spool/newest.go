package spool

import (
	"database/sql"
	"math"
	"strings"
)

// NewestOutbound lists the messages that were accepted last, newest first, without payloads.
func (tx *Tx) NewestOutbound(limit int) ([]*Outbound, error) {
	return tx.OutboundsBefore("", math.MaxInt64, limit)
}

// NewestMessages lists the messages that came in last, newest first, without payloads.
func (tx *Tx) NewestMessages(limit int) ([]*Message, error) {
	return tx.MessagesBefore("", math.MaxInt64, limit)
}

// NewestQuarantined lists what was set aside last, newest first.
func (tx *Tx) NewestQuarantined(limit int) ([]Quarantined, error) {
	return tx.QuarantinesBefore(math.MaxInt64, limit)
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
