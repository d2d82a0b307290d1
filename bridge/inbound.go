package bridge

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"wvsms/modem"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// Implementation.
const (
	spoolPause             = 2 * time.Second // before a commit that failed is tried again
	fullPause              = time.Second     // before a full bridge looks whether it may take SMS again
	quarantineKeep         = 10_000
	partialsPerSender      = 64
	partialsTotal          = 10_000
	pidType0          byte = 0x40 // TS 23.040 9.2.3.9: acknowledge and discard
)

// runInbound takes short messages from the modem, one after the other: receive →
// spool → acknowledge. What cannot be made durable is not acknowledged, and what
// nobody takes from the bridge stays in the modem and the network.
func (s *session) runInbound(ctx context.Context) error {
	for {
		if err := s.bridge.room(ctx, s.log); err != nil {
			return nil
		}
		r, err := s.modem.Receive(ctx)
		if err != nil {
			return err
		}
		if err := s.take(ctx, r); err != nil {
			s.log.Error().Err(err).Msg("cannot keep a short message: it is not acknowledged, so the modem or the network keeps it")
			s.modem.Refuse(r)
			if !pause(ctx, spoolPause, nil) {
				return nil
			}
			continue
		}
		if err := s.modem.Accept(ctx, r); err != nil {
			if ctx.Err() != nil || errors.Is(err, modem.ErrLineLost) {
				return err
			}
			s.log.Warn().Err(err).Msg("a short message is kept, but the modem did not take the acknowledgement: it may come again and will be recognised")
		}
	}
}

// room waits while as many messages as may be kept wait for a consumer.
func (b *Bridge) room(ctx context.Context, log zerolog.Logger) error {
	for warned := false; ; warned = true {
		var unclaimed int
		err := b.spool.View(ctx, func(tx *spool.Tx) (err error) {
			unclaimed, err = tx.Unclaimed()
			return err
		})
		if err == nil && unclaimed < b.cfg.Spool.MaxUnclaimed {
			return nil
		}
		if !warned {
			log.Error().Err(err).Int("unclaimed", unclaimed).Msg("no more SMS is taken until a consumer takes what is kept: they wait in the modem and the network")
		}
		if !pause(ctx, fullPause, nil) {
			return ctx.Err()
		}
	}
}

// take makes one received short message durable, whatever it is.
func (s *session) take(ctx context.Context, r modem.Received) error {
	in := arrival{session: s, now: s.bridge.clock.Now(), wall: s.bridge.clock.source.Wall().UTC(), raw: r.Mode, text: r.Text}
	tpdu, err := parse(r)
	if err != nil {
		return in.setAside(ctx, "", fmt.Sprintf("undecodable: %v", err))
	}
	switch t := tpdu.(type) {
	case *pdu.Deliver:
		return in.keep(ctx, func(tx *spool.Tx) error { return in.deliver(tx, t) })
	case *pdu.StatusReport:
		return s.report(ctx, &in, t)
	}
	return in.setAside(ctx, "", "unexpected type of short message")
}

func parse(r modem.Received) (pdu.TPDU, error) {
	if r.Mode == nil {
		return nil, errors.New("the modem gave no hex")
	}
	mode, err := pdu.ParseMode(r.Mode)
	if err != nil {
		return nil, err
	}
	tpdu, _, err := pdu.ParseMT(mode.TPDU)
	return tpdu, err
}

// An arrival is one short message while it is made durable.
type arrival struct {
	session *session
	now     time.Time // bridge time
	wall    time.Time
	raw     []byte
	text    string
	said    func(log zerolog.Logger) // the line for the log, when the commit is done
	ready   bool                     // a message is ready for a consumer
}

// keep runs one commit, and says what it was about once it is durable.
func (in *arrival) keep(ctx context.Context, f func(*spool.Tx) error) error {
	err := in.session.bridge.spool.Update(ctx, func(tx *spool.Tx) error {
		in.said, in.ready = nil, false
		return f(tx)
	})
	if err != nil {
		return err
	}
	if in.said != nil {
		in.said(in.session.log)
	}
	if in.ready {
		in.session.bridge.hub.messageReady()
		in.session.bridge.udp.messageReady()
	}
	return nil
}

func (in *arrival) setAside(ctx context.Context, peer, reason string) error {
	return in.keep(ctx, func(tx *spool.Tx) error { return in.foreign(tx, peer, reason) })
}

// deliver decides what a short message is and keeps it.
func (in *arrival) deliver(tx *spool.Tx, d *pdu.Deliver) error {
	peer := d.OA.String()
	if d.PID == pidType0 {
		in.say("type 0: acknowledged and dropped", peer)
		return tx.Count("type0", 1)
	}
	if why := in.session.bridge.foreign(d); why != "" {
		return in.foreign(tx, peer, why)
	}
	if err := tx.SetHome(peer, in.session.sim, in.now); err != nil {
		return err
	}
	seg := in.segment(d)
	known, err := tx.HasFingerprint(seg.Fingerprint)
	if err != nil {
		return err
	}
	if known {
		in.say("delivered twice: the copy is acknowledged and dropped", peer)
		return tx.Count("duplicate", 1)
	}
	key, seq, several := wdp.KeyOf(in.session.sim, d)
	if !several {
		seg.Total, seg.Seq, seg.Done, seg.Mode = 1, 1, true, nil
		if err := tx.PutInSegment(seg); err != nil {
			return err
		}
		return in.message(tx, []*pdu.Deliver{d})
	}
	seg.Bits, seg.Ref, seg.Total, seg.Port, seg.Seq = key.Bits, key.Ref, key.Total, key.Port, seq
	return in.partial(tx, key, seg)
}

// foreign tells why a short message is not bridged; "" if it is.
func (b *Bridge) foreign(d *pdu.Deliver) string {
	ports, ok := d.UD.Ports()
	switch {
	case !ok:
		return "text" // without an application port it is meant for a person
	case !slices.Contains(b.cfg.Socket.Ports, ports.Dst):
		return "port"
	case ports.Dst == portPush && !pushedCIR(d.UD):
		return "push"
	case d.DCS.Compressed():
		return "compressed"
	case !b.cfg.Limits.AllowFrom.Match(d.OA.String()):
		return "not-allowed"
	}
	return ""
}

func (in *arrival) segment(d *pdu.Deliver) *spool.InSegment {
	ports, _ := d.UD.Ports()
	scts, ok := d.SCTS.Time()
	if !ok {
		scts = in.wall
	}
	return &spool.InSegment{
		Fingerprint: fingerprint(in.session.sim, d),
		SIM:         in.session.sim,
		OA:          wdp.Sender(d.OA),
		Hash:        sha256.Sum256(d.UD.Data),
		Mode:        in.raw,
		SCTS:        scts.UTC(),
		At:          in.now,
		AtWall:      in.wall,
		Peer:        d.OA.String(),
		Port:        ports.Dst,
		FromPort:    ports.Src,
		Modem:       in.session.name,
	}
}

// partial keeps a segment of several and, with the last one, the message.
func (in *arrival) partial(tx *spool.Tx, key wdp.Key, seg *spool.InSegment) error {
	rows, err := tx.InSegments(key.SIM, key.OA, key.Bits, key.Ref, key.Total, key.Port)
	if err != nil {
		return err
	}
	parts := make([]wdp.Part, len(rows))
	for i, row := range rows {
		parts[i] = wdp.Part{Generation: row.Generation, Seq: row.Seq, Hash: row.Hash, SCTS: row.SCTS, Done: row.Done}
	}
	where := key.Place(parts, wdp.Part{Seq: seg.Seq, Hash: seg.Hash, SCTS: seg.SCTS})
	if where.Duplicate {
		in.say("sent twice: the copy is acknowledged and dropped", seg.Peer)
		return tx.Count("duplicate", 1)
	}
	if where.Generation == 0 {
		if err := in.makeRoom(tx, seg); err != nil {
			return err
		}
		if where.Generation, err = tx.NewGeneration(); err != nil {
			return err
		}
	}
	seg.Generation = where.Generation
	if err := tx.PutInSegment(seg); err != nil {
		return err
	}
	if where.Complete {
		return in.complete(tx, key.Total, seg.Generation)
	}
	return in.revive(tx, seg.Generation)
}

// complete joins the segments of a generation and leaves their tombstones.
func (in *arrival) complete(tx *spool.Tx, total int, generation int64) error {
	rows, err := tx.Generation(generation)
	if err != nil {
		return err
	}
	segments := make([]*pdu.Deliver, total)
	for i := range rows {
		row := &rows[i]
		tpdu, err := parse(modem.Received{Mode: row.Mode})
		d, ok := tpdu.(*pdu.Deliver)
		if err != nil || !ok {
			return fmt.Errorf("read back segment %d of %s: %w", row.Seq, row.Peer, err)
		}
		segments[row.Seq-1] = d
		row.Done, row.Parked, row.Mode = true, false, nil
		if err := tx.PutInSegment(row); err != nil {
			return err
		}
	}
	if i := slices.Index(segments, nil); i >= 0 {
		return fmt.Errorf("join %d segments: number %d is missing", total, i+1)
	}
	return in.message(tx, segments)
}

// revive takes a datagram that a late segment belongs to out of quarantine.
func (in *arrival) revive(tx *spool.Tx, generation int64) error {
	rows, err := tx.Generation(generation)
	if err != nil {
		return err
	}
	for i := range rows {
		if row := &rows[i]; row.Parked {
			row.Parked, row.At = false, in.now // its deadline begins anew
			if err := tx.PutInSegment(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeRoom lets the oldest unfinished datagram of the sender, or of all, give way.
func (in *arrival) makeRoom(tx *spool.Tx, seg *spool.InSegment) error {
	own, err := tx.PartialsOf(seg.SIM, seg.OA)
	if err != nil {
		return err
	}
	all, err := tx.Partials()
	if err != nil {
		return err
	}
	var oldest int64
	switch {
	case own >= partialsPerSender:
		oldest, err = tx.OldestPartial(seg.SIM, seg.OA)
	case all >= partialsTotal:
		oldest, err = tx.OldestPartial("", "")
	default:
		return nil
	}
	if err != nil {
		return err
	}
	return park(tx, oldest)
}

// park puts an unfinished datagram into quarantine; a late segment revives it.
func park(tx *spool.Tx, generation int64) error {
	rows, err := tx.Generation(generation)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].Parked = true
		if err := tx.PutInSegment(&rows[i]); err != nil {
			return err
		}
	}
	return tx.Count("parked", 1)
}

// message keeps a complete datagram for its consumer.
func (in *arrival) message(tx *spool.Tx, segments []*pdu.Deliver) error {
	first, b := segments[0], in.session.bridge
	datagram := wdp.Join(segments)
	m := &spool.Message{
		ID:           b.spool.NewID(),
		Peer:         first.OA.String(),
		OA:           wdp.Sender(first.OA),
		Port:         datagram.Dst,
		FromPort:     datagram.Src,
		To:           in.session.number,
		Alphabet:     alphabetName(first.DCS),
		Modem:        in.session.name,
		SIM:          in.session.sim,
		Received:     in.now,
		ReceivedWall: in.wall,
		Payload:      datagram.Data,
		Segments:     len(segments),
		State:        spool.MsgReady,
		Route:        routeFor(b.cfg.UDP, first.OA.String(), datagram.Dst),
	}
	if scts, ok := first.SCTS.Time(); ok {
		m.SCTS = scts.UTC()
	}
	in.ready = true
	in.said = func(log zerolog.Logger) {
		log.Info().Str("id", m.ID).Str("peer", m.Peer).Uint16("port", m.Port).
			Int("octets", len(m.Payload)).Int("segments", m.Segments).Msg("received")
	}
	return tx.PutMessage(m)
}

// foreign keeps what is not for the sockets aside.
func (in *arrival) foreign(tx *spool.Tx, peer, reason string) error {
	in.say("foreign ("+reason+"): set aside and acknowledged", peer)
	err := tx.Quarantine(&spool.Quarantined{
		Modem: in.session.name, SIM: in.session.sim, Peer: peer, Reason: reason,
		Raw: in.raw, Text: in.text, At: in.now, AtWall: in.wall,
	}, quarantineKeep)
	if err != nil {
		return err
	}
	kind, _, _ := strings.Cut(reason, ":")
	return tx.Count("foreign."+kind, 1)
}

func (in *arrival) say(what, peer string) {
	in.said = func(log zerolog.Logger) { log.Info().Str("peer", peer).Msg(what) }
}

// fingerprint recognises a short message that the network, or the modem, gives
// twice: SCTS counts seconds, so identical ones of one second are one.
func fingerprint(sim string, d *pdu.Deliver) [sha256.Size]byte {
	h := sha256.New()
	field := func(b []byte) {
		h.Write([]byte{byte(len(b) >> 8), byte(len(b))})
		h.Write(b)
	}
	field([]byte(sim))
	field([]byte(wdp.Sender(d.OA)))
	field(d.SCTS[:])
	field([]byte{d.PID, byte(d.DCS)})
	for _, ie := range d.UD.UDH {
		field([]byte{ie.ID})
		field(ie.Data)
	}
	field(d.UD.Data)
	return [sha256.Size]byte(h.Sum(nil))
}

func alphabetName(d pdu.DCS) string {
	switch d.Alphabet() {
	case pdu.GSM7:
		return "gsm7"
	case pdu.UCS2:
		return "ucs2"
	}
	return "8bit"
}
