package spool

import "time"

// Spend records one submission attempt, which counts against the budgets, and its price in millionths of the currency. A
// time before the last one's is taken as that.
func (tx *Tx) Spend(at time.Time, modem, sim, peer string, price int64) error {
	_, err := tx.exec(`INSERT INTO spend (at, modem, modem_n, sim, peer, price, paid) SELECT
		max(?1, coalesce((SELECT max(at) FROM spend), ?1)), ?2,
		1 + coalesce((SELECT modem_n FROM spend WHERE modem = ?2 ORDER BY at DESC, modem_n DESC LIMIT 1), 0), ?4, ?3,
		?5, ?5 + coalesce((SELECT paid FROM spend WHERE n = (SELECT max(n) FROM spend)), 0)`,
		at.UnixNano(), modem, peerKey(peer), sim, price)
	if err != nil {
		return err
	}
	return tx.tally(at, modem, peer, price)
}

// Rows go only from the old end, so a window's count is the difference of two numbers.
const (
	spentAll   = `SELECT (SELECT max(n) FROM spend) - n + 1 FROM spend WHERE at >= ? ORDER BY at, n LIMIT 1`
	spentModem = `SELECT (SELECT modem_n FROM spend WHERE modem = ?2 ORDER BY at DESC, modem_n DESC LIMIT 1) - modem_n + 1
		FROM spend WHERE modem = ?2 AND at >= ?1 ORDER BY at, modem_n LIMIT 1`
	paidAll = `SELECT (SELECT paid FROM spend WHERE n = (SELECT max(n) FROM spend)) - paid + price FROM spend WHERE at >= ? ORDER BY at, n LIMIT 1`
)

// Spent counts the attempts of a modem, or of all for "", at since and later.
func (tx *Tx) Spent(since time.Time, modem string) (n int, err error) {
	if modem == "" {
		err = tx.get([]any{&n}, spentAll, floor(since))
	} else {
		err = tx.get([]any{&n}, spentModem, floor(since), modem)
	}
	if err == ErrNotFound {
		return 0, nil
	}
	return n, err
}

// SpentTo counts the attempts to a peer at since and later, up to most.
func (tx *Tx) SpentTo(peer string, since time.Time, most int) (n int, err error) {
	return n, tx.get([]any{&n}, `SELECT count(*) FROM (SELECT 1 FROM spend WHERE peer = ? AND at >= ? LIMIT ?)`, peerKey(peer), floor(since), most)
}

// Paid is the price of the attempts at since and later.
func (tx *Tx) Paid(since time.Time) (cost int64, err error) {
	if err = tx.get([]any{&cost}, paidAll, floor(since)); err == ErrNotFound {
		return 0, nil
	}
	return cost, err
}

// floor is a time as the begin of a window; the zero time is before all others.
func floor(t time.Time) any {
	if at := nano(t); at != nil {
		return at
	}
	return int64(-1 << 63)
}

// SpentAs counts the attempts of a SIM at since and later, up to most.
func (tx *Tx) SpentAs(sim string, since time.Time, most int) (n int, err error) {
	return n, tx.get([]any{&n}, `SELECT count(*) FROM (SELECT 1 FROM spend WHERE sim = ? AND at >= ? LIMIT ?)`, sim, nano(since), most)
}

// SpentBetween counts the attempts of a SIM at from and later, and before to, up to most.
func (tx *Tx) SpentBetween(sim string, from, to time.Time, most int) (n int, err error) {
	return n, tx.get([]any{&n}, `SELECT count(*) FROM (SELECT 1 FROM spend WHERE sim = ? AND at >= ? AND at < ? LIMIT ?)`,
		sim, nano(from), nano(to), most)
}

const (
	lastAll   = "SELECT at FROM spend WHERE n = (SELECT max(n) FROM spend) - ?"
	lastModem = "SELECT at FROM spend WHERE modem = ? ORDER BY at DESC, modem_n DESC LIMIT 1 OFFSET ?"
	lastTo    = "SELECT at FROM spend WHERE peer = ? ORDER BY at DESC LIMIT 1 OFFSET ?"
)

// SpentLast is when the attempt was made with which n were made in the scope, counted from the last one: a budget of n has
// room again when that one has left the window. ErrNotFound if there were fewer.
func (tx *Tx) SpentLast(scope Scope, n int) (at time.Time, err error) {
	to := []any{(*stamp)(&at)}
	if scope == Everything {
		return at, tx.get(to, lastAll, n-1)
	}
	if modem, ok := scope.modem(); ok {
		return at, tx.get(to, lastModem, modem, n-1)
	}
	return at, tx.get(to, lastTo, scope.peer(), n-1)
}

// SIMOf is the SIM with which a modem made its last attempt; "" is not known.
func (tx *Tx) SIMOf(modem string) (sim string, err error) {
	if err = tx.get([]any{&sim}, "SELECT sim FROM spend WHERE modem = ? ORDER BY at DESC, modem_n DESC LIMIT 1", modem); err == ErrNotFound {
		return "", nil
	}
	return sim, err
}
