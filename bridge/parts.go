package bridge

import (
	"fmt"
	"strconv"

	"wvsms/csp"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// The parts of CSP's own are short messages by themselves, each of which says what it is
// part of: the version, the code and the transaction id of the message, how many parts it
// has and which one this is. Those are a reassembly key like the reference of TS 23.040,
// so that a part is kept, placed, bounded and given up like any segment.

// partKey returns the reassembly key of a short message that is such a part, and which
// one it is; false if it is none, or if parts from its sender are passed on as they come.
func (b *Bridge) partKey(sim string, d *pdu.Deliver) (wdp.Key, int, bool) {
	ports, _ := d.UD.Ports()
	if ports.Dst == portPush || b.settings().choice(d.OA.String()).Parts != "join" {
		return wdp.Key{}, 0, false
	}
	p, _, err := csp.ParsePreamble(wdp.Join([]*pdu.Deliver{d}).Data)
	if err != nil {
		return wdp.Key{}, 0, false
	}
	part, parts := p.Part()
	key := wdp.Key{SIM: sim, OA: wdp.Sender(d.OA), Ref: partName(p), Total: parts, Port: ports.Dst}
	return key, part, parts > 1
}

// Implementation: a part's name as a number, so that it takes the place of a reference.
const (
	letters   = 26
	nameCodes = letters * letters
	nameIDs   = 1000
	nameBits  = 0   // its width, which no reference has
	versionXX = 100 // behind those of two digits
)

// partName tells apart whatever csp.Join does: what it refused would be kept by the modem
// and come again for ever.
func partName(p csp.Preamble) uint32 {
	version, err := strconv.ParseUint(p.Version, 10, 8)
	if err != nil {
		version = versionXX
	}
	name := uint32(version)
	for _, c := range []byte(p.Code) {
		name = name*letters + uint32(c|0x20-'a')
	}
	return name*nameIDs + uint32(p.TransactionID())
}

// namedPart is the code and the transaction id that partName made a number of.
func namedPart(name uint32) string {
	code := name / nameIDs % nameCodes
	return fmt.Sprintf("%c%c%d", 'A'+code/letters, 'A'+code%letters, name%nameIDs)
}

// joinParts returns the datagram of which the short messages are the parts.
func joinParts(segments []*pdu.Deliver) (d wdp.Datagram, err error) {
	d = wdp.Join(segments[:1])
	parts := make([][]byte, len(segments))
	for i := range segments {
		parts[i] = wdp.Join(segments[i : i+1]).Data
	}
	d.Data, err = csp.Join(parts)
	return d, err
}
