package main

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

const (
	perCommit = 10_000 // rows; a commit of its own for each would be the benchmark

	// partialsKept is how many unfinished datagrams a bridge keeps: what comes beyond that
	// makes one give way, which stays parked.
	partialsKept = 20_000
)

// fill writes rows from to n into a spool that no bridge has open.
func fill(b *testing.B, path string, from, n int, row func(s *spool.Spool, tx *spool.Tx, i int) error) {
	s, err := spool.Open(path, spool.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for from < n && err == nil {
		end := min(n, from+perCommit)
		err = s.Update(b.Context(), func(tx *spool.Tx) error {
			for i := from; i < end; i++ {
				if err := row(s, tx, i); err != nil {
					return err
				}
			}
			return nil
		})
		from = end
	}
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// queued is a message of one segment, as SEND leaves it.
func queued(s *spool.Spool, tx *spool.Tx, i int) error {
	now := time.Now().UTC()
	data := payload(100)
	return tx.PutOutbound(&spool.Outbound{
		ID: s.NewID(), Peer: fmt.Sprintf("+49171%07d", i%1000), Port: 3590, FromPort: 3590, Payload: data, Digest: sha256.Sum256(data),
		Unknown: "auto", Origin: "tcp", TTL: 24 * time.Hour, Accepted: now, AcceptedWall: now, Expires: now.Add(24 * time.Hour), Due: now,
		State: spool.StateQueued, Segments: []spool.OutSegment{{Seq: 1, State: spool.SegQueued, MR: -1, At: now}},
	})
}

// unfinished is the first of three segments, as the bridge of that SIM has received it: of
// senders who have two such datagrams each, the newest partialsKept of them not parked.
func unfinished(sim string, all int) func(s *spool.Spool, tx *spool.Tx, i int) error {
	return func(_ *spool.Spool, tx *spool.Tx, i int) error {
		now := time.Now().UTC()
		ref := uint16(i)
		segments, err := wdp.Datagram{Dst: 3590, Src: 3590, Data: payload(300)}.Segment(wdp.Ref{Value: ref, Wide: true})
		if err != nil {
			return err
		}
		oa, err := pdu.ParseNumber(fmt.Sprintf("+49172%07d", i/2))
		if err != nil {
			return err
		}
		d := pdu.Deliver{OA: oa, DCS: pdu.DCSOctet, SCTS: pdu.NewTimestamp(now), UD: segments[0]}
		tpdu, err := d.AppendBinary(nil)
		if err != nil {
			return err
		}
		mode, err := pdu.Mode{TPDU: tpdu}.AppendBinary(nil)
		if err != nil {
			return err
		}
		generation, err := tx.NewGeneration()
		if err != nil {
			return err
		}
		return tx.PutInSegment(&spool.InSegment{
			Fingerprint: sha256.Sum256(tpdu), SIM: sim, OA: oa.Digits, Bits: 16, Ref: uint32(ref), Total: len(segments), Port: 3590, Seq: 1,
			Generation: generation, Parked: i < all-partialsKept, Hash: sha256.Sum256(d.UD.Data), Mode: mode,
			SCTS: now.Truncate(time.Second), At: now, AtWall: now, Peer: oa.String(), FromPort: 3590, Modem: "m0",
		})
	}
}
