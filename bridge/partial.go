package bridge

import (
	"fmt"
	"slices"
	"time"

	"wvsms/modem"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// Implementation.
const (
	crowdLook = 16 // newest datagrams among whose senders the one is looked for who crowds the others out

	// Generations that begin after one before it is let go of, if it is parked. In a flood
	// one gives way when as many have begun as are kept unfinished, or a few times that.
	parkedKeep = 80_000
)

// bounds are those of what is kept of segments received.
type bounds struct {
	perSender    int // datagrams of one sender that miss segments
	partials     int // of all
	fingerprints int // segments, tombstones too
}

// inboundBounds: ten thousand senders may have two each. 64 of one may take 7 MB.
var inboundBounds = bounds{perSender: 64, partials: 20_000, fingerprints: 1_000_000}

// partial keeps a segment of several and, with the last one, the message.
//
// A copy of a finished datagram's segment may be the first of the next datagram: it
// waits parked, where it counts against no cap and has no deadline, for a segment
// that is none.
func (in *arrival) partial(tx *spool.Tx, key wdp.Key, seg *spool.InSegment) error {
	rows, err := under(tx, key, seg.SCTS)
	if err != nil {
		return err
	}
	where := key.Place(parts(rows), wdp.Part{Seq: seg.Seq, Hash: seg.Hash, SCTS: seg.SCTS})
	if where.Duplicate && !where.Complete {
		for _, row := range rows {
			if row.Generation == where.Generation && row.Seq == seg.Seq {
				if err := tx.CountCopy(row.Fingerprint); err != nil {
					return err
				}
				break
			}
		}
		return in.duplicate(tx, "sent twice: the copy is acknowledged and dropped", seg.Peer)
	}
	// Heard from: the peer's home. On the push port that is not yet known.
	if key.Port != portPush {
		if err := tx.SetHome(seg.Peer, seg.SIM, in.now); err != nil {
			return err
		}
	}
	in.session.bridge.agenda.by(deadlines, in.now.Add(key.Deadline()))
	own := slices.DeleteFunc(rows, func(row spool.InSegment) bool { return row.Generation != where.Generation })
	seg.Generation, seg.Parked = where.Generation, where.Copy
	switch {
	case where.Generation == 0:
		err = in.begin(tx, seg)
	case where.Replaces:
		err = in.replace(tx, own, seg)
	case !where.Copy:
		err = in.revive(tx, own, seg)
	}
	if err != nil {
		return err
	}
	if err := in.remember(tx, seg); err != nil {
		return err
	}
	switch {
	case where.Complete:
		return in.complete(tx, key.Total, seg, where.Duplicate)
	case where.Copy || where.Replaces:
		return in.duplicate(tx, "sent twice: the copy is acknowledged", seg.Peer)
	}
	return nil
}

// under lists what may matter under a key for a segment stamped scts.
func under(tx *spool.Tx, k wdp.Key, scts time.Time) ([]spool.InSegment, error) {
	return tx.InSegments(k.SIM, k.OA, k.Bits, k.Ref, k.Total, k.Port, scts.Add(-k.Reach()), scts.Add(k.Reach()))
}

func keyOf(row spool.InSegment) wdp.Key {
	return wdp.Key{SIM: row.SIM, OA: row.OA, Bits: row.Bits, Ref: row.Ref, Total: row.Total, Port: row.Port}
}

func parts(rows []spool.InSegment) []wdp.Part {
	list := make([]wdp.Part, len(rows))
	for i, row := range rows {
		list[i] = wdp.Part{Generation: row.Generation, Seq: row.Seq, Hash: row.Hash, SCTS: row.SCTS, Done: row.Done}
	}
	return list
}

// begin gives seg a generation of its own.
func (in *arrival) begin(tx *spool.Tx, seg *spool.InSegment) (err error) {
	if !seg.Parked {
		if err := in.makeRoom(tx, seg); err != nil {
			return err
		}
	}
	if seg.Generation, err = tx.NewGeneration(); err != nil {
		return err
	}
	// One comes, one goes: what is parked is bounded without being counted.
	return tx.DropParked(seg.Generation - parkedKeep)
}

// replace lets seg take the place of its earlier copy, of which the fingerprint stays.
func (in *arrival) replace(tx *spool.Tx, own []spool.InSegment, seg *spool.InSegment) error {
	for i := range own {
		if row := &own[i]; row.Seq == seg.Seq {
			seg.Parked, seg.Copies = row.Parked, row.Copies+1
			row.Generation, row.Done, row.Parked, row.Mode = 0, true, false, nil
			return tx.PutInSegment(row)
		}
	}
	return fmt.Errorf("replace segment %d of %s: it is not there", seg.Seq, seg.Peer)
}

// revive takes a datagram that the late segment seg belongs to out of quarantine.
func (in *arrival) revive(tx *spool.Tx, own []spool.InSegment, seg *spool.InSegment) error {
	if !slices.ContainsFunc(own, func(row spool.InSegment) bool { return row.Parked }) {
		return nil
	}
	if err := in.makeRoom(tx, seg); err != nil {
		return err
	}
	for i := range own {
		if row := &own[i]; row.Parked {
			row.Parked, row.At = false, in.now // its deadline begins anew
			if err := tx.PutInSegment(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// complete joins the segments of seg's generation and leaves their tombstones.
// again: the datagram is the one before.
func (in *arrival) complete(tx *spool.Tx, total int, seg *spool.InSegment, again bool) error {
	rows, err := tx.Generation(seg.Generation)
	if err != nil {
		return err
	}
	segments, raw := make([]*pdu.Deliver, total), make([][]byte, total)
	for i := range rows {
		row := &rows[i]
		tpdu, err := parse(modem.Received{Mode: row.Mode})
		d, ok := tpdu.(*pdu.Deliver)
		if err != nil || !ok {
			return fmt.Errorf("read back segment %d of %s: %w", row.Seq, row.Peer, err)
		}
		segments[row.Seq-1], raw[row.Seq-1] = d, row.Mode
		row.Done, row.Parked, row.Mode = true, false, nil
		if err := tx.PutInSegment(row); err != nil {
			return err
		}
	}
	if i := slices.Index(segments, nil); i >= 0 {
		return fmt.Errorf("join %d segments: number %d is missing", total, i+1)
	}
	switch {
	case again:
		return in.duplicate(tx, "sent twice: the second datagram is acknowledged and dropped", seg.Peer)
	case seg.Port == portPush && !forIM(segments[0].UD.Data):
		return in.allForeign(tx, seg.Peer, "push", raw)
	}
	datagram := wdp.Join(segments)
	if seg.Bits == nameBits {
		if datagram, err = joinParts(segments); err != nil {
			// As an error it would come again for ever: the modem keeps what is not committed.
			return in.allForeign(tx, seg.Peer, fmt.Sprintf("parts: %v", err), raw)
		}
	}
	return in.message(tx, datagram, segments, seg.Generation)
}

// allForeign keeps the segments of a datagram aside.
func (in *arrival) allForeign(tx *spool.Tx, peer, reason string, raw [][]byte) error {
	for _, in.raw = range raw {
		if err := in.foreign(tx, peer, reason); err != nil {
			return err
		}
	}
	return nil
}

// makeRoom lets an unfinished datagram give way when seg's sender, or all together, have
// as many as are kept: the oldest of the sender's own, or of who has the most.
//
// Whoever floods us has more unfinished datagrams than who does not, and is among those
// that began the newest ones. So the others keep theirs, whether a flood comes from one
// number or from thousands. Only when each number has no more than one is there nobody
// to blame: then the oldest of all gives way, which had the most time to become whole.
func (in *arrival) makeRoom(tx *spool.Tx, seg *spool.InSegment) error {
	own, err := tx.PartialsOf(seg.SIM, seg.OA)
	if err != nil {
		return err
	}
	bounds := in.session.bridge.bounds
	if own >= bounds.perSender {
		return parkOldest(tx, seg.SIM, seg.OA)
	}
	all, err := tx.Partials()
	if err != nil || all < bounds.partials {
		return err
	}
	return parkCrowding(tx, seg, own)
}

// parkCrowding lets the sender with the most unfinished datagrams give one up; seg's
// sender has own of them.
func parkCrowding(tx *spool.Tx, seg *spool.InSegment, own int) error {
	sim, oa, n, err := tx.CrowdingSender(crowdLook)
	switch {
	case err != nil:
		return err
	case own >= n:
		return parkOldest(tx, seg.SIM, seg.OA)
	case n == 1:
		return parkOldest(tx, "", "")
	}
	return parkOldest(tx, sim, oa)
}

func parkOldest(tx *spool.Tx, sim, oa string) error {
	oldest, err := tx.OldestPartial(sim, oa)
	if err != nil {
		return err
	}
	return park(tx, oldest)
}

// park puts an unfinished datagram into quarantine; a late segment revives it. One of
// which all came in a finished datagram too is not counted: nothing of it is missing.
func park(tx *spool.Tx, generation int64) error {
	rows, err := tx.Generation(generation)
	if err != nil || len(rows) == 0 {
		return err
	}
	first := rows[0]
	key := keyOf(first)
	all, err := under(tx, key, first.SCTS)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].Parked = true
		if err := tx.PutInSegment(&rows[i]); err != nil {
			return err
		}
	}
	if key.Known(parts(all), generation) {
		return tx.Count("duplicate", 1)
	}
	return tx.Count("parked", 1)
}
