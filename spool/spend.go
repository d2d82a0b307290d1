package spool

import "time"

// Spend records one submission attempt, which counts against the budgets. A time before the last one's is taken as that.
func (tx *Tx) Spend(at time.Time, modem, sim, peer string) error {
	_, err := tx.exec(`INSERT INTO spend (at, modem, modem_n, sim, peer) SELECT
		max(?1, coalesce((SELECT max(at) FROM spend), ?1)), ?2,
		1 + coalesce((SELECT modem_n FROM spend WHERE modem = ?2 ORDER BY at DESC, modem_n DESC LIMIT 1), 0), ?4, ?3`,
		at.UnixNano(), modem, peer, sim)
	return err
}

// Rows go only from the old end, so a window's count is the difference of two numbers.
const (
	spentAll   = `SELECT (SELECT max(n) FROM spend) - n + 1 FROM spend WHERE at >= ? ORDER BY at, n LIMIT 1`
	spentModem = `SELECT (SELECT modem_n FROM spend WHERE modem = ?2 ORDER BY at DESC, modem_n DESC LIMIT 1) - modem_n + 1
		FROM spend WHERE modem = ?2 AND at >= ?1 ORDER BY at, modem_n LIMIT 1`
)

// Spent counts the attempts of a modem, or of all for "", at since and later.
func (tx *Tx) Spent(since time.Time, modem string) (n int, err error) {
	from := nano(since)
	if from == nil {
		from = int64(-1 << 63)
	}
	if modem == "" {
		err = tx.get([]any{&n}, spentAll, from)
	} else {
		err = tx.get([]any{&n}, spentModem, from, modem)
	}
	if err == ErrNotFound {
		return 0, nil
	}
	return n, err
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

// SpentLast is when the attempt was made with which n were made in all, counted from the last one: a budget of n has room
// again when that one has left the window. ErrNotFound if there were fewer.
func (tx *Tx) SpentLast(n int) (at time.Time, err error) {
	return at, tx.get([]any{(*stamp)(&at)}, "SELECT at FROM spend WHERE n = (SELECT max(n) FROM spend) - ?", n-1)
}
