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

	"wvsms/csp"
	"wvsms/modem"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// Implementation.
const (
	quarantineKeep      = 10_000
	boundBatch          = 16   // rows that go with one that comes
	pidType0       byte = 0x40 // TS 23.040 9.2.3.9: acknowledge and discard
)

// take makes one received short message durable, whatever it is.
func (s *session) take(ctx context.Context, r modem.Received) error {
	in := arrival{session: s, now: s.bridge.clock.Now(), wall: s.bridge.clock.source.Wall().UTC(), raw: r.Mode, text: r.Text}
	if r.Kind == modem.Draft {
		return in.setAside(ctx, "", "draft")
	}
	tpdu, err := parse(r)
	if err != nil {
		in.damaged()
		return in.setAside(ctx, "", fmt.Sprintf("undecodable: %v", err))
	}
	switch t := tpdu.(type) {
	case *pdu.Deliver:
		return in.keep(ctx, func(tx *spool.Tx) error { return in.deliver(tx, t) })
	case *pdu.StatusReport:
		return s.report(ctx, &in, t)
	}
	in.damaged()
	return in.setAside(ctx, "", "unexpected type of short message")
}

// damaged: the line may have done it. What came over it just now goes with what is set aside.
func (in *arrival) damaged() { in.dialogue = in.session.recorder.since(time.Now(), linesOfDamage) }

// forConsumer tells whether r is, or is a segment of, what waits for a consumer.
func (b *Bridge) forConsumer(r modem.Received) bool {
	tpdu, err := parse(r)
	d, ok := tpdu.(*pdu.Deliver)
	return r.Kind != modem.Draft && err == nil && ok && d.PID != pidType0 && b.foreign(d) == ""
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
	session  *session
	now      time.Time // bridge time
	wall     time.Time
	raw      []byte
	text     string
	dialogue string                   // on the line, where it came damaged
	said     func(log zerolog.Logger) // the line for the log, when the commit is done
	ready    bool                     // a message is ready for a consumer
	fresh    bool                     // it was not delivered before
}

// keep runs one commit, and says what it was about once it is durable.
func (in *arrival) keep(ctx context.Context, f func(*spool.Tx) error) error {
	err := in.session.bridge.spool.Update(ctx, func(tx *spool.Tx) error {
		tx.About("arrival")
		in.said, in.ready, in.fresh = nil, false, false
		return f(tx)
	})
	if err != nil {
		return err
	}
	if in.said != nil {
		in.said(in.session.log)
	}
	if in.fresh {
		in.session.recovery.arrived()
	}
	if in.ready {
		in.session.bridge.hub.messageReady()
		in.session.bridge.udp.messageReady()
	}
	in.session.bridge.moved.notify()
	return nil
}

// setAside keeps what is no readable SMS-DELIVER, once however often it is delivered.
func (in *arrival) setAside(ctx context.Context, peer, reason string) error {
	seg := &spool.InSegment{
		Fingerprint: sha256.Sum256(slices.Concat([]byte(in.session.sim+"\x00"), in.raw)), SIM: in.session.sim, Total: 1, Seq: 1, Done: true,
		At: in.now, AtWall: in.wall, Peer: peer, Modem: in.session.name,
	}
	return in.keep(ctx, func(tx *spool.Tx) error {
		if len(in.raw) == 0 { // the line's noise has no identity
			return in.foreign(tx, peer, reason)
		}
		known, err := tx.HasFingerprint(seg.Fingerprint)
		if err != nil {
			return err
		}
		if known {
			return in.duplicate(tx, "set aside before: the copy is acknowledged and dropped", peer)
		}
		if err := in.remember(tx, seg); err != nil {
			return err
		}
		return in.foreign(tx, peer, reason)
	})
}

// deliver decides what a short message is and keeps it.
func (in *arrival) deliver(tx *spool.Tx, d *pdu.Deliver) error {
	peer := d.OA.String()
	if d.PID == pidType0 {
		in.say("type 0: acknowledged and dropped", peer)
		return tx.Count("type0", 1)
	}
	seg := in.segment(d)
	known, err := tx.HasFingerprint(seg.Fingerprint)
	if err != nil {
		return err
	}
	if known {
		if err := tx.CountCopy(seg.Fingerprint); err != nil {
			return err
		}
		return in.duplicate(tx, "delivered twice: the copy is acknowledged and dropped", peer)
	}
	why := in.session.bridge.foreign(d)
	key, seq, several := wdp.KeyOf(in.session.sim, d)
	if !several {
		key, seq, several = in.session.bridge.partKey(in.session.sim, d)
	}
	if why == "" && several {
		seg.Bits, seg.Ref, seg.Total, seg.Port, seg.Seq = key.Bits, key.Ref, key.Total, key.Port, seq
		return in.partial(tx, key, seg)
	}
	seg.Total, seg.Seq, seg.Done, seg.Mode = 1, 1, true, nil
	if err := in.remember(tx, seg); err != nil {
		return err
	}
	if why != "" {
		return in.foreign(tx, peer, why)
	}
	return in.message(tx, wdp.Join([]*pdu.Deliver{d}), []*pdu.Deliver{d}, 0)
}

// remember writes a segment, and lets go of the oldest that nobody waits for beyond
// what is kept. Where all wait, since unfinished datagrams have many segments each, one
// of them gives way.
func (in *arrival) remember(tx *spool.Tx, seg *spool.InSegment) error {
	if err := tx.PutInSegment(seg); err != nil {
		return err
	}
	in.fresh = true
	over, err := tx.BoundInSegments(in.session.bridge.bounds.fingerprints, in.now, boundBatch)
	if err != nil || over < boundBatch {
		return err
	}
	own, err := tx.PartialsOf(seg.SIM, seg.OA)
	if err != nil {
		return err
	}
	if err := parkCrowding(tx, seg, own); !errors.Is(err, spool.ErrNotFound) {
		return err
	}
	return nil
}

func (in *arrival) duplicate(tx *spool.Tx, what, peer string) error {
	in.say(what, peer)
	return tx.Count("duplicate", 1)
}

// foreign tells why a short message is not bridged; "" if it is, or, on the push
// port, if that shows only when all of its datagram is there.
func (b *Bridge) foreign(d *pdu.Deliver) string {
	ports, ok := d.UD.Ports()
	_, _, several := wdp.KeyOf("", d)
	switch {
	case !ok:
		return "text" // without an application port it is meant for a person
	case !slices.Contains(b.cfg.Socket.Ports, ports.Dst):
		return "port"
	case ports.Dst == portPush && !several && !forIM(d.UD.Data):
		return "push"
	case d.DCS.Compressed():
		return "compressed"
	case b.settings().Limits.forbidsFrom(d.OA.String()):
		return "not-allowed"
	}
	return ""
}

func (in *arrival) segment(d *pdu.Deliver) *spool.InSegment {
	ports, _ := d.UD.Ports()
	scts, ok := d.SCTS.Time()
	if !ok {
		scts = in.now // wall time may be set in between
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

// message keeps a complete datagram, which these segments of a generation brought, for its
// consumer.
func (in *arrival) message(tx *spool.Tx, datagram wdp.Datagram, segments []*pdu.Deliver, generation int64) error {
	first, b := segments[0], in.session.bridge
	whole, alphabet := Carried(datagram, first.DCS)
	payload, refused, err := in.hears(tx, first.OA.String(), whole)
	if err != nil {
		return err
	}
	m := &spool.Message{
		ID:           b.spool.NewID(),
		Peer:         first.OA.String(),
		OA:           wdp.Sender(first.OA),
		Port:         datagram.Dst,
		FromPort:     datagram.Src,
		To:           in.session.number,
		Alphabet:     alphabet,
		Modem:        in.session.name,
		SIM:          in.session.sim,
		Received:     in.now,
		ReceivedWall: in.wall,
		Payload:      payload,
		Segments:     len(segments),
		Generation:   generation,
		State:        spool.MsgReady,
		Route:        routeFor(b.cfg.UDP, first.OA.String(), datagram.Dst, len(payload)),
	}
	if scts, ok := first.SCTS.Time(); ok {
		m.SCTS = scts.UTC()
	}
	if err := tx.SetHome(m.Peer, m.SIM, in.now); err != nil {
		return err
	}
	if err := in.heard(tx, m.Peer, m.Segments); err != nil {
		return err
	}
	in.ready = true
	in.said = func(log zerolog.Logger) {
		message := csp.Inspect(whole)
		line := log.Info().Str("id", m.ID).Str("peer", m.Peer).Uint16("port", m.Port).
			Int("octets", len(m.Payload)).Int("segments", m.Segments)
		naming(line, message).Msg("received")
		if refused != nil {
			log.Warn().Err(refused).Str("id", m.ID).Str("peer", m.Peer).Msg("WBXML cannot be handed over as XML: it is handed over as it is")
		}
		b.saw(sighting{peer: m.Peer, inbound: true, message: message, segments: m.Segments, at: in.now})
	}
	return tx.PutMessage(m)
}

// foreign keeps what is not for the sockets aside.
func (in *arrival) foreign(tx *spool.Tx, peer, reason string) error {
	in.say("foreign ("+reason+"): set aside and acknowledged", peer)
	aside := &spool.Quarantined{
		Modem: in.session.name, SIM: in.session.sim, Peer: peer, Reason: reason,
		Raw: in.raw, Text: in.text, At: in.now, AtWall: in.wall,
	}
	if err := tx.Quarantine(aside, quarantineKeep); err != nil {
		return err
	}
	if in.dialogue != "" {
		err := tx.PutDialogue(&spool.Dialogue{About: spool.AboutQuarantined(aside.N), Modem: in.session.name, At: in.now, AtWall: in.wall, Lines: in.dialogue})
		if err != nil {
			return err
		}
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
