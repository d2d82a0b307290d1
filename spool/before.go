package spool

import "database/sql"

const (
	outboundBefore      = "SELECT " + outboundColumns + ", " + payloadLength + " FROM outbound WHERE n < ? ORDER BY n DESC LIMIT ?"
	outboundStateBefore = "SELECT " + outboundColumns + ", " + payloadLength + " FROM outbound WHERE state = ? AND n < ? ORDER BY n DESC LIMIT ?"
	messagesBefore      = "SELECT " + messageColumns + " FROM message WHERE n < ? ORDER BY n DESC LIMIT ?"
	messagesAckedBefore = "SELECT " + messageColumns + " FROM message WHERE state = 'acked' AND n < ? ORDER BY n DESC LIMIT ?"
	messagesReadyBefore = "SELECT " + messageColumns + ` FROM message WHERE n IN (
		SELECT n FROM message INDEXED BY message_route WHERE state = 'ready' AND n < ? ORDER BY n DESC LIMIT ?) ORDER BY n DESC`
	quarantinedBefore = "SELECT n, modem, sim, peer, reason, raw, text, at, at_wall FROM quarantine WHERE n < ? ORDER BY n DESC LIMIT ?"
)

// OutboundsBefore lists messages of one state, or of all for "", accepted before the one with number n, the newest first,
// without payloads.
func (tx *Tx) OutboundsBefore(state OutState, n int64, limit int) ([]*Outbound, error) {
	q, args := outboundBefore, []any{n, limit}
	if state != "" {
		q, args = outboundStateBefore, []any{string(state), n, limit}
	}
	all, err := list(tx, scanListed, q, args...)
	if err != nil {
		return nil, err
	}
	return all, tx.withSegments(all)
}

// MessagesBefore lists messages of one state, or of all for "", that came before the one with number n, the newest first,
// without payloads.
func (tx *Tx) MessagesBefore(state MsgState, n int64, limit int) ([]*Message, error) {
	q := map[MsgState]string{"": messagesBefore, MsgReady: messagesReadyBefore, MsgAcked: messagesAckedBefore}[state]
	return list(tx, func(r *sql.Rows) (*Message, error) { return scanMessage(r) }, q, n, limit)
}

// QuarantinesBefore lists what was set aside before number n, the newest first.
func (tx *Tx) QuarantinesBefore(n int64, limit int) ([]Quarantined, error) {
	return list(tx, scanQuarantined, quarantinedBefore, n, limit)
}
