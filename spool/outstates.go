package spool

import (
	"database/sql"
	"strings"
)

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
